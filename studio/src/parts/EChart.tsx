// A chart by ECharts (scatter, bar, line, parallel, heatmap, boxplot), loaded when first shown; with a table beside it.
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { ChartFrame, type FrameProps } from "./ChartFrame";
import { fetchedPart } from "./fetched";

export interface EChartProps extends FrameProps {
  option: EChartsCoreOption;
  height?: number;
  /** Events of ECharts by name: `click`, `axisareaselected` … They may change from one drawing to the next. */
  on?: Record<string, (event: unknown, chart: EChartsType) => void>;
}

const Drawing = fetchedPart(() => import("./EChartDrawing").then((found) => found.EChartDrawing));

export function EChart({ title, option, height = 320, table, on, tools }: EChartProps) {
  return (
    <ChartFrame title={title} table={table} tools={tools}>
      <div style={{ minHeight: height }}>
        <Drawing title={title} option={option} height={height} on={on} />
      </div>
    </ChartFrame>
  );
}
