// The head of a column: sorts at a click, is made wider by its edge.
import { useMemo, useRef, useState } from "react";
import { useTexts } from "@/i18n/texts";
import classes from "./DataTable.module.css";
import { Icon } from "./Icon";
import { clampWidth, type Order } from "./tableState";
import { partTexts } from "./texts";

interface HeadProps {
  column: { id: string; title: string; width: number; sortBy?: string; isNumber?: boolean };
  order: Order | null;
  onSort(): void;
  onWidth(width: number): void;
}

export function TableHead({ column, order, onSort, onWidth }: HeadProps) {
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
