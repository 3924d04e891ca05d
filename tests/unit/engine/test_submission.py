"""What a job asks for and does not get is named in a warning; what asks for nothing is not."""

from __future__ import annotations

from typing import Any

import pytest

from bancada.domain.base import parse
from bancada.domain.jobs import Job
from bancada.domain.jobs.automl_settings import ENGLISH, TRANSFORMERS, WITH_PARAMETERS
from bancada.engine.submission import without_effect
from bancada.learning.automl import settings
from bancada.learning.automl.featurize import texts

JOB: dict[str, Any] = {"type": "automl", "task": "regression", "target_column_name": "y", "training_data": "./t.csv"}


def warning(**asked: Any) -> str | None:
    return without_effect(parse(Job, {**JOB, **asked}).document(read_only=False)).get("warning")


SAID: list[tuple[str, dict[str, Any]]] = [
    ("limits.max_nodes", {"limits": {"max_nodes": 4}}),
    ("limits.max_cores_per_trial", {"limits": {"max_cores_per_trial": 4}}),
    ("log_verbosity", {"log_verbosity": "Debug"}),
    ("training.training_mode", {"training": {"training_mode": "distributed"}}),
    (
        "training.ensemble_model_download_timeout_minutes",
        {"training": {"ensemble_model_download_timeout_minutes": 1}},
    ),
    (
        "training.stack_ensemble_settings.stack_meta_learner_train_percentage",
        {"training": {"stack_ensemble_settings": {"stack_meta_learner_train_percentage": 0.4}}},
    ),
    ("featurization.dataset_language", {"featurization": {"dataset_language": "deu"}}),
    (
        "featurization.transformer_params.HashOneHotEncoder",
        {"featurization": {"transformer_params": {"HashOneHotEncoder": [{"parameters": {"number_of_bits": 3}}]}}},
    ),
    ("validation_data_size", {"validation_data_size": 0.2, "cv_split_column_names": ["a"]}),
    ("validation_data_size", {"validation_data_size": 0.2, "validation_data": "./v.csv"}),
    *(
        ("training.enable_stack_ensemble", {"training": {"enable_stack_ensemble": True}, **one})
        for one in (
            {"validation_data": "./v.csv"},
            {"validation_data_size": 0.2},
            {"validation_data_size": 0.2, "n_cross_validations": "auto"},
            {"cv_split_column_names": ["a"]},
        )
    ),
]


@pytest.mark.parametrize(("path", "asked"), SAID)
def test_a_setting_without_effect_is_named(path: str, asked: dict[str, Any]) -> None:
    assert warning(**asked) == f"Accepted without effect on this machine: `{path}`."


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"limits": {"max_cores_per_trial": 1, "max_nodes": 1}, "log_verbosity": "Info"},
        {"limits": {"max_cores_per_trial": -1}, "log_verbosity": "not_set"},
        {"training": {"stack_ensemble_settings": {"stack_meta_learner_type": "ElasticNetCV"}, "training_mode": "Auto"}},
        {"featurization": {"dataset_language": "ENG", "transformer_params": {"TfIdf": [], "Imputer": []}}},
        {"n_cross_validations": 3, "validation_data_size": 0.2, "training": {"enable_stack_ensemble": True}},
        {"training": {"enable_stack_ensemble": True}},
        {"training": {"enable_stack_ensemble": False}, "validation_data": "./v.csv"},
    ],
)
def test_a_setting_with_effect_is_not_warned_of(asked: dict[str, Any]) -> None:
    assert warning(**asked) is None


def test_platform_and_engine_know_the_same_words() -> None:
    assert ENGLISH == texts.ENGLISH
    assert settings.TRANSFORMER_PARAMETERS.keys() == {"Imputer", "TfIdf"}
    for word in TRANSFORMERS:
        params = {word: [{"parameters": {"no_such": 1}}]}
        one = settings.Settings("regression", "y", featurization=settings.Featurization(transformer_params=params))
        if word in WITH_PARAMETERS:
            with pytest.raises(settings.SettingsError, match="`no_such` is not known"):
                one.checked()
        else:
            one.checked()
