// The metrics of several jobs over each other: one chart a metric, one line a job.
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { EChart } from "@/parts/EChart";
import { metricNumber } from "@/parts/metricValue";
import { ErrorNote } from "@/parts/ErrorNote";
import { LineChart } from "@/parts/LineChart";
import { onGrid, pointsQuery, seriesOf } from "@/parts/points";
import { useUrlState } from "@/parts/urlState";
import { ChartOptions, useChartOptions } from "../job/ChartOptions";
import jobClasses from "../job/Job.module.css";
import { MetricChoice } from "../job/MetricChoice";
import { jobTexts } from "../job/texts";
import type { ComparedJob } from "./compared";
import { barOption } from "./relation";
import { compareTexts } from "./texts";

const FIRST = 4;
const DRAWN_EACH = 20;
const GRID = 500; // places on an axis of time that many jobs share

export function Curves({ ws, jobs }: { ws: string; jobs: readonly ComparedJob[] }) {
  const t = useTexts(compareTexts);
  const [search, change] = useUrlState();
  const { across } = useChartOptions();
  const keys = useMemo(() => [...new Set(jobs.flatMap((one) => Object.keys(one.metrics)))].sort(), [jobs]);
  if (!keys.length) return <p className="faint">{t("noCurves")}</p>;
  const chosen = search.metrics === undefined ? keys.slice(0, FIRST) : search.metrics.split(",").filter((key) => keys.includes(key));
  return (
    <div className={jobClasses.split}>
      <MetricChoice keys={keys} chosen={chosen} onChoose={(next) => change({ metrics: next.join(",") || "none" })} />
      <div className={jobClasses.column} style={{ alignContent: "start" }}>
        <ChartOptions />
        <div className={jobClasses.charts} style={{ "--across": chosen.length === 1 ? 1 : across } as React.CSSProperties}>
          {chosen.map((key) => (
            <Chart key={key} ws={ws} metric={key} jobs={jobs.filter((one) => one.metrics[key] !== undefined)} isWide={chosen.length === 1} />
          ))}
        </div>
      </div>
    </div>
  );
}

function Chart({ ws, metric, jobs, isWide }: { ws: string; metric: string; jobs: readonly ComparedJob[]; isWide: boolean }) {
  const t = useTexts(jobTexts);
  const { axis, smoothing, isLog } = useChartOptions();
  // As many points as a screen shows, whatever the number of jobs.
  const most = jobs.length > 50 ? 200 : jobs.length > 10 ? 500 : 1500;
  const answers = useQueries({ queries: jobs.map((one) => pointsQuery(ws, one.name, metric, axis, most)) });
  const ready = answers.filter((one) => one.data !== undefined).length;
  // Drawn anew for a handful of answers, not for each of 200; when all are there, for whatever is new.
  const newest = ready < jobs.length ? String(Math.floor(ready / DRAWN_EACH)) : answers.map((one) => one.dataUpdatedAt).join();
  const series = useMemo(() => {
    const names = uniqueNames(jobs);
    const found = jobs.flatMap((_, index) => (answers[index]?.data ? [seriesOf(names[index]!, answers[index].data, axis)] : []));
    return axis === "step" || found.length < 2 ? found : onGrid(found, GRID);
  }, [newest, axis, jobs]);
  const options = useMemo(() => ({ smoothing, isLog }), [smoothing, isLog]);
  const error = answers.find((one) => one.error)?.error;
  if (error) return <ErrorNote error={error} />;
  const isLone = answers.every((one) => one.data !== undefined && one.data.total <= 1);
  if (isLone) return <Bars metric={metric} jobs={jobs} height={isWide ? 380 : 240} />;
  return (
    <LineChart title={metric} series={series} isTime={axis === "time"} {...(axis === "relative" ? { axisName: t("secondsSince") } : {})} options={options} areOptionsHidden height={isWide ? 380 : 240} />
  );
}

/** A metric that every job logged once: one bar a job. */
function Bars({ metric, jobs, height }: { metric: string; jobs: readonly ComparedJob[]; height: number }) {
  const t = useTexts(compareTexts);
  const formats = useFormats();
  const option = useMemo(() => barOption(uniqueNames(jobs), jobs.map((one) => metricNumber(one.metrics[metric]!)), formats.value), [jobs, metric, formats]);
  const names = uniqueNames(jobs);
  return <EChart title={metric} option={option} height={height} table={{ heads: [t("job"), metric], rows: jobs.map((one, index) => [names[index], formats.value(metricNumber(one.metrics[metric]!))]) }} />;
}

/** Return what jobs are called; of those that share a name, each with its own id. */
export function uniqueNames(jobs: readonly { name: string; display_name: string }[]): string[] {
  const counts = new Map<string, number>();
  for (const one of jobs) counts.set(one.display_name, (counts.get(one.display_name) ?? 0) + 1);
  return jobs.map((one) => (one.display_name && counts.get(one.display_name) === 1 ? one.display_name : one.display_name && one.display_name !== one.name ? `${one.display_name} (${one.name})` : one.name));
}
