"""How an AutoML job searches: limits, algorithms, featurization, with Azure's fields and words. Not the job itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from bancada.domain.base import Entity
from bancada.domain.fields import ANY_CASE, JsonMap, OneOf

__all__ = [
    "ALGORITHMS",
    "COLUMN_TYPES",
    "ENGLISH",
    "EXTENSIONS",
    "META_LEARNERS",
    "METRICS",
    "MINIMIZED",
    "STRATEGIES",
    "TRANSFORMERS",
    "WITH_PARAMETERS",
    "Algorithm",
    "ColumnTransformer",
    "PrimaryMetric",
    "StackEnsembleSettings",
    "TableTask",
    "TabularFeaturizationSettings",
    "TabularLimitSettings",
    "TrainingSettings",
    "Transformer",
]

TableTask = Literal["classification", "regression"]

PrimaryMetric = Literal[
    "auc_weighted",
    "accuracy",
    "norm_macro_recall",
    "average_precision_score_weighted",
    "precision_score_weighted",
    "normalized_root_mean_squared_error",
    "r2_score",
    "spearman_correlation",
    "normalized_mean_absolute_error",
]
METRICS: dict[str, tuple[str, ...]] = {
    "classification": (
        "auc_weighted",
        "accuracy",
        "norm_macro_recall",
        "average_precision_score_weighted",
        "precision_score_weighted",
    ),
    "regression": (
        "normalized_root_mean_squared_error",
        "r2_score",
        "spearman_correlation",
        "normalized_mean_absolute_error",
    ),
}
"""Primary metrics by task; the first one is the default, as on Azure."""

MINIMIZED = frozenset({"normalized_root_mean_squared_error", "normalized_mean_absolute_error"})
"""The metrics of which less is better."""

Algorithm = Literal[
    "logistic_regression",
    "sgd",
    "multinomial_naive_bayes",
    "bernoulli_naive_bayes",
    "svm",
    "linear_svm",
    "knn",
    "decision_tree",
    "random_forest",
    "extreme_random_trees",
    "light_gbm",
    "gradient_boosting",
    "xg_boost_classifier",
    "elastic_net",
    "lasso_lars",
    "xg_boost_regressor",
    "cat_boost",
    "neural_network",
    "gaussian_process",
]
# Ours beside Azure's, for both tasks; `gaussian_process` is for regression alone.
EXTENSIONS = ("cat_boost", "neural_network")
ALGORITHMS: dict[str, tuple[str, ...]] = {
    "classification": (
        "logistic_regression",
        "sgd",
        "multinomial_naive_bayes",
        "bernoulli_naive_bayes",
        "svm",
        "linear_svm",
        "knn",
        "decision_tree",
        "random_forest",
        "extreme_random_trees",
        "light_gbm",
        "gradient_boosting",
        "xg_boost_classifier",
        *EXTENSIONS,
    ),
    "regression": (
        "elastic_net",
        "gradient_boosting",
        "decision_tree",
        "knn",
        "lasso_lars",
        "sgd",
        "random_forest",
        "extreme_random_trees",
        "light_gbm",
        "xg_boost_regressor",
        *EXTENSIONS,
        "gaussian_process",
    ),
}
"""Training algorithms by task, as YAML spells them; `LightGBM` and `LIGHT_GBM` mean `light_gbm`."""

Transformer = Literal[
    "text_target_encoder",
    "one_hot_encoder",
    "cat_target_encoder",
    "tf_idf",
    "wo_e_target_encoder",
    "label_encoder",
    "word_embedding",
    "naive_bayes",
    "count_vectorizer",
    "hash_one_hot_encoder",
]

MetaLearner = Literal[
    "none",
    "logistic_regression",
    "logistic_regression_cv",
    "light_gbm_classifier",
    "elastic_net",
    "elastic_net_cv",
    "light_gbm_regressor",
    "linear_regression",
]

META_LEARNERS: dict[str, tuple[str, ...]] = {
    "classification": ("logistic_regression", "logistic_regression_cv", "light_gbm_classifier"),
    "regression": ("elastic_net", "elastic_net_cv", "light_gbm_regressor", "linear_regression"),
}
"""What a stack ensemble may be learnt with, by task; the first one is the default, as on Azure."""

TRANSFORMERS = ("imputer", *get_args(Transformer))
"""What `transformer_params` may name."""

WITH_PARAMETERS: dict[str, tuple[str, ...]] = {
    "imputer": ("strategy", "fill_value"),
    "tf_idf": (
        "analyzer",
        "binary",
        "lowercase",
        "max_df",
        "max_features",
        "min_df",
        "ngram_range",
        "norm",
        "smooth_idf",
        "stop_words",
        "strip_accents",
        "sublinear_tf",
        "token_pattern",
        "use_idf",
        "vocabulary",
    ),
}
"""Those of them whose parameters act here, and these."""

STRATEGIES = ("mean", "median", "most_frequent", "constant")
"""How the imputer fills gaps."""

COLUMN_TYPES = ("Numeric", "Categorical", "CategoricalHash", "DateTime", "Text", "Boolean", "Ignore")
"""What `column_name_and_types` may call a column, in any case."""

ENGLISH = ("eng", "en", "english")
"""Spellings of the one `dataset_language` that changes something here, in any case: its stop words are known."""

Minutes = Annotated[int | float, OneOf("number")]


def _respelled(given: dict[str, Any], spellings: dict[str, str]) -> dict[str, Any]:
    """Return the fields with the names that the entity has; Azure's SDK and YAML differ in some."""
    return {spellings.get(name, name): value for name, value in given.items()}


