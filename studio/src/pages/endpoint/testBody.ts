// Bodies of test requests: in the form that the sample shows, made of dropped files. No drawing.
import { parseCsv } from "@/parts/csv";

/** Return a body to begin with when neither the deployment nor its model has a sample. */
export const plainBody = (hasScript: boolean): string => JSON.stringify(hasScript ? { data: [] } : { input_data: { columns: [], data: [] } }, null, 2);

type Row = Record<string, string | number | null>;

const MOST_ROWS = 1000;

/** Return a cell as JSON has it: numbers are numbers, nothing is null. */
export function cellOf(text: string): string | number | null {
  const plain = text.trim();
  if (plain === "") return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : text;
}

/** Return the rows of a table as objects by column, without the columns that have no name. */
export function rowsOf(csv: string): { columns: string[]; rows: Row[] } {
  const [heads = [], ...lines] = parseCsv(csv, MOST_ROWS + 1);
  const columns = heads.map((one) => one.replace(/^\uFEFF/, "").trim());
  const rows = lines.map((line) => Object.fromEntries(columns.flatMap((name, index) => (name ? [[name, cellOf(line[index] ?? "")]] : []))) as Row);
  return { columns: columns.filter(Boolean), rows };
}

/** Return a request of a table's rows, in the form of the sample; without one as MLflow models take it. */
export function bodyOfTable(csv: string, sample: string | undefined): string {
  const found = rowsOf(csv);
  const form = objectOf(sample);
  // The sample knows which columns the model takes: the target, say, is in a test file but not in a request.
  const wanted = columnsOf(form);
  const columns = wanted.length && wanted.every((one) => found.columns.includes(one)) ? wanted : found.columns;
  const rows = found.rows.map((row) => Object.fromEntries(columns.map((one) => [one, row[one] ?? null])));
  const split = { columns, data: rows.map((row) => columns.map((one) => row[one] ?? null)) };
  return JSON.stringify(fitted(form, rows, split), null, 2);
}

function fitted(form: Record<string, unknown> | null, rows: Row[], split: { columns: string[]; data: unknown[][] }): unknown {
  if (form === null) return { input_data: { ...split, index: rows.map((_, index) => index) } };
  if ("Inputs" in form) return { ...form, Inputs: { data: rows } };
  if ("dataframe_split" in form) return { dataframe_split: split };
  for (const key of ["dataframe_records", "instances", "data"]) if (Array.isArray(form[key])) return { ...form, [key]: rows };
  return { ...form, input_data: { ...split, index: rows.map((_, index) => index) } };
}

/** Return the columns that a sample names. */
export function columnsOf(form: Record<string, unknown> | null): string[] {
  if (form === null) return [];
  const split = (form.input_data ?? form.dataframe_split) as { columns?: unknown } | undefined;
  if (Array.isArray(split?.columns)) return split.columns.map(String);
  const rows = (form.data ?? form.dataframe_records ?? form.instances ?? (form.Inputs as { data?: unknown } | undefined)?.data) as unknown;
  const first: unknown = Array.isArray(rows) ? rows[0] : undefined;
  return first !== null && typeof first === "object" && !Array.isArray(first) ? Object.keys(first) : [];
}

/** Return the request for images: the bytes of each in base64 in a row of its own; the column is `image` if the sample names no other. */
export function bodyOfImages(base64: readonly string[], sample: string | undefined): string {
  const columns = columnsOf(objectOf(sample));
  return JSON.stringify({ input_data: { columns: columns.length === 1 ? columns : ["image"], data: base64.map((one) => [one]) } }, null, 2);
}

/** Tell text from the bytes of a file that is none: those have zeros, or are no UTF-8. */
export const isText = (content: string): boolean => !/[\0\uFFFD]/.test(content.slice(0, 4096));

export function objectOf(text: string | undefined): Record<string, unknown> | null {
  try {
    const found: unknown = JSON.parse(text ?? "");
    return found !== null && typeof found === "object" && !Array.isArray(found) ? (found as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Return an answer's text as a person reads it: JSON indented, all else as it came. */
export function formatted(text: string): { text: string; isJson: boolean } {
  try {
    return { text: JSON.stringify(JSON.parse(text), null, 2), isJson: true };
  } catch {
    return { text, isJson: false };
  }
}

/** Return the bytes of a file in base64. */
export async function base64Of(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let start = 0; start < bytes.length; start += 32768) binary += String.fromCharCode(...bytes.subarray(start, start + 32768));
  return btoa(binary);
}

/** Return what is wrong with a body that says it is JSON; null when nothing is. */
export function jsonProblem(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (reason) {
    return (reason as Error).message;
  }
}
