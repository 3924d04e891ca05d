import { expect, test } from "vitest";
import { hasOthers, primaryOf } from "./metric";

const job = (metrics: Record<string, number>, primary_metric?: string) => ({ name: "j", display_name: "", metrics, ...(primary_metric ? { primary_metric } : {}) }) as never;

test("a list of models shows the primary metric of their jobs, and no other one", () => {
  expect(primaryOf(job({ loss: 0.2, AUC: 0.9 }, "AUC"))).toEqual({ key: "AUC", value: 0.9 });
  expect(primaryOf(job({ loss: 0.2, AUC: 0.9 }))).toBeNull();
  expect(primaryOf(job({ loss: 0.2 }, "AUC"))).toBeNull();
  expect(primaryOf(undefined as never)).toBeNull();
});

test("that a job logged others is known", () => {
  expect([job({ loss: 0.2 }), job({}), job({ AUC: 0.9 }, "AUC")].map(hasOthers)).toEqual([true, false, false]);
});
