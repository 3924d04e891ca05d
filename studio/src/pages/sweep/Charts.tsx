// The charts of a sweep, each over its options.
import { Select, useComputedColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { EChartsType } from "echarts/core";
import { useEffect, useMemo, useRef } from "react";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { EChart } from "@/parts/EChart";
import { ErrorNote } from "@/parts/ErrorNote";
import { useUrlState } from "@/parts/urlState";
import { useWidth } from "@/parts/useWidth";
import { bars, type Look, overTrials, parallel, scatter, shown, SLICE_HEIGHT, slices, slicesInRow } from "./options";
import classes from "./Sweep.module.css";
import { sweepTexts } from "./texts";
import { type Axis, type Brush, brushWord, parseBrush, type Trial, valueOn } from "./trials";
import { useLogged } from "./useLogged";

export interface ChartProps {
  ws: string;
  /** The sweep's. */
  name: string;
  trials: readonly Trial[];
  axes: readonly Axis[];
  isMinimized: boolean;
}

export function useLook(isMinimized: boolean): Look {
  const scheme = useComputedColorScheme("light");
  const formats = useFormats();
  return useMemo(() => ({ scheme, isMinimized, formats }), [scheme, isMinimized, formats]);
}

export function useTable(trials: readonly Trial[], axes: readonly Axis[]) {
  const t = useTexts(sweepTexts);
  const formats = useFormats();
  return useMemo(
    () => ({
      heads: [t("trial"), ...axes.map((one) => one.title)],
      rows: trials.map((one) => [one.trial, ...axes.map((axis) => shown(valueOn(one, axis), formats, ""))]),
    }),
    [trials, axes, t, formats],
  );
}

export function useOpen(ws: string) {
  const navigate = useNavigate();
  return ({ name }: { name: string }) => void navigate({ to: "/workspaces/$ws/jobs/$name", params: { ws, name }, search: {} });
}

/** For `click` of ECharts: opens the trial of a point. */
function useClick(ws: string) {
  const open = useOpen(ws);
  return (event: unknown) => {
    const name = (event as { data?: { name?: string } }).data?.name;
    if (name) open({ name });
  };
}

export function AxisPick({ label, axes, value, onChange }: { label: string; axes: readonly Axis[]; value: Axis; onChange(id: string): void }) {
  return (
    <Select
      className={classes.pick}
      aria-label={label}
      leftSection={<span className="faint">{label}</span>}
      leftSectionWidth={label.length * 6 + 22}
      data={axes.map((one) => ({ value: one.id, label: one.title }))}
      value={value.id}
      allowDeselect={false}
      onChange={(next) => next && onChange(next)}
    />
  );
}

export function OverTrials({ ws, trials, axes, isMinimized }: ChartProps) {
  const t = useTexts(sweepTexts);
  const look = useLook(isMinimized);
  const table = useTable(trials, axes);
  const click = useClick(ws);
  const metric = axes.at(-1)!.title;
  const option = useMemo(
    () => overTrials(trials, axes, { value: metric, best: t("bestSoFar"), stopped: t("stoppedEarly"), trial: t("trial") }, look),
    [trials, axes, metric, t, look],
  );
  return <EChart title={t("overTrials", { metric })} option={option} height={270} table={table} on={{ click }} />;
}

export function Parallel({ trials, axes, isMinimized }: ChartProps) {
  const t = useTexts(sweepTexts);
  const look = useLook(isMinimized);
  const [search, change] = useUrlState();
  const { ref, width } = useWidth<HTMLDivElement>();
  const table = useTable(trials, axes);
  const option = useMemo(() => parallel(trials, axes, width || 900, look), [trials, axes, width, look]);
  const restored = useRef<EChartsType | null>(null);
  const brush = parseBrush(search.brush);
  const on = {
    axisareaselected: (event: unknown) => {
      const found = event as { parallelAxisId?: string; intervals?: [number, number][] };
      if (!found.parallelAxisId) return;
      const next: Brush = { ...parseBrush(search.brush) };
      if (found.intervals?.length) next[found.parallelAxisId] = found.intervals.map(([low, high]) => [Math.min(low, high), Math.max(low, high)]);
      else delete next[found.parallelAxisId];
      change({ brush: brushWord(next) });
    },
    // A link or a reload brings the ranges along: they are drawn once the chart is there.
    finished: (_event: unknown, chart: EChartsType) => {
      if (restored.current === chart) return;
      restored.current = chart;
      mark(chart, brush);
    },
  };
  const isBrushed = Boolean(search.brush);
  useEffect(() => {
    if (!isBrushed && restored.current && !restored.current.isDisposed()) mark(restored.current, Object.fromEntries(axes.map((one) => [one.id, []])));
  }, [isBrushed]);
  return (
    <div ref={ref}>
      <EChart title={t("parallel")} option={option} height={340} table={table} on={on} />
    </div>
  );
}

function mark(chart: EChartsType, brush: Brush): void {
  for (const [parallelAxisId, intervals] of Object.entries(brush)) chart.dispatchAction({ type: "axisAreaSelect", parallelAxisId, intervals }, { silent: true });
  // An axis does not draw the ranges that it thinks a hand has just drawn on it; the next drawing does.
  chart.setOption({});
}

export function Scatter({ ws, name, isMinimized, ...given }: ChartProps) {
  const t = useTexts(sweepTexts);
  const look = useLook(isMinimized);
  const [search, change] = useUrlState();
  const { trials, axes, known, error, retry } = useLogged(ws, name, { ...given, chosen: () => [search.x, search.y, search.colour] });
  const table = useTable(trials, known);
  const click = useClick(ws);
  const axisOf = (id: string | undefined, fallback: Axis) => axes.find((one) => one.id === id) ?? fallback;
  const metric = axes.at(-1)!;
  const [x, y, colour] = [axisOf(search.x, axes[0]!), axisOf(search.y, metric), axisOf(search.colour, metric)];
  const option = useMemo(() => scatter(trials, known, { x, y, colour }, look), [trials, known, x, y, colour, look]);
  return (
    <>
      {error ? <ErrorNote error={error} onRetry={retry} /> : null}
      <EChart
        // ECharts keeps what a new option does not name: another kind of axis begins anew.
        key={`${x.id} ${y.id} ${colour.id}`}
        title={t("scatter")}
        option={option}
        height={340}
        table={table}
        on={{ click }}
        tools={
          <span className={classes.picks}>
            <AxisPick label="X" axes={axes} value={x} onChange={(next) => change({ x: next })} />
            <AxisPick label="Y" axes={axes} value={y} onChange={(next) => change({ y: next })} />
            <AxisPick label={t("colour")} axes={axes} value={colour} onChange={(next) => change({ colour: next })} />
          </span>
        }
      />
    </>
  );
}

export function Slices({ ws, trials, axes, isMinimized }: ChartProps) {
  const t = useTexts(sweepTexts);
  const look = useLook(isMinimized);
  const table = useTable(trials, axes);
  const click = useClick(ws);
  const { ref, width } = useWidth<HTMLDivElement>();
  const option = useMemo(() => slices(trials, axes, (width || 900) - 26, look), [trials, axes, width, look]);
  const count = axes.filter((one) => !one.isMetric).length;
  return (
    <div ref={ref}>
      <EChart title={t("slices", { metric: axes.at(-1)!.title })} option={option} height={Math.ceil(count / slicesInRow((width || 900) - 26, count)) * SLICE_HEIGHT} table={table} on={{ click }} />
    </div>
  );
}

export function Importance({ shares }: { shares: Record<string, number> | undefined }) {
  const t = useTexts(sweepTexts);
  const look = useLook(false);
  const formats = useFormats();
  const option = useMemo(() => bars(shares ?? {}, look), [shares, look]);
  const rows = Object.entries(shares ?? {}).sort((a, b) => b[1] - a[1]);
  if (!rows.length)
    return (
      <section className="panel" aria-label={t("importance")}>
        <header>
          <h2>{t("importance")}</h2>
        </header>
        <p className="faint" style={{ padding: 14 }}>
          {t("noImportance")}
        </p>
      </section>
    );
  return <EChart title={t("importance")} option={option} height={270} table={{ heads: [t("parameter"), t("share")], rows: rows.map(([name, share]) => [name, formats.percent(share)]) }} />;
}
