import { expect, test } from "vitest";
import { asDistribution, asInput, asKind, assetOf, assetReference, freshName, inputType, literal, literals, placeholders, problemsAt, renamed, withValue } from "./document";

const command = { type: "command", command: "python t.py", environment: "azureml:e@latest", inputs: { data: { type: "uri_file", path: "azureml:heart:1" } }, limits: { timeout: 60 } };

test("a command becomes a sweep of it and back, and loses nothing that both have", () => {
  const sweep = asKind(command, "sweep");
  expect(sweep).toMatchObject({ type: "sweep", trial: { command: "python t.py", environment: "azureml:e@latest" }, inputs: command.inputs, limits: { timeout: 60 } });
  expect(sweep).not.toHaveProperty("command");
  expect(asKind(sweep, "command")).toEqual(command);
});

test("values are set deep down, and what becomes empty goes", () => {
  const doc = withValue({ type: "command" }, ["limits", "timeout"], 3);
  expect(doc).toEqual({ type: "command", limits: { timeout: 3 } });
  expect(withValue(doc, ["limits", "timeout"], undefined)).toEqual({ type: "command" });
});

test("names are renamed in their place and never over another", () => {
  expect(Object.keys(renamed({ a: 1, b: 2, c: 3 }, "b", "x"))).toEqual(["a", "x", "c"]);
  expect(renamed({ a: 1, b: 2 }, "b", "a")).toEqual({ a: 1, b: 2 });
  expect(freshName("input", { input: 1, input_2: 1 })).toBe("input_3");
});

test("the command's placeholders are those of inputs, search space and outputs", () => {
  expect(placeholders({ inputs: { x: 1 }, outputs: { y: {} }, search_space: { z: {} } })).toEqual(["${{inputs.x}}", "${{search_space.z}}", "${{outputs.y}}"]);
});

test("words become what people mean by them", () => {
  expect(["10", "1e-4", "-1", "gini", "true", "1.2.3"].map(literal)).toEqual([10, 1e-4, -1, "gini", true, "1.2.3"]);
  expect(literals(["2, 4;8,", "sqrt"])).toEqual([2, 4, 8, "sqrt"]);
});

test("distributions and inputs keep what fits when their type changes", () => {
  expect(asDistribution("quniform", { type: "uniform", min_value: 2, max_value: 8 })).toEqual({ type: "quniform", min_value: 2, max_value: 8, q: 1 });
  expect(asDistribution("choice", {})).toEqual({ type: "choice", values: [] });
  expect(asInput("integer", "12.7")).toBe(12);
  expect(asInput("uri_file", 3)).toEqual({ type: "uri_file", path: "" });
  expect([3, 3.5, true, "x", { type: "mltable" }, { value: 3 }].map(inputType)).toEqual(["integer", "number", "boolean", "string", "mltable", "integer"]);
});

test("references to assets are read and written", () => {
  expect(assetOf("azureml:heart:3")).toEqual({ name: "heart", version: "3" });
  expect(assetOf("azureml:heart@latest")).toEqual({ name: "heart", version: "latest" });
  expect(assetOf("azureml:trees/ab/heart.csv")).toBeNull();
  expect(assetOf("https://x/y.csv")).toBeNull();
  expect(assetReference("heart", "latest")).toBe("azureml:heart@latest");
});

test("problems are found at their field, and below it when asked", () => {
  const all = [{ path: "inputs.a.path", message: "x" }, { path: "search_space.b.values[0]", message: "y" }, { path: "inputs_else", message: "z" }];
  expect(problemsAt(all, ["inputs", "a"])).toEqual([]);
  expect(problemsAt(all, ["inputs", "a"], true)).toHaveLength(1);
  expect(problemsAt(all, ["search_space", "b", "values"], true)).toHaveLength(1);
});
