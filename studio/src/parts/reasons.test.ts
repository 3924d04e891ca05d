import { expect, test } from "vitest";
import { reasonOf } from "./reasons";

test.each([
  ["all 2 cores of this machine are busy", "whyMachine", { count: 2 }],
  ["all 4 cores of this machine are busy (`wise_hill` has 3)", "whyWide", { count: 4, name: "wise_hill", held: 3 }],
  ["all 4 cores of this machine are busy (`wise_hill` has 2, `calm_sea` has 2)", "whySeveral", { count: 4, names: "wise_hill (2), calm_sea (2)" }],
  ["cluster `cpu` has 2 instance(s), all busy", "whyCluster", { name: "cpu" }],
  ["building environment `sklearn-env` (the first time only; usually a minute or two)", "whyBuild", { name: "sklearn-env" }],
  ["building environment `of-an-earlier-version`", "whyBuild", { name: "of-an-earlier-version" }],
  ["attempt 2", "whyAttempt", { count: 2 }],
  ["something new", null, {}],
])("%s", (reason, key, values) => {
  expect(reasonOf(reason)).toEqual({ key, values });
});
