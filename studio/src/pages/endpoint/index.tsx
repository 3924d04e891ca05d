// One endpoint: how it stands, who gets which requests, a test, how to call it, its logs and figures.
import { ActionIcon, Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { deploymentsQuery, endpointQuery } from "@/api/serving";
import { useTexts } from "@/i18n/texts";
import { ConfirmDelete } from "@/parts/ConfirmDelete";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { ShowCode } from "@/parts/ShowCode";
import { StatusBadge } from "@/parts/StatusBadge";
import { UrlTabs } from "@/parts/UrlTabs";
import { useUrlState } from "@/parts/urlState";
import { DeployDialog } from "@/pages/deploy/DeployDialog";
import { samplesOfEndpoint } from "@/pages/endpoints/samples";
import { useWorkspace } from "@/shell/workspace";
import { Consume } from "./Consume";
import { Keys } from "./Keys";
import { Logs } from "./Logs";
import { Metrics } from "./Metrics";
import { Overview } from "./Overview";
import { Test } from "./Test";
import { endpointTexts } from "./texts";
import { Traffic } from "./Traffic";

export default function EndpointPage() {
  const t = useTexts(endpointTexts);
  const ws = useWorkspace();
  const navigate = useNavigate();
  const { name = "", tab } = useParams({ strict: false });
  const [search, change] = useUrlState();
  const [isDeleting, setDeleting] = useState(false);
  // What is being deleted is not asked for again: its own event would have it looked for in vain.
  const [isGoing, setGoing] = useState(false);
  const found = useQuery({ ...endpointQuery(ws, name), enabled: !isGoing });
  const deployed = useQuery({ ...deploymentsQuery(ws, name), enabled: !isGoing });
  const endpoint = found.data;
  const deployments = deployed.data ?? [];
  const to = (next: string) =>
    void navigate(
      next === "overview"
        ? { to: "/workspaces/$ws/endpoints/$name", params: { ws, name }, search: {} }
        : { to: "/workspaces/$ws/endpoints/$name/$tab", params: { ws, name, tab: next }, search: search.deployment ? { deployment: search.deployment } : {} },
    );
  const shared = { ws, deployments };
  return (
    <Page
      title={name}
      heading={
        <>
          {name} <span style={{ fontSize: "0.8125rem", fontWeight: 400 }}>{endpoint ? <StatusBadge status={endpoint.provisioning_state ?? ""} /> : null}</span>
        </>
      }
      above={[
        <Link key="endpoints" to="/workspaces/$ws/endpoints" params={{ ws }}>
          {t("endpoints")}
        </Link>,
      ]}
      isFilling={tab === "logs"}
      actions={
        <>
          <ShowCode samples={samplesOfEndpoint(ws, name)} />
          <Button leftSection={<Icon name="plus" size={14} />} onClick={() => change({ deploy: "1" })}>
            {t("addDeployment")}
          </Button>
          <Menu position="bottom-end" width={200}>
            <Menu.Target>
              <ActionIcon aria-label={t("more")} variant="default" size={30}>
                <Icon name="more" />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item color="red" onClick={() => setDeleting(true)}>
                {t("deleteEndpoint")}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      {found.error ? <ErrorNote error={found.error} onRetry={() => void found.refetch()} /> : null}
      {endpoint && deployed.data && !isGoing ? (
        <UrlTabs
          value={tab ?? "overview"}
          onChange={to}
          tabs={[
            { id: "overview", title: t("overview"), content: <Overview {...shared} endpoint={endpoint} onDeploy={() => change({ deploy: "1" })} /> },
            { id: "traffic", title: t("traffic"), content: <Traffic {...shared} endpoint={endpoint} /> },
            { id: "test", title: t("test"), content: <Test {...shared} endpoint={endpoint} /> },
            { id: "consume", title: t("consume"), content: <Consume {...shared} endpoint={endpoint} /> },
            { id: "keys", title: t("keys"), content: <Keys ws={ws} name={name} /> },
            { id: "logs", title: t("logs"), content: <Logs {...shared} name={name} /> },
            { id: "metrics", title: t("metrics"), content: <Metrics {...shared} name={name} /> },
          ]}
        />
      ) : null}
      {search.deploy ? <DeployDialog ws={ws} endpoint={name} onClose={() => change({ deploy: undefined })} /> : null}
      <ConfirmDelete
        isOpen={isDeleting}
        onClose={() => setDeleting(false)}
        title={t("deleteTitle", { name })}
        goes={[t("goesAddress"), t("goesDeployments", { count: deployments.length }), t("goesModels")]}
        nameToType={name}
        onConfirm={async () => {
          setGoing(true);
          await send("DELETE", inWorkspace(ws, "online-endpoints", name)).catch((reason: unknown) => {
            setGoing(false);
            throw reason;
          });
          notifications.show({ message: t("deleted", { name }) });
          await navigate({ to: "/workspaces/$ws/endpoints", params: { ws } });
        }}
      />
    </Page>
  );
}
