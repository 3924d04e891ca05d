// The facts of a model version: itself, its signature and example, the job it comes from, where it serves.
import { Button, SimpleGrid } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { CodeEditor } from "@/parts/CodeEditor";
import { CopyButton, CopyId } from "@/parts/CopyId";
import { ErrorNote } from "@/parts/ErrorNote";
import { KeyValues } from "@/parts/KeyValues";
import { Panel } from "@/parts/Panel";
import { PlainTable } from "@/parts/PlainTable";
import { RelativeTime } from "@/parts/RelativeTime";
import { StatusBadge } from "@/parts/StatusBadge";
import { Tags } from "@/parts/Tags";
import type { Model } from ".";
import { modelTexts } from "./texts";

type Details = Schemas["ModelDetails"];

interface OverviewProps {
  ws: string;
  model: Model;
  details: Details | undefined;
  error: unknown;
  onDescribe(): void;
}

export function Overview({ ws, model, details, error, onDescribe }: OverviewProps) {
  const t = useTexts(modelTexts);
  return (
    <>
      {error ? <ErrorNote error={error} /> : null}
      {details?.note ? <ErrorNote error={new Error(details.note)} /> : null}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md" style={{ alignItems: "start" }}>
        <div style={{ display: "grid", gap: 14, minWidth: 0 }}>
          <Facts model={model} details={details} onDescribe={onDescribe} />
          <Uses ws={ws} uses={details?.deployments ?? []} />
        </div>
        <div style={{ display: "grid", gap: 14, minWidth: 0 }}>
          {details?.source_job ? <Source ws={ws} job={details.source_job} /> : null}
          {details?.signature ? <Signature signature={details.signature} /> : null}
          {details?.input_example ? (
            <Panel title={t("example")} more={<CopyButton value={JSON.stringify(details.input_example)} />} isPadded>
              <CodeEditor label={t("example")} language="json" value={JSON.stringify(details.input_example, null, 2)} height={220} />
            </Panel>
          ) : null}
        </div>
      </SimpleGrid>
    </>
  );
}

function Facts({ model, details, onDescribe }: Pick<OverviewProps, "model" | "details" | "onDescribe">) {
  const t = useTexts(modelTexts);
  const formats = useFormats();
  const edit = (
    <Button variant="subtle" size="compact-xs" onClick={onDescribe}>
      {t("describe")}
    </Button>
  );
  return (
    <Panel title={t("facts")} more={edit}>
      <KeyValues
        items={[
          [t("reference"), <CopyId key="reference" value={`azureml:${model.name}:${model.version}`} />],
          [t("type"), model.type],
          [t("description"), model.description],
          [t("tags"), Object.keys(model.tags ?? {}).length ? <Tags key="tags" tags={model.tags ?? {}} /> : null],
          [t("stage"), model.stage],
          [t("aliases"), model.aliases?.length ? model.aliases.join(", ") : null],
          [t("flavors"), details?.flavors.length ? details.flavors.join(", ") : null],
          [t("size"), details ? t("sizeOf", { size: formats.bytes(details.size_bytes), count: details.files }) : null],
          [t("madeWith"), [details?.mlflow_version ? `MLflow ${details.mlflow_version}` : "", details?.python_version ? `Python ${details.python_version}` : ""].filter(Boolean).join(", ")],
          [t("created"), <RelativeTime key="created" at={model.creation_context?.created_at} />],
          [t("path"), model.path ? <CopyId key="path" value={model.path} /> : null],
        ]}
      />
    </Panel>
  );
}

function Source({ ws, job }: { ws: string; job: NonNullable<Details["source_job"]> }) {
  const t = useTexts(modelTexts);
  const formats = useFormats();
  const link = (name: string, text: string) => (
    <Link key={name} to="/workspaces/$ws/jobs/$name" params={{ ws, name }}>
      {text}
    </Link>
  );
  return (
    <Panel title={t("source")} more={<StatusBadge status={job.status} />}>
      <KeyValues
        items={[
          [t("job"), link(job.name, job.display_name || job.name)],
          [t("parent"), job.parent_job_name ? link(job.parent_job_name, job.parent_job_name) : null],
          ...Object.entries(job.metrics).map(
            ([key, value]) =>
              [
                key,
                <span key={key} style={{ fontWeight: key === job.primary_metric ? 600 : 400 }}>
                  {typeof value === "number" ? formats.value(value) : value}
                  {key === job.primary_metric ? <span className="faint">{` · ${t("primary")}`}</span> : null}
                </span>,
              ] as const,
          ),
        ]}
      />
    </Panel>
  );
}

function Uses({ ws, uses }: { ws: string; uses: Details["deployments"] }) {
  const t = useTexts(modelTexts);
  const formats = useFormats();
  return (
    <Panel title={t("uses")}>
      {uses.length ? (
        <PlainTable
          label={t("uses")}
          rows={uses}
          rowKey={(one) => `${one.endpoint}/${one.deployment}`}
          columns={[
            {
              id: "endpoint",
              title: t("endpoint"),
              render: (one) => (
                <Link to="/workspaces/$ws/endpoints/$name" params={{ ws, name: one.endpoint }}>
                  {one.endpoint}
                </Link>
              ),
            },
            { id: "deployment", title: t("deployment"), render: (one) => one.deployment },
            { id: "state", title: t("state"), render: (one) => <StatusBadge status={one.state} /> },
            { id: "traffic", title: t("traffic"), isNumber: true, render: (one) => formats.percent(one.traffic / 100) },
          ]}
        />
      ) : (
        <p className="faint" style={{ padding: 14 }}>
          {t("noUses")}
        </p>
      )}
    </Panel>
  );
}

type Line = Schemas["Field"] & { side: string };

const HIGHEST = 300; // pixels: a model of 200 columns must not push everything else away

function Signature({ signature }: { signature: NonNullable<Details["signature"]> }) {
  const t = useTexts(modelTexts);
  const of = (side: string, fields: Schemas["Field"][]): Line[] => fields.map((one) => ({ ...one, side }));
  const rows = [...of(t("input"), signature.inputs), ...of(t("output"), signature.outputs), ...of(t("param"), signature.params)];
  return (
    <Panel title={t("signature")}>
      <PlainTable
        label={t("signature")}
        height={HIGHEST}
        rows={rows}
        rowKey={(one, index) => `${one.side} ${one.name ?? index}`}
        columns={[
          { id: "side", title: t("side"), render: (one) => one.side, width: 90 },
          { id: "name", title: t("name"), render: (one) => (one.name ? <code>{one.name}</code> : <span className="faint">–</span>) },
          { id: "type", title: t("type"), render: (one) => [one.type, one.shape ? `(${one.shape.map((length) => (length === -1 ? "·" : length)).join(", ")})` : ""].filter(Boolean).join(" ") },
          { id: "required", title: t("required"), render: (one) => (one.required ? t("itDoes") : "") },
        ]}
      />
    </Panel>
  );
}
