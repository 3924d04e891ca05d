// The list of computes of a workspace.
import { inWorkspace, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { DataTable } from "@/parts/DataTable";
import { EmptyState } from "@/parts/EmptyState";
import { Page } from "@/parts/Page";
import { useWorkspace } from "@/shell/workspace";
import { computeTexts } from "./texts";

type Row = Schemas["AmlCompute"];

export default function ComputePage() {
  const t = useTexts(computeTexts);
  const ws = useWorkspace();
  return (
    <Page title={t("title")} isFilling>
      <DataTable<Row>
        label={t("title")}
        name="compute"
        columns={[
          { id: "name", title: t("nameHead"), width: 240, render: (one) => one.name },
          { id: "type", title: t("typeHead"), width: 130, render: (one) => one.type },
          { id: "size", title: t("sizeHead"), width: 180, render: (one) => one.size },
          { id: "instances", title: t("instancesHead"), width: 120, isNumber: true, render: (one) => `${one.min_instances ?? 0} – ${one.max_instances ?? 1}` },
        ]}
        rowKey={(one) => one.name ?? ""}
        queryKey={[...keys.computes(ws), "list"]}
        load={() => allItems<Row>(inWorkspace(ws, "computes"))}
        empty={<EmptyState icon="compute" title={t("emptyTitle")} text={t("emptyText")} samples={samples(ws)} />}
      />
    </Page>
  );
}

/** How the first one is made. */
function samples(ws: string) {
  return [
    { form: "CLI", text: `bancada compute create --name cpu-cluster --type amlcompute --min-instances 0 --max-instances 2 --workspace-name ${ws}` },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import AmlCompute

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
ml_client.begin_create_or_update(
    AmlCompute(name="cpu-cluster", min_instances=0, max_instances=2)
).result()`,
    },
  ];
}
