import { expect, test } from "vitest";
import { type Condition, parseConditions, printConditions } from "./filterLanguage";

const all: Condition[] = [
  { entity: "attributes", key: "status", operator: "IN", value: ["Failed", "Canceled"] },
  { entity: "attributes", key: "created_at", operator: ">", value: "2026-11-28" },
  { entity: "attributes", key: "duration", operator: ">=", value: 60 },
  { entity: "metrics", key: "val/f1-score.macro", operator: ">", value: -0.5 },
  { entity: "metrics", key: "top 5 %", operator: "<", value: 1e-7 },
  { entity: "params", key: "a`b", operator: "LIKE", value: "it's %" },
  { entity: "tags", key: "team", operator: "IS NULL", value: null },
  { entity: "tags", key: "stage", operator: "IS NOT NULL", value: null },
  { entity: "attributes", key: "type", operator: "NOT IN", value: ["sweep"] },
];

test("conditions survive the way to a text and back, each alone and all together", () => {
  for (const one of all) expect(parseConditions(printConditions([one]))).toEqual([one]);
  expect(parseConditions(printConditions(all))).toEqual(all);
  expect(printConditions(all.slice(0, 2))).toBe("status IN ('Failed', 'Canceled') AND created_at > '2026-11-28'");
});

test("what people write by hand is understood", () => {
  expect(parseConditions(`metric.acc<>.5 and attributes.status = "Failed"`)).toEqual([
    { entity: "metrics", key: "acc", operator: "!=", value: 0.5 },
    { entity: "attributes", key: "status", operator: "=", value: "Failed" },
  ]);
  expect(parseConditions("  ")).toEqual([]);
});

test.each(["status = 'a' OR status = 'b'", "status =", "status = 'open", "foo.bar = 1", "status IN ()", "metrics.a > b", "= 1"])("%s is no list of conditions", (text) => {
  expect(parseConditions(text)).toBeNull();
});
