// The job that is being written, as the document that the server reads; pure functions over it.

export type Value = unknown;
export type Doc = Record<string, Value>;
export type Path = readonly string[];
export type JobKind = "command" | "sweep";

/** What `trial` holds in a sweep, and the job itself holds in a command. */
const OF_THE_TRIAL = ["command", "code", "environment", "environment_variables", "resources", "distribution"] as const;
const OF_A_SWEEP = ["trial", "search_space", "sampling_algorithm", "objective", "early_termination"] as const;

export const isMap = (value: Value): value is Doc => typeof value === "object" && value !== null && !Array.isArray(value);

export const mapOf = (value: Value): Doc => (isMap(value) ? value : {});

export function kindOf(doc: Doc): JobKind {
  return doc.type === "sweep" ? "sweep" : "command";
}

/** Return where the command, the code and the environment of a job stand. */
export function workPath(doc: Doc): Path {
  return kindOf(doc) === "sweep" ? ["trial"] : [];
}

export function valueAt(doc: Value, path: Path): Value {
  let found: Value = doc;
  for (const key of path) found = mapOf(found)[key];
  return found;
}

/** Return the document with a value at a path; `undefined` and "" take the key away. */
export function withValue(doc: Doc, path: Path, value: Value): Doc {
  const [key, ...rest] = path;
  if (key === undefined) return mapOf(value);
  const next = rest.length ? withValue(mapOf(doc[key]), rest, value) : value;
  if (next === undefined || next === "" || (rest.length && isMap(next) && Object.keys(next).length === 0)) {
    const { [key]: _gone, ...others } = doc;
    return others;
  }
  return { ...doc, [key]: next };
}

/** Return a mapping with a key renamed in its place; a taken or empty name changes nothing. */
export function renamed(map: Doc, from: string, to: string): Doc {
  if (to === "" || (to !== from && to in map)) return map;
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key === from ? to : key, value]));
}

/** Return `base`, `base_2` …: the first that is not taken. */
export function freshName(base: string, taken: Doc): string {
  if (!(base in taken)) return base;
  for (let number = 2; ; number += 1) if (!(`${base}_${number}` in taken)) return `${base}_${number}`;
}

/** Return the job as one of the other kind: what both have stays. */
export function asKind(doc: Doc, kind: JobKind): Doc {
  if (kindOf(doc) === kind) return doc;
  const { $schema: _schema, limits, ...rest } = doc;
  const timeout = mapOf(limits).timeout;
  if (kind === "sweep") {
    const trial = Object.fromEntries(OF_THE_TRIAL.flatMap((key) => (key in rest ? [[key, rest[key]]] : [])));
    const others = Object.fromEntries(Object.entries(rest).filter(([key]) => !(OF_THE_TRIAL as readonly string[]).includes(key)));
    return {
      ...others,
      type: kind,
      trial,
      search_space: {},
      sampling_algorithm: "bayesian",
      objective: { goal: "maximize", primary_metric: "" },
      limits: { max_total_trials: 20, max_concurrent_trials: 2, ...(timeout === undefined ? {} : { timeout }) },
    };
  }
  const others = Object.fromEntries(Object.entries(rest).filter(([key]) => !(OF_A_SWEEP as readonly string[]).includes(key)));
  return { ...others, ...mapOf(rest.trial), type: kind, ...(timeout === undefined ? {} : { limits: { timeout } }) };
}

/** Return the words that a command may hold for what the job was given. */
export function placeholders(doc: Doc): string[] {
  const named = (key: string) => Object.keys(mapOf(doc[key])).map((name) => `\${{${key}.${name}}}`);
  return [...named("inputs"), ...named("search_space"), ...named("outputs")];
}

/** Return a word as the value that people mean by it: a number, true or false, else text. */
export function literal(word: string): string | number | boolean {
  const text = word.trim();
  if (text === "true" || text === "false") return text === "true";
  return /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : word;
}

/** Return the values of some words, each of which may hold several with commas between. */
export function literals(words: readonly string[]): (string | number | boolean)[] {
  return words.flatMap((one) => one.split(/[,;]/)).map((one) => one.trim()).filter(Boolean).map(literal);
}

// ---------------------------------------------------------------- search space

export const DISTRIBUTIONS = ["choice", "uniform", "loguniform", "quniform", "qloguniform", "normal", "lognormal", "qnormal", "qlognormal", "randint"] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

/** The fields of each distribution. */
export function fieldsOf(kind: string): readonly string[] {
  if (kind === "choice") return [];
  if (kind === "randint") return ["upper"];
  const bell = kind.endsWith("normal");
  return [...(bell ? ["mu", "sigma"] : ["min_value", "max_value"]), ...(kind.startsWith("q") ? ["q"] : [])];
}

const STARTS: Record<string, number> = { min_value: 0, max_value: 1, mu: 0, sigma: 1, q: 1, upper: 10 };

/** Return a distribution of another kind that keeps what both have. */
export function asDistribution(kind: string, before: Value): Doc {
  const old = mapOf(before);
  if (kind === "choice") return { type: kind, values: Array.isArray(old.values) ? old.values : [] };
  return { type: kind, ...Object.fromEntries(fieldsOf(kind).map((field) => [field, old[field] ?? STARTS[field]])) };
}

// ---------------------------------------------------------------- inputs

export const DATA_TYPES = ["uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model"] as const;
export const LITERAL_TYPES = ["string", "integer", "number", "boolean"] as const;

export function inputType(value: Value): string {
  if (isMap(value)) return "value" in value ? inputType(value.value) : String(value.type ?? "uri_folder");
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return "string";
}

export const isLiteralType = (type: string): boolean => (LITERAL_TYPES as readonly string[]).includes(type);

/** Return an input of another type. */
export function asInput(type: string, before: Value): Value {
  const word = isMap(before) ? String(before.value ?? "") : String(before ?? "");
  if (type === "boolean") return word === "true";
  if (type === "integer") return Math.trunc(Number(word)) || 0;
  if (type === "number") return Number(word) || 0;
  if (type === "string") return word;
  const { value: _value, ...rest } = mapOf(before);
  return { ...rest, type, path: rest.path ?? "" };
}

// ---------------------------------------------------------------- references

/** Return what a reference to an asset names; null for any other text. */
export function assetOf(text: Value): { name: string; version: string } | null {
  const found = /^(?:azureml:)?([^:@/\s]+)(?::([^:@/]+)|@([^:@/]+))?$/.exec(String(text ?? ""));
  return found ? { name: found[1]!, version: found[2] ?? "latest" } : null;
}

export function assetReference(name: string, version: string): string {
  return version === "latest" ? `azureml:${name}@latest` : `azureml:${name}:${version}`;
}

// ---------------------------------------------------------------- problems

export interface Problem {
  path: string;
  message: string;
  line?: number;
}

/** What the server says of a field that is not there; the page says it in its own words. */
export const MISSING = "is required, but missing.";

/** Return what is wrong at a path itself; with `isBelow`, also with what is below it. */
export function problemsAt(problems: readonly Problem[], path: Path, isBelow = false): Problem[] {
  const text = path.join(".");
  return problems.filter((one) => one.path === text || (isBelow && (one.path.startsWith(`${text}.`) || one.path.startsWith(`${text}[`))));
}
