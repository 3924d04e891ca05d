// One job: what it is and did, what it logged, printed and left, what it was made of.
import { Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { comparedQuery, jobQuery } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { fetchedPart } from "@/parts/fetched";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { StatusBadge } from "@/parts/StatusBadge";
import { isFinal } from "@/parts/statuses";
import { type Tab, UrlTabs } from "@/parts/UrlTabs";
import { useUrlState } from "@/parts/urlState";
import { useWorkspace } from "@/shell/workspace";
import { columnId } from "../jobs/columnIds";
import { columnsWith, JobsTable } from "../jobs/JobsTable";
import { Actions } from "./Actions";
import { candidateName } from "./automl/automl";
import { useAutoMLTabs } from "./automl/tabs";
import { FailurePanel } from "./FailurePanel";
import { type JobFacts, loggedBelowQuery } from "./job";
import classes from "./Job.module.css";
import { Overview } from "./Overview";
import { jobTexts } from "./texts";

// Each tab is fetched when it is first opened.
const Metrics = fetchedPart(() => import("./Metrics").then((found) => found.Metrics));
const Images = fetchedPart(() => import("./Images").then((found) => found.Images));
const Outputs = fetchedPart(() => import("./Outputs").then((found) => found.Outputs));
const Code = fetchedPart(() => import("./Code").then((found) => found.Code));
const EnvironmentTab = fetchedPart(() => import("./EnvironmentTab").then((found) => found.EnvironmentTab));
const Definition = fetchedPart(() => import("./Definition").then((found) => found.Definition));

/** Tabs whose content fills the window and scrolls inside. */
const FILLING = new Set(["logs", "code", "children"]);

export default function JobPage() {
  const t = useTexts(jobTexts);
  const ws = useWorkspace();
  const navigate = useNavigate();
  const [search] = useUrlState();
  const { name = "", tab = "overview" } = useParams({ strict: false });
  const found = useQuery(jobQuery(ws, name));
  const job = found.data as JobFacts["job"] | undefined;
  const facts = job ? { ws, name, job } : null;
  const parent = job?.parent_job_name ?? "";
  const owner = useQuery({ ...jobQuery(ws, parent), enabled: parent !== "" }).data as JobFacts["job"] | undefined;
  const title = (job ? candidateName(job) : undefined) ?? job?.display_name ?? name;
  const above = [
    <Link key="jobs" to="/workspaces/$ws/jobs" params={{ ws }}>
      {t("jobs")}
    </Link>,
    ...(parent
      ? [
          <Link key="parent" to="/workspaces/$ws/jobs/$name" params={{ ws, name: parent }}>
            {owner?.display_name ?? parent}
          </Link>,
        ]
      : []),
  ];
  const heading = (
    <span className={classes.title}>
      {title}
      {job ? (
        <small>
          <StatusBadge status={job.status ?? ""} {...(isFinal(job.status ?? "") ? {} : { reason: job.status_reason ?? undefined })} />
        </small>
      ) : null}
    </span>
  );
  return (
    <Page title={title} heading={heading} above={above} isFilling={FILLING.has(tab)} actions={facts ? <Actions {...facts} /> : null}>
      {found.error ? <ErrorNote error={found.error} onRetry={() => void found.refetch()} /> : null}
      {facts ? <Notes {...facts} tab={tab} /> : null}
      {facts ? (
        <JobTabs
          {...facts}
          tab={tab}
          onTab={(next) =>
            void navigate(
              next === "overview"
                ? { to: "/workspaces/$ws/jobs/$name", params: { ws, name }, search }
                : { to: "/workspaces/$ws/jobs/$name/$tab", params: { ws, name, tab: next }, search },
            )
          }
        />
      ) : null}
    </Page>
  );
}

/** What must be known before anything else: that it failed and why, that it is archived, what is odd about it. */
function Notes({ ws, name, job, tab }: JobFacts & { tab: string }) {
  const t = useTexts(jobTexts);
  const words = useServerWords();
  return (
    <>
      {job.error && tab === "overview" ? <FailurePanel ws={ws} name={name} error={job.error} /> : null}
      {job.properties?.warning ? (
        <Alert color="yellow" variant="light" icon={<Icon name="warning" />} title={t("warning")}>
          {words.say(String(job.properties.warning))}
        </Alert>
      ) : null}
      {job.archived ? (
        <Alert color="gray" variant="light" icon={<Icon name="info" />} p="xs">
          {t("archivedNote")}
        </Alert>
      ) : null}
    </>
  );
}

function JobTabs({ tab, onTab, ...facts }: JobFacts & { tab: string; onTab(tab: string): void }) {
  const t = useTexts(jobTexts);
  const { ws, name, job } = facts;
  const type = String(job.type);
  const row = useQuery(comparedQuery(ws, [name])).data?.jobs[0];
  const overview = <Overview {...facts} />;
  const logs: Tab = { id: "logs", title: t("logs"), content: <Outputs {...facts} /> };
  const environment: Tab = { id: "environment", title: t("environment"), content: <EnvironmentTab {...facts} /> };
  const definition: Tab = { id: "definition", title: t("definition"), content: <Definition ws={ws} name={name} /> };
  const automl = useAutoMLTabs(facts, { overview, logs, environment, definition, children: row?.children });
  if (automl) return <UrlTabs value={tab} onChange={onTab} tabs={automl} />;
  const tabs: (Tab | null)[] = [
    { id: "overview", title: t("overview"), content: overview },
    type === "sweep" ? { id: "trials", title: t("trials"), count: row?.children, content: <SweepTrials ws={ws} name={name} /> } : null,
    { id: "metrics", title: t("metrics"), content: <Metrics ws={ws} name={name} /> },
    { id: "images", title: t("images"), content: <Images ws={ws} name={name} /> },
    { id: "children", title: t("children"), ...(row?.children ? { count: row.children } : {}), content: <Children {...facts} /> },
    logs,
    type === "base" ? null : { id: "code", title: t("code"), content: <Code {...facts} /> },
    type === "base" ? null : environment,
    type === "base" ? null : definition,
  ];
  return <UrlTabs value={tab} onChange={onTab} tabs={tabs.filter((one) => one !== null)} />;
}

const SweepTrials = fetchedPart(() => import("../sweep/SweepTrials").then((found) => found.SweepTrials));

/** Trials and nested runs; of a sweep with what was searched and what it is judged by. */
function Children({ ws, name, job }: JobFacts) {
  const t = useTexts(jobTexts);
  const space = "search_space" in job && job.search_space ? Object.keys(job.search_space) : [];
  const goal = "objective" in job && job.objective ? (job.objective as { primary_metric?: string }).primary_metric : undefined;
  const known = useQuery({ ...loggedBelowQuery(ws, name), enabled: space.length > 0 }).data;
  // Scripts log what they were given as parameters, some as metrics, some not at all.
  const searched = space.map((key) => columnId(known && !known.params.includes(key) && known.metrics.includes(key) ? "metrics" : "params", key));
  const columns = goal ? columnsWith([columnId("metrics", goal), ...searched]) : undefined;
  if (space.length && !known) return null;
  return <JobsTable ws={ws} label={t("children")} parent={name} columns={columns} empty={<EmptyState icon="jobs" title={t("noChildrenTitle")} text={t("noChildrenText")} />} />;
}
