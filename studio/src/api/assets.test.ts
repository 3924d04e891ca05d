import { expect, test } from "vitest";
import { activeVersionsQuery, versionsQuery } from "./assets";

test("all versions and those to choose from are kept under names of their own", () => {
  expect(versionsQuery("w", "environment", "e").queryKey).not.toEqual(activeVersionsQuery("w", "environment", "e").queryKey);
});
