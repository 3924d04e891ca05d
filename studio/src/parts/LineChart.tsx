// Series over steps or time: any number of points, smoothed, on a log axis, zoomed by dragging; grows while it is shown.
import "uplot/dist/uPlot.min.css";
import "@mantine/core/styles/Slider.css";
import { Button, Slider, Switch, useComputedColorScheme } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { useFormats } from "@/i18n/formats";
import { useLanguage } from "@/i18n/language";
import { useTexts } from "@/i18n/texts";
import { axisTime } from "./axisTime";
import classes from "./Charts.module.css";
import { type ChartForm, FormToggle } from "./FormToggle";
import { aligned, colourOf, type Series, smoothed } from "./seriesMath";
import { partTexts } from "./texts";
import { useWidth } from "./useWidth";

export interface LineChartOptions {
  smoothing: number;
  isLog: boolean;
}

interface LineChartProps {
  title: string;
  series: readonly Series[];
  /** Seconds since 1970 on the axis instead of steps. */
  isTime?: boolean;
  /** What the axis counts, where that is neither steps nor clock time. */
  axisName?: string;
  height?: number;
  options?: LineChartOptions;
  /** Given when the options are kept elsewhere (the address, for many charts at once): then none are shown here. */
  areOptionsHidden?: boolean;
}

const MOST_TABLE_ROWS = 500;

export function LineChart({ title, series, isTime = false, axisName, height = 240, options, areOptionsHidden }: LineChartProps) {
  const t = useTexts(partTexts);
  const [own, setOwn] = useState<LineChartOptions>({ smoothing: 0, isLog: false });
  const [form, setForm] = useState<ChartForm>("chart");
  const { smoothing, isLog } = options ?? own;
  const drawn = useMemo(() => aligned(series.map((one) => ({ ...one, ys: smoothed(one.ys, smoothing) }))), [series, smoothing]);
  return (
    <figure className={classes.chart} aria-label={title}>
      <figcaption className={classes.caption}>
        <strong className="cut">{title}</strong>
        <FormToggle form={form} onForm={setForm} />
      </figcaption>
      {areOptionsHidden || form === "table" ? null : (
        <div className={classes.options}>
          <label className={classes.slider}>
            <span>{t("smoothing")}</span>
            <Slider aria-label={t("smoothing")} thumbLabel={t("smoothing")} size="xs" w={110} min={0} max={0.99} step={0.01} label={null} value={smoothing} onChange={(value) => setOwn({ ...own, smoothing: value })} />
          </label>
          <Switch label={t("logAxis")} checked={isLog} onChange={(event) => setOwn({ ...own, isLog: event.currentTarget.checked })} />
        </div>
      )}
      {form === "chart" ? (
        <Plot title={title} names={series.map((one) => one.name)} drawn={drawn as uPlot.AlignedData} isTime={isTime} axisName={axisName} isLog={isLog} height={height} />
      ) : (
        <PointsTable series={series} isTime={isTime} axisName={axisName} />
      )}
    </figure>
  );
}

interface PlotProps {
  title: string;
  names: readonly string[];
  drawn: uPlot.AlignedData;
  isTime: boolean;
  axisName: string | undefined;
  isLog: boolean;
  height: number;
}

/** With more series than this a legend would take more room than the chart; the table names them all. */
const MOST_IN_LEGEND = 12;

function Plot({ title, names, drawn, isTime, axisName, isLog, height }: PlotProps) {
  const t = useTexts(partTexts);
  const formats = useFormats();
  const scheme = useComputedColorScheme("light");
  const { ref, width } = useWidth<HTMLDivElement>();
  const language = useLanguage();
  const plot = useRef<uPlot | null>(null);
  const zoom = useRef<{ min: number; max: number } | null>(null);
  const [isZoomed, setZoomed] = useState(false);
  const words = names.join("\n");
  const hasWidth = width > 0;
  useEffect(() => {
    if (!ref.current || !hasWidth) return undefined;
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--b-faint");
    const line = style.getPropertyValue("--b-line");
    const axis: uPlot.Axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line }, font: '11px "DejaVu Sans", system-ui, sans-serif' };
    const made = new uPlot(
      {
        width: ref.current.clientWidth,
        height,
        fmtDate: (template) => (at) => axisTime(template, at, language),
        scales: { x: { time: isTime }, y: isLog ? { distr: 3 } : {} },
        axes: [isTime ? axis : { ...axis, values: (_plot, found) => found.map((one) => formats.value(one)) }, { ...axis, size: 58, values: (_plot, found) => found.map((one) => (one === null ? "" : formats.value(one))) }],
        legend: { show: words.split("\n").length <= MOST_IN_LEGEND },
        cursor: { drag: { x: true, y: false } },
        series: [
          { label: isTime ? t("time") : (axisName ?? t("step")), value: (_plot, at) => (at === null ? "–" : isTime ? formats.dateTime(new Date(at * 1000)) : formats.value(at)) },
          ...words.split("\n").map((label, index) => ({
            label,
            stroke: colourOf(index),
            width: 1.5,
            spanGaps: true,
            // A lone point has no line to be seen by.
            points: { show: (plot: uPlot, at: number) => Array.from(plot.data[at]!).filter((one) => one !== null && one !== undefined).length === 1, size: 7 },
            value: (_plot: uPlot, value: number | null) => (value === null ? "–" : formats.value(value)),
          })),
        ],
        hooks: {
          setSelect: [
            (one) => {
              zoom.current = { min: one.posToVal(one.select.left, "x"), max: one.posToVal(one.select.left + one.select.width, "x") };
              setZoomed(true);
            },
          ],
        },
      },
      drawn,
      ref.current,
    );
    plot.current = made;
    if (zoom.current) made.setScale("x", zoom.current);
    return () => {
      plot.current = null;
      made.destroy();
    };
    // New points do not make a new chart: the next effect hands them on.
  }, [words, isTime, axisName, isLog, height, scheme, formats, t, hasWidth, ref]);
  useEffect(() => {
    // While zoomed in, new points must not move what is looked at.
    plot.current?.setData(drawn, zoom.current === null);
    if (zoom.current) plot.current?.setScale("x", zoom.current);
  }, [drawn]);
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width, height]);
  const reset = () => {
    zoom.current = null;
    setZoomed(false);
    plot.current?.setData(drawn, true);
  };
  return (
    <div className={classes.plot}>
      <div ref={ref} role="img" aria-label={title} onDoubleClick={reset} />
      {isZoomed ? (
        <Button className={classes.reset} variant="default" size="compact-xs" onClick={reset}>
          {t("resetZoom")}
        </Button>
      ) : null}
    </div>
  );
}

function PointsTable({ series, isTime, axisName }: { series: readonly Series[]; isTime: boolean; axisName: string | undefined }) {
  const t = useTexts(partTexts);
  const formats = useFormats();
  const [xs, ...columns] = aligned(series);
  const shown = xs.slice(0, MOST_TABLE_ROWS);
  return (
    <div className={classes.table} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{isTime ? t("time") : (axisName ?? t("step"))}</th>
            {series.map((one) => (
              <th key={one.name} scope="col">
                {one.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((x, row) => (
            <tr key={x}>
              <th scope="row">{isTime ? formats.dateTime(new Date(x * 1000)) : formats.value(x)}</th>
              {columns.map((values, column) => (
                <td key={series[column]?.name}>{values[row] === null || values[row] === undefined ? "" : formats.value(values[row])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {xs.length > shown.length ? <p className="faint">{t("showingRows", { count: shown.length })}</p> : null}
    </div>
  );
}
