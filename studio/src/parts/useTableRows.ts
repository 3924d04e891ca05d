// The rows of a table that are in sight: asked for in windows, those of opened rows too, and again when events say so.
import { type QueryKey, useQueries } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Rows } from "@/api/queries";
import { WINDOW, type Window, windowKey, windowsOf } from "./tableState";
import { linesOf, openedTree, type Place, placeAt, type Seen } from "./tableTree";

export interface WindowQuery {
  offset: number;
  limit: number;
  /** `<sortBy> DESC` or `ASC`. */
  orderBy: string | undefined;
  /** Given for the rows below an opened one. */
  parent?: string;
}

export interface RowsAsked<R> {
  queryKey: QueryKey;
  load(window: WindowQuery, signal: AbortSignal): Promise<Rows<R>>;
  rowKey(row: R): string;
  /** How many rows stand below one; without it the table has no tree. */
  countBelow?: ((row: R) => number) | undefined;
}

const nameOf = ({ parent, number }: Window) => `${number}\n${parent ?? ""}`;

/** `first` and `last` are the lines in sight, `total` how many rows the outermost level was last known to have. */
export function useTableRows<R>(asked: RowsAsked<R>, open: readonly string[], orderBy: string | undefined, total: number, first: number, last: number) {
  const [seen, setSeen] = useState<ReadonlyMap<string, Seen>>(new Map());
  const opened = openedTree(open, seen);
  const windows = windowsInSight(opened, open, seen, total, first, last);
  const answers = useQueries({
    queries: windows.map((one) => ({
      queryKey: windowKey(asked.queryKey, one, orderBy),
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        asked.load({ offset: one.number * WINDOW, limit: WINDOW, orderBy, ...(one.parent === null ? {} : { parent: one.parent }) }, signal),
      // A new filter or order keeps the old rows until the new ones are here (no flash), but never those of other places.
      placeholderData: (previous: Rows<R> | undefined, query: { queryKey: QueryKey } | undefined) => (isSamePlace(query?.queryKey, one) ? previous : undefined),
    })),
  });
  const byName = new Map(windows.map((one, index) => [nameOf(one), answers[index]?.data]));
  const found = new Map<string, Seen>();
  windows.forEach((one, index) => {
    answers[index]?.data?.items.forEach((row, at) => {
      const key = asked.rowKey(row);
      if (open.includes(key)) found.set(key, { parent: one.parent, index: one.number * WINDOW + at, count: asked.countBelow?.(row) ?? 0 });
    });
  });
  // A row that is not where it was seen (deleted, moved by the order) opens nothing there.
  const gone = open.filter((key) => !found.has(key) && isLoadedAt(byName, seen.get(key)));
  const news = [...found].filter(([key, one]) => JSON.stringify(seen.get(key)) !== JSON.stringify(one));
  useEffect(() => {
    if (!news.length && !gone.length) return;
    setSeen((before) => new Map([...[...before].filter(([key]) => !gone.includes(key)), ...news]));
    // Both are made anew each time; what they say is compared.
  }, [JSON.stringify([news, gone])]);
  const outermost = answers.find((one, index) => windows[index]?.parent === null && one.data !== undefined)?.data;
  const rowAt = (place: Place): R | undefined => byName.get(nameOf({ parent: place.parent, number: Math.floor(place.index / WINDOW) }))?.items[place.index % WINDOW];
  return {
    total: outermost?.total,
    lines: linesOf(outermost?.total ?? total, opened),
    opened,
    loaded: answers.flatMap((one) => one.data?.items ?? []),
    isLoading: answers.some((one) => one.isFetching && one.data === undefined),
    error: answers.find((one) => one.error)?.error ?? null,
    retry: () => answers.forEach((one) => void one.refetch()),
    rowAt,
    placeOf: (line: number) => placeAt(line, opened),
  };
}

function isLoadedAt(byName: ReadonlyMap<string, unknown>, seen: Seen | undefined): boolean {
  return seen !== undefined && byName.get(nameOf({ parent: seen.parent, number: Math.floor(seen.index / WINDOW) })) !== undefined;
}

function isSamePlace(key: QueryKey | undefined, { parent, number }: Window): boolean {
  const place = key?.at(-1) as { window?: number; parent?: string | null } | undefined;
  return place?.window === number && place.parent === parent;
}

/** Return the windows that hold the lines in sight, and those that hold opened rows: without these they would close. */
function windowsInSight(opened: ReturnType<typeof openedTree>, open: readonly string[], seen: ReadonlyMap<string, Seen>, total: number, first: number, last: number): Window[] {
  const found = new Map<string, Window>();
  const add = (one: Window) => found.set(nameOf(one), one);
  if (!opened.length || total === 0) windowsOf(first, Math.max(first, last), WINDOW).forEach((number) => add({ parent: null, number }));
  else {
    for (let line = first; line <= Math.max(first, last); line += 1) {
      const { parent, index } = placeAt(line, opened);
      add({ parent, number: Math.floor(index / WINDOW) });
    }
  }
  for (const key of open) {
    const one = seen.get(key);
    if (one) add({ parent: one.parent, number: Math.floor(one.index / WINDOW) });
  }
  return [...found.values()];
}
