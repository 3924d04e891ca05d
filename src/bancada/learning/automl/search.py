"""Search around good configurations: a step in a random direction, kept when it is better.

The rule is that of cost-frugal optimisation (Wu, Wang, Huang, "Frugal Optimization for Cost-related Hyperparameters",
2021): from the incumbent a step along a random unit vector; when that fails, the opposite step; after as many failures
as there are directions, smaller steps; after a success, larger ones. It starts from cheap configurations, so that
costly ones are reached only where they pay. Each family keeps its own state; nothing here reads a clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .arrays import Floats
from .portfolio import Entry

__all__ = ["SPACES", "Dimension", "LocalSearch"]


@dataclass(frozen=True)
class Dimension:
    """One parameter: a range, on a logarithmic scale or not, of whole numbers or not, or a list of choices."""

    name: str
    low: float = 0.0
    high: float = 1.0
    is_log: bool = False
    is_whole: bool = False
    choices: tuple[Any, ...] = ()

    def value(self, place: float) -> Any:
        """Return the value at a place between 0 and 1."""
        if self.choices:
            return self.choices[min(len(self.choices) - 1, int(place * len(self.choices)))]
        low, high = (math.log(self.low), math.log(self.high)) if self.is_log else (self.low, self.high)
        found = low + place * (high - low)
        found = math.exp(found) if self.is_log else found
        return round(found) if self.is_whole else float(f"{found:.4g}")

    def place(self, value: Any) -> float:
        """Return the place of a value between 0 and 1; the middle for one that is not in range."""
        if self.choices:
            return (self.choices.index(value) + 0.5) / len(self.choices) if value in self.choices else 0.5
        try:
            one = float(value)
        except (TypeError, ValueError):
            return 0.5
        if self.is_log:
            one, low, high = math.log(max(one, self.low)), math.log(self.low), math.log(self.high)
        else:
            low, high = self.low, self.high
        return min(1.0, max(0.0, (one - low) / (high - low)))


_FOREST = (
    Dimension("max_features", 0.2, 1.0),
    Dimension("min_samples_leaf", 1, 20, is_log=True, is_whole=True),
)
_XGB = (
    Dimension("eta", 0.03, 0.3, is_log=True),
    Dimension("max_depth", 3, 10, is_whole=True),
    Dimension("min_child_weight", 0.001, 5.0, is_log=True),
    Dimension("subsample", 0.6, 1.0),
    Dimension("colsample_bylevel", 0.6, 1.0),
    Dimension("lambda", 0.01, 5.0, is_log=True),
)

# Search spaces follow TabArena's published ones, with the higher learning rates of short budgets.
SPACES: dict[str, tuple[Dimension, ...]] = {
    "LightGBM": (
        Dimension("learning_rate", 0.02, 0.2, is_log=True),
        Dimension("num_leaves", 4, 200, is_log=True, is_whole=True),
        Dimension("min_data_in_leaf", 1, 64, is_log=True, is_whole=True),
        Dimension("feature_fraction", 0.3, 1.0),
        Dimension("bagging_fraction", 0.6, 1.0),
        Dimension("lambda_l1", 0.0, 1.0),
        Dimension("lambda_l2", 0.01, 5.0, is_log=True),
        Dimension("extra_trees", choices=(False, True)),
    ),
    "CatBoost": (
        Dimension("learning_rate", 0.03, 0.2, is_log=True),
        Dimension("depth", 4, 8, is_whole=True),
        Dimension("l2_leaf_reg", 0.01, 5.0, is_log=True),
        Dimension("random_strength", 0.0, 2.0),
    ),
    "XGBoostClassifier": _XGB,
    "XGBoostRegressor": _XGB,
    "RandomForest": _FOREST,
    "ExtremeRandomTrees": _FOREST,
    "DecisionTree": (
        Dimension("max_depth", 2, 16, is_whole=True),
        Dimension("min_samples_leaf", 1, 50, is_log=True, is_whole=True),
    ),
    "GradientBoosting": (
        Dimension("learning_rate", 0.03, 0.3, is_log=True),
        Dimension("max_leaf_nodes", 4, 100, is_log=True, is_whole=True),
        Dimension("min_samples_leaf", 2, 60, is_log=True, is_whole=True),
        Dimension("max_iter", 50, 300, is_log=True, is_whole=True),
    ),
    "LogisticRegression": (Dimension("C", 0.001, 300.0, is_log=True),),
    "ElasticNet": (Dimension("alpha", 1e-5, 1.0, is_log=True), Dimension("l1_ratio", 0.01, 1.0)),
    "LassoLars": (Dimension("alpha", 1e-5, 0.3, is_log=True),),
    "SGD": (Dimension("alpha", 1e-6, 0.03, is_log=True),),
    "LinearSVM": (Dimension("C", 0.001, 30.0, is_log=True),),
    "SVM": (Dimension("C", 0.05, 100.0, is_log=True), Dimension("gamma", 1e-4, 1.0, is_log=True)),
    "KNN": (Dimension("n_neighbors", 1, 60, is_log=True, is_whole=True),),
    "MultinomialNaiveBayes": (Dimension("alpha", 0.001, 30.0, is_log=True),),
    "BernoulliNaiveBayes": (Dimension("alpha", 0.001, 30.0, is_log=True),),
    "NeuralNetwork": (
        Dimension("learning_rate", 0.002, 0.03, is_log=True),
        Dimension("width", choices=(64, 128, 192, 256)),
        Dimension("epochs", 32, 160, is_log=True, is_whole=True),
        Dimension("dropout", 0.0, 0.4),
        Dimension("decay", 0.001, 0.1, is_log=True),
    ),
}

# Steps in the unit cube: the first, the bounds, the factors after success and after a round of failures.
_FIRST, _SMALLEST, _LARGEST = 0.25, 0.02, 0.5
_GROW, _SHRINK = 1.3, 0.6


@dataclass
class LocalSearch:
    """The search around one configuration of one family."""

    start: Entry
    loss: float
    random: np.random.Generator
    step: float = _FIRST
    _failures: int = 0
    # The opposite of a direction that failed, tried next.
    _opposite: list[Floats] = field(default_factory=list[Floats])
    _directions: dict[int, tuple[Floats, Floats]] = field(default_factory=dict[int, tuple[Floats, Floats]])
    _asked: int = 0
    _seen: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        """Find where the start lies."""
        self.space = SPACES[self.start.algorithm]
        self.place = np.array([one.place(self.start.parameters.get(one.name)) for one in self.space])
        self._seen.add(self._text(self.start.parameters))

    def ask(self) -> tuple[int, Entry] | None:
        """Return a number and the next configuration; None when every try was seen before, with small steps too."""
        found = self._unseen()
        while found is None and self.step > _SMALLEST:
            self.step = max(_SMALLEST, self.step * _SHRINK)
            found = self._unseen()
        return found

    def _unseen(self) -> tuple[int, Entry] | None:
        for _ in range(20):
            direction = self._opposite.pop() if self._opposite else self._direction()
            place = np.clip(self.place + self.step * direction, 0.0, 1.0)
            values = {one.name: one.value(float(at)) for one, at in zip(self.space, place, strict=True)}
            parameters = {**self.start.parameters, **values}
            if self._text(parameters) in self._seen:
                continue
            self._seen.add(self._text(parameters))
            self._asked += 1
            self._directions[self._asked] = (direction, place)
            return self._asked, Entry(self.start.algorithm, parameters, self.start.recipe)
        return None

    def tell(self, number: int, loss: float) -> None:
        """Learn how good a configuration was; infinity for one that was given up."""
        direction, place = self._directions.pop(number)
        if loss < self.loss:
            self.place, self.loss = place, loss
            self.step, self._failures = min(_LARGEST, self.step * _GROW), 0
            self._opposite.clear()
            return
        self._failures += 1
        if self._failures % 2:
            self._opposite.append(-direction)
        if self._failures >= 2 * len(self.space):
            self.step, self._failures = max(_SMALLEST, self.step * _SHRINK), 0

    def _direction(self) -> Floats:
        one = self.random.standard_normal(len(self.space))
        # A unit vector over many dimensions moves each hardly at all: the length grows with their root.
        return one / max(1e-12, float(np.linalg.norm(one))) * math.sqrt(len(self.space)) / 1.5

    def _text(self, parameters: Mapping[str, Any]) -> str:
        return repr([(one.name, parameters.get(one.name)) for one in self.space])
