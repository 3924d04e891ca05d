// One job: what it is and did, and what it printed.
import { Alert, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { inWorkspace, json, PREFIX, send } from "@/api/client";
import { keys } from "@/api/keys";
import { jobQuery } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { LogView } from "@/parts/LogView";
import { Page } from "@/parts/Page";
import { StatusBadge } from "@/parts/StatusBadge";
import { isFinal } from "@/parts/statuses";
import { UrlTabs } from "@/parts/UrlTabs";
import { useWorkspace } from "@/shell/workspace";
import { SweepTrials } from "@/pages/sweep";
import { Overview, type Summary } from "./Overview";
import { jobTexts } from "./texts";

export default function JobPage() {
  const t = useTexts(jobTexts);
  const ws = useWorkspace();
  const navigate = useNavigate();
  const { name = "", tab } = useParams({ strict: false });
  const found = useQuery(jobQuery(ws, name));
  const summary = useQuery({
    queryKey: [...keys.job(ws, name), "summary"],
    queryFn: () => json<Summary>(inWorkspace(ws, "jobs", name, "summary")),
  });
  const job = found.data;
  const status = job?.status ?? "";
  const above = [
    <Link key="jobs" to="/workspaces/$ws/jobs" params={{ ws }}>
      {t("jobs")}
    </Link>,
  ];
  const logs = inWorkspace(ws, "jobs", name, "logs");
  return (
    <Page
      title={job?.display_name ?? name}
      heading={
        <>
          {job?.display_name ?? name} <span style={{ fontSize: "0.8125rem", fontWeight: 400 }}>{job ? <StatusBadge status={status} /> : null}</span>
        </>
      }
      above={above}
      isFilling={tab === "logs"}
      actions={
        job && !isFinal(status) ? (
          <Button variant="default" leftSection={<Icon name="stop" size={14} />} onClick={() => void send("POST", inWorkspace(ws, "jobs", name, "cancel"))}>
            {t("cancelJob")}
          </Button>
        ) : null
      }
    >
      {found.error ? <ErrorNote error={found.error} onRetry={() => void found.refetch()} /> : null}
      {job?.error ? (
        <Alert color="red" variant="light" icon={<Icon name="warning" />} title={t("failed")}>
          {String(job.error.message ?? JSON.stringify(job.error))}
        </Alert>
      ) : null}
      {job?.properties?.warning ? (
        <Alert color="yellow" variant="light" icon={<Icon name="warning" />} title={t("warning")}>
          {String(job.properties.warning)}
        </Alert>
      ) : null}
      {job ? (
        <UrlTabs
          value={tab ?? "overview"}
          onChange={(next) =>
            void navigate(
              next === "overview"
                ? { to: "/workspaces/$ws/jobs/$name", params: { ws, name } }
                : { to: "/workspaces/$ws/jobs/$name/$tab", params: { ws, name, tab: next } },
            )
          }
          tabs={[
            { id: "overview", title: t("overview"), content: <Overview ws={ws} job={job} summary={summary.data} /> },
            ...(job.type === "sweep" ? [{ id: "trials", title: t("children"), content: <SweepTrials ws={ws} name={name} /> }] : []),
            {
              id: "logs",
              title: t("logs"),
              content: <LogView path={logs} download={`${PREFIX}${inWorkspace(ws, "jobs", name, "files", "user_logs", "std_log.txt").replace(/%2F/g, "/")}`} />,
            },
          ]}
        />
      ) : null}
    </Page>
  );
}
