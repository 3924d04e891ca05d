// The list of registered models of a workspace.
import { inWorkspace, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { DataTable } from "@/parts/DataTable";
import { EmptyState } from "@/parts/EmptyState";
import { Page } from "@/parts/Page";
import { RelativeTime } from "@/parts/RelativeTime";
import { useWorkspace } from "@/shell/workspace";
import { modelsTexts } from "./texts";

type Row = Schemas["Model"];

export default function ModelsPage() {
  const t = useTexts(modelsTexts);
  const ws = useWorkspace();
  return (
    <Page title={t("title")} isFilling>
      <DataTable<Row>
        label={t("title")}
        name="models"
        columns={[
          { id: "name", title: t("nameHead"), width: 240, render: (one) => one.name },
          { id: "version", title: t("versionHead"), width: 90, render: (one) => one.version },
          { id: "type", title: t("typeHead"), width: 130, render: (one) => one.type },
          { id: "description", title: t("descriptionHead"), width: 320, render: (one) => one.description },
          { id: "created", title: t("createdHead"), width: 160, render: (one) => <RelativeTime at={one.creation_context?.created_at} /> },
        ]}
        rowKey={(one) => one.name ?? ""}
        queryKey={[...keys.assets(ws, "model"), "list"]}
        load={() => allItems<Row>(inWorkspace(ws, "models"))}
        empty={<EmptyState icon="models" title={t("emptyTitle")} text={t("emptyText")} samples={samples(ws)} />}
      />
    </Page>
  );
}

/** How the first one is made. */
function samples(ws: string) {
  return [
    { form: "CLI", text: `bancada model create --name heart --path azureml://jobs/JOB/outputs/artifacts/paths/model --type mlflow_model --workspace-name ${ws}` },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import Model

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
ml_client.models.create_or_update(
    Model(name="heart", type="mlflow_model", path="azureml://jobs/JOB/outputs/artifacts/paths/model")
)`,
    },
  ];
}
