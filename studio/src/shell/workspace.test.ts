// Which workspace comes first, and where old addresses lead.
import { expect, test } from "vitest";
import { firstWorkspace, formerAddress } from "./workspace";

test("the last workspace comes first while it exists, then `default`, then any", () => {
  expect(firstWorkspace(["a", "default", "b"], "b")).toBe("b");
  expect(firstWorkspace(["a", "default"], "gone")).toBe("default");
  expect(firstWorkspace(["a"], null)).toBe("a");
  expect(firstWorkspace([], "a")).toBeUndefined();
});

test("addresses of the former page and those that MLflow prints lead to the job", () => {
  expect(formerAddress(new URLSearchParams("workspace=lab"), "#/jobs/calm_fig_1")).toEqual({ ws: "lab", job: "calm_fig_1" });
  expect(formerAddress(new URLSearchParams(""), "/experiments/3/runs/calm_fig_1/artifacts")).toEqual({ ws: null, job: "calm_fig_1" });
  expect(formerAddress(new URLSearchParams("workspace=lab"), "#/experiments/3")).toBeNull();
});
