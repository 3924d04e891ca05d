// What the wizard knows: its steps, its choices, what is still missing, and the job that it all makes. Pure functions.
import { rowsOfTags, type TagRow, tagsOfRows } from "@/parts/TagFields";

export const STEPS = ["method", "basics", "data", "settings", "compute", "review"] as const;
export type Step = (typeof STEPS)[number];
export type Task = "classification" | "regression";

/** The first metric of each task is its default, as on Azure. */
export const METRICS: Record<Task, readonly string[]> = {
  classification: ["auc_weighted", "accuracy", "norm_macro_recall", "average_precision_score_weighted", "precision_score_weighted"],
  regression: ["normalized_root_mean_squared_error", "r2_score", "spearman_correlation", "normalized_mean_absolute_error"],
};
/** Azure's names of algorithms, by those of YAML. */
export const MODELS: Record<Task, Record<string, string>> = {
  classification: {
    light_gbm: "LightGBM",
    random_forest: "RandomForest",
    extreme_random_trees: "ExtremeRandomTrees",
    gradient_boosting: "GradientBoosting",
    xg_boost_classifier: "XGBoostClassifier",
    cat_boost: "CatBoost",
    logistic_regression: "LogisticRegression",
    sgd: "SGD",
    svm: "SVM",
    linear_svm: "LinearSVM",
    knn: "KNN",
    decision_tree: "DecisionTree",
    bernoulli_naive_bayes: "BernoulliNaiveBayes",
    multinomial_naive_bayes: "MultinomialNaiveBayes",
    neural_network: "NeuralNetwork",
  },
  regression: {
    light_gbm: "LightGBM",
    random_forest: "RandomForest",
    extreme_random_trees: "ExtremeRandomTrees",
    gradient_boosting: "GradientBoosting",
    xg_boost_regressor: "XGBoostRegressor",
    cat_boost: "CatBoost",
    elastic_net: "ElasticNet",
    lasso_lars: "LassoLars",
    sgd: "SGD",
    knn: "KNN",
    decision_tree: "DecisionTree",
    neural_network: "NeuralNetwork",
    gaussian_process: "GaussianProcess",
  },
};
/** What a column can be said to be; empty: as it is found. */
export const COLUMN_TYPES = ["Numeric", "Categorical", "DateTime", "Text", "Boolean", "Ignore"] as const;
export const IMPUTERS = ["mean", "median", "most_frequent", "constant"] as const;

export interface DataChoice {
  name: string;
  version: string;
  type: string;
}

/** A number that was typed: "" when there is none, NaN (null after a reload) when the text is no number. */
export type Typed = number | "" | null;

export interface Wizard {
  isManual: boolean;
  name: string;
  experiment: string;
  description: string;
  tags: TagRow[];
  task: Task | "";
  data: DataChoice | null;
  target: string;
  metric: string;
  explains: boolean;
  allModels: boolean;
  allowed: string[];
  blocked: string[];
  ensembles: boolean;
  positive: string;
  featurizes: boolean;
  types: Record<string, string>;
  imputers: Record<string, string>;
  trials: Typed;
  concurrent: Typed;
  timeout: Typed;
  trialTimeout: Typed;
  exitScore: Typed;
  stopsEarly: boolean;
  validation: "auto" | "split" | "folds" | "data";
  share: Typed;
  folds: Typed;
  validationData: DataChoice | null;
  test: "none" | "split" | "data";
  testShare: Typed;
  testData: DataChoice | null;
  compute: string;
  /** What a former job says that the wizard has no field for; it goes along. */
  more: Record<string, unknown>;
}

export const EMPTY: Wizard = {
  isManual: false,
  name: "",
  experiment: "",
  description: "",
  tags: rowsOfTags(null),
  task: "",
  data: null,
  target: "",
  metric: "",
  explains: true,
  allModels: true,
  allowed: [],
  blocked: [],
  ensembles: true,
  positive: "",
  featurizes: true,
  types: {},
  imputers: {},
  trials: "",
  concurrent: "",
  timeout: 5,
  trialTimeout: "",
  exitScore: "",
  stopsEarly: true,
  validation: "auto",
  share: 10,
  folds: 5,
  validationData: null,
  test: "none",
  testShare: 10,
  testData: null,
  compute: "",
  more: {},
};

