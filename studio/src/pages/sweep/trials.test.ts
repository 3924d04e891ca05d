import { expect, test } from "vitest";
import { axesOf, bestOf, bestSoFar, brushed, brushWord, paceOf, parseBrush, sorted, type Trial, valueOn, withLogged } from "./trials";

function trial(number: number, value: number | undefined, parameters: Record<string, unknown>, more: Partial<Trial> = {}): Trial {
  return { name: `s_${number}`, trial: number, status: "Completed", parameters, seconds_waiting: 1, seconds_running: 2, created_at: "2026-01-01T00:00:00Z", ...(value === undefined ? {} : { value }), ...more };
}

const trials = [
  trial(0, 0.5, { depth: 4, kind: "gini", rate: 0.0001 }),
  trial(1, 0.9, { depth: "8", kind: "entropy", rate: 0.1 }, { status: "Canceled" }),
  trial(2, 0.7, { depth: 10, kind: "gini", rate: 0.01 }),
  trial(3, undefined, { depth: 6, kind: "gini", rate: 0.001 }, { status: "Failed" }),
];
const axes = axesOf(trials, ["rate", "kind", "depth"], "Score");

test("axes follow the search space, words and wide ranges are told, the metric is the last", () => {
  expect(axes.map((one) => [one.id, Boolean(one.words), Boolean(one.isLog)])).toEqual([["rate", false, true], ["kind", true, false], ["depth", false, false], ["value", false, false]]);
  expect(valueOn(trials[1]!, axes[2]!)).toBe(8);
});

test("other logged metrics are axes before the primary one, with values once they were asked for", () => {
  const before = withLogged(trials, axes, ["loss", "steps"], new Map());
  expect(before.axes.map((one) => one.id)).toEqual(["rate", "kind", "depth", "metrics.loss", "metrics.steps", "value"]);
  expect(before.trials).toBe(trials);
  expect(valueOn(before.trials[0]!, before.axes[3]!)).toBeUndefined();
  const known = withLogged(trials, axes, ["loss", "steps"], new Map<string, Record<string, number>>([["s_0", { loss: 0.25, steps: 1 }], ["s_2", { steps: 1000 }]]));
  expect(known.trials.map((one) => valueOn(one, known.axes[4]!))).toEqual([1, undefined, 1000, undefined]);
  expect(known.axes[4]).toMatchObject({ title: "steps", isLog: true });
  expect(valueOn(known.trials[1]!, known.axes[3]!)).toBeUndefined();
});

test("parameters that are called as metrics are: no two axes have one name in the address, or one title", () => {
  const odd = [trial(0, 0.5, { value: 1, "metrics.loss": 2, loss: 3 }), trial(1, 0.7, { value: 2, "metrics.loss": 4, loss: 6 })];
  const found = withLogged(odd, axesOf(odd, [], "value"), ["loss"], new Map([["s_0", { loss: 9 }]]));
  for (const word of ["id", "title"] as const) expect(new Set(found.axes.map((one) => one[word])).size).toBe(5);
  expect(found.axes.at(-1)).toMatchObject({ id: "value", title: "metrics.value" });
  expect(found.axes.map((one) => valueOn(found.trials[0]!, one))).toEqual([1, 2, 3, 9, 0.5]);
  expect(axesOf(odd, [], "Score").map((one) => one.title)).toEqual(["value", "metrics.loss", "loss", "Score"]);
});

test("the best is a completed one when there is any", () => {
  expect(bestOf(trials, false)?.trial).toBe(2);
  expect(bestOf(trials, true)?.trial).toBe(0);
  expect(bestOf([trials[1]!], false)?.trial).toBe(1);
  expect(bestSoFar(trials, false).map((one) => one.best)).toEqual([0.5, 0.9, 0.9]);
});

test("a brush leaves what lies in a range of every brushed axis", () => {
  expect(brushed(trials, axes, { depth: [[5, 9]] }).map((one) => one.trial)).toEqual([1, 3]);
  expect(brushed(trials, axes, { depth: [[5, 9]], kind: [[0.6, 1.4]] }).map((one) => one.trial)).toEqual([3]);
  expect(brushed(trials, axes, { value: [[0, 1]] })).toHaveLength(3);
  expect(brushed(trials, axes, {})).toBe(trials);
});

test("a brush goes through the address unharmed", () => {
  const brush = { "a:b,c": [[-1.5, 2], [3, 4e-7]] as [number, number][], rate: [[1e-5, 0.25]] as [number, number][] };
  expect(parseBrush(brushWord(brush))).toEqual(brush);
  expect(parseBrush("nonsense,x:1")).toEqual({});
  expect(brushWord({})).toBeUndefined();
});

test("trials without a value come last in both directions", () => {
  const key = (one: Trial) => one.value;
  expect(sorted(trials, key, false).map((one) => one.trial)).toEqual([0, 2, 1, 3]);
  expect(sorted(trials, key, true).map((one) => one.trial)).toEqual([1, 2, 0, 3]);
});

test("the pace tells how long the rest takes", () => {
  const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
  const running = [
    trial(0, 1, {}, { started_at: at(0), ended_at: at(10) }),
    trial(1, 1, {}, { started_at: at(10), ended_at: at(20) }),
    trial(2, undefined, {}, { status: "Running", started_at: at(20) }),
  ];
  const pace = paceOf(running, 10, true, Date.UTC(2026, 0, 1) + 20_000);
  expect(pace).toMatchObject({ ended: 2, running: 1, waiting: 0, perHour: 360, secondsLeft: 80 });
  expect(paceOf(running.slice(0, 1), 10, true, 0).perHour).toBeUndefined();
});
