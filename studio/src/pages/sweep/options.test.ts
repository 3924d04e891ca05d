import { expect, test } from "vitest";
import { formatsOf } from "@/i18n/formats";
import { type Look, scatter } from "./options";
import { type Axis, axesOf, type Trial } from "./trials";

const look: Look = { scheme: "light", isMinimized: false, formats: formatsOf("en") };

/** What a scatter of some values of the metric writes beside its axis of the metric and its scale of colours. */
function drawn(values: readonly number[]) {
  const trials = values.map((value, index): Trial => ({ name: `s_${index}`, trial: index, status: "Completed", parameters: { rate: index }, value, seconds_waiting: 0, created_at: "2026-01-01T00:00:00Z" }));
  const [x, metric] = axesOf(trials, [], "Score") as [Axis, Axis];
  return scatter(trials, [x, metric], { x, y: metric, colour: metric }, look) as {
    yAxis: { axisLabel: { formatter(value: number): string } };
    visualMap: { text: string[]; min: number; max: number };
  };
}

test.each([[[0.9991, 0.9992, 0.99938]], [[2015.25, 2015.5, 2015.75]], [[1_767_225_600_000, 1_767_225_601_000]], [[0.5, 0.75, 2]]])("labels of %j differ from each other", (values) => {
  const { yAxis, visualMap } = drawn(values);
  expect(new Set(values.map(yAxis.axisLabel.formatter)).size).toBe(values.length);
  expect(new Set(visualMap.text).size).toBe(2);
});

test("where all have one value, its colour is that of the middle", () => {
  const { min, max } = drawn([0.3, 0.3]).visualMap;
  expect((min + max) / 2).toBeCloseTo(0.3);
});
