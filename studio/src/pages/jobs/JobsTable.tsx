// The table of jobs, of a workspace or below one job: tree, filters, columns of what was logged, what is done with many.
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useMemo, useState } from "react";
import { comparedQuery, type JobRow, jobRows, MOST_COMPARED } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { DataTable } from "@/parts/DataTable";
import { EmptyState } from "@/parts/EmptyState";
import { fetchedPart } from "@/parts/fetched";
import { useUrlState } from "@/parts/urlState";
import { columnId } from "./columnIds";
import { useFindColumns, useJobColumns } from "./columns";
import { FilterLine, JobFilters } from "./Filters";
import { askedRows, isTree, outermost, rowsKey } from "./rowsQuery";
import { jobsTexts } from "./texts";

// Once jobs are chosen.
const Bulk = fetchedPart(() => import("./Bulk").then((found) => found.Bulk));

interface JobsTableProps {
  ws: string;
  label: string;
  /** Lists what is below this job. */
  parent?: string;
  /** Columns in place of the usual ones, as words of the address. */
  columns?: string | undefined;
  /** Shown when there is none, whatever the filter. */
  empty: ReactNode;
}

const FIXED = "name,status,type,experiment,created,duration,children";

export function JobsTable({ ws, label, parent, columns: standard, empty }: JobsTableProps) {
  const navigate = useNavigate();
  const [search, change] = useUrlState();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [loaded, setLoaded] = useState<readonly JobRow[]>([]);
  const cols = search.cols ?? standard;
  // Sorted by a metric that is no column, the table still needs the column that it is sorted by.
  const declared = useJobColumns(ws, [cols, search.sort?.replace(/^-/, "")].filter(Boolean).join(","));
  const columns = useMemo(() => (standard ? declared.map((one) => ({ ...one, isHidden: !standard.split(",").includes(one.id) })) : declared), [declared, standard]);
  const findColumns = useFindColumns(ws);
  const asked = askedRows(search, standard);
  const hasTree = isTree(search, parent);
  const isFiltered = Boolean(search.q || search.filter || search.view);
  return (
    <DataTable<JobRow>
      label={label}
      name={parent === undefined ? "jobs" : "children"}
      columns={columns}
      rowKey={(job) => job.name}
      rowLabel={(job) => job.display_name || job.name}
      {...(hasTree ? { countBelow: (job: JobRow) => job.children } : {})}
      queryKey={rowsKey(ws, search, parent, standard)}
      load={({ offset, limit, orderBy, parent: below }, signal) =>
        jobRows(
          ws,
          {
            // A row that is opened shows all that is below it; the filter is for the outermost rows.
            ...(below === undefined ? asked : { columns: asked.columns ?? "", list_view_type: "All" as const }),
            ...outermost(search, below ?? parent),
            offset,
            limit,
            ...(orderBy ? { order_by: orderBy } : {}),
          },
          signal,
        )
      }
      chosen={chosen}
      onChoose={setChosen}
      onLoaded={setLoaded}
      onOpen={(job) => void navigate({ to: "/workspaces/$ws/jobs/$name", params: { ws, name: job.name } })}
      tools={chosen.size ? <Bulk ws={ws} chosen={chosen} onDone={() => setChosen(new Set())} /> : <JobFilters ws={ws} isBelow={parent !== undefined} />}
      below={<FilterLine ws={ws} />}
      findColumns={findColumns}
      columnTools={<DifferingColumns ws={ws} names={loaded.slice(0, MOST_COMPARED).map((one) => one.name)} onColumns={(words) => change({ cols: words })} />}
      empty={isFiltered ? <NoneFits onClear={() => change({ q: undefined, filter: undefined, view: undefined })} {...(hasTree && parent === undefined ? { onAll: () => change({ scope: "all" }) } : {})} /> : empty}
    />
  );
}

/** One click: the parameters and metrics whose values differ between the rows that are loaded. */
function DifferingColumns({ ws, names, onColumns }: { ws: string; names: readonly string[]; onColumns(words: string): void }) {
  const t = useTexts(jobsTexts);
  const queries = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const show = async () => {
    setBusy(true);
    const found = await queries.fetchQuery(comparedQuery(ws, names)).finally(() => setBusy(false));
    const ids = (["params", "metrics"] as const).flatMap((kind) => found.differing[kind].flatMap((key) => columnId(kind, key) ?? []));
    if (ids.length) onColumns(["name", "status", ...ids].join(","));
    else notifications.show({ message: t("differingNone") });
  };
  return (
    <Button variant="default" fullWidth loading={isBusy} disabled={names.length < 2} onClick={() => void show()}>
      {t("differing")}
    </Button>
  );
}

function NoneFits({ onClear, onAll }: { onClear(): void; onAll?: () => void }) {
  const t = useTexts(jobsTexts);
  return (
    <EmptyState
      icon="search"
      title={t("noneTitle")}
      text={t(onAll ? "noneInTree" : "noneText")}
      action={
        <div style={{ display: "flex", gap: 8, marginTop: 6 }}>
          <Button variant="default" onClick={onClear}>
            {t("clear")}
          </Button>
          {onAll ? <Button onClick={onAll}>{t("searchAll")}</Button> : null}
        </div>
      }
    />
  );
}

/** Return the usual columns and some metrics and parameters, for a table below one job. */
export function columnsWith(ids: readonly (string | null)[]): string {
  return [...FIXED.split(",").filter((id) => id !== "experiment" && id !== "type" && id !== "children"), ...ids.filter((id) => id !== null)].join(",");
}
