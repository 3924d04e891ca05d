// The home of a workspace: what runs, what waits and why, what came out, what serves, how the machine is.
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Suspense } from "react";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { lazyOr, Nothing } from "@/parts/lazyOr";
import { Page } from "@/parts/Page";
import { useWorkspace } from "@/shell/workspace";
import { Figures } from "./Figures";
import classes from "./Home.module.css";
import { Endpoints, Models, Queue, RecentJobs } from "./Lists";
import { isUntouched, summaryQuery } from "./summary";
import { homeTexts } from "./texts";

// Once for each workspace.
const FirstRun = lazyOr(async () => ({ default: (await import("./FirstRun")).FirstRun }), Nothing);

export default function HomePage() {
  const t = useTexts(homeTexts);
  const ws = useWorkspace();
  const { data: summary, error, refetch } = useQuery(summaryQuery(ws));
  return (
    <Page title={t("title")} actions={<Start ws={ws} />}>
      {error ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      <Figures ws={ws} summary={summary} />
      {summary === undefined ? (
        error ? null : <Skeleton height={320} radius={8} />
      ) : isUntouched(summary) ? (
        <Suspense>
          <FirstRun ws={ws} />
        </Suspense>
      ) : (
        <div className={classes.columns}>
          <div className={classes.side}>
            <Queue ws={ws} summary={summary} />
            <RecentJobs ws={ws} summary={summary} />
          </div>
          <div className={classes.side}>
            <Endpoints ws={ws} summary={summary} />
            <Models ws={ws} summary={summary} />
          </div>
        </div>
      )}
    </Page>
  );
}

function Start({ ws }: { ws: string }) {
  const t = useTexts(homeTexts);
  const params = { ws } as never;
  return (
    <>
      <Button component={Link} to="/workspaces/$ws/data/create" params={params} variant="default" leftSection={<Icon name="data" size={14} />}>
        {t("createData")}
      </Button>
      <Button component={Link} to="/workspaces/$ws/endpoints" search={{ deploy: "new" } as never} params={params} variant="default" leftSection={<Icon name="endpoints" size={14} />}>
        {t("deploy")}
      </Button>
      <Button component={Link} to="/workspaces/$ws/jobs/create/automl" params={params} variant="default" leftSection={<Icon name="chart" size={14} />}>
        {t("createAutoml")}
      </Button>
      <Button component={Link} to="/workspaces/$ws/jobs/create" params={params} leftSection={<Icon name="plus" size={14} />}>
        {t("createJob")}
      </Button>
    </>
  );
}
