// The jobs around one version: the one that made it, and those that read it.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { client, data, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Panel } from "@/parts/Panel";
import { RelativeTime } from "@/parts/RelativeTime";
import { StatusBadge } from "@/parts/StatusBadge";
import classes from "./Dataset.module.css";
import { datasetTexts } from "./texts";

type Job = Schemas["LineageJob"];

export function Jobs({ ws, name, version }: { ws: string; name: string; version: string }) {
  const t = useTexts(datasetTexts);
  const { data: found, error } = useQuery({
    // As the lists of jobs are: a new job may read it.
    queryKey: [...keys.jobs(ws), "of data", name, version],
    queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/data/{name}/versions/{version}/jobs", { params: { path: { ws, name, version } } })),
  });
  return (
    <Panel title={t("jobs")}>
      {error ? <ErrorNote error={error} /> : null}
      {found?.made_by ? <List ws={ws} label={t("madeBy")} jobs={[found.made_by]} /> : null}
      {found?.used_by.length ? <List ws={ws} label={t("usedBy")} jobs={found.used_by} /> : null}
      {found && !found.used_by.length ? <p className={classes.none}>{t("notUsed")}</p> : null}
      {found?.has_more ? <p className={classes.none}>{t("moreJobs", { count: found.used_by.length })}</p> : null}
    </Panel>
  );
}

function List({ ws, label, jobs }: { ws: string; label: string; jobs: readonly Job[] }) {
  return (
    <>
      <h3 className={classes.under}>{label}</h3>
      <ul className={classes.jobs} aria-label={label}>
        {jobs.map((one) => (
          <li key={one.name}>
            <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: one.name }} className="cut" title={one.display_name || one.name}>
              {one.display_name || one.name}
            </Link>
            <StatusBadge status={one.status} />
            <RelativeTime at={one.created_at} />
          </li>
        ))}
      </ul>
    </>
  );
}
