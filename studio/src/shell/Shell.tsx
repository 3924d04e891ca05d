// The frame of every page of a workspace: header, navigation, and the stream that keeps it all true.
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useParams, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useLive } from "@/api/live";
import { workspacesQuery } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { Header } from "./Header";
import { Navigation } from "./Navigation";
import classes from "./Shell.module.css";
import { shellTexts } from "./texts";
import { firstWorkspace, lastWorkspace, rememberWorkspace } from "./workspace";

export function Shell() {
  const t = useTexts(shellTexts);
  const { ws: asked } = useParams({ strict: false });
  const workspaces = useQuery(workspacesQuery);
  const names = workspaces.data?.map((one) => one.name ?? "") ?? [];
  const ws = asked ?? firstWorkspace(names, lastWorkspace());
  const [isMenuOpen, setMenuOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isMissing = asked !== undefined && workspaces.data !== undefined && !names.includes(asked);
  // A page that asked for a workspace which is not there would fill itself with errors.
  const isUnsure = asked !== undefined && workspaces.isPending;
  useEffect(() => setMenuOpen(false), [path]);
  useEffect(() => {
    if (asked && !isMissing && workspaces.data) rememberWorkspace(asked);
  }, [asked, isMissing, workspaces.data]);
  return (
    <div className={classes.shell}>
      <a href="#main" className={classes.skip}>
        {t("skip")}
      </a>
      <Header ws={ws} names={names} onMenu={() => setMenuOpen(!isMenuOpen)} />
      <Navigation ws={ws} isOpen={isMenuOpen} />
      <main id="main" tabIndex={-1} className={classes.main}>
        {workspaces.error ? <ErrorNote error={workspaces.error} onRetry={() => void workspaces.refetch()} /> : null}
        {isMissing ? <NoWorkspace name={asked} /> : isUnsure ? null : <Outlet />}
      </main>
      {ws && names.includes(ws) ? <Live ws={ws} /> : null}
    </div>
  );
}

function Live({ ws }: { ws: string }) {
  useLive(ws);
  return null;
}

function NoWorkspace({ name }: { name: string }) {
  const t = useTexts(shellTexts);
  return (
    <div style={{ padding: 64 }}>
      <EmptyState
        icon="workspaces"
        title={t("noWorkspace", { name })}
        text={t("noWorkspaceText")}
        action={<Link to="/workspaces">{t("allWorkspaces")}</Link>}
      />
    </div>
  );
}
