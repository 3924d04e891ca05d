import { expect, test } from "vitest";
import { lineOf, linesOf, openedTree, placeAt, type Seen } from "./tableTree";

const seen = new Map<string, Seen>([
  ["b", { parent: null, index: 1, count: 3 }],
  ["d", { parent: null, index: 3, count: 1 }],
  ["b2", { parent: "b", index: 1, count: 2 }],
  ["leaf", { parent: null, index: 4, count: 0 }],
]);

test("every line of a table with opened rows is one row, in order", () => {
  const opened = openedTree(["d", "b2", "b", "leaf", "unseen"], seen);
  expect(linesOf(5, opened)).toBe(5 + 3 + 2 + 1);
  const lines = Array.from({ length: 11 }, (_, line) => placeAt(line, opened));
  expect(lines.map((one) => `${one.parent ?? ""}${one.index}@${one.level}`)).toEqual([
    "0@1",
    "1@1",
    "b0@2",
    "b1@2",
    "b20@3",
    "b21@3",
    "b2@2",
    "2@1",
    "3@1",
    "d0@2",
    "4@1",
  ]);
  lines.forEach((place, line) => expect(lineOf(place, opened)).toBe(line));
});

test("what is below a closed row is not shown, and takes no lines", () => {
  const opened = openedTree(["b2"], seen);
  expect(linesOf(5, opened)).toBe(5);
  expect(lineOf({ parent: "b", index: 0 }, opened)).toBeNull();
});
