// Parameters set against metrics: the options of ECharts for both forms. No drawing.
import type { EChartsCoreOption } from "echarts/core";
import { metricNumber } from "@/parts/metricValue";
import type { ComparedJob } from "./compared";

/** What an axis shows: numbers, or words in a fixed order. */
export interface AxisOf {
  name: string;
  kind: "params" | "metrics";
  /** Of an axis of words: they, in order; its values are places among them. */
  words: string[] | null;
  values: (number | null)[];
}

/** Return the values of a parameter or metric; numbers where every value is one. */
export function axisOf(jobs: readonly ComparedJob[], kind: "params" | "metrics", name: string): AxisOf {
  if (kind === "metrics") {
    const values = jobs.map((job) => (job.metrics[name] === undefined ? null : finite(metricNumber(job.metrics[name]))));
    return { name, kind, words: null, values };
  }
  const texts = jobs.map((job) => job.params[name]);
  const there = texts.filter((one) => one !== undefined);
  if (there.every((one) => one.trim() !== "" && Number.isFinite(Number(one)))) return { name, kind, words: null, values: texts.map((one) => (one === undefined ? null : Number(one))) };
  const words = [...new Set(there)].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  return { name, kind, words, values: texts.map((one) => (one === undefined ? null : words.indexOf(one))) };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

const MOST_WORDS = 12;

/**
 * Return the parameters worth an axis of their own, unasked: none with a different word for nearly each job, and of
 * those that tell the same story (a pipeline's copies of one setting) the one with the shortest name.
 */
export function tellingParams(jobs: readonly ComparedJob[], keys: readonly string[], most: number): string[] {
  const stories = new Map<string, string>();
  for (const key of [...keys].sort((a, b) => a.length - b.length)) {
    const { words, values } = axisOf(jobs, "params", key);
    if (words && words.length > MOST_WORDS) continue;
    const story = JSON.stringify(values);
    if (!stories.has(story)) stories.set(story, key);
  }
  const found = new Set(stories.values());
  return keys.filter((key) => found.has(key)).slice(0, most);
}

interface Look {
  say(value: number): string;
  names: readonly string[];
}

// From low to high; told apart without colour vision, too.
const SCALE = ["#3b4cc0", "#1a8f96", "#c2a13c", "#d1383d"];
const LONGEST = 14;
const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

export function parallelOption(axes: readonly AxisOf[], colour: AxisOf, { say, names }: Look): EChartsCoreOption {
  const rows = names.map((_, row) => [...axes.map((axis) => axis.values[row] ?? "-"), colour.values[row] ?? null]);
  const [low, high] = rangeOf(colour.values);
  return {
    animation: false,
    tooltip: { trigger: "item", formatter: ({ dataIndex }: { dataIndex: number }) => tooltip(names[dataIndex] ?? "", [...axes, colour], dataIndex, say) },
    visualMap: { show: low < high, type: "continuous", min: low, max: high > low ? high : low + 1, dimension: axes.length, inRange: { color: SCALE }, right: 0, top: "middle", itemHeight: 200, itemWidth: 12, calculable: true, formatter: (value: number) => say(value), textStyle: { fontSize: 11 } },
    parallel: { left: 60, right: 120, top: 48, bottom: 24 },
    parallelAxis: axes.map((axis, dim) => ({
      dim,
      name: cut(axis.name),
      nameLocation: "end",
      nameGap: 16,
      z: 10, // its labels above the lines
      ...(axis.words ? { type: "category", data: axis.words, axisLabel: { formatter: (word: string) => cut(word) } } : { type: "value", scale: true, axisLabel: { formatter: (value: number) => say(value) } }),
    })),
    series: [{ type: "parallel", lineStyle: { width: 1.5, opacity: 0.75 }, emphasis: { lineStyle: { width: 3, opacity: 1 } }, smooth: false, data: rows }],
  };
}

export function scatterOption(x: AxisOf, y: AxisOf, colour: AxisOf | null, { say, names }: Look): EChartsCoreOption {
  const axis = (one: AxisOf) => (one.words ? { type: "category", data: one.words.map(cut) } : { type: "value", scale: true, axisLabel: { formatter: (value: number) => say(value) } });
  const [low, high] = rangeOf(colour?.values ?? []);
  const data = names.flatMap((name, row) => (x.values[row] === null || y.values[row] === null ? [] : [{ name, value: [x.values[row], y.values[row], colour?.values[row] ?? null], row }]));
  return {
    animation: false,
    tooltip: { trigger: "item", formatter: ({ data: one }: { data: { name: string; row: number } }) => tooltip(one.name, [x, y, ...(colour ? [colour] : [])], one.row, say) },
    grid: { left: 16, right: colour ? 110 : 24, top: 36, bottom: 40, containLabel: true },
    xAxis: { ...axis(x), name: x.name, nameLocation: "middle", nameGap: 30 },
    yAxis: { ...axis(y), name: y.name, nameLocation: "end" },
    ...(colour && low < high ? { visualMap: { type: "continuous", min: low, max: high, dimension: 2, inRange: { color: SCALE }, right: 0, top: "middle", itemHeight: 200, itemWidth: 12, calculable: true, formatter: (value: number) => say(value), textStyle: { fontSize: 11 } } } : {}),
    series: [{ type: "scatter", symbolSize: 11, itemStyle: { opacity: 0.85 }, data }],
  };
}

/** One bar a job; the names stand at the left, where long ones have room. */
export function barOption(names: readonly string[], values: readonly number[], say: (value: number) => string): EChartsCoreOption {
  return {
    animation: false,
    tooltip: { trigger: "item", formatter: ({ dataIndex }: { dataIndex: number }) => `<b>${escaped(names[dataIndex] ?? "")}</b><br>${say(values[dataIndex] ?? Number.NaN)}` },
    grid: { left: 8, right: 24, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: "value", axisLabel: { formatter: (value: number) => say(value), hideOverlap: true } },
    yAxis: { type: "category", inverse: true, data: names.map((one) => (one.length > 22 ? `${one.slice(0, 21)}…` : one)) },
    series: [{ type: "bar", barMaxWidth: 18, data: [...values] }],
  };
}

function rangeOf(values: readonly (number | null)[]): [number, number] {
  const there = values.filter((one) => one !== null);
  return there.length ? [Math.min(...there), Math.max(...there)] : [0, 0];
}

function tooltip(name: string, axes: readonly AxisOf[], row: number, say: (value: number) => string): string {
  const lines = [...new Map(axes.map((axis) => [axis.name, axis])).values()].map((axis) => {
    const value = axis.values[row];
    return `${escaped(axis.name)}: <b>${value === null || value === undefined ? "–" : axis.words ? escaped(axis.words[value] ?? "") : say(value)}</b>`;
  });
  return [`<b>${escaped(name)}</b>`, ...lines].join("<br>");
}

/** Names are users' own words: they must not become markup of the tooltip. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
