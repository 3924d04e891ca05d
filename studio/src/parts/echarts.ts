// The pieces of ECharts that the Studio uses, and its look. Only `EChartDrawing` imports this file.
import { BarChart, BoxplotChart, HeatmapChart, LineChart, ParallelChart, ScatterChart } from "echarts/charts";
import {
  BrushComponent,
  DatasetComponent,
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  ParallelComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { type EChartsType, init, registerLocale, use } from "echarts/core";
import langPTbr from "echarts/lib/i18n/langPT-br.js";
import { CanvasRenderer } from "echarts/renderers";
import type { Language } from "@/i18n/language";
import { SERIES_COLOURS } from "./seriesMath";

use([BarChart, BoxplotChart, HeatmapChart, LineChart, ParallelChart, ScatterChart]);
use([BrushComponent, DatasetComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent]);
use([ParallelComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);
registerLocale("PT-BR", langPTbr as Parameters<typeof registerLocale>[1]);

/** Return a chart in an element, in the page's colours. */
export function make(element: HTMLElement, scheme: "light" | "dark", language: Language): EChartsType {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    axisLine: { lineStyle: { color: colour("--b-line-strong") } },
    axisLabel: { color: colour("--b-faint"), fontSize: 11 },
    nameTextStyle: { color: colour("--b-faint"), fontSize: 11 },
    splitLine: { lineStyle: { color: colour("--b-line") } },
  };
  const look = {
    color: SERIES_COLOURS,
    darkMode: scheme === "dark",
    backgroundColor: "transparent",
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour("--b-text") },
    categoryAxis: axis,
    valueAxis: axis,
    logAxis: axis,
    timeAxis: axis,
    // Lines pass behind the labels.
    parallelAxis: { ...axis, axisLabel: { ...axis.axisLabel, backgroundColor: colour("--b-panel"), padding: [1, 3], borderRadius: 2 } },
    legend: { textStyle: { color: colour("--b-text") } },
    visualMap: { textStyle: { color: colour("--b-faint") } },
    tooltip: { backgroundColor: colour("--b-panel"), borderColor: colour("--b-line-strong"), textStyle: { color: colour("--b-text"), fontSize: 12 } },
  };
  return init(element, look, { renderer: "canvas", locale: language === "pt-BR" ? "PT-BR" : "EN" });
}
