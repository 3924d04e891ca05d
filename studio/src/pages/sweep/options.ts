// What ECharts draws of a sweep: options out of trials; no drawing.
import type { EChartsCoreOption } from "echarts/core";
import type { Formats } from "@/i18n/formats";
import { type Axis, bestSoFar, type Trial, valueOn } from "./trials";

export interface Look {
  scheme: "light" | "dark";
  isMinimized: boolean;
  formats: Formats;
}

const LOW_TO_HIGH = { light: ["#d9822b", "#b8a878", "#4fa3a6", "#075a61"], dark: ["#e0913f", "#a89a6c", "#2f9ca2", "#8ff0f2"] };

const LABELS = 10; // an axis has no more: so far are two of them from each other at least

/** From worst to best. */
export function ramp({ scheme, isMinimized }: Look): string[] {
  const colours = LOW_TO_HIGH[scheme];
  return isMinimized ? [...colours].reverse() : colours;
}

/** What stands at the top and at the bottom of a scale of colours. */
export const ends = (low: number, high: number, { formats }: Look): string[] => [high, low].map((one) => formats.short(one, (high - low) / LABELS));

/** Return what a scale of colours reaches: where all have one value, that is its middle. */
const around = (low: number, high: number): { min: number; max: number } => (high > low ? { min: low, max: high } : { min: low - 1, max: low + 1 });

export function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const one of values) {
    if (one < low) low = one;
    if (one > high) high = one;
  }
  return low <= high ? [low, high] : [0, 1];
}

const numbersOn = (trials: readonly Trial[], axis: Axis): number[] => trials.flatMap((one) => (typeof valueOn(one, axis) === "number" ? [valueOn(one, axis) as number] : []));

/** Return what writes the labels of an axis of numbers, with so many digits that no two are alike. */
function labelling(trials: readonly Trial[], axis: Axis, { formats }: Look): (value: number) => string {
  const [low, high] = extent(numbersOn(trials, axis));
  return (value) => formats.short(value, axis.isLog ? 0 : (high - low) / LABELS);
}

/** Return how far an axis of numbers reaches: to round numbers around the values; a log axis to the values alone. */
function reach(trials: readonly Trial[], axis: Axis): Record<string, unknown> {
  if (!axis.isLog) return { type: "value", scale: true };
  const [low, high] = extent(numbersOn(trials, axis));
  // Its first and last label would stand close to a power of ten.
  return { type: "log", min: low / 1.3, max: high * 1.3, axisLabel: { showMinLabel: false, showMaxLabel: false } };
}

/** A value of a parameter or a metric in words. */
export const shown = (value: unknown, formats: Formats, none = "–"): string => (typeof value === "number" ? formats.value(value) : String(value ?? none));

export const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** Words of a tooltip, one a line; drawn as text, never as HTML. */
export function tip(trial: Trial, axes: readonly Axis[], formats: Formats): string {
  const metric = axes.find((one) => one.isMetric);
  const lines = axes.filter((one) => !one.isMetric).map((axis) => `${cut(axis.title, 28)}  ${shown(valueOn(trial, axis), formats)}`);
  return [`#${trial.trial}   ${metric ? `${cut(metric.title, 28)} ${shown(trial.value, formats)}` : ""}`, ...lines].join("\n");
}

const TOOLTIP = { renderMode: "richText", confine: true };

// ---------------------------------------------------------------- metric over trials

export function overTrials(trials: readonly Trial[], axes: readonly Axis[], names: { value: string; best: string; stopped: string; trial: string }, look: Look): EChartsCoreOption {
  const metric = axes.at(-1)!;
  const point = (one: Trial) => ({ value: [one.trial, one.value!], name: one.name });
  const scored = trials.filter((one) => one.value !== undefined);
  const best = bestSoFar(trials, look.isMinimized);
  const byName = new Map(trials.map((one) => [one.name, one]));
  const end = trials.at(-1)?.trial;
  return {
    animation: false,
    grid: { left: 12, right: 18, top: 34, bottom: 28, containLabel: true },
    legend: { top: 0, right: 6, itemWidth: 14, itemHeight: 8, icon: "roundRect" },
    tooltip: {
      ...TOOLTIP,
      trigger: "item",
      formatter: (found: { name: string }) => {
        const one = byName.get(found.name);
        return one ? tip(one, axes, look.formats) : "";
      },
    },
    xAxis: { type: "value", name: names.trial, nameLocation: "middle", nameGap: 24, minInterval: 1, min: 0, max: "dataMax", splitLine: { show: false }, axisLabel: { formatter: (value: number) => look.formats.integer(value) } },
    yAxis: { ...reach(scored, metric), axisLabel: { formatter: labelling(scored, metric, look) } },
    series: [
      {
        type: "line",
        name: names.best,
        step: "end",
        symbol: "none",
        silent: true,
        lineStyle: { width: 2, color: "#e07b39" },
        itemStyle: { color: "#e07b39" },
        data: [...best.map((one) => [one.trial, one.best]), ...(best.length && end !== undefined ? [[end, best.at(-1)!.best]] : [])],
      },
      { type: "scatter", name: names.value, symbolSize: scored.length > 300 ? 5 : 8, itemStyle: { color: "#1a8f96", opacity: 0.75 }, data: scored.filter((one) => !one.early_termination).map(point) },
      {
        type: "scatter",
        name: names.stopped,
        symbol: "circle",
        symbolSize: scored.length > 300 ? 5 : 8,
        itemStyle: { color: "transparent", borderColor: "#8b949e", borderWidth: 1.5 },
        data: scored.filter((one) => one.early_termination).map(point),
      },
    ],
  };
}

