// The list of datastores: named places for files. One of a folder of this machine can be made here.
import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { DataTable } from "@/parts/DataTable";
import { Dialog } from "@/parts/Dialog";
import { EmptyState } from "@/parts/EmptyState";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { RelativeTime } from "@/parts/RelativeTime";
import { ShowCode } from "@/parts/ShowCode";
import { useUrlState } from "@/parts/urlState";
import { useWorkspace } from "@/shell/workspace";
import { type Datastore, placeOf } from "./datastore";
import { datastoresTexts } from "./texts";

export default function DatastoresPage() {
  const t = useTexts(datastoresTexts);
  const words = useServerWords();
  const ws = useWorkspace();
  const navigate = useNavigate();
  const [search, change] = useUrlState();
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
      <DataTable<Datastore>
        label={t("title")}
        name="datastores"
        columns={[
          {
            id: "name",
            title: t("nameHead"),
            width: 220,
            render: (one) => (
              <Link to="/workspaces/$ws/datastores/$name" params={{ ws, name: one.name ?? "" }}>
                {one.name}
              </Link>
            ),
          },
          { id: "type", title: t("typeHead"), width: 130, render: (one) => one.type },
          { id: "place", title: t("placeHead"), width: 320, render: (one) => placeOf(one) },
          { id: "description", title: t("descriptionHead"), width: 300, render: (one) => words.say(one.description ?? "") },
          { id: "created", title: t("createdHead"), width: 150, render: (one) => <RelativeTime at={one.creation_context?.created_at} /> },
        ]}
        rowKey={(one) => one.name ?? ""}
        queryKey={[...keys.datastores(ws), "list"]}
        load={() => allItems<Datastore>(inWorkspace(ws, "datastores"))}
        onOpen={(one) => void navigate({ to: "/workspaces/$ws/datastores/$name", params: { ws, name: one.name ?? "" } })}
        tools={<span className="faint">{t("hint")}</span>}
        empty={<EmptyState icon="datastores" title={t("emptyTitle")} text={t("emptyText")} samples={samples(ws)} />}
      />
      {search.create ? <CreateDatastore ws={ws} onClose={() => change({ create: undefined })} /> : null}
    </Page>
  );
}

function CreateDatastore({ ws, onClose }: { ws: string; onClose(): void }) {
  const t = useTexts(datastoresTexts);
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [path, setPath] = useState("");
  const [description, setDescription] = useState("");
  const create = async () => {
    await send("PUT", inWorkspace(ws, "datastores", name), { type: "file", ...(path ? { path } : {}), ...(description ? { description } : {}) });
    await queries.invalidateQueries({ queryKey: keys.datastores(ws) });
  };
  return (
    <Dialog title={t("create")} action={t("make")} isReady={/^\w{1,255}$/.test(name)} onClose={onClose} onSubmit={create}>
      <TextInput label={t("nameHead")} description={t("nameHint")} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus autoComplete="off" required />
      <TextInput label={t("pathLabel")} description={t("pathHint")} placeholder="/data/images" value={path} onChange={(event) => setPath(event.currentTarget.value)} />
      <TextInput label={t("descriptionHead")} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
    </Dialog>
  );
}

function samples(ws: string) {
  const yaml = "$schema: https://azuremlschemas.azureedge.net/latest/azureBlob.schema.json\nname: my_store\ntype: azure_blob\naccount_name: account\ncontainer_name: container";
  return [
    { form: "CLI", text: `bancada datastore create -f datastore.yml --workspace-name ${ws}\nbancada datastore list -o table --workspace-name ${ws}` },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import FileDatastore

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
ml_client.datastores.create_or_update(FileDatastore(name="images", path="/data/images"))`,
    },
    { form: "YAML", text: `# datastore.yml, a folder of this machine\nname: images\ntype: file\npath: /data/images\n---\n# as on Azure; its files are kept in this home\n${yaml}` },
  ];
}
