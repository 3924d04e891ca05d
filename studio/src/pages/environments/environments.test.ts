// Conda files out of what people have.
import { expect, it } from "vitest";
import { CONDA, condaOf, isConda, nameIn } from "./conda";

it("makes a conda file of a requirements.txt, without its comments", () => {
  const made = condaOf("# base\nnumpy==2.1 # pinned\n\npandas>=2,<3\nuvicorn[standard]; python_version > '3.9'\n", "3.12");
  expect(made).toContain("- python=3.12");
  expect(made).toContain("      - numpy==2.1\n");
  expect(made).toContain("      - pandas>=2,<3\n");
  expect(made).toContain("      - \"uvicorn[standard]; python_version > '3.9'\"");
  expect(made).not.toContain("base");
  expect(isConda(made)).toBe(true);
});

it("tells the two forms apart and finds the name", () => {
  expect(isConda("numpy\npandas\n")).toBe(false);
  expect(isConda(CONDA)).toBe(true);
  expect(nameIn("name: sklearn-env\nchannels: []\n")).toBe("sklearn-env");
  expect(nameIn(CONDA)).toBe("");
});
