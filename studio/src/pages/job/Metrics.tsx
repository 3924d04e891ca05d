// The metrics of a job as charts that grow while it runs; which and how is in the address.
import { Switch } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { LineChart } from "@/parts/LineChart";
import { metricNumber } from "@/parts/metricValue";
import { pointsQuery, seriesOf } from "@/parts/points";
import { RelativeTime } from "@/parts/RelativeTime";
import { useUrlState } from "@/parts/urlState";
import { ChartOptions, useChartOptions } from "./ChartOptions";
import { metricsQuery } from "./job";
import classes from "./Job.module.css";
import { MetricChoice } from "./MetricChoice";
import { jobTexts } from "./texts";

type Metric = Schemas["JobMetric"];
const FIRST = 6; // charts of a page that nobody has chosen from

/** Return the metrics to draw: the chosen ones, else the first that have a course to show. */
export function chosenMetrics(metrics: readonly Metric[], words: string | undefined): string[] {
  const known = new Set(metrics.map((one) => one.key));
  if (words !== undefined) return words.split(",").filter((key) => known.has(key));
  const courses = metrics.filter((one) => one.points > 1);
  return (courses.length ? courses : metrics).slice(0, FIRST).map((one) => one.key);
}

export function Metrics({ ws, name }: { ws: string; name: string }) {
  const t = useTexts(jobTexts);
  const [search, change] = useUrlState();
  const { data: metrics, error } = useQuery(metricsQuery(ws, name));
  if (error) return <ErrorNote error={error} />;
  if (!metrics) return null;
  if (!metrics.length) return <EmptyState icon="chart" title={t("noMetricsTitle")} text={t("noMetricsText")} samples={[{ form: "Python", text: 'import mlflow\n\nfor step, loss in enumerate(losses):\n    mlflow.log_metric("loss", loss, step=step)' }]} />;
  const chosen = chosenMetrics(metrics, search.metrics);
  const isTogether = search.together === "1";
  return (
    <div className={classes.split}>
      <MetricChoice keys={metrics.map((one) => one.key)} chosen={chosen} onChoose={(next) => change({ metrics: next.join(",") || "none" })} />
      <div className={classes.column} style={{ alignContent: "start" }}>
        <ChartOptions>
          <Switch label={t("together")} checked={isTogether} onChange={(event) => change({ together: event.currentTarget.checked ? "1" : undefined })} />
        </ChartOptions>
        <Charts ws={ws} name={name} groups={isTogether ? [chosen] : chosen.map((key) => [key])} />
        <Values metrics={metrics} />
      </div>
    </div>
  );
}

function Charts({ ws, name, groups }: { ws: string; name: string; groups: readonly (readonly string[])[] }) {
  const { across } = useChartOptions();
  return (
    <div className={classes.charts} style={{ "--across": groups.length === 1 ? 1 : across } as React.CSSProperties}>
      {groups.filter((one) => one.length).map((group) => (
        <Chart key={group.join("\n")} ws={ws} name={name} group={group} isWide={groups.length === 1} />
      ))}
    </div>
  );
}

function Chart({ ws, name, group, isWide }: { ws: string; name: string; group: readonly string[]; isWide: boolean }) {
  const t = useTexts(jobTexts);
  const { axis, smoothing, isLog } = useChartOptions();
  const answers = useQueries({ queries: group.map((key) => pointsQuery(ws, name, key, axis)) });
  const error = answers.find((one) => one.error)?.error;
  const newest = answers.map((one) => one.dataUpdatedAt).join();
  // Points come as new arrays with each answer; between answers the chart keeps what it has.
  const series = useMemo(
    () => group.flatMap((key, index) => (answers[index]?.data ? [seriesOf(key, answers[index].data, axis)] : [])),
    [newest, axis, group.join("\n")],
  );
  const options = useMemo(() => ({ smoothing, isLog }), [smoothing, isLog]);
  if (error) return <ErrorNote error={error} />;
  return (
    <LineChart
      title={group.length === 1 ? group[0]! : t("chosenMetrics", { count: group.length })}
      series={series}
      isTime={axis === "time"}
      {...(axis === "relative" ? { axisName: t("secondsSince") } : {})}
      options={options}
      areOptionsHidden
      height={isWide ? 340 : 220}
    />
  );
}

function Values({ metrics }: { metrics: readonly Metric[] }) {
  const t = useTexts(jobTexts);
  const formats = useFormats();
  const say = (value: Metric["latest"] | undefined) => (value === undefined ? "" : formats.value(metricNumber(value)));
  return (
    <section className={`panel ${classes.facts}`} aria-label={t("latestValues")} tabIndex={0}>
      <header>
        <h2>{t("latestValues")}</h2>
      </header>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("metrics")}</th>
            {[t("latest"), t("least"), t("greatest"), t("points"), t("step")].map((one) => (
              <th key={one} scope="col" data-number>
                {one}
              </th>
            ))}
            <th scope="col">{t("axisTime")}</th>
          </tr>
        </thead>
        <tbody>
          {metrics.slice(0, 300).map((one) => (
            <tr key={one.key}>
              <th scope="row" style={{ fontWeight: 400 }}>{one.key}</th>
              <td data-number>{say(one.latest)}</td>
              <td data-number>{say(one.min)}</td>
              <td data-number>{say(one.max)}</td>
              <td data-number>{formats.integer(one.points)}</td>
              <td data-number>{formats.integer(one.last_step)}</td>
              <td>
                <RelativeTime at={one.last_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