// ---------------------------------------------------------------- parallel coordinates

/** Trials with a value on every axis, as rows of `parallel`; the metric is the last column. */
export function parallelRows(trials: readonly Trial[], axes: readonly Axis[]): { trial: Trial; row: (number | string)[] }[] {
  return trials.flatMap((trial) => {
    const row = axes.map((axis) => valueOn(trial, axis));
    return row.every((one) => one !== undefined) ? [{ trial, row: row as (number | string)[] }] : [];
  });
}

export function parallel(trials: readonly Trial[], axes: readonly Axis[], width: number, look: Look): EChartsCoreOption {
  const rows = parallelRows(trials, axes);
  const room = Math.max(Math.floor(width / Math.max(axes.length, 1)) - 16, 40);
  const [low, high] = extent(rows.map(({ trial }) => trial.value ?? 0));
  const letters = Math.max(Math.floor(room / 7), 6);
  return {
    animation: false,
    parallel: { left: 54, right: 84, top: 38, bottom: 26, parallelAxisDefault: { nameLocation: "end", nameGap: 16, nameTextStyle: { fontWeight: 600 } } },
    parallelAxis: axes.map((axis, dim) => ({
      id: axis.id,
      dim,
      name: cut(axis.title, letters),
      realtime: false,
      areaSelectStyle: { width: 18, borderWidth: 1, opacity: 0.28 },
      ...(axis.words
        ? { type: "category", data: axis.words, axisLabel: { ...plate(look), formatter: (word: string) => cut(word, Math.min(letters, 14)) } }
        : numberAxis(trials, axis, look)),
    })),
    visualMap: {
      type: "continuous",
      show: true,
      dimension: axes.length - 1,
      ...around(low, high),
      calculable: false,
      right: 4,
      top: 34,
      bottom: 22,
      itemWidth: 8,
      itemHeight: 180,
      text: ends(low, high, look),
      textGap: 4,
      textStyle: legendText(look),
      inRange: { color: ramp(look) },
      hoverLink: false,
    },
    series: [
      {
        type: "parallel",
        smooth: 0.15,
        inactiveOpacity: 0.04,
        activeOpacity: rows.length > 300 ? 0.35 : 0.7,
        lineStyle: { width: rows.length > 300 ? 1 : 1.5, opacity: rows.length > 300 ? 0.35 : 0.7 },
        progressive: 400,
        data: rows.map(({ row }) => row),
      },
    ],
  };
}

// ---------------------------------------------------------------- scatter and slices

const legendText = ({ scheme }: Look) => ({ fontSize: 10, color: scheme === "dark" ? "#98a2ad" : "#5a6570" });

/** A ground under labels that lines run through. */
const plate = ({ scheme }: Look) => ({ backgroundColor: scheme === "dark" ? "rgba(21,25,31,0.8)" : "rgba(255,255,255,0.8)", padding: [1, 3] });

function numberAxis(trials: readonly Trial[], axis: Axis, look: Look): Record<string, unknown> {
  const found = reach(trials, axis);
  return { ...found, axisLabel: { ...(found.axisLabel as object | undefined), ...plate(look), hideOverlap: true, formatter: labelling(trials, axis, look) } };
}

function axisOption(trials: readonly Trial[], axis: Axis, look: Look, gap: number): Record<string, unknown> {
  const named = { name: cut(axis.title, 40), nameLocation: "middle", nameGap: gap };
  if (axis.words) return { ...named, type: "category", data: axis.words, axisLabel: { formatter: (word: string) => cut(word, 14), hideOverlap: true } };
  const found = reach(trials, axis);
  return { ...named, ...found, axisLabel: { ...(found.axisLabel as object | undefined), hideOverlap: true, formatter: labelling(trials, axis, look) } };
}

