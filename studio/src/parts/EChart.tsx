// A chart by ECharts (scatter, bar, line, parallel, heatmap, boxplot), loaded when first shown; with a table beside it.
import { useComputedColorScheme } from "@mantine/core";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useLanguage } from "@/i18n/language";
import { useTexts } from "@/i18n/texts";
import classes from "./Charts.module.css";
import { type ChartForm, FormToggle } from "./FormToggle";
import { partTexts } from "./texts";
import { useWidth } from "./useWidth";

export interface ChartTable {
  heads: readonly string[];
  rows: readonly (readonly ReactNode[])[];
}

interface EChartProps {
  title: string;
  option: EChartsCoreOption;
  height?: number;
  /** The same facts for those who cannot see the chart, and for copying. */
  table: ChartTable;
  /** Events of ECharts by name: `click`, `axisareaselected` … They may change from one drawing to the next. */
  on?: Record<string, (event: unknown, chart: EChartsType) => void>;
  tools?: ReactNode;
}

export function EChart({ title, option, height = 320, table, on, tools }: EChartProps) {
  const [form, setForm] = useState<ChartForm>("chart");
  return (
    <figure className={classes.chart} aria-label={title}>
      <figcaption className={classes.caption}>
        <strong className="cut">{title}</strong>
        {tools}
        <FormToggle form={form} onForm={setForm} />
      </figcaption>
      {form === "chart" ? <Drawing title={title} option={option} height={height} on={on} /> : <Facts table={table} />}
    </figure>
  );
}

function Drawing({ title, option, height, on }: Pick<EChartProps, "title" | "option" | "on"> & { height: number }) {
  const scheme = useComputedColorScheme("light");
  const language = useLanguage();
  const { ref, width } = useWidth<HTMLDivElement>();
  const chart = useRef<EChartsType | null>(null);
  const newest = useRef({ option, on });
  newest.current = { option, on };
  useEffect(() => {
    let isGone = false;
    void import("./echarts").then(({ make }) => {
      if (isGone || !ref.current) return;
      const made = make(ref.current, scheme, language);
      chart.current = made;
      for (const name of Object.keys(newest.current.on ?? {})) made.on(name, (event) => newest.current.on?.[name]?.(event, made));
      made.setOption(newest.current.option);
    });
    return () => {
      isGone = true;
      chart.current?.dispose();
      chart.current = null;
    };
  }, [scheme, language, ref]);
  useEffect(() => {
    chart.current?.setOption(option, { replaceMerge: ["series"] });
  }, [option]);
  useEffect(() => {
    if (width > 0) chart.current?.resize({ width, height });
  }, [width, height]);
  return <div ref={ref} role="img" aria-label={title} style={{ height, width: "100%" }} />;
}

const MOST_ROWS = 500;

function Facts({ table }: { table: ChartTable }) {
  const t = useTexts(partTexts);
  return (
    <div className={classes.table} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {table.heads.map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.slice(0, MOST_ROWS).map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={table.heads[column]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {table.rows.length > MOST_ROWS ? <p className="faint">{t("showingRows", { count: MOST_ROWS })}</p> : null}
    </div>
  );
}
