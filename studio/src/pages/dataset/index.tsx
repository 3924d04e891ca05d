// One version of a data asset: what it is, what is in it, what its columns look like, how to use it.
import { Button, Menu, Select } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { inWorkspace, json, type Schemas, send } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { whileGoing } from "@/api/going";
import { useTexts } from "@/i18n/texts";
import { ConfirmDelete } from "@/parts/ConfirmDelete";
import { ErrorNote } from "@/parts/ErrorNote";
import { FileTree } from "@/parts/FileTree";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { UrlTabs } from "@/parts/UrlTabs";
import { useWorkspace } from "@/shell/workspace";
import { Overview } from "./Overview";
import { Preview } from "./Preview";
import { Profile } from "./Profile";
import { datasetTexts } from "./texts";

type Data = Schemas["Data"];

export default function DatasetPage() {
  const t = useTexts(datasetTexts);
  const ws = useWorkspace();
  const navigate = useNavigate();
  const { name = "", version: asked, tab } = useParams({ strict: false });
  const versions = useQuery({
    queryKey: [...keys.asset(ws, "data", name), "versions"],
    queryFn: () => allItems<Data>(`${inWorkspace(ws, "data", name, "versions")}`),
  });
  const latest = useQuery({
    queryKey: [...keys.asset(ws, "data", name), "version", asked ?? "latest"],
    queryFn: () => json<Data>(asked ? inWorkspace(ws, "data", name, "versions", asked) : `${inWorkspace(ws, "data", name)}?label=latest`),
  });
  const data = latest.data;
  const version = data?.version ?? asked ?? "";
  const go = (to: { version?: string; tab?: string }) => {
    const next = { ws, name, version: to.version ?? version, tab: to.tab ?? tab ?? "overview" };
    void navigate(next.tab === "overview" ? { to: "/workspaces/$ws/data/$name/$version", params: next, search: {} } : { to: "/workspaces/$ws/data/$name/$version/$tab", params: next, search: {} });
  };
  return (
    <Page
      title={name}
      heading={
        <>
          {name}
          <Select
            aria-label={t("version")}
            w={124}
            leftSection={<span className="faint" style={{ fontSize: "0.75rem", fontWeight: 400 }}>{t("versionShort")}</span>}
            leftSectionWidth={34}
            data={[...new Set([version, ...(versions.data?.items ?? []).map((one) => one.version ?? "")])].filter(Boolean)}
            value={version}
            allowDeselect={false}
            onChange={(next) => next && go({ version: next })}
          />
        </>
      }
      above={[
        <Link key="data" to="/workspaces/$ws/data" params={{ ws }} search={{}}>
          {t("data")}
        </Link>,
      ]}
      isFilling={tab === "files"}
      actions={data ? <Actions ws={ws} name={name} version={version} /> : null}
    >
      {latest.error ? <ErrorNote error={latest.error} onRetry={() => void latest.refetch()} /> : null}
      {data ? (
        <UrlTabs
          value={tab ?? "overview"}
          onChange={(next) => go({ tab: next })}
          tabs={[
            { id: "overview", title: t("overview"), content: <Overview ws={ws} data={data} versions={versions.data?.items ?? []} /> },
            { id: "preview", title: t("preview"), content: <Preview ws={ws} name={name} version={version} /> },
            { id: "profile", title: t("profile"), content: <Profile ws={ws} name={name} version={version} /> },
            { id: "files", title: t("files"), content: <Files ws={ws} name={name} version={version} /> },
          ]}
        />
      ) : null}
    </Page>
  );
}

export interface VersionProps {
  ws: string;
  name: string;
  version: string;
}

export function useFiles({ ws, name, version }: VersionProps, isAsked = true) {
  return useQuery({
    queryKey: [...keys.asset(ws, "data", name), "files", version],
    queryFn: () => json<Schemas["FileList"]>(inWorkspace(ws, "data", name, "versions", version, "files")),
    enabled: isAsked,
  });
}

/** Return the address of one file of a version, below `/api/v1`. */
export const fileAddress = ({ ws, name, version }: VersionProps, path: string): string =>
  `${inWorkspace(ws, "data", name, "versions", version, "files")}/${path.split("/").map(encodeURIComponent).join("/")}`;

function Files(props: VersionProps) {
  const t = useTexts(datasetTexts);
  const { data, error, refetch } = useFiles(props);
  if (error) return <ErrorNote error={error} onRetry={() => void refetch()} />;
  if (!data) return null;
  return (
    <>
      {data.truncated ? <p className="faint">{t("moreFiles", { count: data.items.length })}</p> : null}
      <FileTree label={t("files")} files={data.items} contentOf={(path) => fileAddress(props, path)} />
    </>
  );
}

function Actions({ ws, name, version }: VersionProps) {
  const t = useTexts(datasetTexts);
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<"archive" | "delete" | null>(null);
  const queries = useQueryClient();
  const leave = () => navigate({ to: "/workspaces/$ws/data", params: { ws }, search: {} });
  return (
    <>
      <Button component={Link} to="/workspaces/$ws/jobs/create/automl" params={{ ws } as never} search={{ data: `${name}:${version}` } as never} variant="default" leftSection={<Icon name="chart" size={14} />}>
        {t("train")}
      </Button>
      <Button component={Link} to="/workspaces/$ws/data/create" params={{ ws } as never} search={{ name } as never} variant="default" leftSection={<Icon name="plus" size={14} />}>
        {t("newVersion")}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" px={9} aria-label={t("more")}>
            <Icon name="more" size={16} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setDialog("archive")}>{t("archive")}</Menu.Item>
          <Menu.Item color="red" onClick={() => setDialog("delete")}>
            {t("delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ConfirmDelete
        isOpen={dialog === "archive"}
        onClose={() => setDialog(null)}
        title={t("archiveTitle", { name, version })}
        goes={[t("archiveGoes")]}
        action={t("archive")}
        onConfirm={() => send("POST", inWorkspace(ws, "data", name, "versions", version, "archive")).then(leave)}
      />
      <ConfirmDelete
        isOpen={dialog === "delete"}
        onClose={() => setDialog(null)}
        title={t("deleteTitle", { name, version })}
        goes={[t("deleteGoes"), t("deleteJobs")]}
        nameToType={name}
        onConfirm={() => whileGoing(queries, name, () => send("DELETE", inWorkspace(ws, "data", name, "versions", version)), leave)}
      />
    </>
  );
}
