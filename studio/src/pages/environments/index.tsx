// The list of environments: newest version of each, what it is made of.
import { Button } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { inWorkspace, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { DataTable } from "@/parts/DataTable";
import { EmptyState } from "@/parts/EmptyState";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { RelativeTime } from "@/parts/RelativeTime";
import { SearchBox } from "@/parts/SearchBox";
import { ShowCode } from "@/parts/ShowCode";
import { useUrlState } from "@/parts/urlState";
import { useWorkspace } from "@/shell/workspace";
import { CreateEnvironment } from "./Create";
import { samplesOfEnvironments } from "./samples";
import { environmentsTexts } from "./texts";

type Row = Schemas["Environment"];

export default function EnvironmentsPage() {
  const t = useTexts(environmentsTexts);
  const ws = useWorkspace();
  const navigate = useNavigate();
  const [search, change] = useUrlState();
  const words = (search.q ?? "").toLowerCase();
  const form = (one: Row) => (one.conda_file ? t("fromConda") : one.build ? "Dockerfile" : t("fromImage"));
  return (
    <Page
      title={t("title")}
      isFilling
      actions={
        <>
          <ShowCode samples={samplesOfEnvironments(ws)} />
          <Button leftSection={<Icon name="plus" size={14} />} onClick={() => change({ create: "1" })}>
            {t("create")}
          </Button>
        </>
      }
    >
      <DataTable<Row>
        label={t("title")}
        name="environments"
        columns={[
          {
            id: "name",
            title: t("nameHead"),
            width: 220,
            render: (one) => (
              <Link to="/workspaces/$ws/environments/$name/$version" params={{ ws, name: one.name ?? "", version: one.version ?? "" }}>
                {one.name}
              </Link>
            ),
          },
          { id: "version", title: t("versionHead"), width: 80, isNumber: true, render: (one) => one.version },
          { id: "form", title: t("formHead"), width: 130, render: form },
          { id: "image", title: t("image"), width: 270, render: (one) => one.image },
          { id: "description", title: t("descriptionHead"), width: 240, render: (one) => one.description },
          { id: "created", title: t("createdHead"), width: 150, render: (one) => <RelativeTime at={one.creation_context?.created_at} /> },
        ]}
        rowKey={(one) => one.name ?? ""}
        queryKey={[...keys.assets(ws, "environment"), "list", words]}
        load={async () => {
          const found = await allItems<Row>(inWorkspace(ws, "environments"));
          const items = found.items.filter((one) => `${one.name} ${one.description ?? ""} ${one.image ?? ""}`.toLowerCase().includes(words));
          return { items, total: items.length, offset: 0 };
        }}
        onOpen={(one) => void navigate({ to: "/workspaces/$ws/environments/$name/$version", params: { ws, name: one.name ?? "", version: one.version ?? "" } })}
        tools={<SearchBox label={t("search")} />}
        empty={
          words ? (
            <EmptyState icon="search" title={t("noneTitle")} text={t("noneText")} />
          ) : (
            <EmptyState icon="environments" title={t("emptyTitle")} text={t("emptyText")} samples={samplesOfEnvironments(ws)} />
          )
        }
      />
      {search.create ? <CreateEnvironment ws={ws} onClose={() => change({ create: undefined })} /> : null}
    </Page>
  );
}
