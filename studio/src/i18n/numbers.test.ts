import { expect, test } from "vitest";
import { parseNumber, writtenNumber } from "./numbers";

test.each([
  ["0,085", 0.085],
  ["0.085", 0.085],
  [" 1.500,5 ", 1500.5],
  ["1.500", 1500],
  ["1.5", 1.5],
  ["12,5", 12.5],
  ["-0,5", -0.5],
  ["15", 15],
])("in Portuguese %s is %d", (text, value) => {
  expect(parseNumber(text, "pt-BR")).toBe(value);
});

test.each([
  ["0.085", 0.085],
  [".5", 0.5],
  ["1,500.5", 1500.5],
  ["15", 15],
  ["1e-3", 0.001],
])("in English %s is %d", (text, value) => {
  expect(parseNumber(text, "en")).toBe(value);
});

test("what is no number says so, and nothing is no zero", () => {
  expect(parseNumber("", "en")).toBeUndefined();
  for (const [text, language] of [["0,085", "en"], ["1,5", "en"], ["abc", "en"], ["1,2,3", "pt-BR"], ["1,5.3", "pt-BR"], ["0,5.3", "pt-BR"]] as const) {
    expect(parseNumber(text, language), text).toBeNaN();
  }
});

test("a number is written so that it is read again", () => {
  for (const language of ["en", "pt-BR"] as const)
    for (const value of [0.085, 1500.25, 0, -3.5, 1e6]) expect(parseNumber(writtenNumber(value, language), language)).toBe(value);
  expect(writtenNumber(0.085, "pt-BR")).toBe("0,085");
});
