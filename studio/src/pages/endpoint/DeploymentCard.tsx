// One deployment of an endpoint: what it serves, how many replicas, how quickly and why, and what can be done with it.
import "@mantine/core/styles/NumberInput.css";
import { ActionIcon, Button, Menu, NumberInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { keys } from "@/api/keys";
import { type Deployment, followDeployment, isChanging, putDeployment, type Replica, replicasOf, writable } from "@/api/serving";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { ConfirmDelete } from "@/parts/ConfirmDelete";
import { Dialog } from "@/parts/Dialog";
import { Icon } from "@/parts/Icon";
import { KeyValues } from "@/parts/KeyValues";
import { Panel } from "@/parts/Panel";
import { PlainTable } from "@/parts/PlainTable";
import { StatusBadge } from "@/parts/StatusBadge";
import classes from "./Endpoint.module.css";
import { endpointTexts } from "./texts";

interface CardProps {
  ws: string;
  deployment: Deployment;
  traffic: number;
  mirror: number;
}

export function DeploymentCard({ ws, deployment, traffic, mirror }: CardProps) {
  const t = useTexts(endpointTexts);
  const formats = useFormats();
  const words = useServerWords();
  const [asks, setAsks] = useState<"delete" | "scale" | null>(null);
  const name = deployment.name ?? "";
  const endpoint = deployment.endpoint_name ?? "";
  const replicas = replicasOf(deployment);
  const ready = replicas.filter((one) => one.state === "ready").length;
  // Where none was named: which one it is, and why.
  const chosen = deployment.properties?.serving_environment;
  useFollowed(ws, deployment);
  const shares = mirror ? t("mirrored", { share: formats.percent(mirror / 100) }) : formats.percent(traffic / 100);
  return (
    <Panel
      title={name}
      more={
        <span className={classes.counts}>
          <StatusBadge status={deployment.provisioning_state ?? ""} />
          <Actions ws={ws} endpoint={endpoint} name={name} onAsk={setAsks} />
        </span>
      }
    >
      <KeyValues
        items={[
          [t("traffic"), shares],
          [t("model"), modelLink(ws, deployment.model)],
          [t("environment"), typeof deployment.environment === "string" ? <code>{deployment.environment.replace(/^azureml:/, "")}</code> : deployment.environment ? t("inlineEnvironment") : typeof chosen === "string" ? words.say(chosen) : t("ofModel")],
          [t("script"), deployment.code_configuration?.scoring_script ? <code>{deployment.code_configuration.scoring_script}</code> : t("noScript")],
          [t("replicas"), t("readyOf", { ready, count: wantedOf(deployment) })],
          [t("atOnce"), deployment.request_settings?.max_concurrent_requests_per_instance ?? 1],
        ]}
      />
      {replicas.length ? <Replicas replicas={replicas} /> : null}
      {asks === "scale" ? <Scale ws={ws} deployment={deployment} onClose={() => setAsks(null)} /> : null}
      <ConfirmDelete
        isOpen={asks === "delete"}
        onClose={() => setAsks(null)}
        title={t("deleteDeploymentTitle", { name })}
        goes={[t("goesReplicas", { count: replicas.length }), traffic ? t("hasTraffic", { share: formats.percent(traffic / 100) }) : t("goesHistory")]}
        onConfirm={async () => {
          await send("DELETE", inWorkspace(ws, "online-endpoints", endpoint, "deployments", name));
          notifications.show({ message: t("deleted", { name }) });
        }}
      />
    </Panel>
  );
}

function Actions({ ws, endpoint, name, onAsk }: { ws: string; endpoint: string; name: string; onAsk(what: "delete" | "scale"): void }) {
  const t = useTexts(endpointTexts);
  const tab = (to: string) => ({ to: "/workspaces/$ws/endpoints/$name/$tab", params: { ws, name: endpoint, tab: to }, search: { deployment: name } }) as never;
  return (
    <>
      <Button component={Link} {...(tab("test") as object)} variant="default" size="compact-xs">
        {t("test")}
      </Button>
      <Button component={Link} {...(tab("logs") as object)} variant="default" size="compact-xs">
        {t("logs")}
      </Button>
      <Menu position="bottom-end" width={210}>
        <Menu.Target>
          <ActionIcon aria-label={t("moreOf", { name })}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onAsk("scale")}>{t("scale")}</Menu.Item>
          <Menu.Item color="red" onClick={() => onAsk("delete")}>
            {t("deleteDeployment")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

/** While it changes, wait for each next revision: replicas come and go without an event of their own. */
function useFollowed(ws: string, deployment: Deployment): void {
  const queries = useQueryClient();
  const { name, endpoint_name: endpoint } = deployment;
  const isMoving = isChanging(deployment);
  useEffect(() => {
    if (!isMoving || !endpoint || !name) return undefined;
    const stop = new AbortController();
    const key = [...keys.endpoint(ws, endpoint), "deployments"];
    const show = (found: Deployment) => queries.setQueryData<Deployment[]>(key, (before) => before?.map((one) => (one.name === found.name ? found : one)));
    followDeployment(ws, endpoint, name, show, stop.signal).catch(() => undefined); // gone, or the page is: an event tells
    return () => stop.abort();
  }, [ws, endpoint, name, isMoving, queries]);
}

function wantedOf(deployment: Deployment): string {
  const scale = deployment.scale_settings;
  if (scale?.type === "target_utilization") return `${scale.min_instances ?? 1}–${scale.max_instances ?? deployment.instance_count ?? 1}`;
  return String(deployment.instance_count ?? 1);
}

function modelLink(ws: string, model: Deployment["model"]) {
  const [, name, version] = /^azureml:([^:@]+)(?:[:@](.+))?$/.exec(typeof model === "string" ? model : "") ?? [];
  if (!name) return null;
  if (!version || version === "latest") return name;
  return (
    <Link to="/workspaces/$ws/models/$name/$version" params={{ ws, name, version }}>
      {`${name}:${version}`}
    </Link>
  );
}

function Replicas({ replicas }: { replicas: Replica[] }) {
  const t = useTexts(endpointTexts);
  const words = useServerWords();
  return (
    <PlainTable
      label={t("replicas")}
      rows={replicas}
      rowKey={(one) => one.name}
      columns={[
        { id: "name", title: t("replica"), width: 80, render: (one) => <code title={one.name}>{one.name.split(".").pop()}</code> },
        { id: "state", title: t("state"), width: 110, render: (one) => <StatusBadge status={one.state} /> },
        {
          id: "speed",
          title: t("speed"),
          render: (one) =>
            one.level ? (
              <>
                <strong>{one.level === "L2" ? t("levelStraight") : one.level === "L1" ? t("levelExact") : t("levelLoaded")}</strong>
                <div className="faint">{[one.level_reason, one.batch_reason].flatMap((reason) => (reason ? [reason.split("; ").map(words.say).join("; ")] : [])).join(" · ")}</div>
              </>
            ) : (
              <span className="faint">–</span>
            ),
        },
        { id: "batch", title: t("batch"), width: 120, render: (one) => (one.batch === undefined ? "–" : one.batch ? t("itDoes") : t("itDoesNot")) },
      ]}
    />
  );
}

function Scale({ ws, deployment, onClose }: { ws: string; deployment: Deployment; onClose(): void }) {
  const t = useTexts(endpointTexts);
  const queries = useQueryClient();
  const [count, setCount] = useState(deployment.instance_count ?? 1);
  const [atOnce, setAtOnce] = useState(deployment.request_settings?.max_concurrent_requests_per_instance ?? 1);
  const save = async () => {
    const { name = "", endpoint_name: endpoint = "" } = deployment;
    const request_settings = { request_timeout_ms: 5000, max_queue_wait_ms: 500, ...deployment.request_settings, max_concurrent_requests_per_instance: atOnce };
    await putDeployment(ws, endpoint ?? "", name ?? "", { ...writable(deployment), instance_count: count, request_settings });
    await queries.invalidateQueries({ queryKey: keys.endpoint(ws, endpoint ?? "") });
  };
  return (
    <Dialog title={t("scaleTitle", { name: deployment.name ?? "" })} action={t("save")} isReady onClose={onClose} onSubmit={save}>
      <NumberInput size="xs" label={t("replicas")} description={t("replicasHint")} min={1} max={64} value={count} onChange={(value) => setCount(Number(value) || 1)} data-autofocus />
      <NumberInput size="xs" label={t("atOnce")} description={t("atOnceHint")} min={1} max={10000} value={atOnce} onChange={(value) => setAtOnce(Number(value) || 1)} />
    </Dialog>
  );
}
