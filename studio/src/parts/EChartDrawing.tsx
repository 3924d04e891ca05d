// ECharts at work in a box of its own. Only `EChart` imports this file, lazily.
import { useComputedColorScheme } from "@mantine/core";
import type { EChartsType } from "echarts/core";
import { useEffect, useRef } from "react";
import { useLanguage } from "@/i18n/language";
import type { EChartProps } from "./EChart";
import { make } from "./echarts";
import { useWidth } from "./useWidth";

export type DrawingProps = Pick<EChartProps, "title" | "option" | "on"> & { height: number };

export function EChartDrawing({ title, option, height, on }: DrawingProps) {
  const scheme = useComputedColorScheme("light");
  const language = useLanguage();
  const { ref, width } = useWidth<HTMLDivElement>();
  const chart = useRef<EChartsType | null>(null);
  const newest = useRef({ option, on });
  newest.current = { option, on };
  useEffect(() => {
    if (!ref.current) return undefined;
    const made = make(ref.current, scheme, language);
    chart.current = made;
    for (const name of Object.keys(newest.current.on ?? {})) made.on(name, (event) => newest.current.on?.[name]?.(event, made));
    made.setOption(newest.current.option);
    return () => {
      made.dispose();
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
