// Review: everything that was chosen, what was found in the data, how long it will take, and the job as code.
import { Button } from "@mantine/core";
import { useFormats } from "@/i18n/formats";
import { useLanguage } from "@/i18n/language";
import { writtenNumber } from "@/i18n/numbers";
import { useTexts } from "@/i18n/texts";
import { KeyValues } from "@/parts/KeyValues";
import { Panel } from "@/parts/Panel";
import { tagsOfRows } from "@/parts/TagFields";
import { Tags } from "@/parts/Tags";
import { createTexts } from "../create/texts";
import classes from "./Automl.module.css";
import { Checks, Estimate } from "./checks/Checks";
import { useWizard } from "./form";
import { metricOf } from "./SettingsStep";
import { automlTexts } from "./texts";
import { type DataChoice, MODELS, type Step, type Typed } from "./wizard";

export function ReviewStep({ onStep }: { onStep(step: Step): void }) {
  const t = useTexts(automlTexts);
  const jobs = useTexts(createTexts);
  const facts = useFacts();
  const { w } = useWizard();
  const tags = tagsOfRows(w.tags);
  const edit = (step: Step) => (
    <Button variant="subtle" size="compact-xs" aria-label={t("edit", { step: t(step) })} onClick={() => onStep(step)}>
      {t("editIt")}
    </Button>
  );
  return (
    <div className={classes.split}>
      <div className={classes.step}>
        <Panel title={t("basics")} more={edit("basics")}>
          <KeyValues
            items={[
              [t("jobName"), w.name || t("jobNameHint")],
              [t("experiment"), w.experiment || "Default"],
              [t("description"), w.description],
              [jobs("tags"), Object.keys(tags).length ? <Tags key="tags" tags={tags} /> : null],
            ]}
          />
        </Panel>
        <Panel title={t("data")} more={edit("data")}>
          <KeyValues items={facts.data} />
        </Panel>
        <Panel title={t("settings")} more={edit("settings")}>
          <KeyValues items={facts.settings} />
        </Panel>
        <Panel title={t("compute")} more={edit("compute")}>
          <KeyValues items={[[t("compute"), w.compute || jobs("anyCompute")]]} />
        </Panel>
      </div>
      <div className={classes.step}>
        <Estimate />
        <Checks />
      </div>
    </div>
  );
}

type Facts = (readonly [string, string])[];

function useFacts(): { data: Facts; settings: Facts } {
  const t = useTexts(automlTexts);
  const formats = useFormats();
  const language = useLanguage();
  const { w, check } = useWizard();
  const number = (value: Typed) => (typeof value === "number" ? writtenNumber(value, language) : "");
  const asset = (one: DataChoice | null) => (one ? `${one.name}:${one.version}` : "");
  const names = (of: readonly string[]) => of.map((one) => (w.task ? (MODELS[w.task][one] ?? one) : one)).join(", ");
  const models = w.allModels ? (w.blocked.length ? t("allBut", { names: names(w.blocked) }) : t("allModels")) : names(w.allowed);
  const left = Object.keys(w.types).filter((name) => w.types[name] === "Ignore");
  const typed = Object.entries(w.types).filter(([, type]) => type !== "Ignore");
  const percent = (value: Typed) => (typeof value === "number" ? t("percent", { count: value }) : "");
  const minutes = (value: Typed) => (typeof value === "number" ? t("minutes", { count: value }) : "");
  const validation = { auto: "", split: percent(w.share), folds: typeof w.folds === "number" ? t("foldsCount", { count: w.folds }) : "", data: asset(w.validationData) }[w.validation];
  const test = { none: "", split: percent(w.testShare), data: asset(w.testData) }[w.test];
  const rows = check.data?.rows;
  return {
    data: [
      [t("taskType"), w.task ? t(w.task) : ""],
      [t("dataAsset"), asset(w.data) + (rows === undefined ? "" : ` (${formats.integer(rows)} × ${formats.integer(check.data?.columns.length ?? 0)})`)],
      [t("leftOut"), left.join(", ")],
      [t("typesSet"), typed.map(([name, type]) => `${name}: ${t(`as_${type}` as "as_Text")}`).join(", ")],
    ],
    settings: [
      [t("target"), w.target],
      [t("positive"), w.positive],
      [t("primaryMetric"), w.task ? t(`metric_${metricOf(w)}` as never) : ""],
      [t(w.allModels ? "models" : "allowed"), models],
      [t("explain"), t(w.explains ? "yes" : "no")],
      [t("ensembles"), t(w.ensembles ? "yes" : "no")],
      [t("enableFeaturization"), t(w.featurizes ? "yes" : "no")],
      [t("maxTrials"), number(w.trials) || t("asManyAsFit")],
      [t("maxConcurrent"), number(w.concurrent) || t("oneEach")],
      [t("threshold"), number(w.exitScore)],
      [t("timeout"), minutes(w.timeout) || t("minutes", { count: 360 })],
      [t("trialTimeout"), minutes(w.trialTimeout)],
      [t("early"), t(w.stopsEarly ? "yes" : "no")],
      [t("validationType"), [t(`validation_${w.validation}`), validation].filter(Boolean).join(" · ")],
      [t("impute"), Object.entries(w.imputers).map(([name, one]) => `${name}: ${t(`impute_${one}` as "impute_mean")}`).join(", ")],
      [t("alsoKept"), Object.keys(w.more).join(", ")],
      [t("testType"), [t(`test_${w.test}`), test].filter(Boolean).join(" · ")],
    ],
  };
}
