// The lists of the home page: what waits and why, recent jobs, models, endpoints.
import { Link } from "@tanstack/react-router";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { Duration } from "@/parts/Duration";
import { Panel } from "@/parts/Panel";
import { RelativeTime } from "@/parts/RelativeTime";
import { useReason } from "@/parts/reasons";
import { StatusBadge } from "@/parts/StatusBadge";
import { isFinal } from "@/parts/statuses";
import classes from "./Home.module.css";
import { headline, type Summary } from "./summary";
import { homeTexts } from "./texts";

interface ListProps {
  ws: string;
  summary: Summary;
}

export function Queue({ ws, summary: { queue } }: ListProps) {
  const t = useTexts(homeTexts);
  const say = useReason();
  if (!queue.length) return null;
  return (
    <Panel title={t("queue", { count: queue.length })}>
      <ul className={classes.rows}>
        {queue.map((one) => (
          <li key={one.name} className={classes.waits}>
            <span className={classes.place} title={one.position ? t("position", { position: one.position }) : undefined}>
              {one.position ?? "·"}
            </span>
            <JobLink ws={ws} job={one} />
            <span className="faint">
              <RelativeTime at={one.since} />
            </span>
            <span className={classes.under}>{say(one.reason)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function JobLink({ ws, job }: { ws: string; job: { name: string; display_name: string } }) {
  return (
    <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: job.name }} className="cut" title={job.name}>
      {job.display_name || job.name}
    </Link>
  );
}

export function RecentJobs({ ws, summary: { recent_jobs: jobs } }: ListProps) {
  const t = useTexts(homeTexts);
  const more = (
    <Link to="/workspaces/$ws/jobs" params={{ ws }}>
      {t("all")}
    </Link>
  );
  return (
    <Panel title={t("recent")} more={more}>
      {jobs.length ? null : <p className={classes.none}>{t("noJobs")}</p>}
      <ul className={classes.rows}>
        {jobs.map((job) => (
          <li key={job.name} className={classes.job}>
            <JobLink ws={ws} job={job} />
            <StatusBadge status={job.status} reason={isFinal(job.status) ? undefined : job.status_reason} />
            <span className="faint cut" title={job.experiment_name}>
              {job.experiment_name}
            </span>
            <span className="faint">
              <RelativeTime at={job.created_at} />
            </span>
            <span className="number">
              <Duration from={job.started_at} to={job.ended_at} isLive={!isFinal(job.status)} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function Endpoints({ ws, summary: { endpoints } }: ListProps) {
  const t = useTexts(homeTexts);
  const more = (
    <Link to="/workspaces/$ws/endpoints" params={{ ws }}>
      {t("all")}
    </Link>
  );
  return (
    <Panel title={t("endpoints")} more={more}>
      {endpoints.length ? null : <p className={classes.none}>{t("noEndpoints")}</p>}
      <ul className={classes.rows}>
        {endpoints.map((one) => (
          <li key={one.name} className={classes.pair}>
            <Link to="/workspaces/$ws/endpoints/$name" params={{ ws, name: one.name }} className="cut">
              {one.name}
            </Link>
            <StatusBadge status={one.state} />
            <span className={classes.under}>
              {one.deployments.length
                ? one.deployments.map((each) => (
                    <span key={each.name} className={each.state === "Failed" ? `cut ${classes.failed}` : "cut"}>
                      {each.state === "Failed" ? t("failedDeployment", { name: each.name }) : t("deployment", { name: each.name, traffic: each.traffic, count: each.replicas })}
                    </span>
                  ))
                : t("noDeployments")}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function Models({ ws, summary: { best_models: models } }: ListProps) {
  const t = useTexts(homeTexts);
  const formats = useFormats();
  const more = (
    <Link to="/workspaces/$ws/models" params={{ ws }}>
      {t("all")}
    </Link>
  );
  return (
    <Panel title={t("models")} more={more}>
      {models.length ? null : <p className={classes.none}>{t("noModels")}</p>}
      <ul className={classes.rows}>
        {models.map((one) => {
          const metric = headline(one);
          return (
            <li key={one.name} className={classes.pair}>
              <Link to="/workspaces/$ws/models/$name/$version" params={{ ws, name: one.name, version: one.version }} className="cut">
                {one.name}
              </Link>
              <span className="faint">{t("versionOf", { version: one.version })}</span>
              <span className={classes.under}>
                {metric ? <span>{`${metric.key} ${formats.value(metric.value)}`}</span> : <span>{one.type}</span>}
                <span>
                  <RelativeTime at={one.created_at} />
                </span>
              </span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
