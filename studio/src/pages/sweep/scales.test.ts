import { expect, test } from "vitest";
import { formatsOf } from "@/i18n/formats";
import { colourAt, pointsOf, scaleOf, type Three, threeOf } from "./scales";
import { type Axis, axesOf, type Trial } from "./trials";

const formats = formatsOf("en");

function trial(number: number, value: number | undefined, parameters: Record<string, unknown>): Trial {
  return { name: `s_${number}`, trial: number, status: "Completed", parameters, seconds_waiting: 0, created_at: "2026-01-01T00:00:00Z", ...(value === undefined ? {} : { value }) };
}

/** `scored`: how many of them have the metric; the axis is that of all. */
const of = (values: readonly unknown[], scored = values.length) => {
  const trials = values.map((one, index) => trial(index, index, { x: one }));
  return scaleOf(trials.slice(0, scored), axesOf(trials, [], "Score")[0]!, formats);
};
const texts = (scale: { ticks: readonly { text: string }[] }) => scale.ticks.map((one) => one.text);

test("numbers stand between round ones, evenly", () => {
  const scale = of([0.12, 0.48, 0.3]);
  expect(texts(scale)).toEqual(["0.1", "0.2", "0.3", "0.4", "0.5"]);
  expect(scale.share(0.3)).toBeCloseTo(0.5);
  expect(scale.ticks.map((one) => one.share)).toEqual([0, 0.25, 0.5, 0.75, 1].map((one) => expect.closeTo(one, 9)));
  expect(texts(of([-3, 5]))).toEqual(["-4", "-2", "0", "2", "4", "6"]);
});

test("whole numbers have whole marks, large ones are not rounded, one alone stands in the middle", () => {
  expect(texts(of([2, 4, 3]))).toEqual(["2", "3", "4"]);
  expect(texts(of([1024, 1026]))).toEqual(["1,024", "1,025", "1,026"]);
  const alone = of([7, 7]);
  expect(texts(alone)).toEqual(["7"]);
  expect(alone.share(7)).toBe(0.5);
  expect(of([0]).share(0)).toBe(0.5);
});

test("a wide range is measured in powers of ten", () => {
  const scale = of([0.0001, 0.01, 1]);
  expect(texts(scale)).toEqual(["0.0001", "0.001", "0.01", "0.1", "1"]);
  expect(scale.share(0.01)).toBeCloseTo(0.5);
  expect(scale.share(0.1) - scale.share(0.01)).toBeCloseTo(scale.share(1) - scale.share(0.1));
  expect(of([1e-9, 1e9]).ticks.length).toBeLessThan(8);
});

test("of a wide range, values that are one stand in the middle, and those between two powers of ten are marked themselves", () => {
  for (const alone of [of([0.0003, 0.2], 1), of([0.3, 0.1 + 0.2, 100], 2)]) expect([alone.ticks.map((one) => one.share), alone.share(alone.ticks[0]!.text)]).toEqual([[0.5], expect.closeTo(0.5)]);
  const between = of([0.02, 0.05, 0.03, 0.00001], 3);
  expect(texts(between)).toEqual(["0.02", "0.05"]);
  expect(between.ticks.map((one) => one.share)).toEqual([expect.closeTo(0.037), expect.closeTo(0.963)]);
  expect(texts(of([0.05, 0.2, 0.00001], 2))).toEqual(["0.05", "0.2"]);
});

test("values that differ by the noise of their sums are one, and large ones that differ by little are not", () => {
  const noise = of([0.3, 0.1 + 0.2]);
  expect(texts(noise)).toEqual(["0.3"]);
  expect(noise.share(0.1 + 0.2)).toBeCloseTo(0.5);
  const [first, last] = [1_767_225_600_123, 1_767_225_601_123];
  const times = of([first, last]);
  expect(new Set(texts(times)).size).toBe(times.ticks.length);
  expect(times.share(last) - times.share(first)).toBeGreaterThan(0.5);
  const [low, high] = [10_000_000.1, 10_000_000.4];
  expect(of([low, high]).share(high)).toBeCloseTo(1);
  expect(texts(of([low, high])).at(-1)).toBe("10,000,000.4");
});

test("words stand evenly, none of them at an end", () => {
  const scale = of(["gini", "entropy", "gini", "log_loss", "something-long-indeed"]);
  expect(texts(scale)).toEqual(["entropy", "gini", "log_loss", "something-lon…"]);
  expect(["entropy", "gini", "log_loss"].map(scale.share)).toEqual([0.125, 0.375, 0.625]);
});

test("only trials with the metric and a value on each axis are points; the colour goes from the lowest to the highest", () => {
  const trials = [trial(0, 0.5, { a: 1, b: "x" }), trial(1, 0.9, { a: 2, b: "y" }), trial(2, 0.7, { a: 3 }), trial(3, undefined, { a: 4, b: "x" })];
  const [a, b, metric] = axesOf(trials, ["a", "b"], "Score") as [Axis, Axis, Axis];
  const axes: Three<Axis> = [a, b, metric];
  const { points, low, high } = pointsOf(trials, axes, axes.map((one) => scaleOf(trials, one, formats)) as never);
  expect([low, high]).toEqual([0.5, 0.9]);
  expect(points.map((one) => [one.trial.trial, one.tint])).toEqual([[0, 0], [1, 1]]);
  expect(points[0]!.place[1]).toBe(0.25);
  const alike = trials.map((one) => ({ ...one, value: 0.3 }));
  expect(pointsOf(alike, axes, axes.map((one) => scaleOf(alike, one, formats)) as never).points.map((one) => one.tint)).toEqual([0.5, 0.5, 0.5]);
  expect(pointsOf([], axes, axes.map((one) => scaleOf([], one, formats)) as never).points).toEqual([]);
});

test("colours are mixed between their neighbours", () => {
  expect(colourAt(0, ["#000000", "#ffffff"])).toBe("rgb(0, 0, 0)");
  expect(colourAt(0.5, ["#000000", "#ffffff"])).toBe("rgb(128, 128, 128)");
  expect(colourAt(0.75, ["#ff0000", "#000000", "#0000ff"])).toBe("rgb(0, 0, 128)");
  expect(colourAt(2, ["#000000", "#0a0b0c"])).toBe("rgb(10, 11, 12)");
});

test("the metric stands upright unless it was put elsewhere, and no axis is there twice", () => {
  const axis = (id: string): Axis => ({ id, title: id, isMetric: id === "value" });
  const axes = ["a", "b", "c", "value"].map(axis);
  const ids = (named: Record<string, string>) => threeOf(axes, named)?.map((one) => one.id);
  expect(ids({})).toEqual(["a", "b", "value"]);
  expect(ids({ x: "b" })).toEqual(["b", "a", "value"]);
  expect(ids({ y: "value" })).toEqual(["a", "value", "b"]);
  expect(ids({ x: "c", y: "c", z: "gone" })).toEqual(["c", "a", "value"]);
  expect(threeOf(axes.slice(2), {})).toBeUndefined();
});
