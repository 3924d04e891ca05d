// Trees out of paths, and which preview a file gets.
import { expect, test } from "vitest";
import { previewOf, treeOf } from "./fileKinds";

test("folders come first, names in the order of their numbers", () => {
  const tree = treeOf([
    { path: "b.txt", size: 1 },
    { path: "model/data/10.bin", size: 3 },
    { path: "model/data/9.bin", size: 2 },
    { path: "a.txt", size: 1 },
  ]);
  expect(tree.map((one) => one.name)).toEqual(["model", "a.txt", "b.txt"]);
  expect(tree[0]!.below[0]!.below.map((one) => one.path)).toEqual(["model/data/9.bin", "model/data/10.bin"]);
});

test("the preview follows from the name", () => {
  expect(["plot.PNG", "a/b.csv", "MLmodel", "model.pkl", "conda.yaml", "x"].map(previewOf)).toEqual(["image", "table", "text", "none", "code", "none"]);
});
