import { expect, test } from "vitest";
import { modelFolders, pictures, tableOf, tables } from "./pictures";

const files = ["roc.png", "images/step%1.png", "images/step%1%compressed.webp", "model/MLmodel", "model/logo.png", "model/input.csv", "tables/scores.json", "config.json", "out.csv", "big.csv"].map((path) => ({
  path,
  size: path === "big.csv" ? 5_000_000 : 100,
}));

test("figures and tables are found, those inside of a model left out", () => {
  expect(pictures(files).map((one) => one.path)).toEqual(["roc.png", "images/step%1.png"]);
  expect(tables(files).map((one) => one.path)).toEqual(["tables/scores.json", "out.csv"]);
  expect(modelFolders(files)).toEqual(["model"]);
});

test("a table as MLflow logs it becomes rows; other JSON does not", () => {
  expect(tableOf('{"columns": ["a", "b"], "data": [[1, null], ["x", {"y": 2}], [3, 4]]}', 2)).toEqual([["a", "b"], ["1", ""], ["x", '{"y":2}']]);
  expect(tableOf('{"a": 1}', 2)).toBeNull();
  expect(tableOf("no json", 2)).toBeNull();
});
