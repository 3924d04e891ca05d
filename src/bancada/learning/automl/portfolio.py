"""Which configurations are tried first, in which order. A table; the scheduler decides how far it gets.

The order is: an answer at once, then one of each family (ensembles live on different errors), then the depth of the
best families. Numbers start from published ones (defaults tuned over many sets from the RealMLP paper and its pytabkit;
AutoGluon's processor portfolio of 2025, read in TabArena; both Apache-2.0), rounded, with learning rates three to five
times higher, because those were found for an hour and this is for a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .featurize.prepare import Recipe
from .learners import LEARNERS, is_installed

__all__ = ["Entry", "Shape", "portfolio"]


@dataclass(frozen=True)
class Entry:
    """One configuration: a learner, its parameters, and the recipe if not the learner's own."""

    algorithm: str
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    recipe: Recipe | None = None

    @property
    def prepared(self) -> Recipe:
        """The recipe of its features."""
        return self.recipe or LEARNERS[self.algorithm].recipe


def _lgb(
    rate: float, leaves: int, least: int, columns: float, rows: float, l1: float, l2: float, **more: Any
) -> dict[str, Any]:
    found = {"learning_rate": rate, "num_leaves": leaves, "min_data_in_leaf": least, "feature_fraction": columns}
    return {**found, "bagging_fraction": rows, "lambda_l1": l1, "lambda_l2": l2, **more}


# LightGBM's own defaults, with early stopping: nothing here may end up worse than these.
_QUICK = Entry("LightGBM", {"learning_rate": 0.1, "num_leaves": 31})
_EXTRA = Entry("LightGBM", _lgb(0.06, 40, 3, 0.5, 0.9, 0.2, 0.4, extra_trees=True, cat_smooth=15.0))
_PAIRED = Entry("LightGBM", _lgb(0.06, 32, 12, 0.5, 0.95, 0.5, 1.0, cat_smooth=2.0), "paired")
_PAIRED_EXTRA = Entry("LightGBM", _lgb(0.08, 64, 28, 0.55, 0.95, 0.9, 1.9, extra_trees=True), "paired")
_PAIRED_SMALL = Entry("LightGBM", _lgb(0.05, 8, 15, 0.4, 0.7, 0.1, 0.3, extra_trees=True), "paired")
_STUMPS = Entry("LightGBM", _lgb(0.08, 5, 12, 0.7, 0.85, 0.25, 0.3))
_DEEP = Entry("LightGBM", _lgb(0.05, 180, 12, 0.4, 0.95, 0.8, 1.6, extra_trees=True))
_FINE = Entry("LightGBM", _lgb(0.03, 84, 3, 0.5, 0.95, 0.0, 0.8))

_PROCESS = Entry("GaussianProcess", {"target": "none"})

_CLASSIFICATION = (
    _QUICK,
    Entry("LogisticRegression", {"C": 1.0}),
    Entry("ExtremeRandomTrees", {"max_features": "sqrt", "min_samples_leaf": 1}),
    Entry("CatBoost", {"learning_rate": 0.08, "depth": 6}),
    Entry("LightGBM", _lgb(0.05, 50, 40, 1.0, 0.75, 0.0, 0.0)),
    _EXTRA,
    _PAIRED,
    Entry("NeuralNetwork", {"width": 128, "epochs": 64}),
    Entry("RandomForest", {"max_features": 0.5, "min_samples_leaf": 2}),
    Entry("SVM", {"C": 3.0}),
    _STUMPS,
    _PAIRED_EXTRA,
    Entry("KNN", {"n_neighbors": 15}),
    Entry("XGBoostClassifier", {"eta": 0.08, "max_depth": 6, "colsample_bylevel": 0.9, "subsample": 0.65}),
    Entry("LogisticRegression", {"C": 0.03}),
    Entry("ExtremeRandomTrees", {"max_features": 0.75, "min_samples_leaf": 4, "criterion": "entropy"}),
    _DEEP,
    Entry("NeuralNetwork", {"width": 192, "epochs": 96, "dropout": 0.3, "learning_rate": 0.005}),
    _FINE,
    Entry("CatBoost", {"learning_rate": 0.05, "depth": 8, "l2_leaf_reg": 3.0}),
    _PAIRED_SMALL,
    Entry("GradientBoosting", {"max_iter": 100}),
    Entry("LinearSVM", {"C": 0.1}),
    Entry("SGD", {"alpha": 1e-4}),
    Entry("BernoulliNaiveBayes"),
    Entry("MultinomialNaiveBayes"),
    Entry("DecisionTree", {"max_depth": 8, "min_samples_leaf": 5}),
)

