// A table of any length: rows come in windows as they are scrolled to, the server sorts, the address keeps the view.
import { type QueryKey, keepPreviousData, useQueries } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import type { Rows } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import classes from "./DataTable.module.css";
import { ErrorNote } from "./ErrorNote";
import { Icon } from "./Icon";
import { TableTools } from "./TableTools";
import { type ColumnState, clampWidth, columnStates, columnWords, nextOrder, parseOrder, windowsOf } from "./tableState";
import { partTexts } from "./texts";
import { useUrlState } from "./urlState";

export interface Column<R> {
  /** Short and without comma or tilde: it stands in the address. */
  id: string;
  title: string;
  width: number;
  render(row: R): ReactNode;
  /** The server's word for sorting by it; without one the column does not sort. */
  sortBy?: string;
  isNumber?: boolean;
  /** Not shown until the column editor says so. */
  isHidden?: boolean;
}

export interface WindowQuery {
  offset: number;
  limit: number;
  /** `<sortBy> DESC` or `ASC`. */
  orderBy: string | undefined;
}

export interface DataTableProps<R> {
  /** What the table lists, for screen readers. */
  label: string;
  /** Under which its saved views are remembered. */
  name: string;
  columns: Column<R>[];
  rowKey(row: R): string;
  rowLabel?(row: R): string;
  /** Begins with a key that events make stale; holds everything that `load` depends on besides window and order. */
  queryKey: QueryKey;
  load(window: WindowQuery, signal: AbortSignal): Promise<Rows<R>>;
  chosen?: ReadonlySet<string>;
  onChoose?(chosen: ReadonlySet<string>): void;
  onOpen?(row: R): void;
  /** Filters and buttons, left of the table's own tools. */
  tools?: ReactNode;
  /** What is shown when there are no rows at all, and when a filter leaves none. */
  empty: ReactNode;
}

export const WINDOW = 200;
const ROW_HEIGHT = 36;
const CHECK_WIDTH = 36;

export function DataTable<R>(props: DataTableProps<R>) {
  const t = useTexts(partTexts);
  const id = useId();
  const [search, change] = useUrlState();
  const box = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const [total, setTotal] = useState(0);
  const order = parseOrder(search.sort);
  const states = columnStates(props.columns, search.cols, search.widths);
  const shown = states.flatMap((state) => {
    const column = props.columns.find((one) => one.id === state.id);
    return state.isShown && column ? [{ ...column, width: state.width }] : [];
  });
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const inSight = virtual.getVirtualItems();
  const windows = useWindows(props, inSight[0]?.index ?? 0, inSight.at(-1)?.index ?? 0, order);
  useEffect(() => {
    if (windows.total !== undefined) setTotal(windows.total);
  }, [windows.total]);
  const setStates = (next: ColumnState[]) => change({ cols: undefined, widths: undefined, ...columnWords(props.columns, next) });
  const toggle = (row: R) => props.onChoose?.(toggled(props.chosen, props.rowKey(row)));

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const page = Math.max(Math.floor((box.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1, 1);
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -total, End: total };
    const row = windows.rowAt(active);
    if (event.key in steps) {
      const next = Math.min(Math.max(active + (steps[event.key] ?? 0), 0), Math.max(total - 1, 0));
      setActive(next);
      virtual.scrollToIndex(next);
    } else if (event.key === "Enter" && row) props.onOpen?.(row);
    else if (event.key === " " && row) toggle(row);
    else return;
    event.preventDefault();
  };

  const width = shown.reduce((sum, one) => sum + one.width, props.onChoose ? CHECK_WIDTH : 0);
  const template = `${props.onChoose ? `${CHECK_WIDTH}px ` : ""}${shown.map((one, index) => (index === shown.length - 1 ? `minmax(${one.width}px, 1fr)` : `${one.width}px`)).join(" ")}`;
  return (
    <section className={classes.whole} aria-label={props.label}>
      <TableTools name={props.name} columns={props.columns} states={states} onStates={setStates} total={windows.total} chosen={props.chosen?.size ?? 0} onClear={() => props.onChoose?.(new Set())}>
        {props.tools}
      </TableTools>
      {windows.error ? <ErrorNote error={windows.error} onRetry={windows.retry} /> : null}
      {windows.total === 0 && !windows.error ? (
        <div className={classes.empty}>{props.empty}</div>
      ) : (
        <div
          ref={box}
          role="grid"
          tabIndex={0}
          aria-label={props.label}
          aria-rowcount={total + 1}
          aria-colcount={shown.length}
          aria-busy={windows.isLoading}
          aria-multiselectable={props.onChoose ? true : undefined}
          aria-activedescendant={inSight.some((one) => one.index === active) ? `${id}-${active}` : undefined}
          className={classes.box}
          onKeyDown={onKeyDown}
        >
          <div role="rowgroup" className={classes.heads} style={{ minWidth: width }}>
            <div role="row" aria-rowindex={1} className={classes.row} style={{ gridTemplateColumns: template }}>
              {props.onChoose ? (
                <div role="columnheader" className={classes.check}>
                  <input
                    type="checkbox"
                    aria-label={t("selectAll")}
                    checked={windows.loaded.length > 0 && windows.loaded.every((row) => props.chosen?.has(props.rowKey(row)))}
                    onChange={(event) => props.onChoose?.(new Set(event.target.checked ? windows.loaded.map(props.rowKey) : []))}
                  />
                </div>
              ) : null}
              {shown.map((column) => (
                <Head
                  key={column.id}
                  column={column}
                  order={order}
                  onSort={() => change({ sort: nextOrder(order, column.id) })}
                  onWidth={(next) => setStates(states.map((one) => (one.id === column.id ? { ...one, width: next } : one)))}
                />
              ))}
            </div>
          </div>
          <div role="rowgroup" style={{ height: virtual.getTotalSize(), minWidth: width, position: "relative" }}>
            {inSight.map((place) => {
              const row = windows.rowAt(place.index);
              const key = row ? props.rowKey(row) : `empty-${place.index}`;
              const isChosen = row !== undefined && props.chosen?.has(key) === true;
              return (
                <div
                  key={place.index}
                  id={`${id}-${place.index}`}
                  role="row"
                  aria-rowindex={place.index + 2}
                  aria-selected={props.onChoose ? isChosen : undefined}
                  data-active={place.index === active || undefined}
                  className={classes.row}
                  style={{ gridTemplateColumns: template, height: ROW_HEIGHT, transform: `translateY(${place.start}px)`, position: "absolute", insetInline: 0 }}
                  onClick={() => setActive(place.index)}
                  onDoubleClick={() => row && props.onOpen?.(row)}
                >
                  {props.onChoose ? (
                    <div role="gridcell" className={classes.check}>
                      {row ? (
                        <input
                          type="checkbox"
                          tabIndex={-1}
                          aria-label={t("selectRow", { name: props.rowLabel?.(row) ?? key })}
                          checked={isChosen}
                          onChange={() => toggle(row)}
                        />
                      ) : null}
                    </div>
                  ) : null}
                  {shown.map((column) => (
                    <div key={column.id} role="gridcell" className={column.isNumber ? classes.number : classes.cell}>
                      {row ? column.render(row) : <span className={classes.waiting} />}
                    </div>
                  ))}
                </div>
              );
            })}
            {windows.total === undefined && !windows.error ? <Waiting label={t("loading")} columns={Math.max(shown.length, 1)} /> : null}
          </div>
        </div>
      )}
    </section>
  );
}

