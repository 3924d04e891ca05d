"""What a person asks of a run, with Azure ML's names. Values only: nothing is read, nothing is computed.

Source: the fields of `automl` jobs in Azure ML's CLI and SDK v2. Times are in minutes there; parts of a minute are
allowed here.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

__all__ = [
    "ALGORITHMS",
    "BLOCKED_TRANSFORMERS",
    "COLUMN_TYPES",
    "EXTENSIONS",
    "META_LEARNERS",
    "PRIMARY_METRICS",
    "Featurization",
    "Limits",
    "Settings",
    "SettingsError",
    "Task",
    "Training",
    "names_of",
    "no_column",
]

Task = Literal["classification", "regression"]

# The first metric of each task is its default, as on Azure.
PRIMARY_METRICS: dict[str, tuple[str, ...]] = {
    "classification": (
        "AUC_weighted",
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

# Azure's names of training algorithms, by task.
ALGORITHMS: dict[str, tuple[str, ...]] = {
    "classification": (
        "LogisticRegression",
        "SGD",
        "MultinomialNaiveBayes",
        "BernoulliNaiveBayes",
        "SVM",
        "LinearSVM",
        "KNN",
        "DecisionTree",
        "RandomForest",
        "ExtremeRandomTrees",
        "LightGBM",
        "GradientBoosting",
        "XGBoostClassifier",
    ),
    "regression": (
        "ElasticNet",
        "GradientBoosting",
        "DecisionTree",
        "KNN",
        "LassoLars",
        "SGD",
        "RandomForest",
        "ExtremeRandomTrees",
        "LightGBM",
        "XGBoostRegressor",
    ),
}

# Ours beside Azure's: used when no list of allowed algorithms is given, or when it names them.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "classification": ("CatBoost", "NeuralNetwork"),
    "regression": ("CatBoost", "NeuralNetwork", "GaussianProcess"),
}

# What a stack may learn its combination with; the first one of each task is its default, as on Azure.
META_LEARNERS: dict[str, tuple[str, ...]] = {
    "classification": ("LogisticRegression", "LogisticRegressionCV", "LightGBMClassifier"),
    "regression": ("ElasticNet", "ElasticNetCV", "LightGBMRegressor", "LinearRegression"),
}

# Azure's transformers that can be blocked. Those marked in `featurize` have an equal here; the others never run.
BLOCKED_TRANSFORMERS = (
    "TextTargetEncoder",
    "OneHotEncoder",
    "CatTargetEncoder",
    "TfIdf",
    "WoETargetEncoder",
    "LabelEncoder",
    "WordEmbedding",
    "NaiveBayes",
    "CountVectorizer",
    "HashOneHotEncoder",
)

# Transformers whose parameters act here, and those. The parameters of Azure's other transformers change nothing.
TRANSFORMER_PARAMETERS: dict[str, tuple[str, ...]] = {
    "Imputer": ("strategy", "fill_value"),
    "TfIdf": (
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
STRATEGIES = ("mean", "median", "most_frequent", "constant")

# What a person may call a column, and the type that it gets here.
COLUMN_TYPES = {
    "numeric": "numeric",
    "categorical": "category",
    "categoricalhash": "category",
    "datetime": "date",
    "text": "text",
    "boolean": "boolean",
    "ignore": "ignored",
}


class SettingsError(ValueError):
    """What was asked cannot be done; the message says what was found and what to do."""


@dataclass(frozen=True)
class Limits:
    """How long, how many, how much."""

    # Azure's default is six hours; so is ours, because whoever cares sets it.
    timeout_minutes: float = 360.0
    # None: a candidate may take what its share of the plan allows.
    trial_timeout_minutes: float | None = None
    # None: as many as fit. With a number the run is repeatable: see `Settings.seed`.
    max_trials: int | None = None
    # None: one candidate for each core.
    max_concurrent_trials: int | None = None
    # Accepted for Azure's sake: a model has one thread here, models run side by side.
    max_cores_per_trial: int = 1
    enable_early_termination: bool = True
    # Stop as soon as a candidate is at least this good in the primary metric.
    exit_score: float | None = None

    @property
    def timeout_s(self) -> float:
        """The whole run's time in seconds."""
        return self.timeout_minutes * 60

    @property
    def trial_timeout_s(self) -> float | None:
        """One candidate's time in seconds."""
        return None if self.trial_timeout_minutes is None else self.trial_timeout_minutes * 60


