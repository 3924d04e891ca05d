// One version of an environment: what it says, how its build stands, what is installed in it, its build's log.
import { ActionIcon, Button, Menu, Select } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { deleteAsset, setArchived, versionsQuery } from "@/api/assets";
import { client, data, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { whileGoing } from "@/api/going";
import { useTexts } from "@/i18n/texts";
import { ConfirmDelete } from "@/parts/ConfirmDelete";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { ShowCode } from "@/parts/ShowCode";
import { StatusBadge } from "@/parts/StatusBadge";
import { UrlTabs } from "@/parts/UrlTabs";
import { useUrlState } from "@/parts/urlState";
import { yamlText } from "@/parts/yamlText";
import { CreateEnvironment } from "@/pages/environments/Create";
import { samplesOfEnvironments } from "@/pages/environments/samples";
import { useWorkspace } from "@/shell/workspace";
import { useBuild } from "./build";
import { BuildLog } from "./BuildLog";
import { Overview } from "./Overview";
import { Packages } from "./Packages";
import { environmentTexts } from "./texts";

export type Environment = Schemas["Environment"];

/** The conda file as text, however it came. */
export function condaTextOf(environment: Environment): string | null {
  const conda = environment.conda_file;
  if (!conda) return null;
  return typeof conda === "string" ? conda : yamlText(conda);
}

export default function EnvironmentPage() {
  const t = useTexts(environmentTexts);
  const ws = useWorkspace();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { name = "", version = "" } = useParams({ strict: false });
  const [search, change] = useUrlState();
  const [isDeleting, setDeleting] = useState(false);
  const found = useQuery({
    queryKey: [...keys.assets(ws, "environment"), name, version],
    queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/environments/{name}/versions/{version}", { params: { path: { ws, name, version } } })),
  });
  const versions = useQuery(versionsQuery<Environment>(ws, "environment", name));
  const build = useBuild(ws, name, version);
  const environment = found.data;
  const state = build.data?.state;
  const archive = async () => {
    await setArchived(ws, "environment", !environment?.archived, name, version);
    notifications.show({ message: environment?.archived ? t("restored") : t("archivedNow") });
    await found.refetch();
  };
  return (
    <Page
      title={`${name}:${version}`}
      heading={
        <>
          {name}
          <Select
            aria-label={t("version")}
            w={116}
            value={version}
            data={(versions.data ?? []).map((one) => ({ value: one.version ?? "", label: t("versionOf", { version: one.version ?? "" }) }))}
            allowDeselect={false}
            onChange={(to) => to && void navigate({ to: "/workspaces/$ws/environments/$name/$version", params: { ws, name, version: to } })}
          />
          <span style={{ fontSize: "0.8125rem", fontWeight: 400 }}>{state ? <StatusBadge status={state} /> : null}</span>
        </>
      }
      above={[
        <Link key="environments" to="/workspaces/$ws/environments" params={{ ws }}>
          {t("environments")}
        </Link>,
      ]}
      isFilling={search.tab === "log"}
      actions={
        <>
          <ShowCode samples={samplesOfEnvironments(ws, name)} />
          <Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => change({ create: "1" })}>
            {t("newVersion")}
          </Button>
          {state === "absent" || state === "failed" ? (
            <Button leftSection={<Icon name="play" size={14} />} onClick={() => void build.start().then(() => change({ tab: "log" }))}>
              {t("build")}
            </Button>
          ) : null}
          <Menu position="bottom-end" width={210}>
            <Menu.Target>
              <ActionIcon aria-label={t("more")} variant="default" size={30}>
                <Icon name="more" />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => void archive()}>{environment?.archived ? t("restore") : t("archive")}</Menu.Item>
              <Menu.Item color="red" onClick={() => setDeleting(true)}>
                {t("deleteVersion", { version })}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      {found.error ? <ErrorNote error={found.error} onRetry={() => void found.refetch()} /> : null}
      {build.error ? <ErrorNote error={build.error} /> : null}
      {environment ? (
        <UrlTabs
          tabs={[
            { id: "overview", title: t("overview"), content: <Overview environment={environment} conda={condaTextOf(environment)} build={build.data} /> },
            { id: "packages", title: t("packages"), count: build.data?.packages.length, content: <Packages build={build.data} /> },
            { id: "log", title: t("log"), content: <BuildLog ws={ws} name={name} version={version} build={build.data} /> },
          ]}
        />
      ) : null}
      {search.create && environment ? <CreateEnvironment ws={ws} name={name} {...(condaTextOf(environment) ? { conda: condaTextOf(environment)! } : {})} onClose={() => change({ create: undefined })} /> : null}
      <ConfirmDelete
        isOpen={isDeleting}
        onClose={() => setDeleting(false)}
        title={t("deleteTitle", { name, version })}
        goes={[t("goesDefinition"), t("staysBuild")]}
        onConfirm={() =>
          whileGoing(
            queries,
            name,
            () => deleteAsset(ws, "environment", name, version),
            () => {
              notifications.show({ message: t("deleted") });
              return navigate({ to: "/workspaces/$ws/environments", params: { ws } });
            },
          )
        }
      />
    </Page>
  );
}