/** Return the choices with another task: what only the other one has goes. */
export function withTask(before: Wizard, task: Task): Wizard {
  const known = Object.keys(MODELS[task]);
  const kept = (names: readonly string[]) => names.filter((one) => known.includes(one));
  const metric = METRICS[task].includes(before.metric) ? before.metric : "";
  return { ...before, task, metric, exitScore: metric ? before.exitScore : "", positive: "", allowed: kept(before.allowed), blocked: kept(before.blocked) };
}

/** Return the choices with other data: what was said of columns goes. */
export function withData(before: Wizard, data: DataChoice | null): Wizard {
  const isSame = data?.name === before.data?.name && data?.version === before.data?.version;
  return isSame ? { ...before, data } : { ...before, data, target: "", positive: "", types: {}, imputers: {} };
}

/** Return a map with a word for a key; an empty word takes the key away. */
export function withWord(words: Record<string, string>, key: string, word: string): Record<string, string> {
  const { [key]: _gone, ...rest } = words;
  return word ? { ...rest, [key]: word } : rest;
}

// ---------------------------------------------------------------- what is missing

export type Fault = "needed" | "noNumber" | "whole" | "aboveZero" | "share" | "twoFolds" | "noModel" | "targetLeftOut";
export interface Problem {
  step: Step;
  field: keyof Wizard;
  fault: Fault;
}

const given = (value: Typed): value is number => typeof value === "number" && !Number.isNaN(value);
const broken = (value: Typed): boolean => value === null || Number.isNaN(value);

/** Return what keeps the job from being submitted, in the order of the steps. */
export function problemsOf(w: Wizard): Problem[] {
  const found: Problem[] = [];
  const say = (step: Step, field: keyof Wizard, fault: Fault) => found.push({ step, field, fault });
  if (!w.task) say("data", "task", "needed");
  if (!w.data) say("data", "data", "needed");
  if (!w.target) say("settings", "target", "needed");
  else if (w.types[w.target] === "Ignore") say("settings", "target", "targetLeftOut");
  if (!w.allModels && !w.allowed.length) say("settings", "allowed", "noModel");
  if (w.allModels && w.task && Object.keys(MODELS[w.task]).every((one) => w.blocked.includes(one))) say("settings", "blocked", "noModel");
  const numbers: [keyof Wizard, Typed, Fault][] = [
    ["trials", w.trials, "whole"],
    ["concurrent", w.concurrent, "whole"],
    ["timeout", w.timeout, "aboveZero"],
    ["trialTimeout", w.trialTimeout, "aboveZero"],
  ];
  for (const [field, value, fault] of numbers) {
    if (broken(value)) say("settings", field, "noNumber");
    else if (given(value) && (value <= 0 || (fault === "whole" && !Number.isInteger(value)))) say("settings", field, fault);
  }
  if (broken(w.exitScore)) say("settings", "exitScore", "noNumber");
  if (w.validation === "split" && !isShare(w.share)) say("settings", "share", "share");
  if (w.validation === "folds" && !(given(w.folds) && Number.isInteger(w.folds) && w.folds >= 2)) say("settings", "folds", "twoFolds");
  if (w.validation === "data" && !w.validationData) say("settings", "validationData", "needed");
  if (w.test === "split" && !isShare(w.testShare)) say("settings", "testShare", "share");
  if (w.test === "data" && !w.testData) say("settings", "testData", "needed");
  return found;
}

/** A share is typed in percent. */
const isShare = (value: Typed): boolean => given(value) && value > 0 && value < 100;

// ---------------------------------------------------------------- the job

type Doc = Record<string, unknown>;

