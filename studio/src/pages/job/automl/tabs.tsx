// The tabs of an AutoML job and of one of its models, by Azure's names; each is fetched when it is first opened.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { fetchedPart } from "@/parts/fetched";
import type { Tab } from "@/parts/UrlTabs";
import type { JobFacts } from "../job";
import classes from "./AutoML.module.css";
import { isAutoML, isCandidate } from "./automl";
import { automlTexts } from "./texts";

const BestModel = fetchedPart(() => import("./BestModel").then((found) => found.BestModel));
const Guardrails = fetchedPart(() => import("./Guardrails").then((found) => found.Guardrails));
const Models = fetchedPart(() => import("./Models").then((found) => found.Models));
const ModelOverview = fetchedPart(() => import("./ModelOverview").then((found) => found.ModelOverview));
const ModelMetrics = fetchedPart(() => import("./ModelMetrics").then((found) => found.ModelMetrics));
const Explanations = fetchedPart(() => import("./Explanations").then((found) => found.Explanations));
const Transformations = fetchedPart(() => import("./ModelTexts").then((found) => found.Transformations));
const GeneratedCode = fetchedPart(() => import("./ModelTexts").then((found) => found.GeneratedCode));
const TestResults = fetchedPart(() => import("./ModelTexts").then((found) => found.TestResults));

/** Keep what a job says of itself as new as its metrics: a new best model and scores on test data are no events of the log. */
function useFreshFacts({ ws, name }: JobFacts, isOn: boolean): void {
  const queries = useQueryClient();
  const { dataUpdatedAt } = useQuery({ queryKey: [...keys.metrics(ws, name), "pulse"], queryFn: () => Date.now(), enabled: isOn });
  const seen = useRef(0);
  useEffect(() => {
    if (seen.current && dataUpdatedAt > seen.current) void queries.invalidateQueries({ queryKey: keys.job(ws, name), exact: true });
    seen.current = dataUpdatedAt;
  }, [queries, ws, name, dataUpdatedAt]);
}

/** What every job's page has, for those tabs that are the same here. */
export interface CommonTabs {
  overview: ReactNode;
  logs: Tab;
  environment: Tab;
  definition: Tab;
  /** How many runs are below the job. */
  children: number | undefined;
}

/** What the job says of itself comes with each new model; the lists' count follows some seconds later. */
const triedOf = (job: JobFacts["job"]): number | undefined => (job as { results?: { trials?: number } | null }).results?.trials;

/** Return the tabs of an AutoML job or of a model; null for any other job. */
export function useAutoMLTabs(facts: JobFacts, common: CommonTabs): readonly Tab[] | null {
  const t = useTexts(automlTexts);
  const isModel = isCandidate(facts.job);
  useFreshFacts(facts, isModel || isAutoML(facts.job));
  if (isAutoML(facts.job)) {
    return [
      {
        id: "overview",
        title: t("overview"),
        content: (
          <div className={classes.whole}>
            <BestModel {...facts} />
            {common.overview}
          </div>
        ),
      },
      { id: "guardrails", title: t("guardrails"), content: <Guardrails {...facts} /> },
      { id: "models", title: t("models"), count: triedOf(facts.job) ?? common.children, content: <Models {...facts} /> },
      common.logs,
      common.environment,
      common.definition,
    ];
  }
  if (!isModel) return null;
  return [
    { id: "overview", title: t("model"), content: <ModelOverview {...facts} /> },
    { id: "explanations", title: t("explanations"), content: <Explanations {...facts} /> },
    { id: "metrics", title: t("scores"), content: <ModelMetrics {...facts} /> },
    { id: "transformations", title: t("transformations"), content: <Transformations {...facts} /> },
    { id: "generated", title: t("code"), content: <GeneratedCode {...facts} /> },
    { id: "tests", title: t("tests"), content: <TestResults {...facts} /> },
    common.logs,
  ];
}
