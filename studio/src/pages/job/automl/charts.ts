// Azure's charts of a model as ECharts options and as tables, out of the data that the engine writes. No drawing.
import type { EChartsCoreOption } from "echarts/core";
import type { Formats } from "@/i18n/formats";
import type { ChartTable } from "@/parts/ChartFrame";

/** One chart of the engine's; the form of `data` is the chart's own. */
export interface ChartFile {
  schema_type: string;
  data: unknown;
}

export type ChartFiles = Record<string, ChartFile>;

export interface Drawn {
  option: EChartsCoreOption;
  table: ChartTable;
}

/** The words that a chart needs, in the page's language. */
export type Say = (key: ChartWord, values?: Record<string, string | number>) => string;

export type ChartWord =
  | "predicted"
  | "trueValue"
  | "trueClass"
  | "predictedClass"
  | "class"
  | "rows"
  | "share"
  | "falsePositiveRate"
  | "truePositiveRate"
  | "recall"
  | "precision"
  | "population"
  | "lift"
  | "gain"
  | "observed"
  | "ideal"
  | "chance"
  | "residual"
  | "from"
  | "to"
  | "spread";

export interface Look {
  formats: Formats;
  scheme: "light" | "dark";
  say: Say;
}

/** In the order of the page. */
export const CHARTS = ["predicted_true", "residuals", "confusion_matrix", "roc_curve", "precision_recall_curve", "calibration_curve", "lift_curve", "cumulative_gains_curve"] as const;
export type ChartName = (typeof CHARTS)[number];

type Curve = Record<string, readonly number[]>;
type Curves = Record<string, Curve>;

const GRID = { left: 44, right: 18, top: 38, bottom: 34, containLabel: true };
const TOOLTIP = { renderMode: "richText", confine: true };
const MOST_LABELS = 24; // of a confusion matrix: more would cover each other
const IDEAL = { type: "line", symbol: "none", silent: true, lineStyle: { type: "dotted", width: 1.5, color: "#8b949e" }, itemStyle: { color: "#8b949e" } };

const axis = (name: string, formats: Formats, more: object = {}) => ({
  type: "value",
  name,
  nameLocation: "middle",
  nameGap: 26,
  axisLabel: { hideOverlap: true, formatter: (value: number) => formats.value(Number(value.toPrecision(4))) },
  ...more,
});
const SHARE = { min: 0, max: 1 };
const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// ---------------------------------------------------------------- curves by class

interface CurveForm {
  x: string;
  y: string;
  xWord: ChartWord;
  yWord: ChartWord;
  /** What a model without any skill, or a perfect one, would draw. */
  line?: readonly [word: "ideal" | "chance", from: readonly [number, number], to: readonly [number, number]];
  isShare: boolean;
  hasPoints?: boolean;
}

const CURVES: Record<string, CurveForm> = {
  roc_curve: { x: "false_positive_rate", y: "true_positive_rate", xWord: "falsePositiveRate", yWord: "truePositiveRate", line: ["chance", [0, 0], [1, 1]], isShare: true },
  precision_recall_curve: { x: "recall", y: "precision", xWord: "recall", yWord: "precision", isShare: true },
  calibration_curve: { x: "predicted", y: "observed", xWord: "predicted", yWord: "observed", line: ["ideal", [0, 0], [1, 1]], isShare: true, hasPoints: true },
  lift_curve: { x: "population", y: "lift", xWord: "population", yWord: "lift", line: ["chance", [0, 1], [1, 1]], isShare: false },
  cumulative_gains_curve: { x: "population", y: "gain", xWord: "population", yWord: "gain", line: ["chance", [0, 0], [1, 1]], isShare: true },
};

function curves(form: CurveForm, data: Curves, { formats, say }: Look): Drawn {
  const names = Object.keys(data);
  const pairs = (one: Curve) => (one[form.x] ?? []).map((x, index) => [x, one[form.y]?.[index] ?? Number.NaN] as const);
  const [xTitle, yTitle] = [say(form.xWord), say(form.yWord)];
  return {
    option: {
      animation: false,
      grid: GRID,
      legend: { type: "scroll", top: 0, right: 6, itemWidth: 14, itemHeight: 8, icon: "roundRect", formatter: (name: string) => cut(name, 24) },
      tooltip: { ...TOOLTIP, trigger: "item", formatter: ({ seriesName, value }: { seriesName: string; value: readonly [number, number] }) => `${seriesName}\n${xTitle}  ${formats.value(value[0])}\n${yTitle}  ${formats.value(value[1])}` },
      xAxis: axis(xTitle, formats, SHARE),
      yAxis: axis(yTitle, formats, { nameGap: 38, ...(form.isShare ? SHARE : { min: 0 }) }),
      series: [
        ...names.map((name) => ({ type: "line", name, data: pairs(data[name]!), showSymbol: form.hasPoints ?? false, symbolSize: 7, lineStyle: { width: 2 } })),
        ...(form.line ? [{ ...IDEAL, name: say(form.line[0]), data: form.line.slice(1) }] : []),
      ],
    },
    table: {
      heads: [say("class"), xTitle, yTitle],
      rows: names.flatMap((name) => pairs(data[name]!).map(([x, y]) => [name, formats.value(x), formats.value(y)])),
    },
  };
}

