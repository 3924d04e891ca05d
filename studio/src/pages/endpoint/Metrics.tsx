// How a deployment does: latency, requests, errors, what is in flight, replicas, over the last minutes.
import { SegmentedControl, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { client, data, inWorkspace, json, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import type { Deployment } from "@/api/serving";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { LineChart } from "@/parts/LineChart";
import { useUrlState } from "@/parts/urlState";
import classes from "./Endpoint.module.css";
import { endpointTexts } from "./texts";

type Loads = Schemas["DeploymentHistory"];

interface Totals {
  requests: Record<string, number>;
  latency: { count?: number; mean_ms?: number; p50_ms?: number; p95_ms?: number; p99_ms?: number };
  in_flight: number;
  waiting: number;
  retried: number;
  replicas_lost: number;
  mirrored: number;
  replicas: { wanted: number; usable: number };
}

/** The gateway is looked at once in this time; there is no event for a figure. */
const EVERY_MS = 5000;
const SPANS = { "15": 900, "60": 3600 } as const;

export function Metrics({ ws, name, deployments }: { ws: string; name: string; deployments: readonly Deployment[] }) {
  const t = useTexts(endpointTexts);
  const [search, change] = useUrlState();
  const deployment = (deployments.find((one) => one.name === search.deployment) ?? deployments[0])?.name ?? "";
  const span = search.span === "60" ? "60" : "15";
  const key = [...keys.endpoint(ws, name), deployment];
  const history = useQuery({
    queryKey: [...key, "history", span],
    queryFn: () =>
      data(
        client.GET("/api/v1/workspaces/{ws}/online-endpoints/{name}/deployments/{deployment}/history", {
          params: { path: { ws, name, deployment }, query: { seconds: SPANS[span] } },
        }),
      ) as Promise<Loads>,
    enabled: deployment !== "",
    refetchInterval: EVERY_MS,
  });
  const totals = useQuery({
    queryKey: [...key, "metrics"],
    queryFn: () => json<Totals>(inWorkspace(ws, "online-endpoints", name, "deployments", deployment, "metrics")),
    enabled: deployment !== "",
    refetchInterval: EVERY_MS,
  });
  if (!deployment) return <p className="faint">{t("noDeploymentsText")}</p>;
  const error = history.error ?? totals.error;
  return (
    <div style={{ display: "grid", gap: 14 }}>
      <div className={classes.tools}>
        <Select label={t("deployment")} w={200} allowDeselect={false} data={deployments.map((one) => one.name ?? "")} value={deployment} onChange={(to) => change({ deployment: to ?? undefined })} />
        <SegmentedControl
          aria-label={t("span")}
          value={span}
          onChange={(to) => change({ span: to === "15" ? undefined : to })}
          data={[
            { value: "15", label: t("quarter") },
            { value: "60", label: t("hour") },
          ]}
        />
      </div>
      {error ? <ErrorNote error={error} /> : null}
      {totals.data ? <Figures totals={totals.data} /> : null}
      {history.data ? history.data.times.length ? <Charts loads={history.data} /> : <EmptyState icon="chart" title={t("noHistory")} text={t("noHistoryText")} /> : null}
    </div>
  );
}

function Figures({ totals }: { totals: Totals }) {
  const t = useTexts(endpointTexts);
  const formats = useFormats();
  const counts = Object.entries(totals.requests);
  const sum = counts.reduce((all, [, count]) => all + count, 0);
  const errors = counts.reduce((all, [status, count]) => (Number(status) >= 400 ? all + count : all), 0);
  // Without requests there is no quantile, whatever is said.
  const ms = (value: number | undefined) => (value === undefined || !sum ? "–" : `${formats.value(Number(value.toPrecision(3)))} ms`);
  const figures: [string, string][] = [
    [t("requests"), formats.integer(sum)],
    [t("errors"), sum ? `${formats.integer(errors)} (${formats.percent(errors / sum)})` : "0"],
    ["p50", ms(totals.latency.p50_ms)],
    ["p95", ms(totals.latency.p95_ms)],
    ["p99", ms(totals.latency.p99_ms)],
    [t("inFlight"), formats.integer(totals.in_flight)],
    [t("waiting"), formats.integer(totals.waiting)],
    [t("replicas"), t("of", { ready: totals.replicas.usable, count: totals.replicas.wanted })],
  ];
  return (
    <dl className={classes.figures}>
      {figures.map(([label, value]) => (
        <div key={label} className="panel">
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Charts({ loads }: { loads: Loads }) {
  const t = useTexts(endpointTexts);
  const line = (name: string, ys: readonly (number | null)[]) => ({ name, xs: loads.times, ys: ys.map((value) => value ?? Number.NaN) });
  const perSecond = (counts: readonly number[]) => counts.map((count) => count / loads.interval_s);
  return (
    <div className={classes.charts}>
      {loads.p50_ms.some((value) => value !== null) ? (
        <LineChart title={t("latencyChart")} isTime areOptionsHidden height={180} series={[line("p50", loads.p50_ms), line("p95", loads.p95_ms)]} />
      ) : (
        <section className={`panel ${classes.quiet}`}>
          <EmptyState icon="chart" title={t("noRequests")} text={t("noRequestsText")} />
        </section>
      )}
      <LineChart title={t("requestsChart")} isTime areOptionsHidden height={180} series={[line(t("requests"), perSecond(loads.requests)), line(t("errors"), perSecond(loads.errors))]} />
      <LineChart title={t("inFlightChart")} isTime areOptionsHidden height={180} series={[line(t("inFlight"), loads.in_flight)]} />
      <LineChart title={t("replicasChart")} isTime areOptionsHidden height={180} series={[line(t("replicas"), loads.replicas)]} />
    </div>
  );
}
