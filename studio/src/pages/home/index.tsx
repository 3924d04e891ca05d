// The home of a workspace: what runs, what was done last, what serves.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { inWorkspace, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems, jobRows, statusQuery } from "@/api/queries";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { Duration } from "@/parts/Duration";
import { EmptyState } from "@/parts/EmptyState";
import { Page } from "@/parts/Page";
import { RelativeTime } from "@/parts/RelativeTime";
import { StatusBadge } from "@/parts/StatusBadge";
import { isFinal } from "@/parts/statuses";
import { samplesOfFirstJob } from "@/pages/jobs/samples";
import { useWorkspace } from "@/shell/workspace";
import classes from "./Home.module.css";
import { homeTexts } from "./texts";

const RECENT = 8;

export default function HomePage() {
  const t = useTexts(homeTexts);
  const ws = useWorkspace();
  return (
    <Page title={t("title")}>
      <Figures />
      <div className={classes.columns}>
        <RecentJobs ws={ws} />
        <div className={classes.side}>
          <Endpoints ws={ws} />
          <Models ws={ws} />
        </div>
      </div>
    </Page>
  );
}

function Figures() {
  const t = useTexts(homeTexts);
  const formats = useFormats();
  const { data: status } = useQuery(statusQuery);
  const figures: [string, string][] = [
    [t("running"), status ? formats.integer(status.jobs.running) : "–"],
    [t("queued"), status ? formats.integer(status.jobs.queued) : "–"],
    [t("cores"), status ? t("coresOf", { used: status.ledger.in_use, total: status.ledger.cores }) : "–"],
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

function Panel({ title, more, children }: { title: string; more: ReactNode; children: ReactNode }) {
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {more}
      </header>
      {children}
    </section>
  );
}

function RecentJobs({ ws }: { ws: string }) {
  const t = useTexts(homeTexts);
  const { data: jobs } = useQuery({
    queryKey: [...keys.jobs(ws), "recent"],
    queryFn: () => jobRows(ws, { limit: RECENT, order_by: "attributes.created_at DESC" }),
  });
  const more = (
    <Link to="/workspaces/$ws/jobs" params={{ ws }}>
      {t("all")}
    </Link>
  );
  return (
    <Panel title={t("recent")} more={more}>
      {jobs?.items.length === 0 ? (
        <div style={{ padding: "32px 20px" }}>
          <EmptyState icon="jobs" title={t("emptyTitle")} text={t("emptyText")} samples={[{ form: "make", text: "make demo" }, ...samplesOfFirstJob(ws)]} />
        </div>
      ) : (
        <ul className={classes.rows}>
          {jobs?.items.map((job) => (
            <li key={job.name} className={classes.job}>
              <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: job.name }} className="cut">
                {job.display_name || job.name}
              </Link>
              <StatusBadge status={job.status} reason={isFinal(job.status) ? undefined : job.status_reason} />
              <span className="faint cut">{job.experiment_name}</span>
              <span className="faint">
                <RelativeTime at={job.created_at} />
              </span>
              <span className="number">
                <Duration from={job.started_at} to={job.ended_at} isLive={!isFinal(job.status)} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Endpoints({ ws }: { ws: string }) {
  const t = useTexts(homeTexts);
  const { data } = useQuery({
    queryKey: [...keys.endpoints(ws), "list"],
    queryFn: () => allItems<Schemas["OnlineEndpoint"]>(inWorkspace(ws, "online-endpoints")),
  });
  const more = (
    <Link to="/workspaces/$ws/endpoints" params={{ ws }}>
      {t("all")}
    </Link>
  );
  return (
    <Panel title={t("endpoints")} more={more}>
      {data?.items.length === 0 ? <p className={classes.none}>{t("noEndpoints")}</p> : null}
      <ul className={classes.rows}>
        {data?.items.slice(0, RECENT).map((one) => (
          <li key={one.name} className={classes.pair}>
            <span className="cut">{one.name}</span>
            <StatusBadge status={one.provisioning_state ?? ""} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Models({ ws }: { ws: string }) {
  const t = useTexts(homeTexts);
  const { data } = useQuery({
    queryKey: [...keys.assets(ws, "model"), "list"],
    queryFn: () => allItems<Schemas["Model"]>(inWorkspace(ws, "models")),
  });
  const more = (
    <Link to="/workspaces/$ws/models" params={{ ws }}>
      {t("all")}
    </Link>
  );
  return (
    <Panel title={t("models")} more={more}>
      {data?.items.length === 0 ? <p className={classes.none}>{t("noModels")}</p> : null}
      <ul className={classes.rows}>
        {data?.items.slice(0, RECENT).map((one) => (
          <li key={one.name} className={classes.pair}>
            <span className="cut">{one.name}</span>
            <span className="faint">{t("versionOf", { version: one.version ?? "" })}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
