// The list of data assets of a workspace: one line a name.
import { Button, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { inWorkspace, json, query, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { DataTable } from "@/parts/DataTable";
import { EmptyState } from "@/parts/EmptyState";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { RelativeTime } from "@/parts/RelativeTime";
import { useUrlState } from "@/parts/urlState";
import { useWorkspace } from "@/shell/workspace";
import { samplesOfCreating } from "./samples";
import { dataTexts } from "./texts";

type Row = Schemas["AssetRow"];

export default function DataPage() {
  const t = useTexts(dataTexts);
  const ws = useWorkspace();
  const navigate = useNavigate();
  const [search, change] = useUrlState();
  const create = (
    <Button component={Link} to="/workspaces/$ws/data/create" params={{ ws } as never} leftSection={<Icon name="plus" size={14} />}>
      {t("create")}
    </Button>
  );
  return (
    <Page title={t("title")} isFilling actions={create}>
      <DataTable<Row>
        label={t("title")}
        name="data"
        columns={[
          {
            id: "name",
            title: t("nameHead"),
            width: 240,
            render: (one) => (
              <Link to="/workspaces/$ws/data/$name/$version" params={{ ws, name: one.name, version: one.latest_version }} search={{}} title={one.name}>
                {one.name}
              </Link>
            ),
          },
          { id: "version", title: t("versionHead"), width: 115, render: (one) => one.latest_version },
          { id: "versions", title: t("versionsHead"), width: 80, isNumber: true, render: (one) => one.versions },
          { id: "type", title: t("typeHead"), width: 105, render: (one) => one.type },
          { id: "description", title: t("descriptionHead"), width: 220, render: (one) => <span title={one.description}>{one.description ?? ""}</span> },
          {
            id: "tags",
            title: t("tagsHead"),
            width: 110,
            render: (one) =>
              Object.entries(one.tags)
                .map(([key, value]) => `${key}: ${value}`)
                .join(", "),
          },
          { id: "created", title: t("createdHead"), width: 145, render: (one) => <RelativeTime at={one.modified_at} /> },
          { id: "by", title: t("byHead"), width: 120, isHidden: true, render: (one) => one.created_by },
          { id: "path", title: t("pathHead"), width: 420, isHidden: true, render: (one) => <span className="mono">{one.path}</span> },
        ]}
        rowKey={(one) => one.name}
        queryKey={[...keys.assets(ws, "data"), "rows", search.q ?? ""]}
        load={({ offset, limit }) => json<Schemas["AssetTable"]>(`${inWorkspace(ws, "data", "rows")}${query({ search: search.q, offset, limit })}`)}
        onOpen={(one) => void navigate({ to: "/workspaces/$ws/data/$name/$version", params: { ws, name: one.name, version: one.latest_version }, search: {} })}
        tools={<Words />}
        empty={
          search.q ? (
            <EmptyState
              icon="search"
              title={t("noneTitle")}
              text={t("noneText")}
              action={
                <Button variant="default" onClick={() => change({ q: undefined })}>
                  {t("clear")}
                </Button>
              }
            />
          ) : (
            <EmptyState icon="data" title={t("emptyTitle")} text={t("emptyText")} action={create} samples={samplesOfCreating(ws, { name: "heart", type: "uri_file", path: "./heart.csv" })} />
          )
        }
      />
    </Page>
  );
}

function Words() {
  const t = useTexts(dataTexts);
  const [search, change] = useUrlState();
  const [words, setWords] = useState(search.q ?? "");
  useEffect(() => setWords(search.q ?? ""), [search.q]);
  const ask = useDebouncedCallback((q: string) => change({ q }), 200);
  return (
    <TextInput
      aria-label={t("search")}
      placeholder={t("search")}
      leftSection={<Icon name="search" size={14} />}
      value={words}
      w={270}
      onChange={(event) => {
        setWords(event.currentTarget.value);
        ask(event.currentTarget.value);
      }}
    />
  );
}
