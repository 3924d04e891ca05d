// Which of a job's files are for the eye, and MLflow's logged tables as rows. No drawing.
import { previewOf } from "@/parts/fileKinds";

interface Named {
  path: string;
  size: number;
}

const LARGEST_IMAGE = 20_000_000;
const LARGEST_TABLE = 1_000_000;

/** Return the images, without those that are parts of a model. MLflow keeps a small twin of each logged image. */
export function pictures<T extends Named>(files: readonly T[]): T[] {
  const models = modelFolders(files);
  return files.filter((one) => previewOf(one.path) === "image" && one.size <= LARGEST_IMAGE && !isInside(one.path, models) && !/%compressed/.test(one.path));
}

/** Return the tables: CSV files, and JSON as `mlflow.log_table` writes it (which of them are is known when they are read). */
export function tables<T extends Named>(files: readonly T[]): T[] {
  const models = modelFolders(files);
  return files.filter((one) => /\.(csv|tsv)$|(^|\/)[^/]*(table|score|result|metric|predict|eval)[^/]*(\/[^/]*)?\.json$/i.test(one.path) && one.size <= LARGEST_TABLE && !isInside(one.path, models));
}

/** Return the folders that are MLflow models. */
export function modelFolders(files: readonly { path: string }[]): string[] {
  return files.flatMap((one) => (/(^|\/)MLmodel$/.test(one.path) ? [one.path.replace(/\/?MLmodel$/, "")] : []));
}

const isInside = (path: string, folders: readonly string[]) => folders.some((one) => one !== "" && path.startsWith(`${one}/`));

/** Return a table that MLflow logged as texts, its heads first; null for JSON of another form. */
export function tableOf(text: string, most: number): string[][] | null {
  try {
    const found = JSON.parse(text) as { columns?: unknown; data?: unknown };
    if (!Array.isArray(found.columns) || !Array.isArray(found.data)) return null;
    return [found.columns.map(String), ...found.data.slice(0, most).map((row) => (Array.isArray(row) ? row.map(cell) : [cell(row)]))];
  } catch {
    return null;
  }
}

const cell = (value: unknown): string => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
