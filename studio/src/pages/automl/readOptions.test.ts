import { expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import { asQuery, AUTOMATIC, laidOut, mltableText, needsMLTable } from "./readOptions";

const found: Schemas["Preview"] = { form: "table", columns: [], rows: [], truncated: false, delimiter: ",", encoding: "utf-8", decimal: ".", header: true };

test("a plain file needs no description; what is said or not found by a training does", () => {
  expect(needsMLTable(AUTOMATIC, found)).toBe(false);
  expect(needsMLTable(AUTOMATIC, { ...found, header: false })).toBe(true);
  expect(needsMLTable(AUTOMATIC, { ...found, encoding: "utf-16" })).toBe(true);
  expect(needsMLTable({ ...AUTOMATIC, skipRows: 2 }, found)).toBe(true);
  expect(needsMLTable({ ...AUTOMATIC, multiLine: true }, found)).toBe(true);
  const { delimiter: _none, ...parquet } = found;
  expect(needsMLTable({ ...AUTOMATIC, skipRows: 2 }, parquet)).toBe(false);
});

test("an MLTable says what was chosen, and else what was found", () => {
  const brazil = { ...found, delimiter: ";", encoding: "latin-1", decimal: "," };
  expect(mltableText(["bike.csv"], { ...AUTOMATIC, skipRows: 1, multiLine: true }, brazil)).toBe(`type: mltable
paths:
  - file: "./bike.csv"
transformations:
  - read_delimited:
      delimiter: ";"
      encoding: iso88591
      header: all_files_same_headers
      skip_rows: 1
      support_multi_line: true
      decimal: ","
`);
  const text = mltableText(["https://example.org/a.tsv"], { ...AUTOMATIC, delimiter: "\t", header: "no_header" }, found);
  expect(text).toContain('  - file: "https://example.org/a.tsv"');
  expect(text).toContain('delimiter: "\\t"');
  expect(text).toContain("header: no_header");
});

test("it lies beside the files that it names", () => {
  expect(laidOut([{ path: "bike.csv" }])).toEqual({ folder: "", names: ["bike.csv"] });
  expect(laidOut([{ path: "d/b.csv" }, { path: "d/a.csv" }, { path: "d/README.md" }])).toEqual({ folder: "d/", names: ["a.csv", "b.csv"] });
});

test("the server is asked with the words of its query", () => {
  expect(asQuery(AUTOMATIC)).toEqual({});
  expect(asQuery({ ...AUTOMATIC, header: "no_header", skipRows: 3 })).toEqual({ header: false, skip_rows: 3 });
  expect(asQuery({ ...AUTOMATIC, header: "from_first_file" })).toEqual({ header: true });
});
