"""AutoML jobs for tables: data and a target go in, the best model that was found comes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from bancada.domain.base import CrossProblem
from bancada.domain.fields import ANY_CASE, NEEDED, READ_ONLY, JsonMap, OneOf, TextMap, fold
from bancada.domain.io import Input
from bancada.domain.jobs.automl_settings import (
    METRICS,
    MINIMIZED,
    Algorithm,
    ColumnTransformer,
    PrimaryMetric,
    StackEnsembleSettings,
    TableTask,
    TabularFeaturizationSettings,
    TabularLimitSettings,
    TrainingSettings,
    Transformer,
)
from bancada.domain.jobs.automl_words import check_words
from bancada.domain.jobs.base import BaseJob
from bancada.domain.shared import JobResourceConfiguration, QueueSettings

__all__ = ["TABLES", "AutoMLJob"]

TABLES = ("training_data", "validation_data", "test_data")
"""The fields that are tables."""

_LATER = {
    "forecasting": "forecasts of time series",
    "image_classification": "images",
    "image_classification_multilabel": "images",
    "image_instance_segmentation": "images",
    "image_object_detection": "images",
    "text_classification": "texts",
    "text_classification_multilabel": "texts",
    "text_ner": "texts",
}


def _as_table(value: Any) -> Any:
    """Take a path alone for a table: what ends like a file is one, anything else an MLTable or a folder."""
    if isinstance(value, PurePath):
        value = str(value)
    if isinstance(value, str):
        ending = value.rpartition("/")[2].lower()
        is_file = ending.endswith((".csv", ".tsv", ".txt", ".parquet", ".json", ".jsonl", ".gz"))
        return {"type": "uri_file" if is_file else "mltable", "path": value}
    if isinstance(value, Mapping):
        return {"type": "mltable", **cast("Mapping[str, Any]", value)}
    return value


def _refuse_later(value: Any) -> Any:
    word = {fold(name): name for name in _LATER}.get(fold(value)) if isinstance(value, str) else None
    if word is None:
        return value
    text = "AutoML for {what} (`{task}`) is not there in this version: use `classification` or `regression`."
    raise PydanticCustomError("name", text, {"what": _LATER[word], "task": word})


Table = Annotated[Input, BeforeValidator(_as_table)]
Folds = Annotated[Annotated[Literal["auto"], ANY_CASE] | int, OneOf("number of folds")]


class AutoMLJob(BaseJob):
    """An AutoML job on a table: classification or regression.

    Tables come as MLTable, file or folder (CSV, Parquet, JSON lines). Each model that is tried becomes a child run; the
    property `best_child_run_id` names the best one.
    """

    type: Annotated[Literal["automl"], ANY_CASE] = Field(default="automl")
    task: Annotated[TableTask | None, BeforeValidator(_refuse_later), ANY_CASE, NEEDED] = Field(
        default=None, validate_default=True
    )
    primary_metric: Annotated[PrimaryMetric, ANY_CASE] | None = Field(default=None)
    target_column_name: Annotated[str, NEEDED] = Field(default="", validate_default=True)
    training_data: Annotated[Table | None, NEEDED] = Field(default=None, validate_default=True)
    validation_data: Table | None = Field(default=None)
    validation_data_size: float | None = Field(default=None)
    test_data: Table | None = Field(default=None)
    test_data_size: float | None = Field(default=None)
    n_cross_validations: Folds | None = Field(default=None)
    cv_split_column_names: list[str] | None = Field(default=None)
    weight_column_name: str | None = Field(default=None)
    positive_label: Annotated[bool | int | float | str, OneOf("label")] | None = Field(default=None)
    limits: TabularLimitSettings | None = Field(default=None)
    training: TrainingSettings | None = Field(default=None)
    featurization: TabularFeaturizationSettings | None = Field(default=None)
    log_verbosity: Annotated[Literal["not_set", "debug", "info", "warning", "error", "critical"], ANY_CASE] | None = (
        Field(default=None)
    )
    environment_id: str | None = Field(default=None)
    environment_variables: TextMap = Field(default_factory=dict)
    resources: JobResourceConfiguration | None = Field(default=None)
    queue_settings: QueueSettings | None = Field(default=None)
    # Ours, set by the server: what was found so far (best trial, values over trials, counts, the leaderboard's head).
    results: JsonMap | None = Field(default=None, json_schema_extra=READ_ONLY)

    @property
    def metric(self) -> str:
        """The primary metric, or the task's own when none was chosen."""
        return self.primary_metric or METRICS[self.task or "regression"][0]

    @property
    def is_minimized(self) -> bool:
        """Whether less of the primary metric is better."""
        return self.metric in MINIMIZED

    @classmethod
    def normalise(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Keep of a job whose task is not there yet only what its one error speaks of."""
        task = given.get("task")
        if not isinstance(task, str) or fold(task) not in [fold(one) for one in _LATER]:
            return given
        return {"type": "automl", "task": task, "target_column_name": "-", "training_data": "-"}

    @classmethod
    def cross_check(cls, fields: Mapping[str, Any]) -> Iterable[CrossProblem]:
        """Words are known and the task's own, sizes make sense, one way to validate is chosen."""
        task = fold(str(fields.get("task") or ""))
        if task not in METRICS:
            return
        yield from check_words(fields, task)
        if task == "regression" and fields.get("positive_label") is not None:
            yield ("positive_label",), "is for classification; a regression has no classes."
        if fields.get("inputs"):
            yield ("inputs",), f"an AutoML job has no inputs; its data are {', '.join(f'`{one}`' for one in TABLES)}."
        yield from _check_sizes(fields)

    def set_limits(
        self,
        *,
        enable_early_termination: bool | None = None,
        exit_score: float | None = None,
        max_concurrent_trials: int | None = None,
        max_cores_per_trial: int | None = None,
        max_nodes: int | None = None,
        max_trials: int | None = None,
        timeout_minutes: float | None = None,
        trial_timeout_minutes: float | None = None,
    ) -> None:
        """Set those limits that are given; the others stay."""
        self.limits = _merged(
            self.limits or TabularLimitSettings(),
            enable_early_termination=enable_early_termination,
            exit_score=exit_score,
            max_concurrent_trials=max_concurrent_trials,
            max_cores_per_trial=max_cores_per_trial,
            max_nodes=max_nodes,
            max_trials=max_trials,
            timeout_minutes=timeout_minutes,
            trial_timeout_minutes=trial_timeout_minutes,
        )

    def set_training(
        self,
        *,
        enable_onnx_compatible_models: bool | None = None,
        enable_dnn_training: bool | None = None,
        enable_model_explainability: bool | None = None,
        enable_stack_ensemble: bool | None = None,
        enable_vote_ensemble: bool | None = None,
        stack_ensemble_settings: StackEnsembleSettings | None = None,
        ensemble_model_download_timeout: int | None = None,
        allowed_training_algorithms: list[Algorithm] | None = None,
        blocked_training_algorithms: list[Algorithm] | None = None,
        training_mode: str | None = None,
    ) -> None:
        """Set what is given of the training; the rest stays."""
        self.training = _merged(
            self.training or TrainingSettings(),
            enable_onnx_compatible_models=enable_onnx_compatible_models,
            enable_dnn_training=enable_dnn_training,
            enable_model_explainability=enable_model_explainability,
            enable_stack_ensemble=enable_stack_ensemble,
            enable_vote_ensemble=enable_vote_ensemble,
            stack_ensemble_settings=stack_ensemble_settings,
            ensemble_model_download_timeout_minutes=ensemble_model_download_timeout,
            allowed_training_algorithms=allowed_training_algorithms,
            blocked_training_algorithms=blocked_training_algorithms,
            training_mode=training_mode,
        )

    def set_featurization(
        self,
        *,
        blocked_transformers: list[Transformer] | None = None,
        column_name_and_types: dict[str, str] | None = None,
        dataset_language: str | None = None,
        transformer_params: dict[str, list[ColumnTransformer]] | None = None,
        mode: str | None = None,
        enable_dnn_featurization: bool | None = None,
    ) -> None:
        """Set what is given of the featurization; the rest stays."""
        self.featurization = _merged(
            self.featurization or TabularFeaturizationSettings(),
            blocked_transformers=blocked_transformers,
            column_name_and_types=column_name_and_types,
            dataset_language=dataset_language,
            transformer_params=transformer_params,
            mode=mode,
            enable_dnn_featurization=enable_dnn_featurization,
        )

    def set_data(
        self,
        *,
        training_data: Input,
        target_column_name: str,
        weight_column_name: str | None = None,
        validation_data: Input | None = None,
        validation_data_size: float | None = None,
        n_cross_validations: str | int | None = None,
        cv_split_column_names: list[str] | None = None,
        test_data: Input | None = None,
        test_data_size: float | None = None,
    ) -> None:
        """Set the data and how models are validated; what is given replaces what was there."""
        given: dict[str, Any] = {
            "training_data": training_data,
            "target_column_name": target_column_name,
            "weight_column_name": weight_column_name,
            "validation_data": validation_data,
            "validation_data_size": validation_data_size,
            "n_cross_validations": n_cross_validations,
            "cv_split_column_names": cv_split_column_names,
            "test_data": test_data,
            "test_data_size": test_data_size,
        }
        for name, value in given.items():
            if value is not None:
                setattr(self, name, value)


def _merged(before: Any, **given: Any) -> Any:
    wanted = {name: value for name, value in given.items() if value is not None}
    return type(before)(**{**dict(before), **wanted})


def _check_sizes(fields: Mapping[str, Any]) -> Iterable[CrossProblem]:
    for field in ("validation_data_size", "test_data_size"):
        size = fields.get(field)
        if isinstance(size, (int, float)) and not isinstance(size, bool) and not 0 < size < 1:
            yield (field,), f"is {size:g}, but must be a share of the rows between 0 and 1."
    folds = fields.get("n_cross_validations")
    if isinstance(folds, int) and folds < 2:
        yield ("n_cross_validations",), f"is {folds}; use 2 or more, or `validation_data_size` for one split."
    if isinstance(folds, str) and fold(folds) == "auto":
        folds = None
    ways = [
        name
        for name, value in (
            ("validation_data", fields.get("validation_data")),
            ("cv_split_column_names", fields.get("cv_split_column_names")),
            ("n_cross_validations", folds),
        )
        if value
    ]
    if len(ways) > 1:
        yield (ways[1],), f"cannot be given beside `{ways[0]}`: both say how models are validated."
