// CSV for previews, and differences of texts.
import { expect, test } from "vitest";
import { parseCsv } from "./csv";
import { nearChanges } from "./Diff";
import { type DiffLine, diffLines } from "./lineDiff";

test("quotes, doubled quotes and line ends inside of fields are understood", () => {
  expect(parseCsv('a,b\r\n"x, ""y""","1\n2"\n', 10)).toEqual([["a", "b"], ['x, "y"', "1\n2"]]);
});

test("the delimiter is found, and only so many rows are read", () => {
  expect(parseCsv("a;b\n1;2\n3;4", 2)).toEqual([["a", "b"], ["1", "2"]]);
  expect(parseCsv("a\tb\n1\t2", 9)).toEqual([["a", "b"], ["1", "2"]]);
  expect(parseCsv("", 9)).toEqual([]);
});

/** Both texts can be told again from a difference: that is what makes it one. */
function sides(lines: readonly DiffLine[]) {
  const of = (kind: DiffLine["kind"]) => lines.filter((one) => one.kind === "same" || one.kind === kind).map((one) => one.text).join("\n");
  return [of("removed"), of("added")];
}

test("a difference holds both texts, and no more than what changed", () => {
  const lines = diffLines("a\nb\nc\nd", "a\nx\nc\nd\ne");
  expect(sides(lines)).toEqual(["a\nb\nc\nd", "a\nx\nc\nd\ne"]);
  expect(lines.filter((one) => one.kind !== "same").map((one) => one.text).sort()).toEqual(["b", "e", "x"]);
});

test.each([["", "a"], ["a", ""], ["a\na\na", "a\na"], ["a\nb", "b\na"], ["same", "same"]])("%j and %j are told again from their difference", (a, b) => {
  expect(sides(diffLines(a, b))).toEqual([a, b]);
});

test("random texts are told again from their difference", () => {
  let seed = 7;
  const next = () => (seed = (seed * 48_271) % 2_147_483_647) % 4;
  for (let round = 0; round < 200; round += 1) {
    const text = () => Array.from({ length: next() * 3 + 1 }, () => "abcd"[next()]).join("\n");
    const [a, b] = [text(), text()];
    expect(sides(diffLines(a, b))).toEqual([a, b]);
  }
});

test("stretches that are the same are left out", () => {
  const text = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  const shown = nearChanges(diffLines(text.join("\n"), text.with(15, "other").join("\n")), 2);
  expect(shown.filter((one) => one === null)).toHaveLength(2);
  expect(shown).toHaveLength(2 + 6);
});
