"""From an AutoML job's document, as the platform stores it, to the engine's settings. No defaults of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

__all__ = ["settings_of"]

_LIMITS = (
    "timeout_minutes",
    "trial_timeout_minutes",
    "max_trials",
    "max_concurrent_trials",
    "max_cores_per_trial",
    "enable_early_termination",
    "exit_score",
)
_TRAINING = (
    "allowed_training_algorithms",
    "blocked_training_algorithms",
    "enable_vote_ensemble",
    "enable_stack_ensemble",
    "enable_model_explainability",
)
_STACK = ("stack_meta_learner_type", "stack_meta_learner_kwargs")
_FEATURIZATION = (
    "mode",
    "column_name_and_types",
    "blocked_transformers",
    "transformer_params",
    "dataset_language",
)
_OWN = (
    "task",
    "target_column_name",
    "n_cross_validations",
    "validation_data_size",
    "cv_split_column_names",
    "weight_column_name",
    "positive_label",
)


def settings_of(engine: Any, job: Mapping[str, Any], *, metric: str, seed: int, cores: int | None) -> Any:
    """Return the engine's settings; what the job leaves open stays the engine's to decide."""
    training = _part(job, "training")
    stack = _part(training, "stack_ensemble_settings")
    given = _chosen(training, _TRAINING)
    # Azure's `none` leaves the choice open.
    given |= {name: value for name, value in _chosen(stack, _STACK).items() if value != "none"}
    return engine.Settings(
        **_chosen(job, _OWN),
        primary_metric=metric,
        limits=engine.Limits(**_chosen(_part(job, "limits"), _LIMITS)),
        training=engine.Training(**given),
        featurization=engine.Featurization(**_chosen(_part(job, "featurization"), _FEATURIZATION)),
        seed=seed,
        cores=cores,
    )


def _chosen(document: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: document[name] for name in names if document.get(name) is not None}


def _part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", document.get(key) or {})
