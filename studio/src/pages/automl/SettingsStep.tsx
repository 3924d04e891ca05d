// Task settings: the target, how it is scored, which models, how columns become features, limits, validation and test.
import "@mantine/core/styles/Pill.css";
import "@mantine/core/styles/PillsInput.css";
import { Button, Modal, MultiSelect, NativeSelect, Select, Switch } from "@mantine/core";
import { useState } from "react";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import { Panel } from "@/parts/Panel";
import { partTexts } from "@/parts/texts";
import classes from "./Automl.module.css";
import { Checks, Estimate } from "./checks/Checks";
import { checkTexts } from "./checks/texts";
import { Columns } from "./Columns";
import { DataSelect } from "./DataSelect";
import { NumberAt, useWizard } from "./form";
import { automlTexts } from "./texts";
import { METRICS, MODELS, type Task, type Wizard } from "./wizard";

/** Metrics of which less is better. */
const LESS = ["normalized_root_mean_squared_error", "normalized_mean_absolute_error"];

export const metricOf = (w: Wizard): string => w.metric || (w.task ? METRICS[w.task][0]! : "");

export function SettingsStep() {
  return (
    <div className={classes.split}>
      <div className={classes.step}>
        <Target />
        <Training />
        <Featurization />
        <Limits />
        <Validation />
      </div>
      <div className={classes.step}>
        <Estimate />
        <Checks />
      </div>
    </div>
  );
}

function Target() {
  const t = useTexts(automlTexts);
  const words = useTexts(checkTexts);
  const { w, change, check, errorOf } = useWizard();
  const columns = check.data?.columns ?? [];
  const known = columns.map((one) => ({ value: one.name, label: `${one.name} (${words(`kind_${one.kind}`)})` }));
  const classesOf = w.task === "classification" ? (check.data?.classes ?? []) : [];
  return (
    <Panel title={t("target")} isPadded>
      <div className={classes.two}>
        <Select
          label={t("target")}
          placeholder={t("chooseTarget")}
          searchable
          data={known.some((one) => one.value === w.target) || !w.target ? known : [{ value: w.target, label: w.target }, ...known]}
          value={w.target || null}
          error={errorOf("target")}
          onChange={(target) => change({ target: target ?? "", positive: "" })}
        />
        {classesOf.length === 2 ? (
          <NativeSelect
            size="xs"
            label={t("positive")}
            value={w.positive}
            data={[{ value: "", label: t("anyClass") }, ...classesOf.map((one) => one.value).sort()]}
            onChange={(event) => change({ positive: event.currentTarget.value })}
          />
        ) : null}
      </div>
    </Panel>
  );
}

function Training() {
  const t = useTexts(automlTexts);
  const { w, change, errorOf } = useWizard();
  const task: Task = w.task || "regression";
  const metrics = METRICS[task].map((one) => ({ value: one, label: t(`metric_${one}` as never) }));
  const models = Object.entries(MODELS[task]).map(([value, label]) => ({ value, label }));
  return (
    <Panel title={t("additional")} isPadded>
      <NativeSelect size="xs" label={t("primaryMetric")} data={metrics} value={metricOf(w)} onChange={(event) => change({ metric: event.currentTarget.value })} />
      <div className={classes.two}>
        <Switch label={t("explain")} checked={w.explains} onChange={(event) => change({ explains: event.currentTarget.checked })} />
        <Switch label={t("ensembles")} checked={w.ensembles} onChange={(event) => change({ ensembles: event.currentTarget.checked })} />
        <Switch label={t("useAll")} checked={w.allModels} onChange={(event) => change({ allModels: event.currentTarget.checked })} />
      </div>
      {w.allModels ? (
        <MultiSelect size="xs" label={t("blocked")} data={models} value={w.blocked} error={errorOf("blocked")} searchable onChange={(blocked) => change({ blocked })} />
      ) : (
        <MultiSelect size="xs" label={t("allowed")} data={models} value={w.allowed} error={errorOf("allowed")} searchable onChange={(allowed) => change({ allowed })} />
      )}
    </Panel>
  );
}

