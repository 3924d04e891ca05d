import { expect, test } from "vitest";
import { captionOf, modelFolders, pictures, tableOf, tables, webPages } from "./pictures";

const paths = [
  "roc.png",
  "images/face+step+10+timestamp+2+b.png",
  "images/face+step+10+timestamp+2+b+compressed.webp",
  "images/face+step+9+timestamp+1+a.png",
  "images/old%step%1%timestamp%1%c.png",
  "images/old%step%1%timestamp%1%c%compressed.webp",
  "table_images/t/1.png",
  "model/MLmodel",
  "model/logo.png",
  "model/input.csv",
  "model/page.html",
  "scores.json",
  "config.json",
  "out.csv",
  "big.csv",
  "plot.html",
];
const files = paths.map((path) => ({ path, size: path === "big.csv" ? 5_000_000 : 100, ...(path === "scores.json" ? { is_table: true } : {}) }));

test("figures are found in the order of their steps; copies, parts of tables and of models are left out", () => {
  expect(pictures(files).map((one) => one.path)).toEqual(["images/face+step+9+timestamp+1+a.png", "images/face+step+10+timestamp+2+b.png", "images/old%step%1%timestamp%1%c.png", "roc.png"]);
  expect(modelFolders(files)).toEqual(["model"]);
});

test("tables are those that MLflow logged, and CSV; interactive figures are told apart", () => {
  expect(tables(files).map((one) => one.path)).toEqual(["scores.json", "out.csv"]);
  expect(webPages(files).map((one) => one.path)).toEqual(["plot.html"]);
});

test("a logged image is called by its key and step", () => {
  expect(captionOf("images/a~b+step+12+timestamp+2+c.png")).toEqual({ name: "a/b", step: 12 });
  expect(captionOf("images/mine.png")).toEqual({ name: "images/mine.png" });
});

test("a table as MLflow logs it becomes rows; other JSON does not", () => {
  const image = { type: "image", filepath: "table_images/t/1.png", compressed_filepath: "table_images/t/1.webp" };
  expect(tableOf(JSON.stringify({ columns: ["a", "b"], data: [[1, null], [image, { y: 2 }], [3, 4]] }), 2)).toEqual([["a", "b"], ["1", ""], [{ image: "table_images/t/1.png" }, '{"y":2}']]);
  expect(tableOf('{"a": 1}', 2)).toBeNull();
  expect(tableOf("no json", 2)).toBeNull();
});
