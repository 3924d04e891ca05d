// A job that is being written outlives a reload of its tab; nothing of it goes elsewhere.
import type { Doc } from "./document";

const place = (ws: string) => `bancada.draft.${ws}`;

export function keep(ws: string, document: Doc): void {
  try {
    sessionStorage.setItem(place(ws), JSON.stringify(document));
  } catch {
    // A full or closed storage: the draft lives as long as the page.
  }
}

export function kept(ws: string): Doc | null {
  try {
    const text = sessionStorage.getItem(place(ws));
    return text ? (JSON.parse(text) as Doc) : null;
  } catch {
    return null;
  }
}

export function forget(ws: string): void {
  try {
    sessionStorage.removeItem(place(ws));
  } catch {
    // Nothing was kept.
  }
}
