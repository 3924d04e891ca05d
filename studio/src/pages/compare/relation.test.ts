import { expect, test } from "vitest";
import type { ComparedJob } from "./compared";
import { axisOf, tellingParams } from "./relation";

const job = (params: Record<string, string>, metrics: ComparedJob["metrics"] = {}) => ({ params, metrics }) as ComparedJob;

test("numbers stay numbers, words get places in natural order, what is missing stays missing", () => {
  const jobs = [job({ depth: "10", kind: "b10" }), job({ depth: "9", kind: "b9" }), job({}, { loss: "nan" })];
  expect(axisOf(jobs, "params", "depth")).toMatchObject({ words: null, values: [10, 9, null] });
  expect(axisOf(jobs, "params", "kind")).toMatchObject({ words: ["b9", "b10"], values: [1, 0, null] });
  expect(axisOf(jobs, "metrics", "loss").values).toEqual([null, null, null]);
});

test("of parameters that tell the same story the shortest is drawn, and none that is different everywhere", () => {
  const jobs = Array.from({ length: 20 }, (_, index) => job({ model__criterion: index % 2 ? "gini" : "entropy", criterion: index % 2 ? "gini" : "entropy", whole: `Forest(${index})`, depth: String(index) }));
  expect(tellingParams(jobs, ["criterion", "depth", "model__criterion", "whole"], 9)).toEqual(["criterion", "depth"]);
});