/** Return the rows in sight; the windows that hold them are asked for, and asked again when events make them stale. */
function useWindows<R>(props: DataTableProps<R>, first: number, last: number, order: ReturnType<typeof parseOrder>) {
  const numbers = windowsOf(first, Math.max(first, last), WINDOW);
  const sortBy = props.columns.find((one) => one.id === order?.id)?.sortBy;
  const orderBy = sortBy ? `${sortBy} ${order?.isDescending ? "DESC" : "ASC"}` : undefined;
  const answers = useQueries({
    queries: numbers.map((number) => ({
      queryKey: [...props.queryKey, { orderBy, window: number }],
      queryFn: ({ signal }: { signal: AbortSignal }) => props.load({ offset: number * WINDOW, limit: WINDOW, orderBy }, signal),
      // A new filter or order keeps the old rows until the new ones are here: no flash.
      placeholderData: keepPreviousData,
    })),
  });
  const byWindow = new Map(numbers.map((number, index) => [number, answers[index]?.data]));
  const current = answers.find((one) => one.data !== undefined)?.data;
  return {
    total: current?.total,
    loaded: answers.flatMap((one) => one.data?.items ?? []),
    isLoading: answers.some((one) => one.isFetching && one.data === undefined),
    error: answers.find((one) => one.error)?.error ?? null,
    retry: () => answers.forEach((one) => void one.refetch()),
    rowAt(index: number): R | undefined {
      const number = Math.floor(index / WINDOW);
      return byWindow.get(number)?.items[index - number * WINDOW];
    },
  };
}

function toggled(chosen: ReadonlySet<string> | undefined, key: string): Set<string> {
  const next = new Set(chosen);
  if (!next.delete(key)) next.add(key);
  return next;
}

interface HeadProps {
  column: { id: string; title: string; width: number; sortBy?: string; isNumber?: boolean };
  order: ReturnType<typeof parseOrder>;
  onSort(): void;
  onWidth(width: number): void;
}

function Head({ column, order, onSort, onWidth }: HeadProps) {
  const t = useTexts(partTexts);
  const isSorted = order?.id === column.id;
  const [drag, setDrag] = useState<number | null>(null);
  const from = useRef(0);
  const sort = isSorted ? (order.isDescending ? "descending" : "ascending") : undefined;
  const title = useMemo(() => <span className="cut">{column.title}</span>, [column.title]);
  return (
    <div role="columnheader" aria-sort={sort} className={classes.head} data-number={column.isNumber || undefined}>
      {column.sortBy ? (
        <button type="button" className={classes.sort} onClick={onSort}>
          {title}
          {isSorted ? <Icon name={order.isDescending ? "arrowDown" : "arrowUp"} size={13} /> : null}
        </button>
      ) : (
        title
      )}
      <div
        role="separator"
        aria-orientation="vertical"
        aria-label={t("widen", { name: column.title })}
        aria-valuenow={column.width}
        tabIndex={0}
        className={classes.handle}
        data-drag={drag !== null || undefined}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          from.current = event.clientX;
          setDrag(column.width);
        }}
        onPointerMove={(event) => drag !== null && setDrag(clampWidth(column.width + event.clientX - from.current))}
        onPointerUp={() => {
          if (drag !== null && drag !== column.width) onWidth(drag);
          setDrag(null);
        }}
        onKeyDown={(event) => {
          const by = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
          if (by === undefined) return;
          event.preventDefault();
          onWidth(clampWidth(column.width + by));
        }}
        style={drag === null ? undefined : { transform: `translateX(${drag - column.width}px)` }}
      />
    </div>
  );
}

function Waiting({ label, columns }: { label: string; columns: number }) {
  return (
    <div role="row" className={classes.skeletons}>
      <div role="gridcell" aria-label={label} aria-colspan={columns}>
        {Array.from({ length: 8 }, (_, index) => (
          <span key={index} className={classes.waiting} style={{ width: `${88 - ((index * 17) % 40)}%` }} />
        ))}
      </div>
    </div>
  );
}
