// The list of datastores of a workspace.
import { inWorkspace, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { DataTable } from "@/parts/DataTable";
import { EmptyState } from "@/parts/EmptyState";
import { Page } from "@/parts/Page";
import { useWorkspace } from "@/shell/workspace";
import { datastoresTexts } from "./texts";

type Row = Schemas["FileDatastore"];

export default function DatastoresPage() {
  const t = useTexts(datastoresTexts);
  const ws = useWorkspace();
  return (
    <Page title={t("title")} isFilling>
      <DataTable<Row>
        label={t("title")}
        name="datastores"
        columns={[
          { id: "name", title: t("nameHead"), width: 240, render: (one) => one.name },
          { id: "type", title: t("typeHead"), width: 130, render: (one) => one.type },
          { id: "description", title: t("descriptionHead"), width: 320, render: (one) => one.description },
        ]}
        rowKey={(one) => one.name ?? ""}
        queryKey={[...keys.datastores(ws), "list"]}
        load={() => allItems<Row>(inWorkspace(ws, "datastores"))}
        empty={<EmptyState icon="datastores" title={t("emptyTitle")} text={t("emptyText")} samples={samples(ws)} />}
      />
    </Page>
  );
}

/** How the first one is made. */
function samples(ws: string) {
  return [
    { form: "CLI", text: `bancada datastore create -f datastore.yml --workspace-name ${ws}` },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
print([one.name for one in ml_client.datastores.list()])`,
    },
  ];
}
