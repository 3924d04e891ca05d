// What a new data asset is made of, told from what was dropped; no drawing.
import type { LocalFile } from "@/api/uploads";
import { plainLetters } from "@/parts/plainLetters";

/** Return the type of what was sent: one file, a table that an MLTable file describes, or a folder. */
export function typeOf(files: readonly { path: string }[]): "uri_file" | "uri_folder" | "mltable" {
  if (files.length === 1 && !files[0]!.path.includes("/")) return "uri_file";
  return files.some((one) => /^([^/]+\/)?MLTable$/.test(one.path)) ? "mltable" : "uri_folder";
}

/** Return a name for what was sent: of the file without its end, or of the folder. It begins with a letter or digit, as names must. */
export function nameOf(files: readonly { path: string }[]): string {
  const [first = ""] = (files[0]?.path ?? "").split("/");
  const isFolder = files[0]?.path.includes("/") ?? false;
  const stem = files.length === 1 || isFolder ? first.replace(isFolder ? /$^/ : /\.[^.]+(\.gz)?$/, "") : "files";
  return plainLetters(stem).replace(/[^\w.-]+/g, "-").replace(/^[-_.]+|[-.]+$/g, "").toLowerCase();
}

/** Return the type that an address most likely has. */
export function typeOfAddress(path: string): "uri_file" | "uri_folder" {
  return /\.[a-z0-9]{1,8}$/i.test(path.replace(/[?#].*$/, "")) ? "uri_file" : "uri_folder";
}

export const sizeOf = (files: readonly LocalFile[]): number => files.reduce((sum, one) => sum + one.file.size, 0);
