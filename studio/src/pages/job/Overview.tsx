// The facts of a job, and the latest of what it logged.
import { SimpleGrid } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { CopyId } from "@/parts/CopyId";
import { Duration } from "@/parts/Duration";
import { KeyValues } from "@/parts/KeyValues";
import { RelativeTime } from "@/parts/RelativeTime";
import { StatusBadge } from "@/parts/StatusBadge";
import { isFinal } from "@/parts/statuses";
import { jobTexts } from "./texts";

export type Job = Schemas["CommandJob"] | Schemas["SweepJob"];

export interface Summary {
  metrics?: Record<string, number>;
  params?: Record<string, string>;
  tags?: Record<string, string>;
}

export function Overview({ ws, job, summary }: { ws: string; job: Job; summary: Summary | undefined }) {
  const t = useTexts(jobTexts);
  const formats = useFormats();
  const link = (name: unknown) =>
    name ? (
      <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: String(name) }}>
        {String(name)}
      </Link>
    ) : null;
  const metrics = Object.entries(summary?.metrics ?? {});
  const words = (found: Record<string, string> | undefined) => Object.entries(found ?? {}).map(([key, value]) => [key, value] as const);
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <section className="panel" aria-label={t("facts")}>
        <header>
          <h2>{t("facts")}</h2>
        </header>
        <KeyValues
          items={[
            [t("status"), <StatusBadge key="status" status={job.status ?? ""} />],
            [t("reason"), isFinal(job.status ?? "") ? null : job.status_reason],
            [t("id"), <CopyId key="id" value={job.name ?? ""} />],
            [t("type"), job.type],
            [t("experiment"), job.experiment_name],
            [t("created"), <RelativeTime key="created" at={job.creation_context?.created_at} />],
            [t("started"), job.started_at ? <RelativeTime key="started" at={job.started_at} /> : null],
            [t("took"), job.started_at ? <Duration key="took" from={job.started_at} to={job.ended_at} isLive={!isFinal(job.status ?? "")} /> : null],
            [t("parent"), link((job as { parent_job_name?: string }).parent_job_name)],
            [t("best"), link(job.properties?.best_child_run_id)],
            [t("command"), "command" in job && job.command ? <code>{job.command}</code> : null],
            [t("environment"), "environment" in job && typeof job.environment === "string" ? <code>{job.environment}</code> : null],
            [t("compute"), job.compute ? <code>{job.compute}</code> : null],
          ]}
        />
      </section>
      <div style={{ display: "grid", gap: 14, alignContent: "start" }}>
        <section className="panel" aria-label={t("metrics")}>
          <header>
            <h2>{t("metrics")}</h2>
          </header>
          {metrics.length ? (
            <KeyValues items={metrics.map(([key, value]) => [key, formats.value(Number(value))])} />
          ) : (
            <p className="faint" style={{ padding: 14 }}>
              {t("noMetrics")}
            </p>
          )}
        </section>
        {words(summary?.params).length ? (
          <section className="panel" aria-label={t("params")}>
            <header>
              <h2>{t("params")}</h2>
            </header>
            <KeyValues items={words(summary?.params)} />
          </section>
        ) : null}
      </div>
    </SimpleGrid>
  );
}
