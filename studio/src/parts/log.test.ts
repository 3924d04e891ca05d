// What is kept of a log, however it comes in.
import { expect, test } from "vitest";
import { LogBuffer } from "./logBuffer";

const linesOf = (buffer: LogBuffer) => Array.from({ length: buffer.length }, (_, index) => buffer.line(index));

test("pieces that end anywhere make whole lines", () => {
  const buffer = new LogBuffer();
  for (const piece of ["on", "e\ntw", "o\n\nthr", "ee"]) buffer.append(piece);
  expect(linesOf(buffer)).toEqual(["one", "two", "", "three"]);
});

test("a progress bar is one line: its last state", () => {
  const buffer = new LogBuffer();
  buffer.append("10%\r20%\r");
  buffer.append("30%");
  expect(linesOf(buffer)).toEqual(["30%"]);
  buffer.append("\r100%\r\ndone\n");
  expect(linesOf(buffer)).toEqual(["100%", "done"]);
});

test("colours of terminals are left out", () => {
  const buffer = new LogBuffer();
  buffer.append("\x1b[31mred\x1b[0m text\n");
  expect(linesOf(buffer)).toEqual(["red text"]);
});

test("only the newest lines are kept, and how many went is known", () => {
  const buffer = new LogBuffer(100);
  for (let index = 0; index < 1000; index += 1) buffer.append(`line ${index}\n`);
  expect(buffer.length).toBeLessThanOrEqual(110);
  expect(buffer.line(buffer.length - 1)).toBe("line 999");
  expect(buffer.dropped + buffer.length).toBe(1000);
});

test("words are found whatever their case", () => {
  const buffer = new LogBuffer();
  buffer.append("An Error\nfine\nerror again");
  expect(buffer.find("ERROR")).toEqual([0, 2]);
  expect(buffer.find("")).toEqual([]);
});
