import { expect, test } from "vitest";
import { wizardOf } from "./former";
import { jobOf } from "./wizard";

const job = {
  type: "automl",
  task: "classification",
  display_name: "hearts",
  tags: { team: "blue" },
  compute: "azureml:cpu-cluster",
  primary_metric: "accuracy",
  target_column_name: "sick",
  training_data: { type: "uri_file", path: "azureml:heart:3" },
  n_cross_validations: 4,
  test_data_size: 0.07,
  positive_label: "1",
  limits: { timeout_minutes: 2.5, max_trials: 9, exit_score: 0.95, enable_early_termination: false },
  training: { enable_model_explainability: true, blocked_training_algorithms: ["svm"] },
  featurization: { mode: "custom", column_name_and_types: { id: "Ignore" }, transformer_params: { imputer: [{ fields: ["age"], parameters: { strategy: "mean" } }] } },
};

test("a job that the wizard made is made again", () => {
  expect(jobOf(wizardOf(job))).toEqual(job);
});

test("what the wizard has no field for goes along, and what the server says does not", () => {
  const other = {
    ...job,
    name: "old",
    status: "Completed",
    services: {},
    tags: { ...job.tags, "automl.best_score": "0.9" }, // written by the training
    weight_column_name: "weight",
    limits: { ...job.limits, max_nodes: 3 },
    featurization: { ...job.featurization, transformer_params: { TfIdf: [{ fields: ["note"], parameters: { ngram: 2 } }] }, blocked_transformers: ["label_encoder"] },
  };
  const { name: _name, status: _status, services: _services, ...rest } = other;
  expect(jobOf(wizardOf(other))).toEqual({ ...rest, tags: job.tags });
});

test("data that are no asset have to be chosen anew", () => {
  const found = wizardOf({ ...job, training_data: { type: "mltable", path: "azureml://jobs/a/outputs/train" } });
  expect(found.data).toBeNull();
});
