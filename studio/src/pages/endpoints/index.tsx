// The list of online endpoints of a workspace.
import { inWorkspace, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { CopyId } from "@/parts/CopyId";
import { DataTable } from "@/parts/DataTable";
import { EmptyState } from "@/parts/EmptyState";
import { Page } from "@/parts/Page";
import { StatusBadge } from "@/parts/StatusBadge";
import { useWorkspace } from "@/shell/workspace";
import { endpointsTexts } from "./texts";

type Row = Schemas["OnlineEndpoint"];

export default function EndpointsPage() {
  const t = useTexts(endpointsTexts);
  const ws = useWorkspace();
  return (
    <Page title={t("title")} isFilling>
      <DataTable<Row>
        label={t("title")}
        name="endpoints"
        columns={[
          { id: "name", title: t("nameHead"), width: 240, render: (one) => one.name },
          { id: "state", title: t("stateHead"), width: 130, render: (one) => <StatusBadge status={one.provisioning_state ?? ""} /> },
          { id: "traffic", title: t("trafficHead"), width: 220, render: (one) => trafficOf(one.traffic) },
          { id: "address", title: t("addressHead"), width: 420, render: (one) => (one.scoring_uri ? <CopyId value={one.scoring_uri} /> : null) },
        ]}
        rowKey={(one) => one.name ?? ""}
        queryKey={[...keys.endpoints(ws), "list"]}
        load={() => allItems<Row>(inWorkspace(ws, "online-endpoints"))}
        empty={<EmptyState icon="endpoints" title={t("emptyTitle")} text={t("emptyText")} samples={samples(ws)} />}
      />
    </Page>
  );
}

/** Return how requests are shared out: `blue 90 %, green 10 %`. */
function trafficOf(traffic: Record<string, number> | null | undefined): string {
  return Object.entries(traffic ?? {})
    .map(([name, share]) => `${name} ${share} %`)
    .join(", ");
}

/** How the first one is made. */
function samples(ws: string) {
  return [
    { form: "CLI", text: `bancada online-endpoint create --name heart --workspace-name ${ws}` },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import ManagedOnlineEndpoint

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
ml_client.online_endpoints.begin_create_or_update(
    ManagedOnlineEndpoint(name="heart", auth_mode="key")
).result()`,
    },
  ];
}
