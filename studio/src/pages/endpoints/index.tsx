// The list of online endpoints: how each stands, who gets its traffic, its address.
import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import type { Endpoint } from "@/api/serving";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { CopyId } from "@/parts/CopyId";
import { DataTable } from "@/parts/DataTable";
import { Dialog } from "@/parts/Dialog";
import { EmptyState } from "@/parts/EmptyState";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { RelativeTime } from "@/parts/RelativeTime";
import { SearchBox } from "@/parts/SearchBox";
import { ShowCode } from "@/parts/ShowCode";
import { StatusBadge } from "@/parts/StatusBadge";
import { useUrlState } from "@/parts/urlState";
import { DeployDialog } from "@/pages/deploy/DeployDialog";
import { NAME } from "@/pages/deploy/form";
import { useWorkspace } from "@/shell/workspace";
import { samplesOfEndpoints } from "./samples";
import { endpointsTexts } from "./texts";

export default function EndpointsPage() {
  const t = useTexts(endpointsTexts);
  const formats = useFormats();
  const ws = useWorkspace();
  const navigate = useNavigate();
  const [search, change] = useUrlState();
  const words = (search.q ?? "").toLowerCase();
  const shares = (one: Endpoint) =>
    Object.entries(one.traffic ?? {})
      .filter(([, share]) => share > 0)
      .map(([name, share]) => `${name} ${formats.percent(share / 100)}`)
      .join(", ");
  return (
    <Page
      title={t("title")}
      isFilling
      actions={
        <>
          <ShowCode samples={samplesOfEndpoints(ws)} />
          <Button variant="default" onClick={() => change({ create: "1" })}>
            {t("create")}
          </Button>
          <Button leftSection={<Icon name="plus" size={14} />} onClick={() => change({ deploy: "new" })}>
            {t("deploy")}
          </Button>
        </>
      }
    >
      <DataTable<Endpoint>
        label={t("title")}
        name="endpoints"
        columns={[
          {
            id: "name",
            title: t("nameHead"),
            width: 220,
            render: (one) => (
              <Link to="/workspaces/$ws/endpoints/$name" params={{ ws, name: one.name ?? "" }}>
                {one.name}
              </Link>
            ),
          },
          { id: "state", title: t("stateHead"), width: 120, render: (one) => <StatusBadge status={one.provisioning_state ?? ""} /> },
          { id: "traffic", title: t("trafficHead"), width: 200, render: (one) => shares(one) || <span className="faint">{t("noTraffic")}</span> },
          { id: "created", title: t("createdHead"), width: 140, render: (one) => <RelativeTime at={one.creation_context?.created_at} /> },
          { id: "address", title: t("addressHead"), width: 400, render: (one) => (one.scoring_uri ? <CopyId value={one.scoring_uri} /> : null) },
        ]}
        rowKey={(one) => one.name ?? ""}
        queryKey={[...keys.endpoints(ws), "list", words]}
        load={async () => {
          const found = await allItems<Endpoint>(inWorkspace(ws, "online-endpoints"));
          const items = found.items.filter((one) => `${one.name} ${one.description ?? ""}`.toLowerCase().includes(words));
          return { items, total: items.length, offset: 0 };
        }}
        onOpen={(one) => void navigate({ to: "/workspaces/$ws/endpoints/$name", params: { ws, name: one.name ?? "" } })}
        tools={<SearchBox label={t("search")} />}
        empty={
          words ? (
            <EmptyState icon="search" title={t("noneTitle")} text={t("noneText")} />
          ) : (
            <EmptyState icon="endpoints" title={t("emptyTitle")} text={t("emptyText")} samples={samplesOfEndpoints(ws)} />
          )
        }
      />
      {search.create ? <CreateEndpoint ws={ws} onClose={() => change({ create: undefined })} /> : null}
      {search.deploy ? <DeployDialog ws={ws} onClose={() => change({ deploy: undefined })} /> : null}
    </Page>
  );
}

function CreateEndpoint({ ws, onClose }: { ws: string; onClose(): void }) {
  const t = useTexts(endpointsTexts);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = async () => {
    await send("PUT", inWorkspace(ws, "online-endpoints", name), { auth_mode: "key", ...(description ? { description } : {}) });
    await queries.invalidateQueries({ queryKey: keys.endpoints(ws) });
    setTimeout(() => void navigate({ to: "/workspaces/$ws/endpoints/$name", params: { ws, name } }));
  };
  return (
    <Dialog title={t("create")} action={t("make")} isReady={NAME.test(name)} onClose={onClose} onSubmit={create}>
      <TextInput label={t("nameHead")} description={t("nameHint")} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus autoComplete="off" required />
      <TextInput label={t("descriptionLabel")} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
    </Dialog>
  );
}
