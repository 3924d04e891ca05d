// The state of a table in words of the query, and which windows of rows are in sight. No drawing.

export interface ColumnState {
  id: string;
  width: number;
  isShown: boolean;
}

interface Declared {
  id: string;
  width: number;
  isHidden?: boolean;
}

export interface Order {
  id: string;
  isDescending: boolean;
}

/** Rows that are asked for at once. */
export const WINDOW = 200;

/** One window of the rows below `parent`, or of the outermost ones. */
export interface Window {
  parent: string | null;
  number: number;
}

/** The name of a window's query, after that of its table. */
export function windowKey(table: readonly unknown[], { parent, number }: Window, orderBy: string | undefined): readonly unknown[] {
  return [...table, { orderBy, window: number, parent }];
}

export const NARROWEST = 56;
export const WIDEST = 900;

/** Return the columns in the order and with the widths that the query asks for; unasked ones follow, hidden. */
export function columnStates(declared: readonly Declared[], shown: string | undefined, widths: string | undefined): ColumnState[] {
  const asked = shown === undefined ? declared.filter((one) => !one.isHidden).map((one) => one.id) : shown.split(",");
  const width = new Map((widths ?? "").split(",").map((one) => one.split("~") as [string, string]));
  const state = (one: Declared, isShown: boolean): ColumnState => ({
    id: one.id,
    width: clampWidth(Number(width.get(one.id)) || one.width),
    isShown,
  });
  const byId = new Map(declared.map((one) => [one.id, one]));
  const first = asked.flatMap((id) => (byId.has(id) ? [state(byId.get(id)!, true)] : []));
  const rest = declared.filter((one) => !asked.includes(one.id)).map((one) => state(one, false));
  return [...first, ...rest];
}

/** Return the words of the query for some columns; undefined where they are as declared. */
export function columnWords(declared: readonly Declared[], states: readonly ColumnState[]): { cols?: string; widths?: string } {
  const shown = states.filter((one) => one.isShown).map((one) => one.id);
  const standard = declared.filter((one) => !one.isHidden).map((one) => one.id);
  const before = new Map(declared.map((one) => [one.id, one.width]));
  const widths = states.filter((one) => one.width !== before.get(one.id)).map((one) => `${one.id}~${one.width}`);
  return {
    ...(shown.join() === standard.join() ? {} : { cols: shown.join(",") }),
    ...(widths.length ? { widths: widths.join(",") } : {}),
  };
}

export function clampWidth(width: number): number {
  return Math.min(Math.max(Math.round(width), NARROWEST), WIDEST);
}

/** Return a list with one item moved up (-1) or down (1); at the ends nothing moves. */
export function moved<T>(items: readonly T[], index: number, by: -1 | 1): T[] {
  const target = index + by;
  const copy = [...items];
  if (target < 0 || target >= copy.length) return copy;
  [copy[index], copy[target]] = [copy[target]!, copy[index]!];
  return copy;
}

/** Return a list with one item taken from its place and put to another. */
export function movedTo<T>(items: readonly T[], from: number, to: number): T[] {
  const copy = [...items];
  copy.splice(to, 0, ...copy.splice(from, 1));
  return copy;
}

/** `-created` is descending by `created`. */
export function parseOrder(word: string | undefined): Order | null {
  if (!word) return null;
  return word.startsWith("-") ? { id: word.slice(1), isDescending: true } : { id: word, isDescending: false };
}

/** Return the order after a click on a column: descending first (newest, largest), then ascending, then none. */
export function nextOrder(order: Order | null, id: string): string | undefined {
  if (order?.id !== id) return `-${id}`;
  return order.isDescending ? id : undefined;
}

/** Return the windows of `size` rows that hold rows `first` to `last`. */
export function windowsOf(first: number, last: number, size: number): number[] {
  if (last < first) return [];
  const from = Math.floor(first / size);
  return Array.from({ length: Math.floor(last / size) - from + 1 }, (_, index) => from + index);
}
