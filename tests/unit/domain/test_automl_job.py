"""AutoML jobs as texts and as values: Azure's fields and words, and one clear error for what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from bancada.domain.base import parse
from bancada.domain.fields import fold
from bancada.domain.jobs import AutoMLJob, Job
from bancada.domain.jobs.automl_settings import (
    ALGORITHMS,
    COLUMN_TYPES,
    METRICS,
    STRATEGIES,
    WITH_PARAMETERS,
    ColumnTransformer,
)
from bancada.errors import Invalid
from bancada.learning.automl import settings

LAB: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/autoMLJob.schema.json",
    "type": "automl",
    "task": "regression",
    "primary_metric": "normalized_root_mean_squared_error",
    "target_column_name": "rentals",
    "training_data": {"path": "azureml:bike-rentals:1", "type": "mltable"},
    "validation_data_size": 0.1,
    "limits": {"timeout_minutes": 15, "max_trials": 3, "max_concurrent_trials": 3, "exit_score": 0.085},
    "training": {"allowed_training_algorithms": ["random_forest", "light_gbm"]},
}


def problems(**changes: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse(Job, {**LAB, **changes})
    return {one.path: one.message for one in caught.value.problems}


def test_the_labs_job_is_read_and_written_alike() -> None:
    job: AutoMLJob = parse(Job, LAB)
    assert isinstance(job, AutoMLJob)
    document = job.document(read_only=False)
    assert {key: document[key] for key in LAB if key != "$schema"} == {
        key: value for key, value in LAB.items() if key != "$schema"
    }
    assert parse(Job, document) == job


def test_every_field_of_azures_tabular_jobs_is_known() -> None:
    fields = (
        "name id description tags creation_context services display_name status experiment_name properties log_files "
        "compute identity type environment_id environment_variables outputs resources queue_settings log_verbosity "
        "training_data validation_data limits featurization target_column_name validation_data_size "
        "cv_split_column_names n_cross_validations weight_column_name test_data test_data_size task primary_metric "
        "positive_label training"
    )
    assert set(fields.split()) <= set(AutoMLJob.model_fields)


@pytest.mark.parametrize("word", ["LightGBM", "light_gbm", "LIGHT_GBM", "lightgbm"])
def test_algorithms_may_be_spelled_as_in_yaml_or_as_in_the_sdk(word: str) -> None:
    job: AutoMLJob = parse(Job, {**LAB, "training": {"allowed_training_algorithms": [word]}})
    assert job.training is not None
    assert job.training.allowed_training_algorithms == ["light_gbm"]


@pytest.mark.parametrize(
    ("word", "kept"), [("AUC_weighted", "auc_weighted"), ("AUCWeighted", "auc_weighted"), ("Accuracy", "accuracy")]
)
def test_metrics_may_be_spelled_in_each_of_azures_ways(word: str, kept: str) -> None:
    job: AutoMLJob = parse(Job, {**LAB, "task": "classification", "primary_metric": word, "training": {}})
    assert job.metric == kept


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_task_without_a_metric_has_its_default(task: str) -> None:
    job: AutoMLJob = parse(Job, {**LAB, "task": task, "primary_metric": None, "training": None})
    assert job.metric == METRICS[task][0]
    assert job.is_minimized == (task == "regression")


@pytest.mark.parametrize("task", ["forecasting", "image_object_detection", "text_ner", "ImageClassification"])
def test_a_task_that_is_not_there_yet_is_refused_in_one_sentence(task: str) -> None:
    found = problems(task=task, forecasting={"time_column_name": "day"}, sweep={}, target_column_name=None)
    assert list(found) == ["task"]
    assert "is not there in this version: use `classification` or `regression`." in found["task"]


def test_a_mistyped_task_gets_the_nearest_name() -> None:
    assert "Did you mean `regression`?" in problems(task="regresion")["task"]


def test_a_metric_of_the_other_task_is_refused_with_the_ones_there_are() -> None:
    assert problems(primary_metric="AUC_weighted") == {
        "primary_metric": "`auc_weighted` is no metric of regression; known: normalized_root_mean_squared_error, "
        "r2_score, spearman_correlation, normalized_mean_absolute_error."
    }


def test_an_algorithm_of_the_other_task_is_refused_with_its_twin() -> None:
    found = problems(training={"blocked_training_algorithms": ["XGBoostClassifier", "LogisticRegression"]})
    assert "Did you mean `xg_boost_regressor`?" in found["training.blocked_training_algorithms[0]"]
    assert "`logistic_regression` is no algorithm of regression" in found["training.blocked_training_algorithms[1]"]


def test_a_mistyped_algorithm_gets_the_nearest_name() -> None:
    found = problems(training={"allowed_training_algorithms": ["ligth_gbm"]})
    assert found["training.allowed_training_algorithms[0]"].endswith("Did you mean `light_gbm`?")


def test_what_is_missing_is_said_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        parse(Job, {"type": "automl"})
    assert {one.path for one in caught.value.problems} == {"task", "target_column_name", "training_data"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"validation_data_size": 10}, "validation_data_size"),
        ({"test_data_size": 0}, "test_data_size"),
        ({"n_cross_validations": 1, "validation_data_size": None}, "n_cross_validations"),
        ({"positive_label": "yes"}, "positive_label"),
        ({"inputs": {"x": 1}}, "inputs"),
        ({"limits": {"timeout_minutes": 0}}, "limits.timeout_minutes"),
        ({"n_cross_validations": 5, "cv_split_column_names": ["a"]}, "n_cross_validations"),
        ({"n_cross_validations": 5, "validation_data": "./v.csv"}, "n_cross_validations"),
        (
            {"featurization": {"transformer_params": {"imputr": []}}},
            "featurization.transformer_params.imputr",
        ),
        (
            {"training": {"stack_ensemble_settings": {"stack_meta_learner_type": "LightGBMClassifier"}}},
            "training.stack_ensemble_settings.stack_meta_learner_type",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, Any], path: str) -> None:
    assert list(problems(**changes)) == [path]


def test_what_is_near_is_named() -> None:
    assert "Did you mean `tf_idf`?" in problems(featurization={"transformer_params": {"TfIfd": []}}).popitem()[1]
    stack = {"stack_ensemble_settings": {"stack_meta_learner_type": "LightGBMClassifier"}}
    assert "Did you mean `light_gbm_regressor`?" in problems(training=stack).popitem()[1]


def test_a_typo_is_answered_with_the_words_of_the_jobs_own_task() -> None:
    changes: dict[str, Any] = {"task": "classification", "primary_metric": "acuracy"}
    found = problems(**changes, training={"allowed_training_algorithms": ["ligth_gbm"]})
    known = {name: ", ".join(table["classification"]) for name, table in (("m", METRICS), ("a", ALGORITHMS))}
    assert found == {
        "primary_metric": f"`acuracy` is no metric of classification; known: {known['m']}. Did you mean `accuracy`?",
        "training.allowed_training_algorithms[0]": f"`ligth_gbm` is no algorithm of classification; "
        f"known: {known['a']}. Did you mean `light_gbm`?",
    }


def test_what_is_no_text_is_told_once() -> None:
    assert list(problems(primary_metric=3, training={"allowed_training_algorithms": [4]})) == [
        "primary_metric",
        "training.allowed_training_algorithms[0]",
    ]


@pytest.mark.parametrize("allowed", [["LightGBM"], None, []])
def test_a_job_whose_algorithms_are_all_blocked_is_refused(allowed: list[str] | None) -> None:
    blocked = ["light_gbm"] if allowed else list(ALGORITHMS["regression"])
    training = {"allowed_training_algorithms": allowed, "blocked_training_algorithms": blocked}
    assert problems(training=training) == {
        "training.blocked_training_algorithms": "leaves no algorithm: every allowed one is blocked."
    }


def test_types_of_columns_and_parameters_of_transformers_are_checked_before_the_start() -> None:
    featurization = {
        "column_name_and_types": {"zip": "Categoricl", "a": "numeric", "b": "Ignore"},
        "transformer_params": {
            "Imputer": [{"fields": ["a"], "parameters": {"strategy": "mean"}}, {"parameters": {"strategy": "men"}}],
            "TfIdf": [{"parameters": {"min_dff": 2, "max_df": 0.5}}],
        },
    }
    found = problems(featurization=featurization)
    types = "Numeric, Categorical, CategoricalHash, DateTime, Text, Boolean, Ignore"
    assert found.pop("featurization.transformer_params.TfIdf[0].parameters.min_dff").endswith("Did you mean `min_df`?")
    assert found == {
        "featurization.column_name_and_types.zip": f"`Categoricl` is no type of a column; known: {types}. "
        "Did you mean `Categorical`?",
        "featurization.transformer_params.Imputer[1].parameters.strategy": "`men` is no strategy; "
        "known: mean, median, most_frequent, constant. Did you mean `mean`?",
    }


def test_odd_names_are_refused_as_others_are() -> None:
    entry = {"parameters": {1: 2}}
    found = problems(featurization={"transformer_params": {"Imputer": [entry], 1: []}})
    assert {one.partition(";")[0] for one in found.values()} >= {"is no parameter of imputer", "is no transformer"}


def test_the_job_knows_the_words_that_the_engine_knows() -> None:
    assert {one.lower() for one in COLUMN_TYPES} == set(settings.COLUMN_TYPES)
    assert settings.STRATEGIES == STRATEGIES
    parameters = {fold(name): known for name, known in settings.TRANSFORMER_PARAMETERS.items()}
    assert {fold(name): known for name, known in WITH_PARAMETERS.items()} == parameters


@pytest.mark.parametrize("name", ["Imputer", "imputer", "TfIdf", "tf_idf", "HashOneHotEncoder"])
def test_transformers_may_be_spelled_as_in_yaml_or_as_in_the_sdk(name: str) -> None:
    job: AutoMLJob = parse(Job, {**LAB, "featurization": {"transformer_params": {name: [{"fields": ["a"]}]}}})
    assert job.featurization is not None
    assert list(job.featurization.transformer_params or {}) == [name]


def test_folds_and_a_size_are_random_hold_outs() -> None:
    job: AutoMLJob = parse(Job, {**LAB, "n_cross_validations": 5, "validation_data_size": 0.2})
    assert (job.n_cross_validations, job.validation_data_size) == (5, 0.2)


def test_auto_folds_go_with_anything() -> None:
    job: AutoMLJob = parse(Job, {**LAB, "n_cross_validations": "Auto", "validation_data": "./v.csv"})
    assert job.n_cross_validations == "auto"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("./a.csv", "uri_file"), ("./folder", "mltable"), ("azureml:bike:1", "mltable"), ("./b.parquet", "uri_file")],
)
def test_a_table_may_be_a_path_alone(path: str, kind: str) -> None:
    job: AutoMLJob = parse(Job, {**LAB, "training_data": path})
    assert job.training_data is not None
    assert (job.training_data.path, job.training_data.type) == (path, kind)


def test_setters_keep_what_they_are_not_given() -> None:
    job: AutoMLJob = parse(Job, LAB)
    job.set_limits(max_trials=7)
    job.set_training(enable_stack_ensemble=False, blocked_training_algorithms=["KNN"])
    job.set_featurization(
        mode="Custom",
        transformer_params={"imputer": [ColumnTransformer(fields=["a"], parameters={"strategy": "mean"})]},
    )
    assert job.limits is not None
    assert job.training is not None
    assert job.featurization is not None
    assert (job.limits.max_trials, job.limits.timeout_minutes) == (7, 15)
    assert job.training.document() == {
        "enable_stack_ensemble": False,
        "allowed_training_algorithms": ["random_forest", "light_gbm"],
        "blocked_training_algorithms": ["knn"],
    }
    assert job.featurization.mode == "custom"


def test_the_tables_of_words_name_each_word_once() -> None:
    for table in (METRICS, ALGORITHMS):
        for words in table.values():
            assert len(set(words)) == len(words)
