import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import icon from "@/icon.svg";

test("the tab and the page show one picture, which the build names by its content: it is fetched once", () => {
  const html = readFileSync(join(import.meta.dirname, "../../index.html"), "utf8");
  expect(html).toContain(`<link rel="icon" href="${icon}"`);
});
