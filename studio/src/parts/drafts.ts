// What is being written outlives a reload of its tab; nothing of it goes elsewhere.

const place = (kind: string, ws: string) => `bancada.${kind}.${ws}`;

export function keepDraft(kind: string, ws: string, value: unknown): void {
  try {
    sessionStorage.setItem(place(kind, ws), JSON.stringify(value));
  } catch {
    // A full or closed storage: the draft lives as long as the page.
  }
}

export function keptDraft<T>(kind: string, ws: string): T | null {
  try {
    const text = sessionStorage.getItem(place(kind, ws));
    return text ? (JSON.parse(text) as T) : null;
  } catch {
    return null;
  }
}

export function forgetDraft(kind: string, ws: string): void {
  try {
    sessionStorage.removeItem(place(kind, ws));
  } catch {
    // Nothing was kept.
  }
}
