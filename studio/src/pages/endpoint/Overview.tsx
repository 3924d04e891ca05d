// How an endpoint stands: its address and facts, and its deployments with what serves in each.
import { Button, SimpleGrid } from "@mantine/core";
import type { Deployment, Endpoint } from "@/api/serving";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { CopyId } from "@/parts/CopyId";
import { EmptyState } from "@/parts/EmptyState";
import { Icon } from "@/parts/Icon";
import { KeyValues } from "@/parts/KeyValues";
import { Panel } from "@/parts/Panel";
import { RelativeTime } from "@/parts/RelativeTime";
import { StatusBadge } from "@/parts/StatusBadge";
import { Tags } from "@/parts/Tags";
import { Failure } from "@/pages/deploy/Failure";
import { samplesOfDeployment } from "@/pages/endpoints/samples";
import { DeploymentCard } from "./DeploymentCard";
import { endpointTexts } from "./texts";

interface OverviewProps {
  ws: string;
  endpoint: Endpoint;
  deployments: readonly Deployment[];
  onDeploy(): void;
}

export function Overview({ ws, endpoint, deployments, onDeploy }: OverviewProps) {
  const t = useTexts(endpointTexts);
  return (
    <div style={{ display: "grid", gap: 14 }}>
      {deployments
        .filter((one) => one.error)
        .map((one) => (
          <Failure key={one.name} deployment={one} />
        ))}
      <Facts endpoint={endpoint} />
      {deployments.length ? (
        <SimpleGrid cols={{ base: 1, lg: deployments.length > 1 ? 2 : 1 }} spacing="md" style={{ alignItems: "start" }}>
          {deployments.map((one) => (
            <DeploymentCard key={one.name} ws={ws} deployment={one} traffic={endpoint.traffic?.[one.name ?? ""] ?? 0} mirror={endpoint.mirror_traffic?.[one.name ?? ""] ?? 0} />
          ))}
        </SimpleGrid>
      ) : (
        <section className="panel" style={{ padding: "28px 20px" }}>
          <EmptyState
            icon="endpoints"
            title={t("noDeployments")}
            text={t("noDeploymentsText")}
            samples={samplesOfDeployment(ws, endpoint.name ?? "")}
            action={
              <Button leftSection={<Icon name="plus" size={14} />} onClick={onDeploy}>
                {t("addDeployment")}
              </Button>
            }
          />
        </section>
      )}
    </div>
  );
}

function Facts({ endpoint }: { endpoint: Endpoint }) {
  const t = useTexts(endpointTexts);
  const formats = useFormats();
  const shares = Object.entries(endpoint.traffic ?? {}).filter(([, share]) => share > 0);
  const mirrored = Object.entries(endpoint.mirror_traffic ?? {}).filter(([, share]) => share > 0);
  const words = (found: [string, number][]) => found.map(([name, share]) => `${name} ${formats.percent(share / 100)}`).join(", ");
  return (
    <Panel title={t("facts")}>
      <KeyValues
        items={[
          [t("state"), <StatusBadge key="state" status={endpoint.provisioning_state ?? ""} />],
          [t("scoringUri"), endpoint.scoring_uri ? <CopyId key="uri" value={endpoint.scoring_uri} /> : null],
          [t("swaggerUri"), endpoint.openapi_uri ? <CopyId key="swagger" value={endpoint.openapi_uri} /> : null],
          [t("traffic"), shares.length ? words(shares) : t("noTraffic")],
          [t("mirror"), mirrored.length ? words(mirrored) : null],
          [t("auth"), endpoint.auth_mode],
          [t("description"), endpoint.description],
          [t("tags"), Object.keys(endpoint.tags ?? {}).length ? <Tags key="tags" tags={endpoint.tags ?? {}} /> : null],
          [t("created"), <RelativeTime key="created" at={endpoint.creation_context?.created_at} />],
        ]}
      />
    </Panel>
  );
}
