// A table whose rows open: which row stands at a place of the screen when some rows show theirs below. No drawing.

/** A row that shows the rows below it. */
export interface Opened {
  key: string;
  /** Its place among the rows beside it. */
  index: number;
  /** How many rows stand directly below it. */
  count: number;
  /** Those of them that are opened as well, by place. */
  below: readonly Opened[];
}

export interface Place {
  /** The row below which it stands; null for the outermost. */
  parent: string | null;
  /** Among the rows beside it. */
  index: number;
  level: number;
}

/** Where a row was last seen, and how many it has below. */
export interface Seen {
  parent: string | null;
  index: number;
  count: number;
}

/** Return how many lines `count` rows take when some of them are opened. */
export function linesOf(count: number, opened: readonly Opened[]): number {
  return opened.reduce((sum, one) => sum + linesOf(one.count, one.below), count);
}

/** Return which row stands in a line. */
export function placeAt(line: number, opened: readonly Opened[], parent: string | null = null, level = 1): Place {
  let left = line;
  for (const one of opened) {
    if (left <= one.index) break;
    const inside = linesOf(one.count, one.below);
    if (left - one.index - 1 < inside) return placeAt(left - one.index - 1, one.below, one.key, level + 1);
    left -= inside;
  }
  return { parent, index: left, level };
}

/** Return the line in which a row stands, or null when a row above it is closed. */
export function lineOf(place: { parent: string | null; index: number }, opened: readonly Opened[], parent: string | null = null, first = 0): number | null {
  let before = first;
  for (const one of opened) {
    if (place.parent === parent && place.index <= one.index) break;
    const found = lineOf(place, one.below, one.key, before + one.index + 1);
    if (found !== null) return found;
    before += linesOf(one.count, one.below);
  }
  return place.parent === parent ? before + place.index : null;
}

/** Return the opened rows as a tree; one that was not seen yet, or has nothing below, is left out. */
export function openedTree(keys: readonly string[], seen: ReadonlyMap<string, Seen>, parent: string | null = null): Opened[] {
  return keys
    .flatMap((key) => {
      const one = seen.get(key);
      return one && one.parent === parent && one.count > 0 ? [{ key, index: one.index, count: one.count, below: openedTree(keys, seen, key) }] : [];
    })
    .sort((a, b) => a.index - b.index);
}
