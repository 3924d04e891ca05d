// The charts of a sweep, each over its options.
import { Select, useComputedColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { EChartsType } from "echarts/core";
import { useEffect, useMemo, useRef } from "react";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { EChart } from "@/parts/EChart";
import { useUrlState } from "@/parts/urlState";
import { useWidth } from "@/parts/useWidth";
import { bars, type Look, overTrials, parallel, scatter, SLICE_HEIGHT, slices, slicesInRow } from "./options";
import { sweepTexts } from "./texts";
import { type Axis, type Brush, brushWord, METRIC, parseBrush, type Trial, valueOn } from "./trials";

export interface ChartProps {
  ws: string;
  trials: readonly Trial[];
  axes: readonly Axis[];
  isMinimized: boolean;
}

function useLook(isMinimized: boolean): Look {
  const scheme = useComputedColorScheme("light");
  const formats = useFormats();
  return useMemo(() => ({ scheme, isMinimized, formats }), [scheme, isMinimized, formats]);
}

function useTable(trials: readonly Trial[], axes: readonly Axis[]) {
  const t = useTexts(sweepTexts);
  const formats = useFormats();
  return useMemo(
    () => ({
      heads: [t("trial"), ...axes.map((one) => one.title)],
      rows: trials.map((one) => [
        one.trial,
        ...axes.map((axis) => {
          const value = valueOn(one, axis);
          return typeof value === "number" ? formats.value(value) : (value ?? "");
        }),
      ]),
    }),
    [trials, axes, t, formats],
  );
}

function useOpen(ws: string) {
  const navigate = useNavigate();
  return (event: unknown) => {
    const name = (event as { data?: { name?: string } }).data?.name;
    if (name) void navigate({ to: "/workspaces/$ws/jobs/$name", params: { ws, name }, search: {} });
  };
}

export function OverTrials({ ws, trials, axes, isMinimized }: ChartProps) {
  const t = useTexts(sweepTexts);
  const look = useLook(isMinimized);
  const table = useTable(trials, axes);
  const open = useOpen(ws);
  const metric = axes.at(-1)!.title;
  const option = useMemo(
    () => overTrials(trials, axes, { value: metric, best: t("bestSoFar"), stopped: t("stoppedEarly"), trial: t("trial") }, look),
    [trials, axes, metric, t, look],
  );
  return <EChart title={t("overTrials", { metric })} option={option} height={270} table={table} on={{ click: open }} />;
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

export function Scatter({ ws, trials, axes, isMinimized }: ChartProps) {
  const t = useTexts(sweepTexts);
  const look = useLook(isMinimized);
  const [search, change] = useUrlState();
  const table = useTable(trials, axes);
  const open = useOpen(ws);
  const axisOf = (id: string | undefined, fallback: Axis) => axes.find((one) => one.id === id) ?? fallback;
  const metric = axes.at(-1)!;
  const [x, y, colour] = [axisOf(search.x, axes[0]!), axisOf(search.y, metric), axisOf(search.colour, metric)];
  const option = useMemo(() => scatter(trials, axes, { x, y, colour }, look), [trials, axes, x, y, colour, look]);
  const data = axes.map((one) => ({ value: one.id, label: one.title }));
  const pick = (label: string, key: "x" | "y" | "colour", value: Axis) => (
    <Select aria-label={label} w={150} leftSection={<span className="faint">{label}</span>} leftSectionWidth={label.length * 6 + 22} data={data} value={value.id} allowDeselect={false} onChange={(next) => change({ [key]: next ?? undefined })} />
  );
  return (
    <EChart
      // ECharts keeps what a new option does not name: another kind of axis begins anew.
      key={`${x.id} ${y.id} ${colour.id}`}
      title={t("scatter")}
      option={option}
      height={340}
      table={table}
      on={{ click: open }}
      tools={
        <span style={{ display: "flex", gap: 8, flex: 1, justifyContent: "flex-end" }}>
          {pick("X", "x", x)}
          {pick("Y", "y", y)}
          {pick(t("colour"), "colour", colour)}
        </span>
      }
    />
  );
}

export function Slices({ ws, trials, axes, isMinimized }: ChartProps) {
  const t = useTexts(sweepTexts);
  const look = useLook(isMinimized);
  const table = useTable(trials, axes);
  const open = useOpen(ws);
  const { ref, width } = useWidth<HTMLDivElement>();
  const option = useMemo(() => slices(trials, axes, (width || 900) - 26, look), [trials, axes, width, look]);
  const count = axes.filter((one) => one.id !== METRIC).length;
  return (
    <div ref={ref}>
      <EChart title={t("slices", { metric: axes.at(-1)!.title })} option={option} height={Math.ceil(count / slicesInRow((width || 900) - 26, count)) * SLICE_HEIGHT} table={table} on={{ click: open }} />
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
