// The list of jobs: everything about a job is a column, a filter, an order; the address holds the view.
import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { keys } from "@/api/keys";
import { type JobRow, jobRows, type RowsQuery } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { type Column, DataTable } from "@/parts/DataTable";
import { Duration } from "@/parts/Duration";
import { EmptyState } from "@/parts/EmptyState";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { RelativeTime } from "@/parts/RelativeTime";
import { StatusBadge } from "@/parts/StatusBadge";
import { isFinal } from "@/parts/statuses";
import { useUrlState } from "@/parts/urlState";
import { useWorkspace } from "@/shell/workspace";
import { samplesOfFirstJob } from "./samples";
import { jobsTexts } from "./texts";

export default function JobsPage() {
  const t = useTexts(jobsTexts);
  const ws = useWorkspace();
  const navigate = useNavigate();
  const [search] = useUrlState();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const columns = useColumns(ws);
  const asked: RowsQuery = {
    ...(search.q ? { search: search.q } : {}),
    ...(search.filter ? { filter: search.filter } : {}),
    scope: search.scope === "all" ? "all" : "roots",
    list_view_type: viewType(search.view),
  };
  const isFiltered = Boolean(search.q || search.filter || search.view);
  return (
    <Page title={t("title")} isFilling>
      <DataTable<JobRow>
        label={t("title")}
        name="jobs"
        columns={columns}
        rowKey={(job) => job.name}
        rowLabel={(job) => job.display_name || job.name}
        queryKey={[...keys.jobs(ws), "rows", asked]}
        load={({ offset, limit, orderBy }) => jobRows(ws, { ...asked, offset, limit, ...(orderBy ? { order_by: orderBy } : {}) })}
        chosen={chosen}
        onChoose={setChosen}
        onOpen={(job) => void navigate({ to: "/workspaces/$ws/jobs/$name", params: { ws, name: job.name } })}
        tools={
          <>
            <Filters />
            {chosen.size ? <CancelChosen ws={ws} chosen={chosen} onDone={() => setChosen(new Set())} /> : null}
          </>
        }
        empty={isFiltered ? <NoneFits /> : <EmptyState icon="jobs" title={t("emptyTitle")} text={t("emptyText")} samples={samplesOfFirstJob(ws)} />}
      />
    </Page>
  );
}

function viewType(word: string | undefined): "ActiveOnly" | "ArchivedOnly" | "All" {
  return word === "archived" ? "ArchivedOnly" : word === "all" ? "All" : "ActiveOnly";
}

function useColumns(ws: string): Column<JobRow>[] {
  const t = useTexts(jobsTexts);
  return [
    {
      id: "name",
      title: t("name"),
      width: 260,
      sortBy: "attributes.display_name",
      render: (job) => (
        <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: job.name }} title={job.name}>
          {job.display_name || job.name}
        </Link>
      ),
    },
    {
      id: "status",
      title: t("status"),
      width: 130,
      sortBy: "attributes.status",
      render: (job) => <StatusBadge status={job.status} reason={reasonOf(job)} />,
    },
    { id: "type", title: t("type"), width: 100, sortBy: "attributes.type", render: (job) => (job.type === "base" ? t("typeBase") : job.type) },
    { id: "experiment", title: t("experiment"), width: 180, sortBy: "attributes.experiment_name", render: (job) => job.experiment_name },
    { id: "created", title: t("created"), width: 150, sortBy: "attributes.created_at", render: (job) => <RelativeTime at={job.created_at} /> },
    {
      id: "duration",
      title: t("duration"),
      width: 110,
      sortBy: "attributes.duration",
      isNumber: true,
      render: (job) => <Duration from={job.started_at} to={job.ended_at} isLive={!isFinal(job.status)} />,
    },
    { id: "children", title: t("children"), width: 90, isNumber: true, render: (job) => job.children || "" },
    { id: "user", title: t("user"), width: 110, sortBy: "attributes.user", isHidden: true, render: (job) => job.user },
    { id: "id", title: t("id"), width: 220, sortBy: "attributes.name", isHidden: true, render: (job) => <span className="mono">{job.name}</span> },
  ];
}

/** Return why a job waits or how it failed; what it waited for says nothing once it has ended. */
function reasonOf(job: JobRow): string | undefined {
  return job.error?.message ?? (isFinal(job.status) ? undefined : job.status_reason);
}

function Filters() {
  const t = useTexts(jobsTexts);
  const [search, change] = useUrlState();
  const [words, setWords] = useState(search.q ?? "");
  useEffect(() => setWords(search.q ?? ""), [search.q]);
  const ask = useDebouncedCallback((q: string) => change({ q }), 200);
  return (
    <>
      <TextInput
        aria-label={t("search")}
        placeholder={t("search")}
        leftSection={<Icon name="search" size={14} />}
        value={words}
        w={270}
        onChange={(event) => {
          setWords(event.currentTarget.value);
          ask(event.currentTarget.value);
        }}
      />
      <SegmentedControl
        aria-label={t("shown")}
        value={search.view ?? "active"}
        onChange={(view) => change({ view: view === "active" ? undefined : view })}
        data={[
          { value: "active", label: t("active") },
          { value: "archived", label: t("archived") },
          { value: "all", label: t("all") },
        ]}
      />
      <SegmentedControl
        aria-label={t("children")}
        value={search.scope ?? "roots"}
        onChange={(scope) => change({ scope: scope === "roots" ? undefined : scope })}
        data={[
          { value: "roots", label: t("rootsOnly") },
          { value: "all", label: t("withChildren") },
        ]}
      />
    </>
  );
}

function NoneFits() {
  const t = useTexts(jobsTexts);
  const [, change] = useUrlState();
  const clear = () => change({ q: undefined, filter: undefined, view: undefined });
  return (
    <EmptyState icon="search" title={t("noneTitle")} text={t("noneText")} action={<Button variant="default" onClick={clear}>{t("clear")}</Button>} />
  );
}

function CancelChosen({ ws, chosen, onDone }: { ws: string; chosen: ReadonlySet<string>; onDone(): void }) {
  const t = useTexts(jobsTexts);
  const cancel = async () => {
    const answers = await Promise.allSettled([...chosen].map((name) => send("POST", inWorkspace(ws, "jobs", name, "cancel"))));
    const done = answers.filter((one) => one.status === "fulfilled").length;
    const refused = answers.find((one) => one.status === "rejected");
    notifications.show(
      refused && !done ? { color: "red", message: String(refused.reason.message) } : { message: t("cancelled", { count: done }) },
    );
    onDone();
  };
  return (
    <Button variant="default" leftSection={<Icon name="stop" size={14} />} onClick={() => void cancel()}>
      {t("cancelJobs", { count: chosen.size })}
    </Button>
  );
}
