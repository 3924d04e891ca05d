// From what a person has (a conda file, a requirements.txt) to what an environment says. No drawing.

export const CONDA = `channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
      - scikit-learn==1.7.2
      - pandas==2.3.3
      - mlflow-skinny==3.13.0
`;

export const REQUIREMENTS = `scikit-learn==1.7.2
pandas==2.3.3
mlflow-skinny==3.13.0
`;

/** Return a conda file of the lines of a requirements.txt; comments and empty lines go. */
export function condaOf(requirements: string, python: string): string {
  const lines = requirements
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter(Boolean);
  const quoted = lines.map((line) => `      - ${/^[\w.[\],=<>!~-]+$/.test(line) ? line : JSON.stringify(line)}`);
  return ["channels:", "  - conda-forge", "dependencies:", `  - python=${python}`, "  - pip", ...(quoted.length ? ["  - pip:", ...quoted] : [])].join("\n") + "\n";
}

/** Tell by its text whether a file is a conda file or a requirements.txt. */
export const isConda = (text: string): boolean => /^\s*dependencies\s*:/m.test(text);

/** Return the name that a conda file gives itself. */
export const nameIn = (text: string): string => /^name\s*:\s*["']?([\w.-]+)/m.exec(text)?.[1] ?? "";
