// A table of any length: rows come in windows as they are scrolled to, the server sorts, the address keeps the view.
import type { QueryKey } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { Rows } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import classes from "./DataTable.module.css";
import type { FindColumns } from "./ColumnEditor";
import { ErrorNote } from "./ErrorNote";
import { Icon } from "./Icon";
import { TableHead } from "./TableHead";
import { TableTools } from "./TableTools";
import { type ColumnState, columnStates, columnWords, nextOrder, parseOrder } from "./tableState";
import { lineOf } from "./tableTree";
import { partTexts } from "./texts";
import { useUrlState } from "./urlState";
import { useTableRows, type WindowQuery } from "./useTableRows";

export type { WindowQuery } from "./useTableRows";

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

export interface DataTableProps<R> {
  /** What the table lists, for screen readers. */
  label: string;
  /** Under which its saved views are remembered. */
  name: string;
  columns: Column<R>[];
  rowKey(row: R): string;
  rowLabel?(row: R): string;
  /** How many rows stand below a row; with it rows open, and `load` is asked for what is below `parent`. */
  countBelow?(row: R): number;
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
  /** Between the tools and the rows: chips, an editor of the filter. */
  below?: ReactNode;
  /** Columns that are not declared until they are chosen (parameters, metrics); the page then declares them by `cols`. */
  findColumns?: FindColumns;
  /** More for the column editor. */
  columnTools?: ReactNode;
  /** Told which rows are loaded, for what is done with all of them. */
  onLoaded?(rows: readonly R[]): void;
}

const ROW_HEIGHT = 36;
const CHECK_WIDTH = 36;
const INDENT = 18;

