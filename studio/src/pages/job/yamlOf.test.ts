import { expect, test } from "vitest";
import { yamlOf } from "./yamlOf";

test("a conda file reads as one", () => {
  const conda = { name: "env", channels: ["conda-forge"], dependencies: ["python=3.10", "pip", { pip: ["mlflow==2.22", "a: b"] }], version: "1", note: "two\nlines\n", none: [], on: "yes" };
  expect(yamlOf(conda)).toBe(`name: env
channels:
  - conda-forge
dependencies:
  - python=3.10
  - pip
  - pip:
      - mlflow==2.22
      - "a: b"
version: "1"
note: |
  two
  lines
none: []
"on": "yes"`);
});
