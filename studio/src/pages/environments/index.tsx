// The list of environments of a workspace.
import { inWorkspace, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { DataTable } from "@/parts/DataTable";
import { EmptyState } from "@/parts/EmptyState";
import { Page } from "@/parts/Page";
import { RelativeTime } from "@/parts/RelativeTime";
import { useWorkspace } from "@/shell/workspace";
import { environmentsTexts } from "./texts";

type Row = Schemas["Environment"];

export default function EnvironmentsPage() {
  const t = useTexts(environmentsTexts);
  const ws = useWorkspace();
  return (
    <Page title={t("title")} isFilling>
      <DataTable<Row>
        label={t("title")}
        name="environments"
        columns={[
          { id: "name", title: t("nameHead"), width: 240, render: (one) => one.name },
          { id: "version", title: t("versionHead"), width: 90, render: (one) => one.version },
          { id: "description", title: t("descriptionHead"), width: 320, render: (one) => one.description },
          { id: "created", title: t("createdHead"), width: 160, render: (one) => <RelativeTime at={one.creation_context?.created_at} /> },
        ]}
        rowKey={(one) => one.name ?? ""}
        queryKey={[...keys.assets(ws, "environment"), "list"]}
        load={() => allItems<Row>(inWorkspace(ws, "environments"))}
        empty={<EmptyState icon="environments" title={t("emptyTitle")} text={t("emptyText")} samples={samples(ws)} />}
      />
    </Page>
  );
}

/** How the first one is made. */
function samples(ws: string) {
  return [
    { form: "CLI", text: `bancada environment create --name my-env --conda-file conda.yaml --image ubuntu --workspace-name ${ws}` },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import Environment

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
ml_client.environments.create_or_update(
    Environment(name="my-env", conda_file="conda.yaml", image="ubuntu")
)`,
    },
  ];
}
