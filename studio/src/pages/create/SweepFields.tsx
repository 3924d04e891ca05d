// What makes a sweep of a command: where it searches, what it is after, how it samples, when it stops.
import "@mantine/core/styles/Pill.css";
import "@mantine/core/styles/PillsInput.css";
import { Button, NumberInput, Select, TagsInput, TextInput } from "@mantine/core";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import classes from "./Create.module.css";
import { asDistribution, DISTRIBUTIONS, type Doc, fieldsOf, freshName, isMap, literals, mapOf, renamed } from "./document";
import { IconButton, NumberAt, Section, TextAt, useForm } from "./form";
import { createTexts } from "./texts";

export function SearchSpace() {
  const t = useTexts(createTexts);
  const { mapAt, set, errorAt } = useForm();
  const space = mapAt(["search_space"]);
  const own = errorAt(["search_space"]);
  return (
    <Section
      title={t("searchSpace")}
      text={t("searchSpaceText")}
      actions={
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<Icon name="plus" size={12} />}
          onClick={() => set(["search_space"], { ...space, [freshName("parameter", space)]: { type: "choice", values: [] } })}
        >
          {t("addParameter")}
        </Button>
      }
    >
      {own ? <p className={classes.fault}>{own}</p> : null}
      {Object.entries(space).map(([name, value], index) => (
        <SpaceRow
          key={index}
          name={name}
          value={mapOf(value)}
          onRename={(next) => set(["search_space"], renamed(space, name, next))}
          onChange={(next) => set(["search_space"], { ...space, [name]: next })}
          onRemove={() => {
            const { [name]: _gone, ...rest } = space;
            set(["search_space"], rest);
          }}
        />
      ))}
    </Section>
  );
}

interface SpaceRowProps {
  name: string;
  value: Doc;
  onRename(name: string): void;
  onChange(value: Doc): void;
  onRemove(): void;
}

function SpaceRow({ name, value, onRename, onChange, onRemove }: SpaceRowProps) {
  const t = useTexts(createTexts);
  const formats = useFormats();
  const { errorAt } = useForm();
  const type = String(value.type ?? "choice");
  const values = Array.isArray(value.values) ? (value.values as unknown[]) : [];
  const isNested = values.some(isMap);
  const error = errorAt(["search_space", name], true);
  const isLog = type.includes("log");
  const [low, high] = type.endsWith("normal") ? [undefined, undefined] : [Number(value.min_value), Number(value.max_value)];
  return (
    <div className={classes.row} data-kind="space">
      <TextInput aria-label={t("parameterName")} value={name} onChange={(event) => onRename(event.currentTarget.value.trim())} />
      <Select aria-label={t("distributionOf", { name })} data={[...DISTRIBUTIONS]} value={type} allowDeselect={false} onChange={(next) => next && onChange(asDistribution(next, value))} />
      {type === "choice" ? (
        isNested ? (
          <span className="faint" style={{ alignSelf: "center" }}>
            {t("nestedChoice")}
          </span>
        ) : (
          <TagsInput
            size="xs"
            aria-label={t("valuesOf", { name })}
            placeholder={values.length ? "" : t("valuesHint")}
            value={values.map(String)}
            splitChars={[",", ";"]}
            onChange={(words) => onChange({ ...value, values: literals(words) })}
          />
        )
      ) : (
        <div className={classes.fields}>
          {fieldsOf(type).map((field) => (
            <NumberInput
              key={field}
              size="xs"
              hideControls
              aria-label={`${name} ${field}`}
              leftSection={<span style={{ fontSize: "0.6875rem", paddingLeft: 6 }}>{SHORT[field]}</span>}
              leftSectionWidth={field.endsWith("_value") ? 36 : 30}
              value={typeof value[field] === "number" ? (value[field] as number) : ""}
              onChange={(next) => onChange({ ...value, [field]: next === "" ? undefined : Number(next) })}
            />
          ))}
        </div>
      )}
      <span className={classes.end}>
        <IconButton icon="trash" label={t("remove", { name })} onClick={onRemove} />
      </span>
      {isLog && low !== undefined && Number.isFinite(low) && Number.isFinite(high) ? (
        <p className={classes.hint}>{t("logBounds", { low: formats.value(Math.exp(low)), high: formats.value(Math.exp(high!)) })}</p>
      ) : null}
      {error ? <p className={classes.fault}>{error}</p> : null}
    </div>
  );
}