const PARTS = ["limits", "training", "featurization"] as const;
const mapOf = (value: unknown): Doc => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Doc) : {});
const reference = (one: DataChoice): Doc => ({ type: one.type, path: `azureml:${one.name}:${one.version}` });
/** 10 % as 0.1 and 7 % as 0.07, not as 0.07000000000000001. */
const asShare = (percent: number): number => Number((percent / 100).toPrecision(12));
const filled = (doc: Doc): Doc => Object.fromEntries(Object.entries(doc).filter(([, value]) => value !== undefined && value !== "" && !(Array.isArray(value) && !value.length)));
const section = (doc: Doc): Doc | undefined => (Object.keys(filled(doc)).length ? filled(doc) : undefined);

/** Return the job, in the server's words; what is missing is left out. */
export function jobOf(w: Wizard): Doc {
  const own = ownOf(w);
  const parts = Object.fromEntries(PARTS.filter((key) => own[key] || w.more[key]).map((key) => [key, { ...mapOf(w.more[key]), ...mapOf(own[key]) }]));
  return { ...w.more, ...own, ...parts };
}

/** Return whether something was chosen or written already. */
export const isBegun = (w: Wizard): boolean => JSON.stringify(jobOf(w)) !== JSON.stringify(jobOf(EMPTY));

function ownOf(w: Wizard): Doc {
  const tags = tagsOfRows(w.tags);
  return filled({
    type: "automl",
    task: w.task,
    display_name: w.name.trim(),
    experiment_name: w.experiment.trim(),
    description: w.description.trim(),
    tags: Object.keys(tags).length ? tags : undefined,
    compute: w.compute ? `azureml:${w.compute}` : undefined,
    primary_metric: w.metric || (w.task ? METRICS[w.task][0] : ""),
    target_column_name: w.target,
    training_data: w.data ? reference(w.data) : undefined,
    validation_data: w.validation === "data" && w.validationData ? reference(w.validationData) : undefined,
    validation_data_size: w.validation === "split" && given(w.share) ? asShare(w.share) : undefined,
    n_cross_validations: w.validation === "folds" && given(w.folds) ? w.folds : undefined,
    test_data: w.test === "data" && w.testData ? reference(w.testData) : undefined,
    test_data_size: w.test === "split" && given(w.testShare) ? asShare(w.testShare) : undefined,
    positive_label: w.task === "classification" ? w.positive : undefined,
    limits: limitsOf(w),
    training: section({
      enable_model_explainability: w.explains,
      allowed_training_algorithms: w.allModels ? undefined : w.allowed,
      blocked_training_algorithms: w.allModels ? w.blocked : undefined,
      ...(w.ensembles ? {} : { enable_vote_ensemble: false, enable_stack_ensemble: false }),
    }),
    featurization: featurizationOf(w),
  });
}

function limitsOf(w: Wizard): Doc | undefined {
  const number = (value: Typed) => (given(value) ? value : undefined);
  return section({
    timeout_minutes: number(w.timeout),
    max_trials: number(w.trials),
    max_concurrent_trials: number(w.concurrent),
    trial_timeout_minutes: number(w.trialTimeout),
    exit_score: number(w.exitScore),
    enable_early_termination: w.stopsEarly,
  });
}

function featurizationOf(w: Wizard): Doc | undefined {
  const types = Object.fromEntries(Object.entries(w.types).filter(([name]) => name !== w.target));
  if (!w.featurizes) {
    const left = Object.fromEntries(Object.entries(types).filter(([, type]) => type === "Ignore"));
    return { mode: "off", ...(Object.keys(left).length ? { column_name_and_types: left } : {}) };
  }
  const strategies = [...new Set(Object.values(w.imputers))].sort();
  const imputers = strategies
    .map((strategy) => ({ fields: Object.keys(w.imputers).filter((name) => w.imputers[name] === strategy && types[name] !== "Ignore" && name !== w.target), parameters: { strategy } }))
    .filter((one) => one.fields.length);
  if (!Object.keys(types).length && !imputers.length) return undefined;
  return {
    mode: "custom",
    ...(Object.keys(types).length ? { column_name_and_types: types } : {}),
    ...(imputers.length ? { transformer_params: { imputer: imputers } } : {}),
  };
}
