// The list of registered models: newest version, where it came from, how many versions there are.
import { Button, SegmentedControl } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { assetRows, type AssetRow, type ListView } from "@/api/assets";
import { keys } from "@/api/keys";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { type Column, DataTable } from "@/parts/DataTable";
import { EmptyState } from "@/parts/EmptyState";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { RelativeTime } from "@/parts/RelativeTime";
import { SearchBox } from "@/parts/SearchBox";
import { ShowCode } from "@/parts/ShowCode";
import { useUrlState } from "@/parts/urlState";
import { useWorkspace } from "@/shell/workspace";
import { hasOthers, primaryOf } from "./metric";
import { RegisterModel } from "./Register";
import { samplesOfModels } from "./samples";
import { modelsTexts } from "./texts";

const VIEWS: Record<string, ListView> = { archived: "ArchivedOnly", all: "All" };

export default function ModelsPage() {
  const t = useTexts(modelsTexts);
  const ws = useWorkspace();
  const navigate = useNavigate();
  const [search, change] = useUrlState();
  const columns = useColumns(ws);
  const asked = { ...(search.q ? { search: search.q } : {}), list_view_type: VIEWS[search.view ?? ""] ?? ("ActiveOnly" as const) };
  const register = (
    <Button leftSection={<Icon name="plus" size={14} />} onClick={() => change({ register: "1" })}>
      {t("register")}
    </Button>
  );
  return (
    <Page
      title={t("title")}
      isFilling
      actions={
        <>
          <ShowCode samples={samplesOfModels(ws)} />
          {register}
        </>
      }
    >
      <DataTable<AssetRow>
        label={t("title")}
        name="models"
        columns={columns}
        rowKey={(one) => one.name}
        queryKey={[...keys.assets(ws, "model"), "rows", asked]}
        load={({ offset, limit }) => assetRows(ws, "model", { ...asked, offset, limit })}
        onOpen={(one) => void navigate({ to: "/workspaces/$ws/models/$name/$version", params: { ws, name: one.name, version: one.latest_version } })}
        tools={
          <>
            <SearchBox label={t("search")} />
            <SegmentedControl
              aria-label={t("shown")}
              value={search.view ?? "active"}
              onChange={(view) => change({ view: view === "active" ? undefined : view })}
              data={[
                { value: "active", label: t("active") },
                { value: "archived", label: t("archived") },
                { value: "all", label: t("all") },
              ]}
            />
          </>
        }
        empty={
          search.q || search.view ? (
            <EmptyState icon="search" title={t("noneTitle")} text={t("noneText")} action={<Button variant="default" onClick={() => change({ q: undefined, view: undefined })}>{t("clear")}</Button>} />
          ) : (
            <EmptyState icon="models" title={t("emptyTitle")} text={t("emptyText")} samples={samplesOfModels(ws)} />
          )
        }
      />
      {search.register ? <RegisterModel ws={ws} onClose={() => change({ register: undefined })} /> : null}
    </Page>
  );
}

function useColumns(ws: string): Column<AssetRow>[] {
  const t = useTexts(modelsTexts);
  const formats = useFormats();
  return [
    {
      id: "name",
      title: t("nameHead"),
      width: 220,
      render: (one) => (
        <Link to="/workspaces/$ws/models/$name/$version" params={{ ws, name: one.name, version: one.latest_version }}>
          {one.name}
        </Link>
      ),
    },
    { id: "version", title: t("versionHead"), width: 80, isNumber: true, render: (one) => one.latest_version },
    { id: "versions", title: t("versionsHead"), width: 90, isNumber: true, render: (one) => formats.integer(one.versions) },
    { id: "type", title: t("typeHead"), width: 120, render: (one) => one.type },
    {
      id: "job",
      title: t("jobHead"),
      width: 210,
      render: (one) =>
        one.source_job ? (
          <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: one.source_job.name }}>
            {one.source_job.display_name || one.source_job.name}
          </Link>
        ) : null,
    },
    {
      id: "metric",
      title: t("metricHead"),
      width: 170,
      render: ({ source_job: job }) => {
        const found = primaryOf(job);
        if (found) return <span title={t("metricWhich", { key: found.key })}>{`${found.key} ${formats.value(found.value)}`}</span>;
        return hasOthers(job) ? (
          <span className="faint" title={t("metricNone")}>
            –
          </span>
        ) : null;
      },
    },
    { id: "changed", title: t("changedHead"), width: 140, render: (one) => <RelativeTime at={one.modified_at} /> },
    { id: "stage", title: t("stageHead"), width: 120, isHidden: true, render: (one) => one.stage },
    { id: "description", title: t("descriptionHead"), width: 280, isHidden: true, render: (one) => one.description },
  ];
}
