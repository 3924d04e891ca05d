// The table of trials: what the brush leaves, in any order; why a trial was stopped or failed stands beside it.
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { type Formats, useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { type Column, DataTable } from "@/parts/DataTable";
import { Icon } from "@/parts/Icon";
import { StatusBadge } from "@/parts/StatusBadge";
import { shown } from "./options";
import classes from "./Sweep.module.css";
import { sweepTexts } from "./texts";
import { type Axis, type Key, sorted, type Trial, valueOn } from "./trials";

interface TableProps {
  ws: string;
  name: string;
  trials: readonly Trial[];
  axes: readonly Axis[];
  best: Trial | undefined;
  /** Without another order the best come first. */
  isMinimized: boolean;
  /** Changes with every look at the server. */
  version: number;
  tools?: React.ReactNode;
}

export function TrialTable({ ws, name, trials, axes, best, isMinimized, version, tools }: TableProps) {
  const t = useTexts(sweepTexts);
  const formats = useFormats();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const columns = useColumns(ws, axes, best?.name, formats);
  const keys = useMemo(() => sortKeys(axes), [axes]);
  // The rows are here already; the table asks for windows all the same.
  const key = ["trial-table", ws, name];
  const mark = `${version} ${trials.length} ${trials[0]?.name ?? ""} ${trials.at(-1)?.name ?? ""}`;
  return (
    <div className={classes.table} style={{ height: Math.min(520, 140 + trials.length * 36) }}>
      <DataTable<Trial>
        label={t("trials")}
        name="trials"
        columns={columns}
        rowKey={(one) => one.name}
        queryKey={[...key, mark]}
        load={({ offset, limit, orderBy }) => {
          queries.removeQueries({ queryKey: key, predicate: (one) => one.queryKey[3] !== mark && one.getObserversCount() === 0 });
          const [id, direction] = (orderBy ?? "").split(" ");
          const order = id ? keys[id] : undefined;
          const rows = order ? sorted(trials, order, direction === "DESC") : sorted(trials, (one) => one.value, !isMinimized);
          return Promise.resolve({ items: rows.slice(offset, offset + limit), total: rows.length, offset });
        }}
        onOpen={(one) => void navigate({ to: "/workspaces/$ws/jobs/$name", params: { ws, name: one.name }, search: {} })}
        tools={tools}
        empty={<p className="faint">{t("noneInBrush")}</p>}
      />
    </div>
  );
}

function sortKeys(axes: readonly Axis[]): Record<string, Key> {
  return {
    trial: (one) => one.trial,
    status: (one) => (one.early_termination ? `${one.status} 2` : one.status),
    waiting: (one) => one.seconds_waiting,
    running: (one) => one.seconds_running,
    ...Object.fromEntries(axes.map((axis, index) => [`a${index}`, (one: Trial) => valueOn(one, axis)])),
  };
}

function useColumns(ws: string, axes: readonly Axis[], best: string | undefined, formats: Formats): Column<Trial>[] {
  const t = useTexts(sweepTexts);
  const metric = axes.length - 1;
  const axisColumn = (axis: Axis, index: number): Column<Trial> => ({
    id: `a${index}`,
    title: axis.title,
    width: axis.isMetric ? 104 : Math.min(Math.max(axis.title.length * 8 + 36, 100), 170),
    sortBy: `a${index}`,
    isNumber: !axis.words,
    render: (one) => shown(valueOn(one, axis), formats, ""),
  });
  return [
    {
      id: "trial",
      title: t("trial"),
      width: 116,
      sortBy: "trial",
      render: (one) => (
        <span className={classes.trial}>
          <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: one.name }} search={{}} title={one.name}>
            {one.trial}
          </Link>
          {one.name === best ? <span className={classes.best}>{t("best")}</span> : null}
        </span>
      ),
    },
    {
      id: "status",
      title: t("status"),
      width: 150,
      sortBy: "status",
      render: (one) =>
        one.early_termination ? (
          <span className={classes.stopped} title={one.early_termination.reason}>
            <Icon name="stop" size={12} /> {t("stoppedEarly")}
          </span>
        ) : (
          <StatusBadge status={one.status} reason={one.error} />
        ),
    },
    axisColumn(axes[metric]!, metric),
    ...axes.slice(0, metric).map(axisColumn),
    { id: "waiting", title: t("waiting"), width: 92, sortBy: "waiting", isNumber: true, render: (one) => formats.duration(one.seconds_waiting) },
    { id: "running", title: t("running"), width: 92, sortBy: "running", isNumber: true, render: (one) => (one.seconds_running === undefined ? "" : formats.duration(one.seconds_running)) },
    {
      id: "why",
      title: t("why"),
      width: 320,
      render: (one) => {
        const stop = one.early_termination;
        const text = stop
          ? t("stoppedBecause", { policy: stop.policy, interval: stop.interval, value: formats.value(stop.value), limit: formats.value(stop.limit) })
          : (one.error ?? "");
        return (
          <span className="faint" title={stop?.reason ?? one.error}>
            {text}
          </span>
        );
      },
    },
  ];
}