function Featurization() {
  const t = useTexts(automlTexts);
  const { w, change } = useWizard();
  const parts = useTexts(partTexts);
  const [isOpen, setOpen] = useState(false);
  return (
    <Panel
      title={t("featurization")}
      isPadded
      more={
        <Button variant="subtle" size="compact-xs" leftSection={<Icon name="columns" size={12} />} onClick={() => setOpen(true)}>
          {t("viewFeaturization")}
        </Button>
      }
    >
      <Switch label={t("enableFeaturization")} description={t("featurizationText")} checked={w.featurizes} onChange={(event) => change({ featurizes: event.currentTarget.checked })} />
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={t("viewFeaturization")} size="xl" closeButtonProps={{ "aria-label": parts("close") }}>
        <Columns withImputers />
      </Modal>
    </Panel>
  );
}

function Limits() {
  const t = useTexts(automlTexts);
  const { w, change } = useWizard();
  return (
    <Panel title={t("limits")} isPadded>
      <div className={`${classes.two} ${classes.low}`}>
        <NumberAt field="trials" label={t("maxTrials")} placeholder={t("asManyAsFit")} />
        <NumberAt field="concurrent" label={t("maxConcurrent")} placeholder={t("oneEach")} />
        <NumberAt field="timeout" label={t("timeout")} placeholder={t("sixHours")} />
        <NumberAt field="trialTimeout" label={t("trialTimeout")} placeholder={t("none")} />
        <NumberAt field="exitScore" label={t("threshold")} description={t(LESS.includes(metricOf(w)) ? "thresholdLess" : "thresholdMore")} placeholder={t("none")} />
        <Switch mb={5} label={t("early")} checked={w.stopsEarly} onChange={(event) => change({ stopsEarly: event.currentTarget.checked })} />
      </div>
    </Panel>
  );
}

function Validation() {
  const t = useTexts(automlTexts);
  const { ws, w, change, check, errorOf } = useWizard();
  const types = ["auto", "split", "folds", "data"] as const;
  const folds = w.validation === "auto" && w.target ? (check.data?.estimate?.folds ?? 0) : 0;
  return (
    <Panel title={t("validate")} isPadded>
      <div className={`${classes.two} ${classes.low}`}>
        <NativeSelect
          size="xs"
          label={t("validationType")}
          value={w.validation}
          data={types.map((one) => ({ value: one as string, label: one === "auto" && folds > 1 ? `${t("validation_auto")} (${t("foldsCount", { count: folds })})` : t(`validation_${one}`) }))}
          onChange={(event) => change({ validation: event.currentTarget.value as Wizard["validation"] })}
        />
        {w.validation === "split" ? <NumberAt field="share" label={t("validationShare")} /> : null}
        {w.validation === "folds" ? <NumberAt field="folds" label={t("folds")} /> : null}
        {w.validation === "data" ? <DataSelect ws={ws} label={t("validationAsset")} value={w.validationData} error={errorOf("validationData")} onChange={(validationData) => change({ validationData })} /> : null}
      </div>
      <div className={`${classes.two} ${classes.low}`}>
        <NativeSelect
          size="xs"
          label={t("testType")}
          value={w.test}
          data={(["none", "split", "data"] as const).map((one) => ({ value: one as string, label: t(`test_${one}`) }))}
          onChange={(event) => change({ test: event.currentTarget.value as Wizard["test"] })}
        />
        {w.test === "split" ? <NumberAt field="testShare" label={t("testShare")} /> : null}
        {w.test === "data" ? <DataSelect ws={ws} label={t("testAsset")} value={w.testData} error={errorOf("testData")} onChange={(testData) => change({ testData })} /> : null}
      </div>
    </Panel>
  );
}
