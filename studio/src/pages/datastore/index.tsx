// One datastore: what it is, and the paths in it, each with the reference that jobs and data use.
import { ActionIcon, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { inWorkspace, json, query, send } from "@/api/client";
import { keys } from "@/api/keys";
import { whileGoing } from "@/api/going";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { ConfirmDelete } from "@/parts/ConfirmDelete";
import { CopyId } from "@/parts/CopyId";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { KeyValues } from "@/parts/KeyValues";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { PlainTable } from "@/parts/PlainTable";
import { RelativeTime } from "@/parts/RelativeTime";
import { SearchBox } from "@/parts/SearchBox";
import { ShowCode } from "@/parts/ShowCode";
import { useUrlState } from "@/parts/urlState";
import { useFormats } from "@/i18n/formats";
import { type Datastore, placeOf } from "@/pages/datastores/datastore";
import { useWorkspace } from "@/shell/workspace";
import { datastoreTexts } from "./texts";

interface Entry {
  path: string;
  size: number;
  is_dir: boolean;
}

const MOST = 500;

/** Those that every workspace has from the start: uploads and artifacts live there. */
const BUILT_IN = ["workspaceblobstore", "workspaceartifactstore"];

export default function DatastorePage() {
  const t = useTexts(datastoreTexts);
  const words = useServerWords();
  const ws = useWorkspace();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { name = "" } = useParams({ strict: false });
  const [isDeleting, setDeleting] = useState(false);
  const path = inWorkspace(ws, "datastores", name);
  const found = useQuery({ queryKey: [...keys.datastores(ws), name], queryFn: () => json<Datastore>(path) });
  const store = found.data;
  return (
    <Page
      title={name}
      above={[
        <Link key="datastores" to="/workspaces/$ws/datastores" params={{ ws }}>
          {t("datastores")}
        </Link>,
      ]}
      actions={
        <>
          <ShowCode samples={samples(ws, name)} />
          {BUILT_IN.includes(name) ? null : (
            <Menu position="bottom-end" width={200}>
              <Menu.Target>
                <ActionIcon aria-label={t("more")} variant="default" size={30}>
                  <Icon name="more" />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item color="red" onClick={() => setDeleting(true)}>
                  {t("deleteIt")}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    >
      {found.error ? <ErrorNote error={found.error} onRetry={() => void found.refetch()} /> : null}
      {store ? (
        <Panel title={t("facts")}>
          <KeyValues
            items={[
              [t("reference"), <CopyId key="reference" value={`azureml://datastores/${name}/paths/`} />],
              [t("type"), store.type],
              [t("place"), placeOf(store)],
              [t("description"), store.description && words.say(store.description)],
              [t("created"), <RelativeTime key="created" at={store.creation_context?.created_at} />],
            ]}
          />
        </Panel>
      ) : null}
      <Paths ws={ws} name={name} />
      <ConfirmDelete
        isOpen={isDeleting}
        onClose={() => setDeleting(false)}
        title={t("deleteTitle", { name })}
        goes={[t("goesName"), t("staysFiles")]}
        onConfirm={() =>
          whileGoing(
            queries,
            name,
            () => send("DELETE", path),
            () => {
              notifications.show({ message: t("deleted", { name }) });
              return navigate({ to: "/workspaces/$ws/datastores", params: { ws } });
            },
          )
        }
      />
    </Page>
  );
}

function Paths({ ws, name }: { ws: string; name: string }) {
  const t = useTexts(datastoreTexts);
  const formats = useFormats();
  const [search] = useUrlState();
  const prefix = search.prefix ?? "";
  const found = useQuery({
    queryKey: [...keys.datastores(ws), name, "paths", prefix],
    queryFn: async () => (await json<{ items: Entry[] }>(`${inWorkspace(ws, "datastores", name, "paths")}${query({ prefix })}`)).items,
    placeholderData: (before) => before,
  });
  if (found.error) return <ErrorNote error={found.error} onRetry={() => void found.refetch()} />;
  const rows = found.data ?? [];
  return (
    <Panel title={t("paths")} more={<SearchBox label={t("below")} word="prefix" />}>
      {found.data && !rows.length ? (
        <div style={{ padding: 24 }}>
          <EmptyState icon="folder" title={t("noPaths")} text={t(prefix ? "noneBelow" : "noPathsText")} />
        </div>
      ) : (
        <PlainTable
          label={t("paths")}
          rows={rows.slice(0, MOST)}
          rowKey={(one) => one.path}
          columns={[
            { id: "path", title: t("path"), render: (one) => <CopyId value={`azureml://datastores/${name}/paths/${one.path}`} shown={one.path} /> },
            { id: "size", title: t("size"), isNumber: true, width: 120, render: (one) => (one.is_dir ? "" : formats.bytes(one.size)) },
          ]}
        />
      )}
      {rows.length > MOST ? <p className="faint" style={{ padding: "8px 14px" }}>{t("first", { count: MOST })}</p> : null}
    </Panel>
  );
}

function samples(ws: string, name: string) {
  return [
    { form: "CLI", text: `bancada datastore show --name ${name} --workspace-name ${ws}` },
    {
      form: "Python",
      text: `from bancada.ml import Input\n\n# as an input of a job\nInput(type="uri_folder", path="azureml://datastores/${name}/paths/FOLDER/")`,
    },
    { form: "YAML", text: `inputs:\n  data:\n    type: uri_folder\n    path: azureml://datastores/${name}/paths/FOLDER/` },
  ];
}
