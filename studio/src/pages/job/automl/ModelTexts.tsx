// What an AutoML job wrote about its best model: what each column became, the generated code, scores on test data.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { PREFIX, raw } from "@/api/client";
import { keys } from "@/api/keys";
import { jobQuery } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { CodeEditor } from "@/parts/CodeEditor";
import { CopyButton } from "@/parts/CopyId";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { Panel } from "@/parts/Panel";
import { PlainTable } from "@/parts/PlainTable";
import { fileAddress, filesQuery, type JobFacts } from "../job";
import classes from "./AutoML.module.css";
import { FILES, jsonFileQuery, modelRunOf, scoresOf, type Transformation } from "./automl";
import { kindOf, Words } from "./Guardrails";
import { Scores } from "./ModelMetrics";
import { loggedOf } from "./ModelOverview";
import { automlTexts } from "./texts";
import { useEngineWords } from "./words";

/** Tell whether a model is the best one of its job; null while that is not known. */
function useIsBest({ ws, name, job }: JobFacts): boolean | null {
  const parent = job.parent_job_name ?? "";
  const above = useQuery({ ...jobQuery(ws, parent), enabled: parent !== "" }).data as JobFacts["job"] | undefined;
  return above ? modelRunOf(parent, above) === name : null;
}

export function Transformations({ ws, job }: JobFacts) {
  const t = useTexts(automlTexts);
  const say = useEngineWords();
  const parent = job.parent_job_name ?? "";
  const { data: files, error } = useQuery(filesQuery(ws, parent));
  const found = useQuery(jsonFileQuery<Transformation[]>(ws, parent, FILES.transformations, files));
  if (error ?? found.error) return <ErrorNote error={error ?? found.error} />;
  if (found.data === undefined) return null;
  if (!found.data?.length) return <EmptyState icon="columns" title={t("noTransformations")} text={t("noTransformationsText")} />;
  return (
    <div className={`${classes.column} ${classes.wrap}`}>
      <Panel title={t("transformations")} more={<span className="faint">{found.data.length}</span>}>
        <PlainTable
          label={t("transformations")}
          rows={found.data}
          rowKey={(one) => one.column}
          columns={[
            { id: "column", title: t("column"), width: "18%", render: (one) => <code>{one.column}</code> },
            { id: "type", title: t("type"), width: 120, render: (one) => kindOf(one.kind, t) },
            { id: "why", title: t("why"), width: "22%", render: (one) => <Words text={say(one.reason)} /> },
            {
              id: "steps",
              title: t("steps"),
              render: (one) => (
                <ul className={classes.steps}>
                  {one.steps.map((step) => (
                    <li key={step}>{say(step)}</li>
                  ))}
                </ul>
              ),
            },
          ]}
        />
      </Panel>
      <p className="faint">{t("recipes")}</p>
    </div>
  );
}

export function GeneratedCode(facts: JobFacts) {
  const { ws, name } = facts;
  const t = useTexts(automlTexts);
  const isBest = useIsBest(facts);
  const { data: files, error } = useQuery(filesQuery(ws, name));
  const file = files?.find((one) => one.path === FILES.code);
  const address = fileAddress(ws, name, FILES.code, file?.digest);
  const code = useQuery({ queryKey: [...keys.files(ws, name), "code", file?.digest], queryFn: async () => (await raw(address)).text(), enabled: file !== undefined });
  if (error ?? code.error) return <ErrorNote error={error ?? code.error} />;
  if (!files) return null;
  if (!file) return <EmptyState icon="file" title={t("noCode")} text={t(isBest === false ? "onlyBestCode" : "noCodeText")} />;
  return (
    <Panel
      title={t("code")}
      isPadded
      more={
        <span className={classes.tools}>
          <CopyButton value={code.data ?? ""} />
          <Button component="a" variant="default" size="compact-sm" href={PREFIX + address} download="script.py" leftSection={<Icon name="download" size={14} />}>
            {t("download")}
          </Button>
        </span>
      }
    >
      <p className="faint">{t("codeHint")}</p>
      {code.data === undefined ? null : <CodeEditor label={t("code")} language="python" value={code.data} height={560} />}
    </Panel>
  );
}

export function TestResults(facts: JobFacts) {
  const t = useTexts(automlTexts);
  const isBest = useIsBest(facts);
  const primary = facts.job.tags?.["automl.primary_metric"] ?? "";
  const scores = scoresOf(loggedOf(facts.job).metrics, primary).filter((one) => one.test !== undefined);
  if (!scores.length) return <EmptyState icon="check" title={t("noTests")} text={t(isBest === false ? "onlyBestTest" : "noTestsText")} />;
  return <Scores scores={scores} primary={primary} />;
}