// ---------------------------------------------------------------- confusion matrix

export interface Confusion {
  class_labels: readonly string[];
  matrix: readonly (readonly number[])[];
}

/** Return each row's shares: what became of the rows of a class. */
export function sharesOfRows(matrix: Confusion["matrix"]): number[][] {
  return matrix.map((row) => {
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((count) => (sum ? count / sum : 0));
  });
}

export function confusion({ class_labels: labels, matrix }: Confusion, isShare: boolean, { formats, scheme, say }: Look): Drawn {
  const shares = sharesOfRows(matrix);
  const shown = (row: number, column: number) => (isShare ? formats.percent(shares[row]![column]!) : formats.integer(matrix[row]![column]!));
  const cells = matrix.flatMap((row, y) => row.map((_, x) => ({ value: [x, y, shares[y]![x]!] })));
  // The first class on top, as it is read.
  const classes = (name: string, isDown: boolean) => ({ type: "category", data: labels, name, nameLocation: "middle", nameGap: isDown ? 52 : 28, inverse: isDown, axisLabel: { formatter: (word: string) => cut(word, 12), hideOverlap: true }, splitArea: { show: false }, axisTick: { show: false } });
  return {
    option: {
      animation: false,
      grid: { ...GRID, top: 12, left: 34 },
      tooltip: {
        ...TOOLTIP,
        formatter: ({ value: [x, y] }: { value: readonly [number, number] }) =>
          `${say("trueClass")}  ${labels[y]}\n${say("predictedClass")}  ${labels[x]}\n${formats.integer(matrix[y]![x]!)}  (${formats.percent(shares[y]![x]!)})`,
      },
      xAxis: classes(say("predictedClass"), false),
      yAxis: classes(say("trueClass"), true),
      visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: scheme === "dark" ? ["#1c2128", "#0b6e75", "#1a8f96"] : ["#f3fafa", "#72bcc0", "#0b6e75"] } },
      series: [
        {
          type: "heatmap",
          data: cells.map((one) => ({ ...one, label: { color: scheme === "dark" || one.value[2]! > 0.6 ? "#ffffff" : "#1f2933" } })),
          itemStyle: { borderWidth: 1, borderColor: scheme === "dark" ? "#0f1216" : "#ffffff" },
          label: { show: labels.length <= MOST_LABELS, formatter: ({ value: [x, y] }: { value: readonly [number, number] }) => shown(y, x) },
        },
      ],
    },
    table: { heads: [say("trueClass"), ...labels], rows: matrix.map((row, y) => [labels[y], ...row.map((_, x) => shown(y, x))]) },
  };
}

// ---------------------------------------------------------------- regression

interface Residuals {
  bin_edges: readonly number[];
  bin_counts: readonly number[];
}

/** Return the outline of a histogram: bars as wide as their bins, which ECharts has on axes of words alone. */
export function outline(edges: readonly number[], counts: readonly number[]): [number, number][] {
  return [[edges[0]!, 0], ...counts.map((count, index) => [edges[index]!, count] as [number, number]), [edges.at(-1)!, 0]];
}

const HISTOGRAM = { type: "line", step: "end", symbol: "none", lineStyle: { width: 1 } };

function residuals({ bin_edges: edges, bin_counts: counts }: Residuals, { formats, say }: Look): Drawn {
  const between = (index: number) => [edges[index]!, edges[index + 1]!].map((one) => formats.value(Number(one.toPrecision(4))));
  return {
    option: {
      animation: false,
      grid: { ...GRID, top: 14 },
      tooltip: {
        ...TOOLTIP,
        trigger: "axis",
        formatter: ([first]: { dataIndex: number }[]) => {
          const bin = Math.min(Math.max((first?.dataIndex ?? 1) - 1, 0), counts.length - 1);
          return `${between(bin).join(" … ")}\n${say("rows")}  ${formats.integer(counts[bin]!)}`;
        },
      },
      xAxis: axis(say("residual"), formats, { scale: true }),
      yAxis: axis(say("rows"), formats, { nameGap: 38, minInterval: 1 }),
      series: [
        {
          ...HISTOGRAM,
          itemStyle: { color: "#1a8f96" },
          areaStyle: { opacity: 0.75 },
          data: outline(edges, counts),
          markLine: { symbol: "none", silent: true, label: { show: false }, lineStyle: { color: "#e07b39", width: 1.5, type: "solid" }, data: [{ xAxis: 0 }] },
        },
      ],
    },
    table: { heads: [say("from"), say("to"), say("rows")], rows: counts.map((count, index) => [...between(index), formats.integer(count)]) },
  };
}