_REGRESSION = (
    _QUICK,
    Entry("ElasticNet", {"alpha": 0.003, "l1_ratio": 0.5}),
    _PROCESS,
    Entry("ExtremeRandomTrees", {"max_features": 1.0, "min_samples_leaf": 1}),
    Entry("CatBoost", {"learning_rate": 0.09, "depth": 6}),
    Entry("NeuralNetwork", {"width": 128, "epochs": 96, "smoothing": 0.0, "dropout": 0.0}),
    Entry("LightGBM", _lgb(0.05, 100, 3, 1.0, 0.7, 0.0, 0.0)),
    _EXTRA,
    _PAIRED,
    Entry("RandomForest", {"max_features": 0.5, "min_samples_leaf": 2}),
    _STUMPS,
    _PAIRED_EXTRA,
    Entry("KNN", {"n_neighbors": 10}),
    Entry("XGBoostRegressor", {"eta": 0.05, "max_depth": 8, "min_child_weight": 2.0, "subsample": 0.7}),
    Entry("ExtremeRandomTrees", {"max_features": 0.75, "min_samples_leaf": 4}),
    _DEEP,
    Entry("NeuralNetwork", {"width": 192, "epochs": 128, "dropout": 0.1, "learning_rate": 0.005, "smoothing": 0.0}),
    _FINE,
    Entry("CatBoost", {"learning_rate": 0.06, "depth": 8, "l2_leaf_reg": 3.0}),
    _PAIRED_SMALL,
    Entry("GradientBoosting", {"max_iter": 100}),
    Entry("LassoLars", {"alpha": 0.001}),
    Entry("SGD", {"alpha": 1e-4}),
    Entry("DecisionTree", {"max_depth": 8, "min_samples_leaf": 5}),
)

# For targets that are never negative and lean to large values, as counts and prices do: errors grow with the value.
_COUNTS = Entry("LightGBM", {**_lgb(0.06, 24, 5, 0.6, 0.8, 0.0, 0.5), "objective": "poisson"})
_COUNTS_PAIRED = Entry("LightGBM", {**_lgb(0.06, 24, 8, 0.5, 0.9, 0.2, 1.0), "objective": "poisson"}, "paired")
_ROOTS = Entry("GaussianProcess", {"target": "sqrt"})
_LOGARITHMS = Entry("GaussianProcess", {"target": "log"})

# never_negative: from 0 on and leaning to large values. positive: the same without 0. plain: anything else.
Shape = Literal["plain", "never_negative", "positive"]


def portfolio(
    task: str, algorithms: tuple[str, ...], rows: int, shape: Shape, named: tuple[str, ...] = ()
) -> list[Entry]:
    """Return the configurations for a problem, in order: of allowed algorithms that are installed and not too slow.

    `named` are algorithms that a person asked for: each is tried once before any of them twice.
    """
    entries = list(_CLASSIFICATION if task == "classification" else _REGRESSION)
    if task == "regression" and shape != "plain":
        entries = _for_leaning(shape)
    usable = {name for name in algorithms if is_installed(name)}
    found = [one for one in entries if one.algorithm in usable and rows <= (LEARNERS[one.algorithm].most_rows or rows)]
    # An allowed algorithm that is too slow for so many rows is tried all the same when nothing else may be.
    found = found or [one for one in entries if one.algorithm in usable]
    return _each_first(found) if named else found


def _for_leaning(shape: Shape) -> list[Entry]:
    """Return the configurations for a leaning target: losses for counts and turned targets come early."""
    found = [one for one in _REGRESSION if one is not _PROCESS]
    found[1:1] = [_COUNTS, _ROOTS, _LOGARITHMS] if shape == "positive" else [_COUNTS, _ROOTS]
    found[10:10] = [_COUNTS_PAIRED, _PROCESS]
    return found


def _each_first(entries: list[Entry]) -> list[Entry]:
    """Return the first entry of each algorithm, in their order, then the rest."""
    seen: set[str] = set()
    first: list[Entry] = []
    for one in entries:
        if one.algorithm not in seen:
            seen.add(one.algorithm)
            first.append(one)
    return first + [one for one in entries if not any(one is other for other in first)]
