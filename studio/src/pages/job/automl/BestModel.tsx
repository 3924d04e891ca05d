// On top of an AutoML job's overview: the best model so far with what can be done with it, and what the job was asked.
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import { KeyValues } from "@/parts/KeyValues";
import { Panel } from "@/parts/Panel";
import { isFinal } from "@/parts/statuses";
import { Button } from "@mantine/core";
import { filesQuery, type JobFacts } from "../job";
import { type AutoMLJob, type Candidate, jsonFileQuery, modelRunOf } from "./automl";
import classes from "./AutoML.module.css";
import { useMetricTitle } from "./metricNames";
import { Headline } from "./Headline";
import { ModelActions } from "./ModelActions";
import { automlTexts } from "./texts";
import { useEngineWords } from "./words";

interface Results {
  primary_metric: string;
  trials: number;
  leaderboard?: readonly Candidate[];
}

export function BestModel({ ws, name, job }: JobFacts) {
  const t = useTexts(automlTexts);
  const formats = useFormats();
  const say = useEngineWords();
  const metricTitle = useMetricTitle();
  const spec = job as unknown as AutoMLJob;
  const isEnded = isFinal(job.status ?? "");
  const files = useQuery(filesQuery(ws, name)).data;
  const summary = useQuery(jsonFileQuery<{ reason: string }>(ws, name, "outputs/summary.json", files)).data;
  // As the wizard calls it, and its number as the language writes it.
  const reached = /^exit_score (\S+) is reached$/.exec(summary?.reason ?? "")?.[1];
  const results = spec.results as unknown as Results | undefined;
  const best = results?.leaderboard?.[0];
  const run = modelRunOf(name, job);
  const primary = results?.primary_metric ?? spec.primary_metric ?? "";
  const test = best?.metrics[`test_${primary}`];
  const limits = spec.limits as { max_trials?: number | null; timeout_minutes?: number | null } | null | undefined;
  return (
    <div className={classes.pair}>
      <Panel title={t(isEnded ? "best" : "bestSoFar")} more={best ? <span className="faint">{best.display_name}</span> : null}>
        {best && run ? (
          <>
            <Headline
              algorithm={
                <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: run }} search={{}}>
                  {best.algorithm}
                </Link>
              }
              metric={primary}
              score={best.value}
              error={best.error_of_value}
              test={test}
            />
            <div className={classes.acts}>
              <ModelActions ws={ws} run={run} title={job.display_name && job.display_name !== name ? job.display_name : (spec.target_column_name ?? name)} />
              {isEnded ? (
                <Button variant="default" component={Link} to="/workspaces/$ws/jobs/$name/$tab" params={{ ws, name: run, tab: "explanations" } as never} leftSection={<Icon name="chart" size={14} />}>
                  {t("viewExplanation")}
                </Button>
              ) : null}
            </div>
          </>
        ) : (
          <p className={`faint ${classes.note}`}>{t(isEnded ? "noBestEver" : "noBest")}</p>
        )}
      </Panel>
      <Panel title={t("settings")}>
        <KeyValues
          items={[
            [t("task"), spec.task === "regression" ? t("regression") : t("classification")],
            [t("target"), spec.target_column_name ? <code key="target">{spec.target_column_name}</code> : null],
            [t("primary"), primary ? metricTitle(primary) : null],
            [t("tried"), results ? (limits?.max_trials && limits.max_trials >= results.trials ? t("triedOf", { count: results.trials, total: limits.max_trials }) : formats.integer(results.trials)) : null],
            [t("limit"), limits?.timeout_minutes ? t("minutes", { count: limits.timeout_minutes }) : null],
            [t("searchEnded"), summary ? (reached ? t("scoreReached", { score: formats.value(Number(reached)) }) : say(summary.reason)) : null],
          ]}
        />
      </Panel>
    </div>
  );
}
