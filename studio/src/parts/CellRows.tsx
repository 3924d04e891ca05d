// The body of a table whose cells are the texts of a file: numbers to the right, what is missing as a dash.
import type { ReactNode } from "react";

interface CellRowsProps<C> {
  rows: readonly (readonly C[])[];
  /** By column. */
  isNumber?: readonly boolean[];
  /** What stands in front of each row. */
  head?(index: number): ReactNode;
  /** How a cell is shown that is no text, or not as it is. */
  show?(cell: C): ReactNode;
}

const LONG = 40; // letters; what is longer is cut, and whole on hover

export function CellRows<C>({ rows, isNumber = [], head, show = (cell) => String(cell) }: CellRowsProps<C>) {
  return (
    <tbody>
      {rows.map((row, index) => (
        <tr key={index}>
          {head?.(index)}
          {row.map((cell, column) => (
            <td key={column} data-number={isNumber[column] || undefined} data-missing={cell === "" || undefined} title={typeof cell === "string" && cell.length > LONG ? cell : undefined}>
              {cell === "" ? "–" : show(cell)}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}
