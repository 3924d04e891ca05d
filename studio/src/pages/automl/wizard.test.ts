import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EMPTY, isBegun, jobOf, METRICS, MODELS, problemsOf, type Wizard, withData, withTask } from "./wizard";

const bike = { name: "bike-rentals", version: "1", type: "uri_file" };
const lab: Wizard = {
  ...withData(withTask(EMPTY, "regression"), bike),
  name: "bike",
  target: "rentals",
  allModels: false,
  allowed: ["random_forest", "light_gbm"],
  trials: 3,
  concurrent: 3,
  exitScore: 0.085,
  timeout: 15,
  trialTimeout: 15,
  validation: "split",
  share: 10,
  compute: "cpu-cluster",
};

test("the lab's choices are the lab's job", () => {
  expect(problemsOf(lab)).toEqual([]);
  expect(jobOf(lab)).toEqual({
    type: "automl",
    task: "regression",
    display_name: "bike",
    compute: "azureml:cpu-cluster",
    primary_metric: "normalized_root_mean_squared_error",
    target_column_name: "rentals",
    training_data: { type: "uri_file", path: "azureml:bike-rentals:1" },
    validation_data_size: 0.1,
    limits: { timeout_minutes: 15, max_trials: 3, max_concurrent_trials: 3, trial_timeout_minutes: 15, exit_score: 0.085, enable_early_termination: true },
    training: { enable_model_explainability: true, allowed_training_algorithms: ["random_forest", "light_gbm"] },
  });
});

test("what is missing is told by step", () => {
  expect(problemsOf(EMPTY).map((one) => [one.step, one.field])).toEqual([
    ["data", "task"],
    ["data", "data"],
    ["settings", "target"],
  ]);
  const faults = (changes: Partial<Wizard>) => problemsOf({ ...lab, ...changes }).map((one) => [one.field, one.fault]);
  expect(faults({ exitScore: Number.NaN })).toEqual([["exitScore", "noNumber"]]);
  expect(faults({ exitScore: null })).toEqual([["exitScore", "noNumber"]]);
  expect(faults({ trials: 2.5 })).toEqual([["trials", "whole"]]);
  expect(faults({ timeout: 0 })).toEqual([["timeout", "aboveZero"]]);
  expect(faults({ share: 100 })).toEqual([["share", "share"]]);
  expect(faults({ validation: "folds", folds: 1 })).toEqual([["folds", "twoFolds"]]);
  expect(faults({ validation: "data" })).toEqual([["validationData", "needed"]]);
  expect(faults({ allowed: [] })).toEqual([["allowed", "noModel"]]);
  expect(faults({ types: { rentals: "Ignore" } })).toEqual([["target", "targetLeftOut"]]);
});

test("a wizard is begun by its first choice, not by opening it", () => {
  expect(isBegun(EMPTY)).toBe(false);
  expect(isBegun({ ...EMPTY, isManual: true, tags: [["", ""]] })).toBe(false);
  for (const change of [{ name: "bike" }, { task: "regression" as const }, { data: bike }, { trials: 3 }, { timeout: 7 }]) expect(isBegun({ ...EMPTY, ...change })).toBe(true);
});

test("columns: types, what is left out, how gaps are filled", () => {
  const found = jobOf({ ...lab, types: { day: "Ignore", season: "Categorical", rentals: "Numeric" }, imputers: { temp: "mean", hum: "mean", day: "median" } });
  expect(found.featurization).toEqual({
    mode: "custom",
    column_name_and_types: { day: "Ignore", season: "Categorical" },
    transformer_params: { imputer: [{ fields: ["temp", "hum"], parameters: { strategy: "mean" } }] },
  });
  expect(jobOf({ ...lab, featurizes: false, types: { day: "Ignore", season: "Categorical" } }).featurization).toEqual({ mode: "off", column_name_and_types: { day: "Ignore" } });
});

test("another task or other data let go of what does not fit them", () => {
  const turned = withTask({ ...lab, metric: "r2_score" }, "classification");
  expect([turned.metric, turned.exitScore, turned.allowed]).toEqual(["", "", ["random_forest", "light_gbm"]]);
  const other = withData({ ...lab, types: { day: "Ignore" } }, { ...bike, version: "2" });
  expect([other.target, other.types]).toEqual(["", {}]);
  expect(withData({ ...lab, types: { day: "Ignore" } }, bike).types).toEqual({ day: "Ignore" });
});

test("shares are whole decimals, and a positive class is only for classes", () => {
  expect(jobOf({ ...lab, share: 7 }).validation_data_size).toBe(0.07);
  expect(jobOf({ ...lab, positive: "yes" }).positive_label).toBeUndefined();
  expect(jobOf({ ...withTask(lab, "classification"), positive: "yes" }).positive_label).toBe("yes");
  expect(jobOf({ ...lab, test: "split", testShare: 20, validation: "folds", folds: 4 })).toMatchObject({ test_data_size: 0.2, n_cross_validations: 4 });
});

test("the wizard offers every algorithm and metric that the server takes", () => {
  const code = readFileSync(join(import.meta.dirname, "../../../../src/bancada/domain/jobs/automl_settings.py"), "utf8");
  const wordsIn = (begin: string, end: string) => [...code.slice(code.indexOf(begin) + begin.length).split(end)[0]!.matchAll(/"(\w+)"/g)].map((one) => one[1]!);
  const algorithms = new Set(Object.values(MODELS).flatMap((one) => Object.keys(one)));
  expect([...algorithms].sort()).toEqual(wordsIn("Algorithm = Literal[", "]").sort());
  expect(wordsIn("METRICS: dict", "}").sort()).toEqual([...Object.keys(METRICS), ...Object.values(METRICS).flat()].sort());
});
