"""Learners: what fits one model to one matrix. The protocol, the lesson, and the table of names.

A learner has one thread, gets a matrix of floats in the recipe it asks for, and returns something that can be pickled
and predicts. To add one: a function in a file of its family and a row in `LEARNERS`. Names are Azure's, and ours where
Azure has none. What a stack may combine its members with is a table of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from ..arrays import Floats
from ..featurize.prepare import Recipe
from . import costs

__all__ = ["LEARNERS", "META_LEARNERS", "Learned", "Learner", "Lesson", "is_installed", "learn", "learn_meta"]


@dataclass(frozen=True)
class Lesson:
    """What a learner is given."""

    x: Floats
    # Codes of classes, or values.
    y: Floats
    # 0 for regression.
    classes: int
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    weights: Floats | None = None
    # Rows for early stopping; None when all rows are learnt from.
    valid: tuple[Floats, Floats, Floats | None] | None = None
    # Places of features that are codes of categories.
    categorical: tuple[int, ...] = ()
    # The primary metric: decides what early stopping looks at.
    metric: str = ""
    seed: int = 0
    # Number of rounds of an iterative learner, known from the folds; None: until it stops getting better.
    rounds: int | None = None
    # Seconds that it should take. None: the clock must not change the model (repeatable runs).
    seconds: float | None = None


class Learned(Protocol):
    """A fitted model."""

    # Rounds that it stopped at; 0 for what has none.
    rounds: int

    def predict(self, x: Floats) -> Floats:
        """Return probabilities (rows, classes), or values (rows,)."""
        ...


@dataclass(frozen=True)
class Learner:
    """One row of the table."""

    name: str
    recipe: Recipe
    # "module:function" in this folder; the function takes a Lesson and returns a Learned.
    function: str
    # Reference seconds of one fit: f(rows, columns, classes, parameters), before any measurement on this machine.
    cost: Callable[[int, int, int, Mapping[str, Any]], float]
    # Whether the final model is fitted once on all rows. Otherwise it is the mean of the models of the folds, which
    # learners with early stopping need.
    refits: bool = True
    # Package beside the four that are always there.
    needs: str | None = None
    # Rows above which it is not tried: its time or memory grows with their square.
    most_rows: int | None = None
    uses_weights: bool = True


LEARNERS: dict[str, Learner] = {
    one.name: one
    for one in (
        Learner("LightGBM", "native", "boosting:fit_lightgbm", costs.boosting, refits=False),
        Learner("CatBoost", "native", "catboost:fit_catboost", costs.catboost, refits=False, needs="catboost"),
        Learner("XGBoostClassifier", "native", "xgboost:fit_xgboost", costs.xgboost, refits=False, needs="xgboost"),
        Learner("XGBoostRegressor", "native", "xgboost:fit_xgboost", costs.xgboost, refits=False, needs="xgboost"),
        Learner("GradientBoosting", "dense", "forests:fit_gradient_boosting", costs.gradient_boosting),
        Learner("RandomForest", "dense", "forests:fit_random_forest", costs.forest),
        Learner("ExtremeRandomTrees", "dense", "forests:fit_extra_trees", costs.extra_trees),
        Learner("DecisionTree", "dense", "forests:fit_tree", costs.tree),
        Learner("LogisticRegression", "scaled", "linear:fit_logistic", costs.logistic),
        Learner("ElasticNet", "scaled", "linear:fit_elastic_net", costs.linear),
        Learner("LassoLars", "scaled", "linear:fit_lasso_lars", costs.linear, uses_weights=False),
        Learner("SGD", "scaled", "linear:fit_sgd", costs.linear),
        Learner("LinearSVM", "scaled", "machines:fit_linear_svm", costs.linear_svm),
        Learner("SVM", "scaled", "machines:fit_svm", costs.svm, most_rows=10_000),
        Learner("KNN", "scaled", "neighbours:fit_neighbours", costs.neighbours, most_rows=100_000, uses_weights=False),
        Learner("MultinomialNaiveBayes", "unit", "bayes:fit_multinomial", costs.bayes),
        Learner("BernoulliNaiveBayes", "scaled", "bayes:fit_bernoulli", costs.bayes),
        Learner("GaussianProcess", "scaled", "process:fit_process", costs.process, most_rows=3000),
        Learner("NeuralNetwork", "scaled", "network:fit_network", costs.network, refits=False),
    )
}


# Functions by Azure's names of meta learners. Their parameters are scikit-learn's and LightGBM's own.
META_LEARNERS: dict[str, str] = {
    "LogisticRegression": "linear:fit_logistic",
    "LogisticRegressionCV": "metas:fit_logistic_cv",
    "LightGBMClassifier": "metas:fit_boosted",
    "ElasticNet": "linear:fit_elastic_net",
    "ElasticNetCV": "metas:fit_elastic_net_cv",
    "LightGBMRegressor": "metas:fit_boosted",
    "LinearRegression": "metas:fit_least_squares",
}


def is_installed(name: str) -> bool:
    """Tell whether what a learner needs is there."""
    needs = LEARNERS[name].needs
    return needs is None or find_spec(needs) is not None


def learn(name: str, lesson: Lesson) -> Learned:
    """Fit one model."""
    return _fitted(LEARNERS[name].function, lesson)


def learn_meta(name: str, lesson: Lesson) -> Learned:
    """Fit what combines the predictions of a stack's members."""
    return _fitted(META_LEARNERS[name], lesson)


def _fitted(place: str, lesson: Lesson) -> Learned:
    # The learner's module is loaded here: scikit-learn and its like take seconds to import.
    module, function = place.split(":")
    fit: Callable[[Lesson], Learned] = getattr(import_module(f".{module}", __name__), function)
    return fit(lesson)
