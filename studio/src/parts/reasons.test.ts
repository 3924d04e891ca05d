import { expect, test } from "vitest";
import { reasonOf } from "./reasons";

test.each([
  ["all 2 cores of this machine are busy", "whyMachine", { count: 2 }],
  ["all 4 cores of this machine are busy (`wise_hill` has 3)", "whyWide", { count: 4, name: "wise_hill", held: 3 }],
  ["cluster `cpu` has 2 instance(s), all busy", "whyCluster", { name: "cpu" }],
  ["building environment `sklearn-env`", "whyBuild", { name: "sklearn-env" }],
  ["attempt 2", "whyAttempt", { count: 2 }],
  ["something new", null, {}],
])("%s", (reason, key, values) => {
  expect(reasonOf(reason)).toEqual({ key, values });
});
