// A chart by ECharts (scatter, bar, line, parallel, heatmap, boxplot), loaded when first shown; with a table beside it.
import { useComputedColorScheme } from "@mantine/core";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef } from "react";
import { useLanguage } from "@/i18n/language";
import { ChartFrame, type FrameProps } from "./ChartFrame";
import { useWidth } from "./useWidth";

interface EChartProps extends FrameProps {
  option: EChartsCoreOption;
  height?: number;
  /** Events of ECharts by name: `click`, `axisareaselected` … They may change from one drawing to the next. */
  on?: Record<string, (event: unknown, chart: EChartsType) => void>;
}

export function EChart({ title, option, height = 320, table, on, tools }: EChartProps) {
  return (
    <ChartFrame title={title} table={table} tools={tools}>
      <Drawing title={title} option={option} height={height} on={on} />
    </ChartFrame>
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