@dataclass(frozen=True)
class Training:
    """Which algorithms, and what is made of them."""

    allowed_training_algorithms: Sequence[str] | None = None
    blocked_training_algorithms: Sequence[str] = ()
    enable_vote_ensemble: bool = True
    enable_stack_ensemble: bool = True
    enable_model_explainability: bool = True
    # One of `META_LEARNERS` of the task; None: the first of them.
    stack_meta_learner_type: str | None = None
    # Parameters of the meta learner, by scikit-learn's and LightGBM's names.
    stack_meta_learner_kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Featurization:
    """How columns become numbers."""

    # `off`: numbers pass as they are, everything else is refused.
    mode: Literal["auto", "custom", "off"] = "auto"
    column_name_and_types: Mapping[str, str] = field(default_factory=dict[str, str])
    blocked_transformers: Sequence[str] = ()
    # As on Azure: transformer -> list of {fields, parameters}; without fields it is for all columns that it fits.
    transformer_params: Mapping[str, Sequence[Mapping[str, Any]]] = field(
        default_factory=dict[str, Sequence[Mapping[str, Any]]]
    )
    # Three letters as on Azure. With "eng" columns of text are counted without English's stop words.
    dataset_language: str | None = None

    def blocks(self, *names: str) -> bool:
        """Tell whether all of these transformers are blocked."""
        return bool(names) and all(name in self.blocked_transformers for name in names)

    def parameters_of(self, transformer: str, columns: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the parameters that a person gave to a transformer, by column; `columns` are those that it fits."""
        found: dict[str, dict[str, Any]] = {}
        for name, entries in self.transformer_params.items():
            for entry in entries if _plain(name) == _plain(transformer) else ():
                for column in entry.get("fields") or columns:
                    found[str(column)] = {**found.get(str(column), {}), **(entry.get("parameters") or {})}
        return found


@dataclass(frozen=True)
class Settings:
    """Everything that a run depends on beside its data."""

    task: Task
    target_column_name: str
    primary_metric: str | None = None
    # "auto", None or a number of folds. Given validation data goes before it.
    n_cross_validations: int | Literal["auto"] | None = None
    # A share of the rows, below 1 as on Azure.
    validation_data_size: float | None = None
    # Columns of 1 (training) and 0 (validation): each is one fold.
    cv_split_column_names: Sequence[str] = ()
    weight_column_name: str | None = None
    # The class whose probability comes first in charts of two classes; None: the last in order.
    positive_label: Any = None
    limits: Limits = field(default_factory=Limits)
    training: Training = field(default_factory=Training)
    featurization: Featurization = field(default_factory=Featurization)
    # Same data, same seed, same versions and a limit in trials: the same leaderboard and the same model.
    seed: int = 0
    # None: all cores that this process may use.
    cores: int | None = None
    # Bytes that one candidate may take; None: its share of what the machine has free.
    memory_bytes: int | None = None

    @property
    def metric(self) -> str:
        """The primary metric, or the task's default."""
        return self.primary_metric or PRIMARY_METRICS[self.task][0]

    @property
    def workers(self) -> int:
        """How many candidates run side by side."""
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        cores = self.cores or usable
        return max(1, min(cores, self.limits.max_concurrent_trials or cores))

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms that may run: the allowed ones, or all, less the blocked ones."""
        allowed = self.training.allowed_training_algorithms
        names = tuple(allowed) if allowed else (*ALGORITHMS[self.task], *EXTENSIONS[self.task])
        return tuple(name for name in names if name not in self.training.blocked_training_algorithms)

    def checked(self) -> Settings:
        """Return the same settings with names in one spelling. Raises SettingsError for what makes no sense."""
        if self.task not in PRIMARY_METRICS:
            raise SettingsError(f"Task `{self.task}` is not known here. Use `classification` or `regression`.")
        metric = _spelled(self.metric, PRIMARY_METRICS[self.task], "Primary metric")
        changed: Settings = _with(
            self, primary_metric=metric, training=self._training(), featurization=self._featurization()
        )
        changed._check_numbers()
        if not changed.algorithms:
            raise SettingsError("No training algorithm is left: every allowed one is blocked. Allow another one.")
        return changed

    def _training(self) -> Training:
        one = self.training
        known = (*ALGORITHMS[self.task], *EXTENSIONS[self.task])
        allowed, meta = one.allowed_training_algorithms, one.stack_meta_learner_type
        what = "Training algorithm"
        return _with(
            one,
            allowed_training_algorithms=[_spelled(n, known, what) for n in allowed] if allowed else None,
            blocked_training_algorithms=[_spelled(n, known, what) for n in one.blocked_training_algorithms],
            stack_meta_learner_type=meta and _spelled(meta, META_LEARNERS[self.task], f"Meta learner of {self.task}"),
        )

    def _featurization(self) -> Featurization:
        one = self.featurization
        for name, kind in one.column_name_and_types.items():
            if kind.lower() not in COLUMN_TYPES:
                raise SettingsError(_unknown(f"Type of column `{name}`", kind, list(COLUMN_TYPES)))
        blocked = [_spelled(n, BLOCKED_TRANSFORMERS, "Transformer") for n in one.blocked_transformers]
        for name, entries in one.transformer_params.items():
            transformer = _spelled(name, ("Imputer", *BLOCKED_TRANSFORMERS), "Transformer")
            for entry in entries:
                _check_parameters(transformer, entry.get("parameters") or {})
        return _with(one, blocked_transformers=blocked)

    def _check_numbers(self) -> None:
        limits = self.limits
        if limits.timeout_minutes <= 0:
            raise SettingsError(f"timeout_minutes is {limits.timeout_minutes:g}; it has to be above 0.")
        if limits.max_trials is not None and limits.max_trials < 1:
            raise SettingsError(f"max_trials is {limits.max_trials}; at least one trial has to run.")
        folds = self.n_cross_validations
        if isinstance(folds, int) and folds < 2:
            raise SettingsError(f"n_cross_validations is {folds}; use 2 or more, or validation_data_size instead.")
        size = self.validation_data_size
        if size is not None and not 0 < size < 1:
            raise SettingsError(f"validation_data_size is {size:g}; use a share between 0 and 1.")


def _check_parameters(transformer: str, given: Mapping[str, Any]) -> None:
    known = TRANSFORMER_PARAMETERS.get(transformer, tuple(given))
    for name in given:
        if name not in known:
            raise SettingsError(_unknown(f"Parameter of {transformer}", name, known))
    strategy = given.get("strategy", "median")
    if transformer == "Imputer" and strategy not in STRATEGIES:
        raise SettingsError(_unknown("Strategy of Imputer", str(strategy), STRATEGIES))


def _with(value: Any, **changes: Any) -> Any:
    """Return a frozen value with some fields changed."""
    return type(value)(**{one.name: changes.get(one.name, getattr(value, one.name)) for one in fields(value)})


def _spelled(name: str, known: Sequence[str], what: str) -> str:
    """Return the known spelling of a name: Azure's SDK, YAML and REST write case and underscores differently."""
    plain = {_plain(one): one for one in known}
    if _plain(name) not in plain:
        raise SettingsError(_unknown(what, name, known))
    return plain[_plain(name)]


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    return f"{what} `{name}` is not known.{_near(name, known)} Known: {', '.join(known)}."


def _near(name: str, known: Sequence[str]) -> str:
    """Return a question with the nearest known name; empty when none is near. Case counts least."""
    folded = {one.casefold(): one for one in reversed(known)}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    return f" Did you mean `{folded[near[0]]}`?" if near else ""


# A wide table's names would bury what was asked.
NAMES_SHOWN = 30


def no_column(setting: str, name: str, columns: Sequence[str]) -> SettingsError:
    """Return the error about a setting that names a column which is not there; `columns` are those that are."""
    text = f"`{setting}` names `{name}`, which is no column of the data.{_near(name, columns)}"
    return SettingsError(f"{text} Columns: {names_of(columns)}.")


def names_of(columns: Sequence[str]) -> str:
    """Return the names of columns, or of classes, as a message lists them."""
    more = len(columns) - NAMES_SHOWN
    return ", ".join(columns[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
