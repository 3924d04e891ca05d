// Smoothing and alignment, against values computed by hand.
import { expect, test } from "vitest";
import { aligned, smoothed } from "./seriesMath";

test("smoothing begins at the first value and weighs the past", () => {
  // s1 = 1; s2 = (0.5*0.5*1 + 0.5*3) / 0.75; s3 = (0.5*1.75 + 0.5*5) / 0.875
  const found = smoothed([1, 3, 5], 0.5);
  expect(found[0]).toBeCloseTo(1);
  expect(found[1]).toBeCloseTo(1.75 / 0.75);
  expect(found[2]).toBeCloseTo((0.5 * 1.75 + 2.5) / 0.875);
});

test("weight nought changes nothing, and a constant stays one", () => {
  expect(smoothed([3, 1, 2], 0)).toEqual([3, 1, 2]);
  for (const value of smoothed([2, 2, 2, 2], 0.9)) expect(value).toBeCloseTo(2);
});

test("what is no number stays a gap", () => {
  const found = smoothed([1, Number.NaN, 1], 0.5);
  expect(found[1]).toBeNaN();
  expect(found[2]).toBeCloseTo(1);
});

test("series of different steps share one axis", () => {
  const found = aligned([
    { name: "a", xs: [0, 2, 4], ys: [1, 2, 3] },
    { name: "b", xs: [1, 2], ys: [5, Number.POSITIVE_INFINITY] },
  ]);
  expect(found).toEqual([
    [0, 1, 2, 4],
    [1, null, 2, 3],
    [null, 5, null, null],
  ]);
});
