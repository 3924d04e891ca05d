// A data asset that is made on the way through the wizard: what was sent, how it is read, and the asset of it.
import { inWorkspace, type Schemas, send } from "@/api/client";
import { sendBeside, type SentFile } from "@/api/uploads";
import { typeOf, typeOfAddress } from "../data/newData";
import { AUTOMATIC, laidOut, mltableText, needsMLTable, type ReadOptions } from "./readOptions";
import type { DataChoice } from "./wizard";

export interface NewData {
  source: "files" | "address";
  address: string;
  files: readonly SentFile[];
  /** What the server calls it so far: an upload, or the address once it was looked at. */
  reference: string;
  name: string;
  description: string;
  options: ReadOptions;
}

export const NOTHING: NewData = { source: "files", address: "", files: [], reference: "", name: "", description: "", options: AUTOMATIC };

/** Make the data asset; with an MLTable file beside the files where they are not read right without. Throws ApiError. */
export async function createData(ws: string, data: NewData, found: Schemas["Preview"]): Promise<DataChoice> {
  const { type, path } = await placeOf(ws, data, found);
  const body = { type, path, ...(data.description.trim() ? { description: data.description.trim() } : {}) };
  const made = await send<{ version: string }>("POST", inWorkspace(ws, "data", data.name.trim()), body);
  return { name: data.name.trim(), version: made.version, type };
}

async function placeOf(ws: string, data: NewData, found: Schemas["Preview"]): Promise<{ type: string; path: string }> {
  // What a web address answers is one file, whatever it is called.
  const own = data.source === "files" ? typeOf(data.files) : /^https?:/.test(data.reference) ? "uri_file" : typeOfAddress(data.reference);
  if (own === "mltable" || !needsMLTable(data.options, found)) return { type: own, path: data.reference };
  if (data.source === "address") {
    const tree = await sendBeside(ws, [], "MLTable", mltableText([data.reference], data.options, found));
    return { type: "mltable", path: `azureml:trees/${tree}` };
  }
  const { folder, names } = laidOut(data.files);
  const tree = await sendBeside(ws, data.files, `${folder}MLTable`, mltableText(names, data.options, found));
  return { type: "mltable", path: folder ? `azureml:trees/${tree}/${folder.slice(0, -1)}` : `azureml:trees/${tree}` };
}

/** Whether a table was read to its end without a row: nothing can be learnt from it. */
export const isEmpty = (found: Schemas["Preview"]): boolean => found.form === "table" && found.rows.length === 0 && found.rows_total === 0;

/** Whether what was sent says by itself how it is read. */
export const describesItself = (data: NewData): boolean => data.source === "files" && typeOf(data.files) === "mltable";
