// What a job is and did: its phases, facts, inputs and outputs, words about it, what it logged and used.
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { comparedQuery } from "@/api/queries";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { CopyId } from "@/parts/CopyId";
import { Duration } from "@/parts/Duration";
import { KeyValues } from "@/parts/KeyValues";
import { RelativeTime } from "@/parts/RelativeTime";
import { StatusBadge } from "@/parts/StatusBadge";
import { isFinal } from "@/parts/statuses";
import { useUrlState } from "@/parts/urlState";
import { jobsTexts } from "../jobs/texts";
import { Description, Tags } from "./Editable";
import { InputsOutputs } from "./InputsOutputs";
import { type JobFacts, metricsQuery, partsOf, timelineQuery } from "./job";
import classes from "./Job.module.css";
import { useReason } from "@/parts/reasons";
import { jobTexts } from "./texts";
import { Timeline } from "./Timeline";
import { metricNumber } from "@/parts/metricValue";

export function Overview({ ws, name, job }: JobFacts) {
  return (
    <div className={classes.overview}>
      <Timeline ws={ws} name={name} />
      <div className={classes.columns}>
        <div className={classes.column}>
          <Facts ws={ws} name={name} job={job} />
          <InputsOutputs ws={ws} name={name} job={job} />
        </div>
        <div className={classes.column}>
          <StoppedEarly job={job} />
          <Description ws={ws} name={name} job={job} />
          <Tags ws={ws} name={name} job={job} />
          <Latest ws={ws} name={name} />
          <Parameters ws={ws} name={name} />
          <Used ws={ws} name={name} />
        </div>
      </div>
    </div>
  );
}

function Facts({ ws, name, job }: JobFacts) {
  const t = useTexts(jobTexts);
  const types = useTexts(jobsTexts);
  const formats = useFormats();
  const status = job.status ?? "";
  const isEnded = isFinal(status);
  const parts = partsOf(job);
  const say = useReason();
  const type = String(job.type);
  const link = (to: string | null | undefined) =>
    to ? (
      <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: to }}>
        {to}
      </Link>
    ) : null;
  const goal = "objective" in job && job.objective ? String((job.objective as { primary_metric?: string }).primary_metric ?? "") : "";
  return (
    <section className="panel" aria-label={t("facts")}>
      <header>
        <h2>{t("facts")}</h2>
      </header>
      <KeyValues
        items={[
          [t("status"), <StatusBadge key="status" status={status} />],
          [t("reason"), isEnded || !job.status_reason ? null : say(job.status_reason)],
          [t("place"), isEnded || !job.queue_position ? null : formats.integer(job.queue_position)],
          [t("id"), <CopyId key="id" value={name} />],
          [t("type"), type === "base" ? types("typeBase") : type === "sweep" ? types("typeSweep") : type === "automl" ? types("typeAutoml") : types("typeCommand")],
          [t("experiment"), job.experiment_name],
          [t("created"), <RelativeTime key="created" at={job.creation_context?.created_at} />],
          [t("by"), job.creation_context?.created_by],
          [t("started"), job.started_at ? <RelativeTime key="started" at={job.started_at} /> : null],
          [t("took"), job.started_at ? <Duration key="took" from={job.started_at} to={job.ended_at} isLive={!isEnded} /> : null],
          [t("parent"), link(job.parent_job_name)],
          [t("best"), link(job.properties?.best_child_run_id)],
          [t("bestValue", { name: goal }), goal && job.properties?.score ? formats.value(Number(job.properties.score)) : null],
          [t("command"), parts.command ? <code className={classes.command}>{parts.command}</code> : null],
          [t("environment"), parts.environment ? <code>{parts.environment.replace(/^azureml:/, "")}</code> : null],
          [t("compute"), job.compute ? <code>{job.compute.replace(/^azureml:/, "")}</code> : null],
        ]}
      />
    </section>
  );
}

/** The numbers by which a sweep's early termination ended this trial. */
function StoppedEarly({ job }: Pick<JobFacts, "job">) {
  const t = useTexts(jobTexts);
  const formats = useFormats();
  const told = job.properties?.early_termination;
  if (!told) return null;
  const { policy, reason, ...numbers } = JSON.parse(told) as Record<string, unknown>;
  return (
    <section className="panel" aria-label={t("stopped")}>
      <header>
        <h2>{t("stopped")}</h2>
      </header>
      <p className={classes.note}>{reason ? String(reason) : t("stoppedText")}</p>
      <KeyValues items={[[t("rule"), policy ? String(policy) : null], ...Object.entries(numbers).map(([key, value]) => [key, typeof value === "number" ? formats.value(value) : String(value)] as const)]} />
    </section>
  );
}

const MOST_SHOWN = 12;

function Latest({ ws, name }: { ws: string; name: string }) {
  const t = useTexts(jobTexts);
  const formats = useFormats();
  const { data } = useQuery(metricsQuery(ws, name));
  const [search] = useUrlState();
  return (
    <section className="panel" aria-label={t("metrics")}>
      <header>
        <h2>{t("metrics")}</h2>
        {data?.length ? (
          <Link to="/workspaces/$ws/jobs/$name/$tab" params={{ ws, name, tab: "metrics" }} search={search}>
            {data.length > MOST_SHOWN ? t("more", { count: data.length - MOST_SHOWN }) : t("metrics")}
          </Link>
        ) : null}
      </header>
      {data?.length ? (
        <KeyValues
          items={data.slice(0, MOST_SHOWN).map((one) => [
            one.key,
            <Link key={one.key} className={classes.value} to="/workspaces/$ws/jobs/$name/$tab" params={{ ws, name, tab: "metrics" }} search={{ ...search, metrics: one.key }}>
              {formats.value(metricNumber(one.latest))}
            </Link>,
          ])}
        />
      ) : (
        <p className={classes.note}>{data ? t("noMetrics") : ""}</p>
      )}
    </section>
  );
}

function Parameters({ ws, name }: { ws: string; name: string }) {
  const t = useTexts(jobTexts);
  const { data } = useQuery(comparedQuery(ws, [name]));
  const params = Object.entries(data?.jobs[0]?.params ?? {});
  if (!params.length) return null;
  return (
    <section className="panel" aria-label={t("params")}>
      <header>
        <h2>{t("params")}</h2>
        <span className="faint">{params.length}</span>
      </header>
      <div className={classes.params} tabIndex={params.length > MOST_SHOWN ? 0 : undefined} role="group" aria-label={t("params")}>
        <KeyValues items={params.map(([key, value]) => [key, <span key={key} className="mono">{value}</span>])} />
      </div>
    </section>
  );
}

function Used({ ws, name }: { ws: string; name: string }) {
  const t = useTexts(jobTexts);
  const formats = useFormats();
  const used = useQuery(timelineQuery(ws, name)).data?.used;
  if (!used) return null;
  return (
    <section className="panel" aria-label={t("used")}>
      <header>
        <h2>{t("used")}</h2>
      </header>
      <KeyValues
        items={[
          [t("cpu"), formats.duration(used.cpu_seconds)],
          [t("cores"), used.wall_seconds > 0.05 ? formats.value(Math.round((used.cpu_seconds / used.wall_seconds) * 100) / 100) : null],
          [t("memory"), used.peak_memory_bytes ? formats.bytes(used.peak_memory_bytes) : null],
        ]}
      />
    </section>
  );
}
