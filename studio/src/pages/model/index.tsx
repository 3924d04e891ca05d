// One version of a model: what it is, takes and gives, where it comes from, where it serves, its files.
import { ActionIcon, Alert, Button, Menu, Select } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { deleteAsset, modelDetailsQuery, modelQuery, setArchived, versionsQuery } from "@/api/assets";
import type { Schemas } from "@/api/client";
import { whileGoing } from "@/api/going";
import { useTexts } from "@/i18n/texts";
import { ConfirmDelete } from "@/parts/ConfirmDelete";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { ShowCode } from "@/parts/ShowCode";
import { UrlTabs } from "@/parts/UrlTabs";
import { useUrlState } from "@/parts/urlState";
import { DeployDialog } from "@/pages/deploy/DeployDialog";
import { RegisterModel } from "@/pages/models/Register";
import { samplesOfModel } from "@/pages/models/samples";
import { useWorkspace } from "@/shell/workspace";
import { Describe } from "./Describe";
import { ModelFiles } from "./Files";
import { Overview } from "./Overview";
import { modelTexts } from "./texts";
import { Versions } from "./Versions";

export type Model = Schemas["Model"];

export default function ModelPage() {
  const t = useTexts(modelTexts);
  const ws = useWorkspace();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { name = "", version = "", tab } = useParams({ strict: false });
  const [search, change] = useUrlState();
  const [asks, setAsks] = useState<"delete" | "deleteAll" | "describe" | null>(null);
  const found = useQuery(modelQuery(ws, name, version));
  const details = useQuery(modelDetailsQuery(ws, name, version));
  const versions = useQuery(versionsQuery<Model>(ws, "model", name));
  const model = found.data;
  const go = (to: string) => void navigate({ to: "/workspaces/$ws/models/$name/$version", params: { ws, name, version: to } });
  const archive = async () => {
    await setArchived(ws, "model", !model?.archived, name, version);
    notifications.show({ message: model?.archived ? t("restored") : t("archivedNow") });
    await found.refetch();
  };
  const uses = details.data?.deployments ?? [];
  return (
    <Page
      title={`${name}:${version}`}
      heading={
        <>
          {name}
          <Select aria-label={t("version")} w={116} size="xs" value={version} data={(versions.data ?? []).map((one) => ({ value: one.version ?? "", label: t("versionOf", { version: one.version ?? "" }) }))} allowDeselect={false} onChange={(to) => to && go(to)} />
        </>
      }
      above={[
        <Link key="models" to="/workspaces/$ws/models" params={{ ws }}>
          {t("models")}
        </Link>,
      ]}
      isFilling={tab === "files"}
      actions={
        <>
          <ShowCode samples={samplesOfModel(ws, name, version)} />
          <Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => change({ register: "1" })}>
            {t("newVersion")}
          </Button>
          <Button leftSection={<Icon name="endpoints" size={14} />} disabled={!model} onClick={() => change({ deploy: "1" })}>
            {t("deploy")}
          </Button>
          <Menu position="bottom-end" width={220}>
            <Menu.Target>
              <ActionIcon aria-label={t("more")} variant="default" size={30}>
                <Icon name="more" />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => setAsks("describe")}>{t("describe")}</Menu.Item>
              <Menu.Item onClick={() => void archive()}>{model?.archived ? t("restore") : t("archive")}</Menu.Item>
              <Menu.Divider />
              <Menu.Item color="red" onClick={() => setAsks("delete")}>
                {t("deleteVersion", { version })}
              </Menu.Item>
              <Menu.Item color="red" onClick={() => setAsks("deleteAll")}>
                {t("deleteModel")}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      {found.error ? <ErrorNote error={found.error} onRetry={() => void found.refetch()} /> : null}
      {model?.archived ? (
        <Alert color="gray" variant="light" icon={<Icon name="info" />}>
          {t("isArchived")}
        </Alert>
      ) : null}
      {model ? (
        <UrlTabs
          value={tab ?? "overview"}
          onChange={(next) =>
            void navigate(
              next === "overview"
                ? { to: "/workspaces/$ws/models/$name/$version", params: { ws, name, version } }
                : { to: "/workspaces/$ws/models/$name/$version/$tab", params: { ws, name, version, tab: next } },
            )
          }
          tabs={[
            { id: "overview", title: t("overview"), content: <Overview ws={ws} model={model} details={details.data} error={details.error} onDescribe={() => setAsks("describe")} /> },
            { id: "files", title: t("files"), count: details.data?.files, content: <ModelFiles ws={ws} name={name} version={version} /> },
            { id: "versions", title: t("versions"), count: versions.data?.length, content: <Versions ws={ws} name={name} current={version} versions={versions.data ?? []} /> },
          ]}
        />
      ) : null}
      {asks === "describe" && model ? <Describe ws={ws} model={model} onClose={() => setAsks(null)} /> : null}
      {search.register ? <RegisterModel ws={ws} name={name} onClose={() => change({ register: undefined })} /> : null}
      {search.deploy && model ? <DeployDialog ws={ws} model={{ name, version, type: model.type ?? "custom_model" }} onClose={() => change({ deploy: undefined })} /> : null}
      <ConfirmDelete
        isOpen={asks === "delete" || asks === "deleteAll"}
        onClose={() => setAsks(null)}
        title={asks === "deleteAll" ? t("deleteTitleAll", { name }) : t("deleteTitle", { name, version })}
        goes={[
          asks === "deleteAll" ? t("goesAll", { count: versions.data?.length ?? 1 }) : t("goesFiles"),
          ...(uses.length ? [t("goesUses", { names: uses.map((one) => `${one.endpoint}/${one.deployment}`).join(", ") })] : []),
          t("goesForever"),
        ]}
        {...(asks === "deleteAll" ? { nameToType: name } : {})}
        onConfirm={() =>
          whileGoing(
            queries,
            name,
            () => deleteAsset(ws, "model", name, asks === "deleteAll" ? undefined : version),
            () => {
              notifications.show({ message: t("deleted") });
              return navigate({ to: "/workspaces/$ws/models", params: { ws } });
            },
          )
        }
      />
    </Page>
  );
}
