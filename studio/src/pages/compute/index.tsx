// The list of computes: how many slots each has, how many are in use, how many jobs wait for one.
import "@mantine/core/styles/NumberInput.css";
import { ActionIcon, Button, NumberInput, Select, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { client, data, inWorkspace, type Schemas, send } from "@/api/client";
import { keys } from "@/api/keys";
import type { Rows } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { ConfirmDelete } from "@/parts/ConfirmDelete";
import { DataTable } from "@/parts/DataTable";
import { Dialog } from "@/parts/Dialog";
import { EmptyState } from "@/parts/EmptyState";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { RelativeTime } from "@/parts/RelativeTime";
import { ShowCode } from "@/parts/ShowCode";
import { StatusBadge } from "@/parts/StatusBadge";
import { useUrlState } from "@/parts/urlState";
import { useWorkspace } from "@/shell/workspace";
import classes from "./Compute.module.css";
import { SIZES } from "./sizes";
import { computeTexts } from "./texts";

type Row = Schemas["ComputeState"];

export default function ComputePage() {
  const t = useTexts(computeTexts);
  const ws = useWorkspace();
  const queries = useQueryClient();
  const [search, change] = useUrlState();
  const [changing, setChanging] = useState<Row | null>(null);
  const [toDelete, setToDelete] = useState<Row | null>(null);
  const load = async (): Promise<Rows<Row>> => {
    const { items } = (await data(client.GET("/api/v1/workspaces/{ws}/computes/rows", { params: { path: { ws } } }))) as Schemas["ComputeTable"];
    return { items, total: items.length, offset: 0 };
  };
  return (
    <Page
      title={t("title")}
      isFilling
      actions={
        <>
          <ShowCode samples={samples(ws)} />
          <Button leftSection={<Icon name="plus" size={14} />} onClick={() => change({ create: "1" })}>
            {t("create")}
          </Button>
        </>
      }
    >
      <DataTable<Row>
        label={t("title")}
        name="compute"
        columns={[
          { id: "name", title: t("nameHead"), width: 180, render: (one) => <strong>{one.name}</strong> },
          { id: "state", title: t("stateHead"), width: 110, render: (one) => <StatusBadge status={`compute_${one.state}`} /> },
          { id: "use", title: t("useHead"), width: 170, render: (one) => <Use row={one} /> },
          {
            id: "queued",
            title: t("queuedHead"),
            width: 110,
            isNumber: true,
            render: (one) =>
              one.queued ? (
                <Link to="/workspaces/$ws/jobs" params={{ ws }} search={{ filter: "status = 'Queued'" }}>
                  {one.queued}
                </Link>
              ) : (
                0
              ),
          },
          { id: "instances", title: t("instancesHead"), width: 100, isNumber: true, render: (one) => `${one.min_instances}–${one.max_instances}` },
          { id: "size", title: t("sizeHead"), width: 165, render: (one) => one.size },
          { id: "created", title: t("createdHead"), width: 130, render: (one) => <RelativeTime at={one.created_at} /> },
          {
            id: "actions",
            title: t("actionsHead"),
            width: 130,
            render: (one) => (
              <span className={classes.actions}>
                <Button variant="default" size="compact-xs" onClick={() => setChanging(one)} aria-label={t("changeOf", { name: one.name })}>
                  {t("change")}
                </Button>
                <ActionIcon aria-label={t("deleteOf", { name: one.name })} onClick={() => setToDelete(one)}>
                  <Icon name="trash" size={14} />
                </ActionIcon>
              </span>
            ),
          },
        ]}
        rowKey={(one) => one.name}
        queryKey={[...keys.computes(ws), "rows"]}
        load={load}
        onOpen={setChanging}
        tools={<span className="faint">{t("hint")}</span>}
        empty={<EmptyState icon="compute" title={t("emptyTitle")} text={t("emptyText")} samples={samples(ws)} />}
      />
      {search.create || changing ? (
        <ComputeForm
          key={changing?.name ?? ""}
          ws={ws}
          row={changing}
          onClose={() => {
            setChanging(null);
            if (search.create) change({ create: undefined });
          }}
        />
      ) : null}
      <ConfirmDelete
        isOpen={toDelete !== null}
        onClose={() => setToDelete(null)}
        title={t("deleteTitle", { name: toDelete?.name ?? "" })}
        goes={[t("goesJobs"), t("staysMachine")]}
        onConfirm={async () => {
          await send("DELETE", inWorkspace(ws, "computes", toDelete?.name ?? ""));
          await queries.invalidateQueries({ queryKey: keys.computes(ws) });
          notifications.show({ message: t("deleted", { name: toDelete?.name ?? "" }) });
        }}
      />
    </Page>
  );
}

function Use({ row }: { row: Row }) {
  const t = useTexts(computeTexts);
  return (
    <span className={classes.use}>
      <span className={classes.bar} aria-hidden="true">
        <span style={{ width: `${Math.min(row.in_use / row.slots, 1) * 100}%` }} />
      </span>
      {t("useOf", { used: row.in_use, total: row.slots })}
    </span>
  );
}

function ComputeForm({ ws, row, onClose }: { ws: string; row: Row | null; onClose(): void }) {
  const t = useTexts(computeTexts);
  const queries = useQueryClient();
  const [name, setName] = useState(row?.name ?? "");
  const [least, setLeast] = useState(row?.min_instances ?? 0);
  const [most, setMost] = useState(row?.max_instances ?? 2);
  const [size, setSize] = useState<string | null>(row?.size ?? null);
  const save = async () => {
    const path = inWorkspace(ws, "computes", name);
    const before = row ? ((await data(client.GET("/api/v1/workspaces/{ws}/computes/{name}", { params: { path: { ws, name } } }))) as Schemas["AmlCompute"]) : {};
    await send("PUT", path, { ...before, type: "amlcompute", min_instances: least, max_instances: most, ...(size ? { size } : {}) });
    await queries.invalidateQueries({ queryKey: keys.computes(ws) });
    notifications.show({ message: t(row ? "changed" : "made", { name }) });
  };
  return (
    <Dialog title={row ? t("changeOf", { name }) : t("create")} action={t(row ? "save" : "make")} isReady={Boolean(name) && most >= Math.max(least, 1)} onClose={onClose} onSubmit={save}>
      <TextInput label={t("nameHead")} description={row ? undefined : t("nameHint")} value={name} onChange={(event) => setName(event.currentTarget.value)} disabled={row !== null} data-autofocus autoComplete="off" required />
      <div style={{ display: "grid", gridTemplateColumns: "1fr 1fr", gap: 12 }}>
        <NumberInput size="xs" label={t("least")} min={0} max={1000} value={least} onChange={(value) => setLeast(Number(value) || 0)} />
        <NumberInput size="xs" label={t("most")} min={1} max={1000} value={most} onChange={(value) => setMost(Number(value) || 1)} />
      </div>
      <p className="faint">{t("slotsHint")}</p>
      <Select label={t("sizeHead")} description={t("sizeHint")} data={size && !SIZES.includes(size) ? [size, ...SIZES] : SIZES} value={size} onChange={setSize} clearable clearButtonProps={{ "aria-label": t("noSize") }} searchable />
    </Dialog>
  );
}

/** How the first one is made. */
function samples(ws: string) {
  return [
    { form: "CLI", text: `bancada compute create --name cpu-cluster --type amlcompute --min-instances 0 --max-instances 2 --workspace-name ${ws}` },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import AmlCompute

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
ml_client.begin_create_or_update(
    AmlCompute(name="cpu-cluster", min_instances=0, max_instances=2)
).result()`,
    },
    { form: "YAML", text: `# bancada compute create -f compute.yml\n$schema: https://azuremlschemas.azureedge.net/latest/amlCompute.schema.json\nname: cpu-cluster\ntype: amlcompute\nmin_instances: 0\nmax_instances: 2` },
  ];
}
