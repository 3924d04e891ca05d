// How the text files of a table are read, and the MLTable file that says so. Pure functions.
import type { Schemas } from "@/api/client";

/** Empty: found out by the server. The words are those of MLTable files. */
export interface ReadOptions {
  delimiter: string;
  encoding: string;
  header: string;
  skipRows: number;
  multiLine: boolean;
}

export const AUTOMATIC: ReadOptions = { delimiter: "", encoding: "", header: "", skipRows: 0, multiLine: false };

export const DELIMITERS = [",", ";", "\t", "|", " "] as const;
export const ENCODINGS = ["utf8", "utf8bom", "iso88591", "windows1252", "ascii", "utf16", "utf32"] as const;
export const HEADERS = ["all_files_same_headers", "from_first_file", "no_header"] as const;

/** Encodings that a training finds out by itself, as the server names them. */
const READ_ANYWAY = ["utf-8", "utf-8-sig", "cp1252", "ascii"];

type Preview = Schemas["Preview"];

/** Return what the server is asked to show a table with. */
export function asQuery(options: ReadOptions): Record<string, string | number | boolean | undefined> {
  return {
    delimiter: options.delimiter || undefined,
    encoding: options.encoding || undefined,
    header: options.header ? options.header !== "no_header" : undefined,
    skip_rows: options.skipRows || undefined,
  };
}

/** Return whether a table has to be described: it is not read right by its files alone. `found` is what the server saw. */
export function needsMLTable(options: ReadOptions, found: Preview): boolean {
  if (found.form !== "table" || found.delimiter === undefined) return false; // Parquet and JSON lines say all themselves
  return (
    options.delimiter !== "" ||
    options.encoding !== "" ||
    options.header !== "" ||
    options.skipRows > 0 ||
    options.multiLine ||
    found.header === false ||
    !READ_ANYWAY.includes(found.encoding ?? "utf-8")
  );
}

/** The names of encodings in MLTable files, by those of the server. */
const MLTABLE_ENCODINGS: Record<string, string> = { "utf-8": "utf8", "utf-8-sig": "utf8bom", cp1252: "windows1252", "latin-1": "iso88591", "utf-16": "utf16", "utf-16-le": "utf16", "utf-16-be": "utf16", "utf-32": "utf32" };

/** Return an MLTable file's text; paths are files beside it, or addresses. What was left open is written as it was found. */
export function mltableText(paths: readonly string[], options: ReadOptions, found: Preview): string {
  const encoding = options.encoding || (MLTABLE_ENCODINGS[found.encoding ?? ""] ?? found.encoding ?? "utf8");
  const header = options.header || (found.header === false ? "no_header" : "all_files_same_headers");
  return [
    "type: mltable",
    "paths:",
    ...paths.map((path) => `  - file: ${JSON.stringify(path.includes("://") ? path : `./${path}`)}`),
    "transformations:",
    "  - read_delimited:",
    `      delimiter: ${JSON.stringify(options.delimiter || found.delimiter || ",")}`,
    `      encoding: ${encoding}`,
    `      header: ${header}`,
    ...(options.skipRows ? [`      skip_rows: ${options.skipRows}`] : []),
    ...(options.multiLine ? ["      support_multi_line: true"] : []),
    ...(found.decimal === "," ? ['      decimal: ","'] : []),
    "",
  ].join("\n");
}

/** Return where the MLTable file goes and what it names, for files that were sent: beside them, in their folder. */
export function laidOut(files: readonly { path: string }[]): { folder: string; names: string[] } {
  const tops = new Set(files.map((one) => one.path.split("/")[0] ?? ""));
  const isFolder = tops.size === 1 && files.every((one) => one.path.includes("/"));
  const folder = isFolder ? `${files[0]!.path.split("/")[0]}/` : "";
  return { folder, names: files.map((one) => one.path.slice(folder.length)).filter(isTable).sort() };
}

const isTable = (path: string): boolean => !/(^|\/)(MLTable|\.[^/]*)$/.test(path) && !/\.(png|jpe?g|md|ya?ml|pdf|zip)$/i.test(path);
