"""How long an AutoML training takes, before it begins: by formula, without NumPy.

The engine's own formulas (`automl/learners/costs.py`) for the configurations that it tries first; a test holds them
together. The engine corrects them by what it measures, so that this is an estimate and `most_s` is the promise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["COSTS", "DEFAULT_TIMEOUT_S", "MOST_ROWS", "Plan", "estimate", "folds_of"]

# Starting the process, its imports, reading a table; saving models, charts and explanations. Measured on two cores.
START_S, FINISH_S = 4.0, 4.0
FIXED_S = 0.05
# The engine's own: how many folds it makes, and how long it goes on after the time.
PLANNED_SHARE, MOST_FOLDED = 0.25, 200_000
DEFAULT_TIMEOUT_S = 360 * 60.0


def _boosting(rows: int, columns: int, classes: int, rounds: float) -> float:
    trees = classes if classes > 2 else 1
    one = 1e-9 * rows * columns * 5 + 1e-8 * 31 * columns * min(255.0, rows / 3)
    return FIXED_S + rounds * trees * (one + 1e-4)


def _forest(rows: int, columns: int, classes: int) -> float:
    tried = math.sqrt(columns) if classes else float(columns)
    return FIXED_S + 100 * rows * math.log2(rows + 2) * tried * 4e-8


def _network(rows: int, columns: int) -> float:
    each = (columns * 1.5 + 10) * 128 + 2 * 128 * 128 + 20 * 128
    return FIXED_S + 64 * rows * each * 6 / 4e10


def _process(rows: int, columns: int) -> float:
    few = min(rows, 700)
    return FIXED_S + 25 * (1.2e-10 * few**3 + 1e-9 * few**2 * (1.5 * columns + 40)) + 1.2e-10 * rows**3


# Seconds of one core for one fit of (rows, columns, classes; 0 for a number), by the engine's names.
COSTS: dict[str, Callable[[int, int, int], float]] = {
    "LightGBM": lambda r, c, k: _boosting(r, c, k, 240),
    "CatBoost": lambda r, c, k: FIXED_S + 312.5 * (k if k > 2 else 1) * (1.2e-8 * r * c * 3 + 8e-4),
    "GradientBoosting": lambda r, c, k: 1.5 * _boosting(r, c, k, 100),
    "RandomForest": _forest,
    "ExtremeRandomTrees": lambda r, c, k: 0.35 * _forest(r, c, k),
    "DecisionTree": lambda r, c, k: FIXED_S + r * math.log2(r + 2) * c * 4e-8,
    "LogisticRegression": lambda r, c, k: FIXED_S + 3e-7 * r * (c + 5) * max(1, k - 1),
    "ElasticNet": lambda r, c, k: FIXED_S + 1e-7 * r * (c + 5) * max(1, k - 1),
    "LassoLars": lambda r, c, k: FIXED_S + 1e-7 * r * (c + 5) * max(1, k - 1),
    "SGD": lambda r, c, k: FIXED_S + 1e-7 * r * (c + 5) * max(1, k - 1),
    "LinearSVM": lambda r, c, k: FIXED_S + 1e-6 * r * (c + 5) * max(1, k - 1),
    "SVM": lambda r, c, k: FIXED_S + 4e-8 * r * r * (c + 20) / 10,
    "KNN": lambda r, c, k: FIXED_S + 1e-9 * r * r * (c + 5) / 5,
    "BernoulliNaiveBayes": lambda r, c, k: FIXED_S + 2e-8 * r * c,
    "MultinomialNaiveBayes": lambda r, c, k: FIXED_S + 2e-8 * r * c,
    "NeuralNetwork": lambda r, c, k: _network(r, c),
    "GaussianProcess": lambda r, c, k: _process(r, c),
}
# Rows above which the engine leaves an algorithm out, unless nothing else is allowed.
MOST_ROWS = {"SVM": 10_000, "KNN": 100_000, "GaussianProcess": 3_000}


@dataclass(frozen=True)
class Plan:
    """What limits a training. Algorithms are named as in jobs or as in the engine (`light_gbm`, `LightGBM`); one
    without a formula counts as LightGBM.
    """

    algorithms: Sequence[str]
    timeout_s: float = DEFAULT_TIMEOUT_S
    max_trials: int | None = None
    # Models side by side.
    workers: int = 1
    # None: the engine chooses.
    folds: int | None = None


def folds_of(plan: Plan, rows: int, columns: int, classes: int) -> int:
    """Return how many folds the engine will make on an idle machine: 8, 5, 3, or 1 for a hold-out."""
    if plan.folds is not None:
        return plan.folds
    if rows > MOST_FOLDED:
        return 1
    seconds = COSTS["LightGBM"](rows, columns, classes) + COSTS["ExtremeRandomTrees"](rows, columns, classes)
    affordable = PLANNED_SHARE * plan.timeout_s * plan.workers / max(seconds, 1e-9)
    return next((count for count in (8, 5, 3) if affordable >= count), 1)


def estimate(plan: Plan, rows: int, columns: int, classes: int) -> dict[str, Any]:
    """Return `search_s` and `total_s` as expected, `most_s` as promised, and the number of folds.

    Without a limit in trials the engine uses all of its time.
    """
    folds = folds_of(plan, rows, columns, classes)
    search = plan.timeout_s
    if plan.max_trials is not None:
        formulas = {_plain(name): cost for name, cost in COSTS.items()}
        known = [formulas.get(_plain(name), COSTS["LightGBM"]) for name in _tried(plan.algorithms, rows)]
        fits = [cost(rows, max(1, columns), classes) for cost in known]
        one = sum(fits) / len(fits) if fits else 0.0
        search = min(search, one * folds * math.ceil(plan.max_trials / plan.workers))
    most = plan.timeout_s * 1.05 + 2
    total = START_S + (min(search + FINISH_S, most) if plan.max_trials is not None else search)
    return {"search_s": search, "total_s": total, "most_s": START_S + most, "folds": folds}


def _tried(algorithms: Sequence[str], rows: int) -> Sequence[str]:
    most = {_plain(name): count for name, count in MOST_ROWS.items()}
    return [one for one in algorithms if rows <= most.get(_plain(one), rows)] or algorithms


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
