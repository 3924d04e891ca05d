// A former job as the wizard's choices; what the wizard has no field for is carried along. Pure.
import { rowsOfTags } from "@/parts/TagFields";
import { type DataChoice, EMPTY, IMPUTERS, METRICS, MODELS, type Task, type Typed, type Wizard } from "./wizard";

type Doc = Record<string, unknown>;

const mapOf = (value: unknown): Doc => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Doc) : {});
const textOf = (value: unknown): string => (value === undefined || value === null ? "" : String(value));
const numberOf = (value: unknown): Typed => (typeof value === "number" ? value : "");
const namesOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const wordsOf = (value: unknown): Record<string, string> => Object.fromEntries(Object.entries(mapOf(value)).map(([key, word]) => [key, String(word)]));
/** A share as the percentage that was typed. */
const percentOf = (value: unknown, otherwise: Typed): Typed => (typeof value === "number" ? Number((value * 100).toPrecision(12)) : otherwise);

/** What jobs have that another one must not take along, or that the server says by itself. */
const NOT_AGAIN = ["$schema", "type", "name", "id", "services", "status", "results", "parent_job_name", "creation_context", "properties"];
/** The keys that the wizard has a field for, by their part of the job. */
const OWN: Record<string, readonly string[]> = {
  "": ["task", "display_name", "experiment_name", "description", "tags", "compute", "primary_metric", "target_column_name", "training_data", "validation_data", "validation_data_size", "n_cross_validations", "test_data", "test_data_size", "positive_label"],
  limits: ["timeout_minutes", "max_trials", "max_concurrent_trials", "trial_timeout_minutes", "exit_score", "enable_early_termination"],
  training: ["enable_model_explainability", "allowed_training_algorithms", "blocked_training_algorithms", "enable_vote_ensemble", "enable_stack_ensemble"],
  featurization: ["mode", "column_name_and_types"],
};

/** Return the choices that make this job again; data that are no asset have to be chosen anew. */
export function wizardOf(job: Doc): Wizard {
  const task: Task = job.task === "classification" ? "classification" : "regression";
  const [limits, training, featurization] = [mapOf(job.limits), mapOf(job.training), mapOf(job.featurization)];
  const allowed = namesOf(training.allowed_training_algorithms);
  const imputers = imputersOf(featurization.transformer_params);
  return {
    ...EMPTY,
    name: textOf(job.display_name),
    experiment: textOf(job.experiment_name),
    description: textOf(job.description),
    tags: rowsOfTags(Object.fromEntries(Object.entries(wordsOf(job.tags)).filter(([key]) => !/^automl[._]/.test(key)))),
    task,
    data: choiceOf(job.training_data),
    target: textOf(job.target_column_name),
    metric: METRICS[task].includes(textOf(job.primary_metric)) ? textOf(job.primary_metric) : "",
    explains: training.enable_model_explainability !== false,
    allModels: !allowed.length,
    allowed: allowed.filter((one) => one in MODELS[task]),
    blocked: namesOf(training.blocked_training_algorithms).filter((one) => one in MODELS[task]),
    ensembles: training.enable_vote_ensemble !== false || training.enable_stack_ensemble !== false,
    positive: textOf(job.positive_label),
    featurizes: featurization.mode !== "off",
    types: wordsOf(featurization.column_name_and_types),
    imputers: imputers ?? {},
    trials: numberOf(limits.max_trials),
    concurrent: numberOf(limits.max_concurrent_trials),
    timeout: numberOf(limits.timeout_minutes),
    trialTimeout: numberOf(limits.trial_timeout_minutes),
    exitScore: numberOf(limits.exit_score),
    stopsEarly: limits.enable_early_termination !== false,
    validation: validationOf(job),
    share: percentOf(job.validation_data_size, EMPTY.share),
    folds: numberOf(job.n_cross_validations) || EMPTY.folds,
    validationData: choiceOf(job.validation_data),
    test: job.test_data ? "data" : job.test_data_size ? "split" : "none",
    testShare: percentOf(job.test_data_size, EMPTY.testShare),
    testData: choiceOf(job.test_data),
    compute: textOf(job.compute).replace(/^azureml:/, ""),
    more: moreOf(job, imputers !== null),
  };
}

function validationOf(job: Doc): Wizard["validation"] {
  if (job.validation_data) return "data";
  if (typeof job.n_cross_validations === "number") return "folds";
  return job.validation_data_size ? "split" : "auto";
}

function choiceOf(value: unknown): DataChoice | null {
  const { path, type } = mapOf(value);
  const found = /^azureml:([^:@/]+):([^:@/]+)$/.exec(textOf(path));
  return found ? { name: found[1]!, version: found[2]!, type: textOf(type) || "mltable" } : null;
}

/** Return how gaps are filled by column; null when a former job says more about it than the wizard can. */
function imputersOf(params: unknown): Record<string, string> | null {
  const found: Record<string, string> = {};
  for (const [transformer, entries] of Object.entries(mapOf(params))) {
    if (transformer !== "imputer" || !Array.isArray(entries)) return null;
    for (const entry of entries) {
      const { fields, parameters } = mapOf(entry);
      const { strategy, ...others } = mapOf(parameters);
      if (!(IMPUTERS as readonly string[]).includes(textOf(strategy)) || Object.keys(others).length || !Array.isArray(fields)) return null;
      for (const name of fields) found[String(name)] = textOf(strategy);
    }
  }
  return found;
}

function moreOf(job: Doc, hasImputers: boolean): Doc {
  const rest = (doc: Doc, own: readonly string[]) => Object.fromEntries(Object.entries(doc).filter(([key, value]) => !own.includes(key) && value !== null && value !== undefined && !isEmpty(value)));
  const parts = Object.keys(OWN).filter((key) => key !== "");
  const found: Doc = rest(job, [...OWN[""]!, ...NOT_AGAIN, ...parts]);
  for (const key of parts) {
    const own = key === "featurization" && hasImputers ? [...OWN[key]!, "transformer_params"] : OWN[key]!;
    const more = rest(mapOf(job[key]), own);
    if (Object.keys(more).length) found[key] = more;
  }
  return found;
}

const isEmpty = (value: unknown): boolean => typeof value === "object" && Object.keys(value as object).length === 0;
