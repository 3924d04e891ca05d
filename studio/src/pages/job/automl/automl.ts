// An AutoML job and its models as their tabs need them: what is read from which file, and pure looks at it.
import { queryOptions } from "@tanstack/react-query";
import { raw, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import type { ListedFile } from "@/parts/FileTree";
import { fileAddress, type JobFacts } from "../job";

export type AutoMLJob = Schemas["AutoMLJob"];

/** A row of the leaderboard; what a candidate does not have is absent. */
export interface Candidate {
  name: string;
  trial: number;
  status: string;
  algorithm?: string;
  display_name: string;
  parameters: Record<string, string>;
  value?: number;
  error_of_value?: number;
  metrics: Record<string, number>;
  is_best?: boolean;
  members?: Record<string, number>;
  seconds_running?: number;
  seconds_for_1000_predictions?: number;
  size_bytes?: number;
  created_at: string;
  error?: string;
}

export interface GuardRail {
  name: string;
  status: "passed" | "done" | "alerted";
  found: string;
  done: string;
  columns: readonly string[];
}

export interface ColumnType {
  name: string;
  kind: string;
  reason: string;
  missing: number;
  distinct: number;
  lowest: number | null;
  highest: number | null;
  levels: readonly string[];
}

export interface Transformation {
  column: string;
  kind: string;
  reason: string;
  steps: readonly string[];
}

export interface GlobalExplanation {
  method: string;
  importances: Record<string, number>;
  rows: number;
}

export type CellValue = string | number | boolean | null;

export interface LocalExplanation {
  method: string;
  columns: readonly string[];
  /** By row, column and output. */
  shares: readonly (readonly (readonly number[])[])[];
  base: readonly (readonly number[])[];
  /** Other rows that each cell was replaced from; 0 where shares are exact. */
  others?: number;
  of?: "training_data" | "test_data";
  /** The classes that the outputs are of; none for a regression. */
  outputs?: readonly CellValue[];
  rows?: readonly (readonly CellValue[])[];
  target?: readonly CellValue[];
  predicted?: readonly CellValue[];
}

/** Where the files are that the job's program leaves. */
export const FILES = {
  rails: "outputs/guardrails.json",
  columns: "outputs/column_types.json",
  transformations: "outputs/featurization_summary.json",
  code: "outputs/generated_code/script.py",
  charts: "charts.json",
  global: "explanations/global.json",
  local: "explanations/local.json",
  model: "outputs/mlflow-model",
} as const;

export const MODEL_FILE = `${FILES.model}/MLmodel`;

export const isAutoML = (job: JobFacts["job"]): boolean => String(job.type) === "automl";

/** Tell whether a run is a model that an AutoML job tried. */
export const isCandidate = (job: JobFacts["job"]): boolean => String(job.type) === "base" && job.tags?.["automl.candidate"] !== undefined;

/** Return what a model is called: features and algorithm; undefined for anything else. */
export const candidateName = (job: JobFacts["job"]): string | undefined => (isCandidate(job) ? (job as unknown as { params?: { name?: string } }).params?.name : undefined);

/** Return the run whose files hold the model: the job's best one so far, or the candidate itself; undefined without any. */
export function modelRunOf(name: string, job: JobFacts["job"]): string | undefined {
  if (isCandidate(job)) return name;
  return isAutoML(job) ? (job.properties?.best_child_run_id ?? job.tags?.automl_best_child_run_id ?? undefined) : undefined;
}

/** Return the members of an ensemble with their weights, the heaviest first. */
export function membersOf(text: string | null | undefined): [name: string, weight: number][] {
  try {
    return Object.entries(JSON.parse(text ?? "{}") as Record<string, number>).sort((a, b) => b[1] - a[1]);
  } catch {
    return []; // cut by MLflow's limit for tags
  }
}

/** The JSON of one of a run's files; null when there is none (yet). It is asked anew when the file changes. */
export function jsonFileQuery<T>(ws: string, run: string, path: string, files: readonly ListedFile[] | undefined) {
  const file = files?.find((one) => one.path === path);
  return queryOptions({
    queryKey: [...keys.files(ws, run), "json", path, file?.digest ?? null],
    queryFn: async (): Promise<T | null> => (file ? ((await (await raw(fileAddress(ws, run, path, file.digest))).json()) as T) : null),
    enabled: files !== undefined,
    staleTime: Number.POSITIVE_INFINITY, // its digest is in the name
  });
}

/** Return what was scored on which rows; the primary metric first. Costs and the error of the primary one are left out. */
export function scoresOf(metrics: Record<string, unknown>, primary: string): { key: string; validation?: number; test?: number }[] {
  const isScore = (key: string) => !key.startsWith("automl_") && key !== `${primary}_error`;
  const value = (key: string) => (typeof metrics[key] === "number" ? { value: metrics[key] as number } : undefined);
  const names = new Set(Object.keys(metrics).map((key) => key.replace(/^test_/, "")).filter(isScore));
  return [...names]
    .sort((a, b) => Number(b === primary) - Number(a === primary) || a.localeCompare(b))
    .map((key) => {
      const [validation, test] = [value(key)?.value, value(`test_${key}`)?.value];
      return { key, ...(validation === undefined ? {} : { validation }), ...(test === undefined ? {} : { test }) };
    });
}

/** Return a cell of the user's table as it is: whole numbers without marks between thousands, for they may be years. */
export function cellText(cell: CellValue | undefined, show: (value: number) => string): string {
  if (cell === null || cell === undefined) return "–";
  return typeof cell === "number" && !Number.isInteger(cell) ? show(cell) : String(cell);
}

/** Return what speaks for and against the answer for one row, the strongest first. `output`: which class, 0 for a number. */
export function sharesOf(local: LocalExplanation, row: number, output: number): { column: string; share: number; cell: CellValue | undefined }[] {
  return local.columns
    .map((column, index) => ({ column, share: local.shares[row]?.[index]?.[output] ?? 0, cell: local.rows?.[row]?.[index] }))
    .sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
}
