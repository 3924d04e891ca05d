// Up to 200 jobs side by side: values, curves, relations; of two also what differs in how they were made.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { comparedQuery, MOST_COMPARED } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { fetchedPart } from "@/parts/fetched";
import { Page } from "@/parts/Page";
import { UrlTabs } from "@/parts/UrlTabs";
import { useUrlState } from "@/parts/urlState";
import { useWorkspace } from "@/shell/workspace";
import { ComparedTable } from "./ComparedTable";
import { compareTexts } from "./texts";

const Curves = fetchedPart(() => import("./Curves").then((found) => found.Curves));
const Relations = fetchedPart(() => import("./Relations").then((found) => found.Relations));
const Difference = fetchedPart(() => import("./Difference").then((found) => found.Difference));

export default function ComparePage() {
  const t = useTexts(compareTexts);
  const ws = useWorkspace();
  const [search, change] = useUrlState();
  const names = [...new Set((search.names ?? "").split(",").filter(Boolean))].slice(0, MOST_COMPARED);
  const { data, error, refetch } = useQuery(comparedQuery(ws, names));
  const jobsLink = (
    <Link key="jobs" to="/workspaces/$ws/jobs" params={{ ws }}>
      {t("jobs")}
    </Link>
  );
  const onNames = (next: readonly string[]) => change({ names: next.join(",") });
  const isFilling = (search.tab ?? "table") === "table";
  return (
    <Page title={names.length ? t("heading", { count: names.length }) : t("title")} above={[jobsLink]} isFilling={isFilling}>
      {names.length === 0 ? (
        <EmptyState icon="chart" title={t("noneTitle")} text={t("noneText")} action={<Link to="/workspaces/$ws/jobs" params={{ ws }}>{t("toJobs")}</Link>} />
      ) : null}
      {error ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <UrlTabs
          tabs={[
            { id: "table", title: t("table"), content: <ComparedTable ws={ws} data={data} onRemove={(name) => onNames(names.filter((one) => one !== name))} /> },
            { id: "curves", title: t("curves"), content: <Curves ws={ws} jobs={data.jobs} /> },
            { id: "relations", title: t("relations"), content: <Relations ws={ws} data={data} /> },
            ...(names.length === 2 ? [{ id: "difference", title: t("difference"), content: <Difference ws={ws} jobs={data.jobs} onSwap={() => onNames([...names].reverse())} /> }] : []),
          ]}
        />
      ) : null}
    </Page>
  );
}