interface Predictions {
  bin_edges: readonly number[];
  bin_counts: readonly number[];
  bin_centers: readonly number[];
  bin_averages: readonly number[];
  bin_errors: readonly number[];
}

/** What was predicted for rows of about the same truth: mean and spread, over how many rows there are. */
function predictedTrue({ bin_edges: edges, bin_counts: all, bin_centers: centers, bin_averages: means, bin_errors: errors }: Predictions, { formats, say }: Look): Drawn {
  // The centres are of the bins that have rows.
  const counts = all.filter((count) => count > 0);
  const ends = [...centers, ...means];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const edge = (sign: 1 | -1) => ({ type: "line", name: say("spread"), symbol: "none", silent: true, lineStyle: { width: 1, type: "dashed", color: "#1a8f96" }, itemStyle: { color: "#1a8f96" }, data: centers.map((x, index) => [x, means[index]! + sign * errors[index]!]) });
  const short = (value: number) => formats.value(Number(value.toPrecision(4)));
  return {
    option: {
      animation: false,
      grid: GRID,
      legend: { top: 0, right: 6, itemWidth: 14, itemHeight: 8, icon: "roundRect", data: [say("predicted"), say("spread"), say("ideal"), say("rows")] },
      tooltip: {
        ...TOOLTIP,
        trigger: "item",
        formatter: ({ dataIndex: index }: { dataIndex: number }) => `${say("trueValue")}  ${short(centers[index]!)}\n${say("predicted")}  ${short(means[index]!)} ± ${short(errors[index]!)}\n${say("rows")}  ${formats.integer(counts[index] ?? 0)}`,
      },
      xAxis: axis(say("trueValue"), formats, { scale: true }),
      yAxis: [axis(say("predicted"), formats, { scale: true, nameGap: 48 }), { type: "value", min: 0, max: Math.max(...counts, 1) * 4, show: false }],
      series: [
        { ...HISTOGRAM, name: say("rows"), yAxisIndex: 1, silent: true, itemStyle: { color: "#8b949e" }, lineStyle: { width: 0 }, areaStyle: { opacity: 0.35 }, data: outline(edges, all) },
        { ...IDEAL, name: say("ideal"), data: [[low, low], [high, high]] },
        edge(-1),
        edge(1),
        { type: "line", name: say("predicted"), symbolSize: 7, lineStyle: { width: 2, color: "#e07b39" }, itemStyle: { color: "#e07b39" }, data: centers.map((x, index) => [x, means[index]!]) },
      ],
    },
    table: {
      heads: [say("trueValue"), say("predicted"), say("spread"), say("rows")],
      rows: centers.map((x, index) => [x, means[index]!, errors[index]!].map((one) => formats.value(one)).concat(formats.integer(counts[index] ?? 0))),
    },
  };
}

/** Return a chart of the engine's as an option and a table; null for a form that is not known. */
export function drawn(name: ChartName, file: ChartFile, isShare: boolean, look: Look): Drawn | null {
  const form = CURVES[name];
  if (form) return curves(form, file.data as Curves, look);
  if (name === "confusion_matrix") return confusion(file.data as Confusion, isShare, look);
  if (name === "residuals") return residuals(file.data as Residuals, look);
  return name === "predicted_true" ? predictedTrue(file.data as Predictions, look) : null;
}

// ---------------------------------------------------------------- explanations

/** Bars of columns, the first on top; those that speak against have another colour. */
export function importance(rows: readonly { name: string; value: number }[], { formats }: Look): EChartsCoreOption {
  const shown = [...rows].reverse();
  return {
    animation: false,
    grid: { left: 8, right: 64, top: 8, bottom: 8, containLabel: true },
    tooltip: { ...TOOLTIP, trigger: "item", formatter: ({ name, value }: { name: string; value: number }) => `${name}\n${formats.value(value)}` },
    // Room for the numbers of bars that go to the left: names stand there.
    xAxis: { type: "value", show: false, min: ({ min, max }: { min: number; max: number }) => (min < 0 ? min - 0.18 * (Math.max(max, 0) - min) : 0), max: ({ max }: { max: number }) => Math.max(max, 0) },
    yAxis: { type: "category", data: shown.map((one) => one.name), axisTick: { show: false }, axisLine: { show: false, onZero: false }, axisLabel: { formatter: (word: string) => cut(word, 34) } },
    series: [
      {
        type: "bar",
        barMaxWidth: 18,
        data: shown.map((one) => ({ value: one.value, itemStyle: { color: one.value < 0 ? "#e07b39" : "#1a8f96", borderRadius: 3 }, label: { position: one.value < 0 ? "left" : "right" } })),
        label: { show: true, formatter: ({ value }: { value: number }) => formats.short(value) },
      },
    ],
  };
}