class TabularLimitSettings(Entity):
    """How long an AutoML job runs, and how many models it tries.

    Times are in minutes; Azure takes whole ones, here parts of a minute are allowed.
    """

    enable_early_termination: bool | None = Field(default=None)
    exit_score: float | None = Field(default=None)
    max_concurrent_trials: int | None = Field(default=None, ge=1, le=1000)
    max_cores_per_trial: int | None = Field(default=None, ge=-1)
    max_nodes: int | None = Field(default=None, ge=1)
    max_trials: int | None = Field(default=None, ge=1, le=10_000)
    timeout_minutes: Minutes | None = Field(default=None, gt=0)
    trial_timeout_minutes: Minutes | None = Field(default=None, gt=0)


class StackEnsembleSettings(Entity):
    """How the stack ensemble's last model is made."""

    stack_meta_learner_kwargs: JsonMap | None = Field(default=None)
    stack_meta_learner_train_percentage: float = Field(default=0.2, gt=0, lt=1)
    stack_meta_learner_type: Annotated[MetaLearner, ANY_CASE] | None = Field(default=None)

    @classmethod
    def normalise(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Take Azure's Python spelling, too."""
        return _respelled(given, {"stack_meta_learner_k_wargs": "stack_meta_learner_kwargs"})


class TrainingSettings(Entity):
    """Which algorithms are tried, and what is made of them."""

    enable_onnx_compatible_models: bool | None = Field(default=None)
    enable_dnn_training: bool | None = Field(default=None)
    enable_model_explainability: bool | None = Field(default=None)
    enable_stack_ensemble: bool | None = Field(default=None)
    enable_vote_ensemble: bool | None = Field(default=None)
    stack_ensemble_settings: StackEnsembleSettings | None = Field(default=None)
    ensemble_model_download_timeout_minutes: int | None = Field(default=None, ge=1)
    allowed_training_algorithms: list[Annotated[Algorithm, ANY_CASE]] | None = Field(default=None)
    blocked_training_algorithms: list[Annotated[Algorithm, ANY_CASE]] | None = Field(default=None)
    training_mode: Annotated[Literal["auto", "distributed", "non_distributed"], ANY_CASE] | None = Field(default=None)

    @classmethod
    def normalise(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Take Azure's Python spelling, too."""
        return _respelled(given, {"ensemble_model_download_timeout": "ensemble_model_download_timeout_minutes"})


class ColumnTransformer(Entity):
    """A transformer's parameters for some columns: `fields` names them, `parameters` are its own."""

    fields: list[str] | None = Field(default=None)
    parameters: JsonMap | None = Field(default=None)


class TabularFeaturizationSettings(Entity):
    """How columns become numbers: by themselves (`auto`), not at all (`off`), or with a word of yours (`custom`)."""

    blocked_transformers: list[Annotated[Transformer, ANY_CASE]] | None = Field(default=None)
    column_name_and_types: dict[str, str] | None = Field(default=None)
    dataset_language: str | None = Field(default=None)
    transformer_params: dict[str, list[ColumnTransformer]] | None = Field(default=None)
    mode: Annotated[Literal["auto", "off", "custom"], ANY_CASE] | None = Field(default=None)
    enable_dnn_featurization: bool | None = Field(default=None)