const NONE: readonly string[] = [];

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
  const open = props.countBelow && search.open ? search.open.split(",") : NONE;
  const orderOf = props.columns.find((one) => one.id === order?.id)?.sortBy;
  const orderBy = orderOf ? `${orderOf} ${order?.isDescending ? "DESC" : "ASC"}` : undefined;
  const [range, setRange] = useState({ first: 0, last: 0 });
  const rows = useTableRows<R>(props, open, orderBy, total, range.first, range.last);
  const virtual = useVirtualizer({
    count: rows.lines,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    // Before the box is measured: what is there is drawn with it, not after it.
    initialRect: { width: innerWidth, height: innerHeight },
  });
  const inSight = virtual.getVirtualItems();
  const [first, last] = [inSight[0]?.index ?? 0, inSight.at(-1)?.index ?? 0];
  useEffect(() => setRange({ first, last }), [first, last]);
  useEffect(() => {
    if (rows.total !== undefined) setTotal(rows.total);
  }, [rows.total]);
  const { onLoaded } = props;
  const loadedKeys = onLoaded ? rows.loaded.map(props.rowKey).join() : "";
  useEffect(() => onLoaded?.(rows.loaded), [loadedKeys]);
  const setOpen = (key: string, isOpen: boolean) => change({ open: (isOpen ? [...open, key] : open.filter((one) => one !== key)).join(",") || undefined });
  const setStates = (next: ColumnState[]) => change({ cols: undefined, widths: undefined, ...columnWords(props.columns, next) });
  const toggle = (row: R) => props.onChoose?.(toggled(props.chosen, props.rowKey(row)));

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const page = Math.max(Math.floor((box.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1, 1);
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.lines, End: rows.lines };
    const place = rows.placeOf(active);
    const row = rows.rowAt(place);
    const go = (line: number) => {
      const next = Math.min(Math.max(line, 0), Math.max(rows.lines - 1, 0));
      setActive(next);
      virtual.scrollToIndex(next);
    };
    if (event.key in steps) go(active + (steps[event.key] ?? 0));
    else if (event.key === "ArrowRight" && row && props.countBelow?.(row)) {
      if (open.includes(props.rowKey(row))) go(active + 1);
      else setOpen(props.rowKey(row), true);
    } else if (event.key === "ArrowLeft" && row && open.includes(props.rowKey(row))) setOpen(props.rowKey(row), false);
    else if (event.key === "ArrowLeft" && place.parent !== null) go((lineOf({ parent: place.parent, index: 0 }, rows.opened) ?? active) - 1);
    else if (event.key === "Enter" && row) props.onOpen?.(row);
    else if (event.key === " " && row) toggle(row);
    else return;
    event.preventDefault();
  };

  const width = shown.reduce((sum, one) => sum + one.width, props.onChoose ? CHECK_WIDTH : 0);
  const template = `${props.onChoose ? `${CHECK_WIDTH}px ` : ""}${shown.map((one, index) => (index === shown.length - 1 ? `minmax(${one.width}px, 1fr)` : `${one.width}px`)).join(" ")}`;
  return (
    <section className={classes.whole} aria-label={props.label}>
      <TableTools name={props.name} columns={props.columns} states={states} onStates={setStates} total={rows.total} chosen={props.chosen?.size ?? 0} onClear={() => props.onChoose?.(new Set())} findColumns={props.findColumns} columnTools={props.columnTools}>
        {props.tools}
      </TableTools>
      {props.below}
      {rows.error ? <ErrorNote error={rows.error} onRetry={rows.retry} /> : null}
      {rows.total === 0 && !rows.error ? (
        <div className={classes.empty}>{props.empty}</div>
      ) : (
        <div
          ref={box}
          role={props.countBelow ? "treegrid" : "grid"}
          tabIndex={0}
          aria-label={props.label}
          aria-rowcount={rows.lines + 1}
          aria-colcount={shown.length}
          aria-busy={rows.isLoading}
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
                    checked={rows.loaded.length > 0 && rows.loaded.every((row) => props.chosen?.has(props.rowKey(row)))}
                    onChange={(event) => props.onChoose?.(new Set(event.target.checked ? rows.loaded.map(props.rowKey) : []))}
                  />
                </div>
              ) : null}
              {shown.map((column) => (
                <TableHead
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
              const where = rows.placeOf(place.index);
              const row = rows.rowAt(where);
              const key = row ? props.rowKey(row) : `empty-${place.index}`;
              const below = row ? (props.countBelow?.(row) ?? 0) : 0;
              const isOpen = below > 0 && open.includes(key);
              const isChosen = row !== undefined && props.chosen?.has(key) === true;
              return (
                <div
                  key={place.index}
                  id={`${id}-${place.index}`}
                  role="row"
                  aria-rowindex={place.index + 2}
                  aria-level={props.countBelow ? where.level : undefined}
                  aria-expanded={below ? isOpen : undefined}
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
                  {shown.map((column, at) => (
                    <div key={column.id} role="gridcell" className={column.isNumber ? classes.number : classes.cell} style={at === 0 && where.level > 1 ? { paddingLeft: 12 + (where.level - 1) * INDENT } : undefined}>
                      {props.countBelow && at === 0 ? <Opener count={below} isOpen={isOpen} name={row ? (props.rowLabel?.(row) ?? key) : ""} onToggle={() => setOpen(key, !isOpen)} /> : null}
                      {row ? column.render(row) : <span className={classes.waiting} />}
                    </div>
                  ))}
                </div>
              );
            })}
            {rows.total === undefined && !rows.error ? <Waiting label={t("loading")} columns={Math.max(shown.length, 1)} /> : null}
          </div>
        </div>
      )}
    </section>
  );
}

/** The arrow that opens a row; of one with nothing below only its room, so that names stand in one line. */
function Opener({ count, isOpen, name, onToggle }: { count: number; isOpen: boolean; name: string; onToggle(): void }) {
  const t = useTexts(partTexts);
  if (!count) return <span className={classes.opener} />;
  return (
    <button type="button" tabIndex={-1} className={classes.opener} aria-label={t(isOpen ? "closeRow" : "openRow", { name })} onClick={onToggle}>
      <Icon name={isOpen ? "down" : "right"} size={14} />
    </button>
  );
}

function toggled(chosen: ReadonlySet<string> | undefined, key: string): Set<string> {
  const next = new Set(chosen);
  if (!next.delete(key)) next.add(key);
  return next;
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
