// A short table, drawn whole: signatures, replicas, packages. For long or live lists there is `DataTable`.
import type { ReactNode } from "react";
import classes from "./PlainTable.module.css";

export interface PlainColumn<R> {
  id: string;
  title: string;
  render(row: R): ReactNode;
  isNumber?: boolean;
  /** Of CSS; what is left is shared by the others. */
  width?: number | string;
}

interface PlainTableProps<R> {
  label: string;
  columns: readonly PlainColumn<R>[];
  rows: readonly R[];
  rowKey(row: R, index: number): string;
  /** Scrolls beyond this height, in pixels. */
  height?: number;
}

export function PlainTable<R>({ label, columns, rows, rowKey, height }: PlainTableProps<R>) {
  return (
    <div className={classes.box} style={height ? { maxHeight: height } : undefined} tabIndex={0} role="group" aria-label={label}>
      <table className={classes.table}>
        <thead>
          <tr>
            {columns.map((one) => (
              <th key={one.id} scope="col" data-number={one.isNumber || undefined} style={one.width ? { width: one.width } : undefined}>
                {one.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={rowKey(row, index)}>
              {columns.map((one) => (
                <td key={one.id} data-number={one.isNumber || undefined}>
                  {one.render(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
