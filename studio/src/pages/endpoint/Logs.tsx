// What the replicas of a deployment print, live: of all of them, or of one.
import { Select } from "@mantine/core";
import { inWorkspace } from "@/api/client";
import { type Deployment, replicasOf } from "@/api/serving";
import { useTexts } from "@/i18n/texts";
import { LogView } from "@/parts/LogView";
import { useUrlState } from "@/parts/urlState";
import { DEPLOYMENT_LOG } from "./deploymentLog";
import classes from "./Endpoint.module.css";
import { endpointTexts } from "./texts";

const LINES = "5000";

export function Logs({ ws, name, deployments }: { ws: string; name: string; deployments: readonly Deployment[] }) {
  const t = useTexts(endpointTexts);
  const [search, change] = useUrlState();
  const deployment = deployments.find((one) => one.name === search.deployment) ?? deployments[0];
  if (!deployment) return <p className="faint">{t("noDeploymentsText")}</p>;
  const replicas = replicasOf(deployment).map((one) => one.name);
  const replica = replicas.includes(search.replica ?? "") ? search.replica : undefined;
  const path = inWorkspace(ws, "online-endpoints", name, "deployments", deployment.name ?? "", "logs");
  return (
    <div style={{ display: "flex", flexDirection: "column", gap: 10, flex: 1, minHeight: 0 }}>
      <div className={classes.tools}>
        <Select label={t("deployment")} w={200} allowDeselect={false} data={deployments.map((one) => one.name ?? "")} value={deployment.name ?? ""} onChange={(to) => change({ deployment: to ?? undefined, replica: undefined })} />
        <Select
          label={t("replica")}
          w={240}
          allowDeselect={false}
          data={[{ value: "", label: t("allReplicas") }, ...replicas.map((one) => ({ value: one, label: one.split(".").pop() ?? one }))]}
          value={replica ?? ""}
          onChange={(to) => change({ replica: to || undefined })}
        />
      </div>
      <LogView key={`${path} ${replica ?? ""}`} path={path} words={{ lines: LINES, ...(replica ? { replica } : {}) }} protocol={DEPLOYMENT_LOG} />
    </div>
  );
}
