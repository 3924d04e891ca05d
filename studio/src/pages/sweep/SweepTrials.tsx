// What a sweep found: a tab of its job's page, live while it runs.
import { Button, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import type { Schemas } from "@/api/client";
import { jobQuery } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { useReason } from "@/parts/reasons";
import { isFinal } from "@/parts/statuses";
import { useUrlState } from "@/parts/urlState";
import { Importance, OverTrials, Parallel, Scatter, Slices } from "./Charts";
import { Figures } from "./Figures";
import { Scatter3d } from "./Scatter3d";
import classes from "./Sweep.module.css";
import { TrialTable } from "./Table";
import { sweepTexts } from "./texts";
import { axesOf, bestOf, brushed, parseBrush } from "./trials";
import { useTrials } from "./useTrials";

type Sweep = Schemas["SweepJob"];
const CHARTS = { parallel: Parallel, scatter: Scatter, scatter3d: Scatter3d, slices: Slices } as const;
type Chart = keyof typeof CHARTS;
const ALL = Object.keys(CHARTS) as Chart[];

/** The trials of a sweep: figures, charts, and a table that the parallel coordinates' brush filters. */
export function SweepTrials({ ws, name }: { ws: string; name: string }) {
  const t = useTexts(sweepTexts);
  const say = useReason();
  const [search, change] = useUrlState();
  const job = useQuery(jobQuery(ws, name));
  const found = useTrials(ws, name);
  const sweep = job.data as Sweep | undefined;
  const trials = useMemo(() => found.data ?? [], [found.data]);
  const metric = sweep?.objective?.primary_metric ?? "";
  const isMinimized = sweep?.objective?.goal === "minimize";
  // Its text, not the object: a fresh answer with the same parameters must not draw every chart anew.
  const order = Object.keys(sweep?.search_space ?? {}).join("\n");
  const axes = useMemo(() => axesOf(trials, order ? order.split("\n") : [], metric), [trials, order, metric]);
  const best = useMemo(() => bestOf(trials, isMinimized), [trials, isMinimized]);
  const left = useMemo(() => brushed(trials, axes, parseBrush(search.brush)), [trials, axes, search.brush]);
  if (job.error ?? found.error) return <ErrorNote error={job.error ?? found.error} onRetry={() => void found.refetch()} />;
  if (!sweep || !found.data) return null;
  const isRunning = !isFinal(sweep.status ?? "");
  const figures = <Figures ws={ws} name={name} sweep={sweep} trials={trials} best={best} isRunning={isRunning} />;
  if (!trials.length)
    return (
      <div className={classes.whole}>
        {figures}
        <EmptyState icon="chart" title={t("noTrials")} text={isRunning ? (sweep.status_reason ? say(sweep.status_reason) : t("noTrialsYet")) : t("noTrialsMade")} />
      </div>
    );
  const chosen = ALL.find((one) => one === search.chart) ?? "parallel";
  const Chosen = CHARTS[chosen];
  const props = { ws, name, trials, axes, isMinimized };
  const importance = (sweep.results as { importance?: Record<string, number> } | undefined)?.importance;
  return (
    <div className={classes.whole}>
      {figures}
      <div className={classes.top}>
        <OverTrials {...props} />
        <Importance shares={importance} />
      </div>
      {axes.length < 2 ? null : (
      <div>
        <ChartPick chosen={chosen} onChange={(next) => change({ chart: next === "parallel" ? undefined : next })} />
        <Chosen {...props} />
      </div>
      )}
      <TrialTable
        ws={ws}
        name={name}
        trials={left}
        axes={axes}
        best={best}
        isMinimized={isMinimized}
        version={found.dataUpdatedAt}
        tools={
          search.brush ? (
            <>
              <span>{t("brushed", { count: left.length, total: trials.length })}</span>
              <Button variant="default" size="compact-xs" onClick={() => change({ brush: undefined })}>
                {t("clearBrush")}
              </Button>
            </>
          ) : chosen === "parallel" ? (
            <span className="faint">{t("brushHint")}</span>
          ) : null
        }
      />
    </div>
  );
}

function ChartPick({ chosen, onChange }: { chosen: Chart; onChange(next: string): void }) {
  const t = useTexts(sweepTexts);
  const ref = useRef<HTMLDivElement>(null);
  // On a narrow page the chosen one may lie beyond the edge. Not by `scrollIntoView`, which moves the page as well; and not
  // the control itself, whose mark of the chosen one would be left behind.
  useEffect(() => {
    const active = ref.current?.querySelector<HTMLElement>("[data-active]");
    if (active) ref.current!.scrollLeft = active.offsetLeft + (active.offsetWidth - ref.current!.clientWidth) / 2;
  }, [chosen]);
  return (
    <div ref={ref} className={classes.charts}>
      <SegmentedControl
        aria-label={t("charts")}
        value={chosen}
        onChange={onChange}
        data={ALL.map((value) => ({ value, label: t(value === "slices" ? "slicesShort" : value) }))}
      />
    </div>
  );
}