export function scatter(trials: readonly Trial[], axes: readonly Axis[], chosen: { x: Axis; y: Axis; colour: Axis }, look: Look): EChartsCoreOption {
  const { x, y, colour } = chosen;
  const points = trials.flatMap((trial) => {
    const row = [x, y, colour].map((axis) => valueOn(trial, axis));
    return row.every((one) => one !== undefined) ? [{ value: row as (number | string)[], name: trial.name }] : [];
  });
  const byName = new Map(trials.map((one) => [one.name, one]));
  const [low, high] = extent(points.map((one) => Number(one.value[2])).filter(Number.isFinite));
  const style = { type: "scatter", symbolSize: points.length > 300 ? 7 : 11, itemStyle: { opacity: 0.8 } };
  const shared = {
    animation: false,
    grid: { left: 46, right: colour.words ? 24 : 84, top: colour.words ? 38 : 16, bottom: 34, containLabel: true },
    tooltip: {
      ...TOOLTIP,
      trigger: "item",
      formatter: (found: { name: string }) => {
        const one = byName.get(found.name);
        return one ? tip(one, axes, look.formats) : "";
      },
    },
    xAxis: axisOption(trials, x, look, 28),
    yAxis: axisOption(trials, y, look, 58),
  };
  if (colour.words)
    return {
      ...shared,
      visualMap: [],
      legend: { top: 0, type: "scroll", formatter: (word: string) => cut(word, 24) },
      series: colour.words.map((word) => ({ ...style, name: word, data: points.filter((one) => one.value[2] === word) })),
    };
  return {
    ...shared,
    legend: [],
    visualMap: {
      type: "continuous",
      dimension: 2,
      ...around(low, high),
      right: 4,
      top: 10,
      itemWidth: 8,
      itemHeight: 200,
      text: ends(low, high, look),
      textStyle: legendText(look),
      inRange: { color: colour.isMetric ? ramp(look) : ramp({ ...look, isMinimized: false }) },
      hoverLink: false,
    },
    series: [{ ...style, data: points }],
  };
}

const SLICE_WIDTH = 270;

/** How many small charts stand side by side. */
export const slicesInRow = (width: number, count: number): number => Math.max(Math.min(Math.floor(width / SLICE_WIDTH), 4, count), 1);

export const SLICE_HEIGHT = 210;

/** One small scatter a parameter: the metric over it. */
export function slices(trials: readonly Trial[], axes: readonly Axis[], width: number, look: Look): EChartsCoreOption {
  const metric = axes.at(-1)!;
  const shown = axes.filter((one) => !one.isMetric);
  const scored = trials.filter((one) => one.value !== undefined);
  const columns = slicesInRow(width, shown.length);
  const byName = new Map(trials.map((one) => [one.name, one]));
  const last = Math.max(...scored.map((one) => one.trial), 1);
  const cell = width / columns;
  return {
    animation: false,
    tooltip: {
      ...TOOLTIP,
      trigger: "item",
      formatter: (found: { name: string }) => {
        const one = byName.get(found.name);
        return one ? tip(one, axes, look.formats) : "";
      },
    },
    grid: shown.map((_axis, index) => ({ left: (index % columns) * cell + 48, width: Math.max(cell - 66, 60), top: Math.floor(index / columns) * SLICE_HEIGHT + 12, height: SLICE_HEIGHT - 66 })),
    xAxis: shown.map((axis, index) => ({ ...axisOption(scored, axis, look, 24), gridIndex: index })),
    yAxis: shown.map((_axis, index) => ({ ...axisOption(scored, metric, look, 0), name: "", gridIndex: index })),
    visualMap: { show: false, type: "continuous", dimension: 2, min: 0, max: last, inRange: { color: look.scheme === "dark" ? ["#1c4a4f", "#7fe3e8"] : ["#b9dfe1", "#0b6e75"] } },
    series: shown.map((axis, index) => ({
      type: "scatter",
      xAxisIndex: index,
      yAxisIndex: index,
      symbolSize: scored.length > 300 ? 4 : 7,
      data: scored.flatMap((one) => {
        const x = valueOn(one, axis);
        return x === undefined ? [] : [{ value: [x, one.value!, one.trial], name: one.name }];
      }),
    })),
  };
}

export function bars(shares: Record<string, number>, look: Look): EChartsCoreOption {
  const rows = Object.entries(shares).sort((a, b) => a[1] - b[1]);
  return {
    animation: false,
    grid: { left: 10, right: 54, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: "value", min: 0, max: Math.max(...rows.map(([, share]) => share), 0.01), show: false },
    yAxis: { type: "category", data: rows.map(([name]) => name), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { formatter: (word: string) => cut(word, 20) } },
    series: [
      {
        type: "bar",
        barMaxWidth: 16,
        itemStyle: { color: "#1a8f96", borderRadius: 3 },
        label: { show: true, position: "right", formatter: ({ value }: { value: number }) => look.formats.percent(value) },
        data: rows.map(([, share]) => share),
      },
    ],
  };
}
