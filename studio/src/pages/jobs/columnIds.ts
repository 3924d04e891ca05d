// Columns of metrics, parameters and tags as words of the address: `metrics.loss`.

export const KINDS = ["metrics", "params", "tags"] as const;
export type Kind = (typeof KINDS)[number];

/** The word of a key in the address; null for one that cannot stand there. */
export function columnId(kind: Kind, key: string): string | null {
  return /[,~]/.test(key) ? null : `${kind}.${key}`;
}

export function parseId(id: string): { kind: Kind; key: string } | null {
  const dot = id.indexOf(".");
  const kind = KINDS.find((one) => one === id.slice(0, Math.max(dot, 0)));
  return kind ? { kind, key: id.slice(dot + 1) } : null;
}

/** Return the keys among some column words, as the server's `columns` takes them. */
export function loggedColumns(cols: string | undefined): string {
  return (cols ?? "").split(",").filter((id) => parseId(id) !== null).join(",");
}
