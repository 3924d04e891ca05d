// How charts of metrics are drawn, for all on a page at once; kept in the address.
import "@mantine/core/styles/Slider.css";
import { SegmentedControl, Slider, Switch } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTexts } from "@/i18n/texts";
import { AXES, type Axis } from "@/parts/points";
import { useUrlState } from "@/parts/urlState";
import classes from "./Job.module.css";
import { jobTexts } from "./texts";

export interface ChartOptionsState {
  axis: Axis;
  smoothing: number;
  isLog: boolean;
  across: number;
}

export function useChartOptions(): ChartOptionsState {
  const [search] = useUrlState();
  return {
    axis: AXES.find((one) => one === search.x) ?? "step",
    smoothing: Math.min(Math.max(Number(search.smooth) || 0, 0), 0.99),
    isLog: search.log === "1",
    across: [1, 2, 3].find((one) => one === Number(search.across)) ?? 2,
  };
}

export function ChartOptions({ children }: { children?: ReactNode }) {
  const t = useTexts(jobTexts);
  const [, change] = useUrlState();
  const { axis, smoothing, isLog, across } = useChartOptions();
  const [moving, setMoving] = useState<number | null>(null);
  return (
    <div className={`panel ${classes.bar}`}>
      <SegmentedControl
        aria-label={t("axis")}
        value={axis}
        onChange={(x) => change({ x: x === "step" ? undefined : x })}
        data={[
          { value: "step", label: t("axisStep") },
          { value: "relative", label: t("axisRelative") },
          { value: "time", label: t("axisTime") },
        ]}
      />
      <label className={classes.slider}>
        <span>{t("smoothing")}</span>
        <Slider
          aria-label={t("smoothing")}
          thumbLabel={t("smoothing")}
          size="xs"
          w={110}
          min={0}
          max={0.99}
          step={0.01}
          label={null}
          value={moving ?? smoothing}
          onChange={setMoving}
          onChangeEnd={(value) => {
            setMoving(null);
            change({ smooth: value ? String(value) : undefined });
          }}
        />
      </label>
      <Switch label={t("logAxis")} checked={isLog} onChange={(event) => change({ log: event.currentTarget.checked ? "1" : undefined })} />
      <SegmentedControl aria-label={t("width")} value={String(across)} onChange={(value) => change({ across: value === "2" ? undefined : value })} data={["1", "2", "3"]} />
      {children}
    </div>
  );
}
