import { expect, it } from "vitest";
import { yamlText } from "./yamlText";

it("writes a conda file as people write it", () => {
  const conda = { name: "sklearn-env", channels: ["conda-forge"], dependencies: ["python=3.10", "pip", { pip: ["scikit-learn==1.7.2", "pandas>=2,<3"] }] };
  expect(yamlText(conda)).toBe(
    "name: sklearn-env\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.10\n  - pip\n  - pip:\n      - scikit-learn==1.7.2\n      - pandas>=2,<3",
  );
});

it("quotes what would be read as something else", () => {
  expect(yamlText({ a: "yes", b: "3.10", c: "x: y", d: "", e: true, f: [], g: {} })).toBe('a: "yes"\nb: "3.10"\nc: "x: y"\nd: ""\ne: true\nf: []\ng: {}');
});
