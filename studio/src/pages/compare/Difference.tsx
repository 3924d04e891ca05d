// What differs between two jobs in how they were made: settings, parameters, inputs, code, packages.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { client, data } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { UnifiedDiff } from "@/parts/UnifiedDiff";
import classes from "./Compare.module.css";
import type { ComparedJob } from "./compared";
import { compareTexts } from "./texts";

const CHANGES = { added: "fileAdded", removed: "fileRemoved", changed: "fileChanged" } as const;

export function Difference({ ws, jobs, onSwap }: { ws: string; jobs: readonly ComparedJob[]; onSwap(): void }) {
  const t = useTexts(compareTexts);
  const [from, to] = jobs as [ComparedJob, ComparedJob];
  const { data: found, error } = useQuery({
    queryKey: [...keys.job(ws, from.name), "difference", to.name],
    queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/jobs/{name}/difference", { params: { path: { ws, name: from.name }, query: { to: to.name } } })),
  });
  return (
    <div className={classes.relations}>
      <div className={`panel ${classes.sides}`}>
        <Side ws={ws} label={t("from")} job={from} />
        <Button variant="default" size="compact-sm" onClick={onSwap} leftSection={<Icon name="refresh" size={13} />}>
          {t("swap")}
        </Button>
        <Side ws={ws} label={t("to")} job={to} />
      </div>
      {error ? <ErrorNote error={error} /> : null}
      {found ? (
        <>
          <Changes title={t("params")} items={found.params} />
          <Changes title={t("specification")} items={found.spec} />
          <Changes title={t("inputs")} items={found.inputs} />
          <Panel title={t("code")} isEmpty={!found.code.length}>
            <div className={classes.files}>
              {found.code.map((one) => (
                <div key={one.path}>
                  <div className={classes.file}>
                    <Icon name="file" size={14} />
                    <strong className="mono">{one.path}</strong>
                    <span className="faint">{t(CHANGES[one.change])}</span>
                  </div>
                  {one.diff ? <UnifiedDiff label={one.path} diff={one.diff} /> : <p className="faint">{t("noDiff")}</p>}
                </div>
              ))}
            </div>
          </Panel>
          <Changes title={t("packages")} items={found.packages.map(({ name, ...sides }) => ({ path: name, ...sides }))} />
        </>
      ) : null}
    </div>
  );
}

function Side({ ws, label, job }: { ws: string; label: string; job: ComparedJob }) {
  return (
    <div className={classes.side}>
      <span className="faint">{label}</span>
      <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: job.name }} className="cut">
        {job.display_name || job.name}
      </Link>
      <span className={`${classes.id} cut`}>{job.name}</span>
    </div>
  );
}

function Panel({ title, isEmpty, children }: { title: string; isEmpty: boolean; children: ReactNode }) {
  const t = useTexts(compareTexts);
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {isEmpty ? <span className="faint">{t("same")}</span> : null}
      </header>
      {isEmpty ? null : children}
    </section>
  );
}

function Changes({ title, items }: { title: string; items: readonly { path: string; from?: unknown; to?: unknown }[] }) {
  const t = useTexts(compareTexts);
  return (
    <Panel title={title} isEmpty={!items.length}>
      <table className={classes.changes}>
        <tbody>
          {items.map((one) => (
            <tr key={one.path}>
              <th scope="row" className="mono">
                {one.path}
              </th>
              <td data-side={one.from === undefined ? undefined : "from"}>
                <Told value={one.from} absent={t("absent")} />
              </td>
              <td data-side={one.to === undefined ? undefined : "to"}>
                <Told value={one.to} absent={t("absent")} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function Told({ value, absent }: { value: unknown; absent: string }) {
  if (value === undefined) return <span className="faint">{absent}</span>;
  return <pre>{typeof value === "string" ? value : JSON.stringify(value, null, 2)}</pre>;
}
