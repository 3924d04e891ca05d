// The leaderboard of an AutoML job, live while it runs: every model that was tried, in any order, with any of its metrics.
import { useComputedColorScheme } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { type Column, DataTable } from "@/parts/DataTable";
import { EChart } from "@/parts/EChart";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { useReason } from "@/parts/reasons";
import { RelativeTime } from "@/parts/RelativeTime";
import { StatusBadge } from "@/parts/StatusBadge";
import { isFinal } from "@/parts/statuses";
import { overTrials } from "../../sweep/options";
import { type Key, sorted, type Trial } from "../../sweep/trials";
import type { JobFacts } from "../job";
import classes from "./AutoML.module.css";
import { type AutoMLJob, type Candidate } from "./automl";
import { useMetricTitle } from "./metricNames";
import { automlTexts } from "./texts";
import { useCandidates } from "./useCandidates";
import { useEngineWords } from "./words";

interface Objective {
  primary_metric: string;
  goal: string;
}

export function Models({ ws, name, job }: JobFacts) {
  const t = useTexts(automlTexts);
  const say = useReason();
  const found = useCandidates(ws, name);
  const objective = (job as unknown as AutoMLJob).results as unknown as Objective | undefined;
  if (found.error) return <ErrorNote error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data || !objective) return null;
  const isEnded = isFinal(job.status ?? "");
  if (!found.data.length) return <EmptyState icon="models" title={t("noModels")} text={isEnded ? t("noModelsEver") : job.status_reason ? say(job.status_reason) : t("noModelsText")} />;
  const shown = { ws, candidates: found.data, metric: objective.primary_metric, isMinimized: objective.goal === "minimize" };
  return (
    <div className={classes.whole}>
      <Leaderboard {...shown} name={name} version={found.dataUpdatedAt} />
      <OverModels {...shown} />
    </div>
  );
}

interface ShownProps {
  ws: string;
  candidates: readonly Candidate[];
  metric: string;
  isMinimized: boolean;
}

function Leaderboard({ ws, name, candidates, metric, isMinimized, version }: ShownProps & { name: string; version: number }) {
  const t = useTexts(automlTexts);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const others = useMemo(() => otherMetrics(candidates, metric), [candidates, metric]);
  const columns = useColumns(ws, metric, others);
  const keys: Record<string, Key<Candidate>> = {
    model: (one) => one.display_name,
    algorithm: (one) => one.algorithm,
    trial: (one) => one.trial,
    value: (one) => one.value,
    error: (one) => one.error_of_value,
    duration: (one) => one.seconds_running,
    predicts: (one) => one.seconds_for_1000_predictions,
    size: (one) => one.size_bytes,
    status: (one) => one.status,
    created: (one) => one.created_at,
    ...Object.fromEntries(others.map((metric, index) => [`m${index}`, (one: Candidate) => one.metrics[metric]])),
  };
  // The rows are here already; the table asks for windows all the same.
  const key = ["leaderboard", ws, name];
  return (
    <div className={classes.table} style={{ height: Math.min(560, 98 + Math.max(candidates.length, 3) * 36) }}>
      <DataTable<Candidate>
        label={t("models")}
        name="leaderboard"
        columns={columns}
        rowKey={(one) => one.name}
        rowLabel={(one) => one.display_name}
        queryKey={[...key, version]}
        load={({ offset, limit, orderBy }) => {
          queries.removeQueries({ queryKey: key, predicate: (one) => one.queryKey[3] !== version && one.getObserversCount() === 0 });
          const [id, direction] = (orderBy ?? "").split(" ");
          const by = id ? keys[id] : undefined;
          const rows = by ? sorted(candidates, by, direction === "DESC") : ranked(candidates, isMinimized);
          return Promise.resolve({ items: rows.slice(offset, offset + limit), total: rows.length, offset });
        }}
        onOpen={(one) => void navigate({ to: "/workspaces/$ws/jobs/$name", params: { ws, name: one.name }, search: {} })}
        empty={<p className="faint">{t("noModels")}</p>}
      />
    </div>
  );
}

/** Return the models best first; the one that the engine chose before all, those without a score last. */
export function ranked(candidates: readonly Candidate[], isMinimized: boolean): readonly Candidate[] {
  const scored = (one: Candidate) => (one.status === "Completed" ? one.value : undefined);
  return [...sorted(candidates, scored, !isMinimized)].sort((a, b) => Number(b.is_best ?? false) - Number(a.is_best ?? false));
}

