import { expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import { isEmpty } from "./newData";

const found = (changes: Partial<Schemas["Preview"]>): Schemas["Preview"] => ({ form: "table", columns: [], rows: [], truncated: false, ...changes });

test("a table without rows is empty, with headers or without", () => {
  expect(isEmpty(found({ rows_total: 0 }))).toBe(true);
  expect(isEmpty(found({ rows_total: 0, columns: [{ name: "a", type: "empty" }] }))).toBe(true);
});

test("a table is not empty when it has rows, or could not be looked at", () => {
  expect(isEmpty(found({ rows: [["1"]], rows_total: 1 }))).toBe(false);
  expect(isEmpty(found({ truncated: true, note: "pyarrow is missing" }))).toBe(false);
});
