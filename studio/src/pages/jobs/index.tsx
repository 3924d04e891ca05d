// The jobs of a workspace.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTexts } from "@/i18n/texts";
import { EmptyState } from "@/parts/EmptyState";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { useWorkspace } from "@/shell/workspace";
import { JobsTable } from "./JobsTable";
import { samplesOfFirstJob } from "./samples";
import { jobsTexts } from "./texts";

export default function JobsPage() {
  const t = useTexts(jobsTexts);
  const ws = useWorkspace();
  const create = (
    <>
      <Button component={Link} to={`/workspaces/${encodeURIComponent(ws)}/jobs/create/automl`} variant="default" leftSection={<Icon name="chart" size={14} />}>
        {t("createAutoml")}
      </Button>
      <Button component={Link} to={`/workspaces/${encodeURIComponent(ws)}/jobs/create`} leftSection={<Icon name="plus" size={14} />}>
        {t("create")}
      </Button>
    </>
  );
  return (
    <Page title={t("title")} isFilling actions={create}>
      <JobsTable ws={ws} label={t("title")} empty={<EmptyState icon="jobs" title={t("emptyTitle")} text={t("emptyText")} samples={samplesOfFirstJob(ws)} />} />
    </Page>
  );
}