/** Return the metrics beside the primary one: errors in the target's own unit first, scores on test data last. */
export function otherMetrics(candidates: readonly Candidate[], primary: string): string[] {
  const found = new Set(candidates.flatMap((one) => Object.keys(one.metrics)));
  found.delete(primary);
  found.delete(`${primary}_error`);
  const place = (key: string) => (key.startsWith("test_") ? 2 : key === "root_mean_squared_error" ? 0 : 1);
  return [...found].sort((a, b) => place(a) - place(b) || a.localeCompare(b));
}

function useColumns(ws: string, metric: string, others: readonly string[]): Column<Candidate>[] {
  const t = useTexts(automlTexts);
  const say = useEngineWords();
  const formats = useFormats();
  const metricTitle = useMetricTitle();
  const number = (id: string, title: string, width: number, value: (one: Candidate) => string, isHidden = false): Column<Candidate> => ({ id, title, width, sortBy: id, isNumber: true, render: value, ...(isHidden ? { isHidden } : {}) });
  const some = (value: number | undefined, show: (value: number) => string) => (value === undefined ? "" : show(value));
  return [
    // Members of an ensemble are called by it.
    number("trial", t("numberShort"), 56, (one) => formats.integer(one.trial)),
    {
      id: "model",
      title: t("name"),
      width: 215,
      sortBy: "model",
      render: (one) => (
        <span className={classes.model}>
          <Link className="cut" to="/workspaces/$ws/jobs/$name" params={{ ws, name: one.name }} search={{}} title={one.display_name}>
            {one.display_name}
          </Link>
          {one.is_best ? <span className={classes.badge}>{t("bestBadge")}</span> : null}
        </span>
      ),
    },
    { id: "algorithm", title: t("algorithm"), width: 110, sortBy: "algorithm", render: (one) => one.algorithm ?? "" },
    number("value", metricTitle(metric), 250, (one) => some(one.value, formats.value)),
    ...others.map((key, index) => number(`m${index}`, key.startsWith("test_") ? `${t("test")}: ${metricTitle(key.slice(5))}` : metricTitle(key), 175, (one) => some(one.metrics[key], formats.value), key !== "root_mean_squared_error")),
    number("error", t("error"), 110, (one) => some(one.error_of_value, (value) => `± ${formats.value(Number(value.toPrecision(2)))}`), true),
    number("duration", t("duration"), 85, (one) => some(one.seconds_running, formats.duration)),
    number("predicts", t("predict1000"), 130, (one) => some(one.seconds_for_1000_predictions, formats.duration), true),
    number("size", t("size"), 100, (one) => some(one.size_bytes, formats.bytes), true),
    { id: "status", title: t("status"), width: 115, sortBy: "status", render: (one) => <StatusBadge status={one.status} reason={one.error === undefined ? undefined : say(one.error)} /> },
    { id: "created", title: t("created"), width: 140, sortBy: "created", isHidden: true, render: (one) => <RelativeTime at={one.created_at} /> },
  ];
}

function OverModels({ ws, candidates, metric, isMinimized }: ShownProps) {
  const t = useTexts(automlTexts);
  const formats = useFormats();
  const scheme = useComputedColorScheme("light");
  const navigate = useNavigate();
  const title = useMetricTitle()(metric);
  const option = useMemo(() => {
    const axes = [
      { id: "model", title: t("name"), isMetric: false, words: [] },
      { id: "value", title, isMetric: true },
    ];
    const points = candidates.filter((one) => one.status === "Completed").map((one) => ({ ...one, parameters: { model: one.display_name }, seconds_waiting: 0 }) as unknown as Trial);
    const found = overTrials(points, axes, { value: title, best: t("bestLine"), stopped: t("stopped"), trial: t("number") }, { scheme, isMinimized, formats });
    // Models that were stopped have no score for all rows, and so no point.
    return { ...found, series: (found.series as unknown[]).slice(0, 2) };
  }, [candidates, title, isMinimized, scheme, formats, t]);
  const rows = candidates.map((one) => [one.trial, one.display_name, one.value === undefined ? "" : formats.value(one.value)]);
  return (
    <EChart
      title={t("overModels", { metric: title })}
      option={option}
      height={240}
      table={{ heads: [t("number"), t("name"), title], rows }}
      on={{
        click: (event) => {
          const name = (event as { data?: { name?: string } }).data?.name;
          if (name) void navigate({ to: "/workspaces/$ws/jobs/$name", params: { ws, name }, search: {} });
        },
      }}
    />
  );
}
