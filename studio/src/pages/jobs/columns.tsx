// The columns of the table of jobs: those that every job has, and one for each metric, parameter and tag that is chosen.
import { useMemo } from "react";
import { columnsQuery, type JobRow } from "@/api/queries";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { useQueryClient } from "@tanstack/react-query";
import type { FindColumns } from "@/parts/ColumnEditor";
import type { Column } from "@/parts/DataTable";
import { Duration } from "@/parts/Duration";
import { metricNumber } from "@/parts/metricValue";
import { RelativeTime } from "@/parts/RelativeTime";
import { RowLink } from "@/parts/RowLink";
import { StatusBadge } from "@/parts/StatusBadge";
import { isFinal } from "@/parts/statuses";
import { columnId, type Kind, KINDS, parseId } from "./columnIds";
import { columnName } from "./filterLanguage";
import { jobsTexts } from "./texts";

export function useJobColumns(ws: string, cols: string | undefined): Column<JobRow>[] {
  const t = useTexts(jobsTexts);
  const formats = useFormats();
  return useMemo(() => {
    const types: Record<string, string> = { base: t("typeBase"), command: t("typeCommand"), sweep: t("typeSweep"), automl: t("typeAutoml") };
    const fixed: Column<JobRow>[] = [
      {
        id: "name",
        title: t("name"),
        width: 300,
        sortBy: "attributes.display_name",
        render: (job) => (
          <RowLink to={`/workspaces/${encodeURIComponent(ws)}/jobs/${encodeURIComponent(job.name)}`} title={job.display_name || job.name}>
            {job.display_name || job.name}
          </RowLink>
        ),
      },
      { id: "status", title: t("status"), width: 128, sortBy: "attributes.status", render: (job) => <StatusBadge status={job.status} reason={reasonOf(job)} /> },
      { id: "type", title: t("type"), width: 100, sortBy: "attributes.type", render: (job) => types[job.type] ?? job.type },
      { id: "experiment", title: t("experiment"), width: 160, sortBy: "attributes.experiment_name", render: (job) => <span title={job.experiment_name}>{job.experiment_name}</span> },
      { id: "created", title: t("created"), width: 148, sortBy: "attributes.created_at", render: (job) => <RelativeTime at={job.created_at} /> },
      {
        id: "duration",
        title: t("duration"),
        width: 104,
        sortBy: "attributes.duration",
        isNumber: true,
        render: (job) => <Duration from={job.started_at} to={job.ended_at} isLive={!isFinal(job.status)} />,
      },
      { id: "children", title: t("children"), width: 88, isNumber: true, render: (job) => (job.children ? formats.integer(job.children) : "") },
      { id: "user", title: t("user"), width: 110, sortBy: "attributes.user", isHidden: true, render: (job) => job.user },
      { id: "id", title: t("id"), width: 220, sortBy: "attributes.name", isHidden: true, render: (job) => <span className="mono">{job.name}</span> },
    ];
    const logged = (cols ?? "").split(",").flatMap((id) => {
      const found = parseId(id);
      return found ? [loggedColumn(id, found.kind, found.key, formats.value)] : [];
    });
    return [...fixed, ...logged];
  }, [ws, cols, t, formats]);
}

function loggedColumn(id: string, kind: Kind, key: string, say: (value: number) => string): Column<JobRow> {
  const isNumber = kind === "metrics";
  return {
    id,
    title: key,
    width: isNumber ? 104 : 120,
    sortBy: columnName(kind, key),
    isHidden: true,
    isNumber,
    render(job) {
      if (kind !== "metrics") return <span title={job[kind][key]}>{job[kind][key] ?? ""}</span>;
      const value = job.metrics[key];
      return value === undefined ? "" : say(metricNumber(value));
    },
  };
}

/** Return why a job waits or how it failed; what it waited for says nothing once it has ended. */
function reasonOf(job: JobRow): string | undefined {
  return (job.error?.message as string | undefined) ?? (isFinal(job.status) ? undefined : job.status_reason);
}

/** The metrics, parameters and tags that there are, for the column editor. */
export function useFindColumns(ws: string): FindColumns {
  const t = useTexts(jobsTexts);
  const queries = useQueryClient();
  return useMemo(
    () => ({
      key: ["ws", ws, "columns", "editor"],
      async find(words) {
        const found = await queries.fetchQuery({ ...columnsQuery(ws, words), staleTime: 10_000 });
        return KINDS.map((kind) => ({
          title: t(kind),
          total: found.total[kind],
          columns: found[kind].flatMap((one) => {
            const id = columnId(kind, one.key);
            return id ? [{ id, title: one.key, rows: one.runs }] : [];
          }),
        }));
      },
    }),
    [ws, queries, t],
  );
}
