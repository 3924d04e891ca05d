import { expect, test } from "vitest";
import { onGrid, seriesOf, unpacked } from "./points";

function packed(points: readonly (readonly [number, number, number])[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(points.length * 24));
  points.flat().forEach((value, index) => view.setFloat64(index * 8, value, true));
  return view.buffer;
}

test("packed points are taken apart, on each axis", () => {
  const points = unpacked(packed([[0, 1000, 0.5], [10, 1002.5, Number.NaN]]), 9);
  expect(points.total).toBe(9);
  expect(Array.from(seriesOf("a", points, "step").xs)).toEqual([0, 10]);
  expect(Array.from(seriesOf("a", points, "relative").xs)).toEqual([0, 2.5]);
  expect(Array.from(seriesOf("a", points, "time").xs)).toEqual([1000, 1002.5]);
  expect([...points.values]).toEqual([0.5, Number.NaN]);
});

test("series over time share a grid, and have no value outside of their own time", () => {
  const [long, late] = onGrid([{ name: "long", xs: [0, 100], ys: [1, 2] }, { name: "late", xs: [50, 60], ys: [5, 6] }], 11);
  expect(long!.xs).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  expect(long!.ys).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
  expect(late!.ys).toEqual([NaN, NaN, NaN, NaN, NaN, 5, 6, NaN, NaN, NaN, NaN]);
});
