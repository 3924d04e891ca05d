// The list of data assets of a workspace.
import { inWorkspace, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { DataTable } from "@/parts/DataTable";
import { EmptyState } from "@/parts/EmptyState";
import { Page } from "@/parts/Page";
import { RelativeTime } from "@/parts/RelativeTime";
import { useWorkspace } from "@/shell/workspace";
import { dataTexts } from "./texts";

type Row = Schemas["Data"];

export default function DataPage() {
  const t = useTexts(dataTexts);
  const ws = useWorkspace();
  return (
    <Page title={t("title")} isFilling>
      <DataTable<Row>
        label={t("title")}
        name="data"
        columns={[
          { id: "name", title: t("nameHead"), width: 240, render: (one) => one.name },
          { id: "version", title: t("versionHead"), width: 90, render: (one) => one.version },
          { id: "type", title: t("typeHead"), width: 130, render: (one) => one.type },
          { id: "path", title: t("pathHead"), width: 420, render: (one) => <span className="mono">{one.path}</span> },
          { id: "created", title: t("createdHead"), width: 160, render: (one) => <RelativeTime at={one.creation_context?.created_at} /> },
        ]}
        rowKey={(one) => one.name ?? ""}
        queryKey={[...keys.assets(ws, "data"), "list"]}
        load={() => allItems<Row>(inWorkspace(ws, "data"))}
        empty={<EmptyState icon="data" title={t("emptyTitle")} text={t("emptyText")} samples={samples(ws)} />}
      />
    </Page>
  );
}

/** How the first one is made. */
function samples(ws: string) {
  return [
    { form: "CLI", text: `bancada data create --name heart --path ./heart.csv --type uri_file --workspace-name ${ws}` },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import Data

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
ml_client.data.create_or_update(
    Data(name="heart", path="./heart.csv", type="uri_file")
)`,
    },
  ];
}
