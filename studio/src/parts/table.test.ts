// What the query says about a table, and what of the rows is asked for.
import { expect, test } from "vitest";
import { clampWidth, columnStates, columnWords, moved, nextOrder, parseOrder, windowsOf } from "./tableState";
import { filled, parseSearch, stringifySearch } from "./urlState";

const declared = [
  { id: "name", width: 200 },
  { id: "status", width: 100 },
  { id: "user", width: 90, isHidden: true },
];

test("columns come as declared without words of the query", () => {
  const states = columnStates(declared, undefined, undefined);
  expect(states.filter((one) => one.isShown).map((one) => one.id)).toEqual(["name", "status"]);
  expect(columnWords(declared, states)).toEqual({});
});

test("order, choice and width of columns go to the query and back", () => {
  const states = columnStates(declared, "user,name", "name~320");
  expect(states.map((one) => [one.id, one.isShown])).toEqual([["user", true], ["name", true], ["status", false]]);
  expect(states[1]!.width).toBe(320);
  expect(columnWords(declared, states)).toEqual({ cols: "user,name", widths: "name~320" });
});

test("columns that no longer exist are left out", () => {
  expect(columnStates(declared, "gone,name", "gone~3").filter((one) => one.isShown).map((one) => one.id)).toEqual(["name"]);
});

test("widths stay within what can be read", () => {
  expect([clampWidth(1), clampWidth(10_000), clampWidth(100.4)]).toEqual([56, 900, 100]);
});

test("moving at an end moves nothing", () => {
  expect(moved(["a", "b", "c"], 1, -1)).toEqual(["b", "a", "c"]);
  expect(moved(["a", "b"], 1, 1)).toEqual(["a", "b"]);
});

test("a click sorts descending, then ascending, then not at all", () => {
  expect(nextOrder(null, "created")).toBe("-created");
  expect(nextOrder(parseOrder("-created"), "created")).toBe("created");
  expect(nextOrder(parseOrder("created"), "created")).toBeUndefined();
  expect(nextOrder(parseOrder("-name"), "created")).toBe("-created");
});

test("only the windows in sight are asked for", () => {
  expect(windowsOf(0, 40, 200)).toEqual([0]);
  expect(windowsOf(390, 430, 200)).toEqual([1, 2]);
  expect(windowsOf(0, -1, 200)).toEqual([]);
});

test("addresses are flat words that a person can read", () => {
  expect(stringifySearch({ q: "a b", cols: "x,y", empty: undefined })).toBe("?q=a+b&cols=x,y");
  expect(parseSearch("?q=a+b&n=1")).toEqual({ q: "a b", n: "1" });
  expect(filled({ a: "", b: "1" })).toEqual({ b: "1" });
});
