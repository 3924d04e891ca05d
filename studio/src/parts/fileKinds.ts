// Which form of preview a file gets, and folders out of paths. No drawing.

export type Preview = "image" | "table" | "json" | "code" | "text" | "none";

const BY_END: Record<string, Preview> = {
  png: "image", jpg: "image", jpeg: "image", gif: "image", webp: "image", svg: "image", bmp: "image",
  csv: "table", tsv: "table",
  json: "json",
  py: "code", yml: "code", yaml: "code", mltable: "code",
  txt: "text", log: "text", md: "text", sh: "text", toml: "text", cfg: "text", ini: "text", html: "text", jsonl: "text",
};
const WITHOUT_END = new Set(["mltable", "mlmodel", "dockerfile", "makefile", "license", "readme"]);

export function previewOf(path: string): Preview {
  const name = (path.split("/").pop() ?? "").toLowerCase();
  if (WITHOUT_END.has(name)) return "text";
  return BY_END[name.includes(".") ? (name.split(".").pop() ?? "") : ""] ?? "none";
}

export interface FolderNode {
  name: string;
  path: string;
  /** Absent for a folder. */
  size?: number;
  below: FolderNode[];
}

/** Return the tree of some paths: folders first, each by name. */
export function treeOf(files: readonly { path: string; size: number }[]): FolderNode[] {
  const root: FolderNode = { name: "", path: "", below: [] };
  for (const { path, size } of files) {
    let place = root;
    const parts = path.split("/");
    parts.forEach((name, index) => {
      const isFile = index === parts.length - 1;
      let next = place.below.find((one) => one.name === name && (one.size === undefined) === !isFile);
      if (!next) {
        next = { name, path: parts.slice(0, index + 1).join("/"), below: [], ...(isFile ? { size } : {}) };
        place.below.push(next);
      }
      place = next;
    });
  }
  return sorted(root.below);
}

function sorted(nodes: FolderNode[]): FolderNode[] {
  const isFile = (one: FolderNode) => (one.size === undefined ? 0 : 1);
  return nodes
    .map((one) => ({ ...one, below: sorted(one.below) }))
    .sort((a, b) => isFile(a) - isFile(b) || a.name.localeCompare(b.name, undefined, { numeric: true }));
}
