// Which of a job's files are for the eye, and MLflow's logged tables as rows. No drawing.
import { previewOf } from "@/parts/fileKinds";

interface Named {
  path: string;
  size: number;
  is_table?: boolean;
}

const LARGEST_IMAGE = 20_000_000;
const LARGEST_TABLE = 1_000_000;

/** Return the images in the order of their names and steps, without parts of models and of tables. */
export function pictures<T extends Named>(files: readonly T[]): T[] {
  const models = modelFolders(files);
  const found = files.filter((one) => previewOf(one.path) === "image" && one.size <= LARGEST_IMAGE && !isInside(one.path, models) && !isTwin(one.path) && !one.path.startsWith("table_images/"));
  const order = new Intl.Collator("en", { numeric: true });
  return found.map((one) => [captionOf(one.path), one] as const).sort(([a], [b]) => order.compare(a.name, b.name) || (a.step ?? 0) - (b.step ?? 0)).map(([, one]) => one);
}

/** MLflow keeps a small copy of each image that it logs by key. */
const isTwin = (path: string) => /[+%]compressed\.\w+$/.test(path);

/** Return what a picture is called: MLflow writes key, step, time and an id into the name of a logged image's file. */
export function captionOf(path: string): { name: string; step?: number } {
  const found = /^images\/(.+?)[+%]step[+%](\d+)[+%]timestamp[+%]/.exec(path);
  return found ? { name: found[1]!.replace(/[~#]/g, "/"), step: Number(found[2]) } : { name: path };
}

/** Return the tables: CSV files, and what `mlflow.log_table` wrote as JSON. */
export function tables<T extends Named>(files: readonly T[]): T[] {
  const models = modelFolders(files);
  return files.filter((one) => (/\.(csv|tsv)$/i.test(one.path) || (one.is_table && one.path.endsWith(".json"))) && one.size <= LARGEST_TABLE && !isInside(one.path, models));
}

/** Return pages that plotting libraries write: they are programs, and not run here. */
export function webPages<T extends Named>(files: readonly T[]): T[] {
  const models = modelFolders(files);
  return files.filter((one) => /\.html?$/i.test(one.path) && !isInside(one.path, models));
}

/** Return the folders that are MLflow models. */
export function modelFolders(files: readonly { path: string }[]): string[] {
  return files.flatMap((one) => (/(^|\/)MLmodel$/.test(one.path) ? [one.path.replace(/\/?MLmodel$/, "")] : []));
}

const isInside = (path: string, folders: readonly string[]) => folders.some((one) => one !== "" && path.startsWith(`${one}/`));

/** A cell: its text, or the path of an image that was logged with the table. */
export type Cell = string | { image: string };

/** Return a table that MLflow logged, its heads first; null for JSON of another form. */
export function tableOf(text: string, most: number): Cell[][] | null {
  try {
    const found = JSON.parse(text) as { columns?: unknown; data?: unknown };
    if (!Array.isArray(found.columns) || !Array.isArray(found.data)) return null;
    return [found.columns.map(String), ...found.data.slice(0, most).map((row) => (Array.isArray(row) ? row.map(cell) : [cell(row)]))];
  } catch {
    return null;
  }
}

function cell(value: unknown): Cell {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  const { type, filepath } = value as { type?: unknown; filepath?: unknown };
  return type === "image" && typeof filepath === "string" ? { image: filepath } : JSON.stringify(value);
}