const SHORT: Record<string, string> = { min_value: "min", max_value: "max", mu: "μ", sigma: "σ", q: "q", upper: "<" };

export function Objective() {
  const t = useTexts(createTexts);
  const { at, set, draft, errorAt } = useForm();
  const algorithm = at(["sampling_algorithm"]);
  const chosen = isMap(algorithm) ? String(algorithm.type ?? "random") : String(algorithm ?? "random");
  const policy = mapOf(at(["early_termination"]));
  const policyType = String(policy.type ?? "");
  return (
    <Section title={t("objective")}>
      <div className={classes.three}>
        <TextAt path={["objective", "primary_metric"]} label={t("primaryMetric")} placeholder="Score" description={t("primaryMetricText")} />
        <Select
          label={t("goal")}
          description={t("goalText")}
          data={[
            { value: "maximize", label: t("maximize") },
            { value: "minimize", label: t("minimize") },
          ]}
          allowDeselect={false}
          error={errorAt(["objective", "goal"])}
          value={String(at(["objective", "goal"]) ?? "maximize")}
          onChange={(next) => set(["objective", "goal"], next)}
        />
        <Select
          label={t("sampling")}
          description={t(chosen === "grid" ? "gridText" : chosen === "bayesian" ? "bayesianText" : "randomText")}
          data={[
            { value: "bayesian", label: t("bayesian") },
            { value: "random", label: t("random") },
            { value: "grid", label: t("grid") },
          ]}
          allowDeselect={false}
          error={errorAt(["sampling_algorithm"], true)}
          value={chosen}
          onChange={(next) => set(["sampling_algorithm"], next)}
        />
      </div>
      <div className={classes.three}>
        <NumberAt path={["limits", "max_total_trials"]} label={t("maxTrials")} min={1} />
        <NumberAt path={["limits", "max_concurrent_trials"]} label={t("atOnce")} min={1} placeholder={t("automatic")} />
        <Select
          label={t("earlyTermination")}
          data={[
            { value: "", label: t("never") },
            { value: "bandit", label: t("bandit") },
            { value: "median_stopping", label: t("median") },
            { value: "truncation_selection", label: t("truncation") },
          ]}
          allowDeselect={false}
          value={policyType}
          error={errorAt(["early_termination"])}
          onChange={(next) => draft.set(["early_termination"], next ? POLICIES[next] : undefined)}
        />
        <NumberAt path={["limits", "timeout"]} label={t("timeout")} placeholder={t("noLimit")} min={1} suffix=" s" />
        <NumberAt path={["limits", "trial_timeout"]} label={t("trialTimeout")} placeholder={t("noLimit")} min={1} suffix=" s" />
      </div>
      {policyType ? (
        <div className={classes.three}>
          {policyType === "bandit" ? <NumberAt path={["early_termination", "slack_factor"]} label={t("slackFactor")} min={0} /> : null}
          {policyType === "truncation_selection" ? <NumberAt path={["early_termination", "truncation_percentage"]} label={t("truncationShare")} min={0} suffix=" %" /> : null}
          <NumberAt path={["early_termination", "evaluation_interval"]} label={t("interval")} min={0} />
          <NumberAt path={["early_termination", "delay_evaluation"]} label={t("delay")} min={0} />
        </div>
      ) : null}
    </Section>
  );
}

const POLICIES: Record<string, Doc> = {
  bandit: { type: "bandit", slack_factor: 0.1, evaluation_interval: 1, delay_evaluation: 5 },
  median_stopping: { type: "median_stopping", evaluation_interval: 1, delay_evaluation: 5 },
  truncation_selection: { type: "truncation_selection", truncation_percentage: 20, evaluation_interval: 1, delay_evaluation: 5 },
};
