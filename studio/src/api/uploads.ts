// Sends files from the browser as the SDK does: a tree of files by content, of which only unknown ones travel.
import { inWorkspace, PREFIX, send } from "./client";
import { ApiError, errorOf } from "./errors";
import { Sha256 } from "./sha256";

/** A file and its path inside of what is sent, with `/`. */
export interface LocalFile {
  path: string;
  file: File;
}

export interface Progress {
  stage: "hashing" | "sending";
  /** File at hand. */
  name: string;
  doneBytes: number;
  totalBytes: number;
}

/** A file that the server has, by its content. */
export interface SentFile {
  path: string;
  digest: string;
  size: number;
}

export interface SentTree {
  tree: string;
  files: readonly SentFile[];
  /** To be named as an asset's or input's path. */
  reference: string;
  /** Files that the server had already. */
  known: number;
}

const PIECE = 4 * 1024 * 1024; // hashed in some 20 ms: the page stays fluid between pieces

/** Send files; return the tree's reference. Throws ApiError, or the signal's reason when it is aborted. */
export async function sendFiles(
  ws: string,
  files: readonly LocalFile[],
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<SentTree> {
  const totalBytes = files.reduce((sum, one) => sum + one.file.size, 0);
  let hashed = 0;
  const listed: { path: string; digest: string; size: number; file: File }[] = [];
  for (const { path, file } of files) {
    const digest = await digestOf(file, signal, (bytes) => {
      hashed += bytes;
      onProgress({ stage: "hashing", name: path, doneBytes: hashed, totalBytes });
    });
    listed.push({ path, digest, size: file.size, file });
  }
  const body = { files: listed.map(({ path, digest, size }) => ({ path, digest, size })) };
  let known = 0;
  for (let isFirst = true; ; isFirst = false) {
    signal.throwIfAborted();
    const { tree, missing } = await send<{ tree: string; missing: string[] }>("POST", inWorkspace(ws, "trees"), body);
    if (isFirst) known = new Set(listed.map((one) => one.digest)).size - missing.length;
    if (!missing.length) return { tree, files: body.files, reference: referenceTo(tree, files), known };
    await sendMissing(ws, listed, new Set(missing), onProgress, signal);
  }
}

/** Make a tree of files that were sent before and of a text beside them; return its name. */
export async function sendBeside(ws: string, files: readonly SentFile[], path: string, text: string): Promise<string> {
  const file = new File([text], path);
  const signal = new AbortController().signal;
  const written = { path, digest: await digestOf(file, signal, () => undefined), size: file.size };
  for (;;) {
    const { tree, missing } = await send<{ tree: string; missing: string[] }>("POST", inWorkspace(ws, "trees"), { files: [...files, written] });
    if (!missing.length) return tree;
    await putBlob(ws, written.digest, file, signal, () => undefined);
    // What was sent before may be gone by now: better an error of the server's than asking for ever.
    if (missing.some((one) => one !== written.digest)) throw new ApiError(404, "not_found", "Files that were sent before are gone; send them again.");
  }
}

async function sendMissing(
  ws: string,
  listed: readonly { path: string; digest: string; size: number; file: File }[],
  missing: Set<string>,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  const wanted = listed.filter((one) => missing.delete(one.digest));
  const totalBytes = wanted.reduce((sum, one) => sum + one.size, 0);
  let before = 0;
  for (const one of wanted) {
    await putBlob(ws, one.digest, one.file, signal, (bytes) => onProgress({ stage: "sending", name: one.path, doneBytes: before + bytes, totalBytes }));
    before += one.size;
  }
}

/** Return what names a sent tree: one file by its name, one folder by its own, anything else as a whole. */
export function referenceTo(tree: string, files: readonly { path: string }[]): string {
  const tops = new Set(files.map((one) => one.path.split("/")[0] ?? ""));
  const [top] = tops;
  return tops.size === 1 && top ? `azureml:trees/${tree}/${top}` : `azureml:trees/${tree}`;
}

export async function digestOf(file: Blob, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<string> {
  const hash = new Sha256();
  for (let start = 0; start < file.size; start += PIECE) {
    signal.throwIfAborted();
    const bytes = new Uint8Array(await file.slice(start, start + PIECE).arrayBuffer());
    hash.update(bytes);
    onBytes(bytes.length);
  }
  return hash.hex();
}

/** `fetch` tells nothing of what has been sent so far; XMLHttpRequest does. */
function putBlob(ws: string, digest: string, file: File, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    signal.addEventListener("abort", stop);
    request.upload.onprogress = (event) => onBytes(event.loaded);
    request.onloadend = () => signal.removeEventListener("abort", stop);
    request.onerror = () => reject(new ApiError(0, "unreachable", ""));
    request.onabort = () => reject(signal.reason as Error);
    request.onload = () => {
      if (request.status < 300) resolve();
      else reject(errorOf(request.status, parsed(request.responseText)));
    };
    request.open("PUT", PREFIX + inWorkspace(ws, "blobs", digest));
    request.send(file);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------- what was dropped or picked

/** Return the files of a picker; a picked folder's files carry their path in it. */
export function picked(list: FileList): LocalFile[] {
  return Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Return the files of a drop, those in folders with their paths. */
export async function dropped(items: DataTransferItemList): Promise<LocalFile[]> {
  // All entries first: the list is emptied as soon as the event's handler waits.
  const entries = Array.from(items, (one) => one.webkitGetAsEntry()).filter((one) => one !== null);
  return (await Promise.all(entries.map((one) => filesOf(one, "")))).flat();
}

async function filesOf(entry: FileSystemEntry, above: string): Promise<LocalFile[]> {
  const path = `${above}${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: LocalFile[] = [];
  for (;;) {
    // A folder is read in batches until one is empty.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return found;
    for (const one of batch) found.push(...(await filesOf(one, `${path}/`)));
  }
}
