// The frame of a chart that has a table beside it: title, tools, and the button between the two.
import { type ReactNode, useState } from "react";
import { useTexts } from "@/i18n/texts";
import classes from "./Charts.module.css";
import { type ChartForm, FormToggle } from "./FormToggle";
import { partTexts } from "./texts";

export interface ChartTable {
  heads: readonly string[];
  rows: readonly (readonly ReactNode[])[];
}

export interface FrameProps {
  title: string;
  /** The same facts for those who cannot see the chart, and for copying. */
  table: ChartTable;
  tools?: ReactNode;
}

/** `children`: the chart; drawn only while it is what is shown. */
export function ChartFrame({ title, table, tools, children }: FrameProps & { children: ReactNode }) {
  const [form, setForm] = useState<ChartForm>("chart");
  return (
    <figure className={classes.chart} aria-label={title}>
      <figcaption className={classes.caption}>
        <strong className="cut">{title}</strong>
        {tools}
        <FormToggle form={form} onForm={setForm} />
      </figcaption>
      {form === "chart" ? children : <Facts table={table} />}
    </figure>
  );
}

const MOST_ROWS = 500;

function Facts({ table }: { table: ChartTable }) {
  const t = useTexts(partTexts);
  return (
    <div className={classes.table} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {/* By their places: two can be called the same. */}
            {table.heads.map((one, column) => (
              <th key={column} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.slice(0, MOST_ROWS).map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {table.rows.length > MOST_ROWS ? <p className="faint">{t("showingRows", { count: MOST_ROWS })}</p> : null}
    </div>
  );
}
