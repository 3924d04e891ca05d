"""What a fit is expected to cost, in seconds of one core, before anything was measured.

The form of each formula is the algorithm's complexity, its factor a measurement on one core of an ordinary server. The
scheduler corrects the factor by what it sees (`costs` of `scheduler`), so that only the proportions matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = [
    "bayes",
    "boosting",
    "catboost",
    "extra_trees",
    "forest",
    "gradient_boosting",
    "linear",
    "linear_svm",
    "logistic",
    "neighbours",
    "answering",
    "network",
    "process",
    "svm",
    "tree",
    "xgboost",
]

Parameters = Mapping[str, Any]

# What starting, featurising and predicting take in any case.
_FIXED_S = 0.05


def _trees(classes: int) -> int:
    return classes if classes > 2 else 1


def boosting(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """LightGBM: histograms over rows, then a search over bins for each leaf."""
    leaves = float(p.get("num_leaves", 31))
    rounds = float(p.get("rounds", 0)) or min(1500.0, 12 / float(p.get("learning_rate", 0.05)))
    wide = columns * float(p.get("feature_fraction", 1.0)) * (5 if p.get("recipe") == "paired" else 1)
    one = 1e-9 * rows * wide * math.log2(leaves + 1) + 1e-8 * leaves * wide * min(255, rows / 3)
    return _FIXED_S + rounds * _trees(classes) * (one + 1e-4)


def catboost(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """CatBoost: symmetric trees; some three times LightGBM's time, more for many classes."""
    depth = float(p.get("depth", 6))
    rounds = float(p.get("rounds", 0)) or min(1000.0, 25 / float(p.get("learning_rate", 0.08)))
    return _FIXED_S + rounds * _trees(classes) * (1.2e-8 * rows * columns * depth / 2 + 8e-4)


def xgboost(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """XGBoost with histograms: LightGBM's shape."""
    return 1.5 * boosting(rows, columns, classes, {**p, "num_leaves": 2 ** min(10, int(p.get("max_depth", 6)))})


def gradient_boosting(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """scikit-learn's gradient boosting over histograms."""
    return 1.5 * boosting(rows, columns, classes, {"num_leaves": 31, "rounds": p.get("max_iter", 100)})


def forest(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """A random forest: sorting rows by the tried columns on each level."""
    share = p.get("max_features", 1.0 if classes == 0 else "sqrt")
    tried = math.sqrt(columns) if share == "sqrt" else max(1.0, columns * float(share))
    return _FIXED_S + float(p.get("n_estimators", 100)) * rows * math.log2(rows + 2) * tried * 4e-8


def extra_trees(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """Extremely random trees: no sorting."""
    return 0.35 * forest(rows, columns, classes, p)


def tree(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """One tree over all columns."""
    return _FIXED_S + rows * math.log2(rows + 2) * columns * 4e-8


def logistic(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """Some hundred passes of a quasi-Newton method."""
    return _FIXED_S + 3e-7 * rows * (columns + 5) * max(1, classes - 1)


def linear(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """Coordinate or gradient descent."""
    return _FIXED_S + 1e-7 * rows * (columns + 5) * max(1, classes - 1)


def linear_svm(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """Dual coordinate descent, five times for its calibration."""
    return _FIXED_S + 1e-6 * rows * (columns + 5) * max(1, classes - 1)


def svm(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """Kernels between all pairs of rows, several times for its calibration."""
    return _FIXED_S + 4e-8 * rows * rows * (columns + 20) / 10


def neighbours(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """Distances between validation and training rows."""
    return _FIXED_S + 1e-9 * rows * rows * (columns + 5) / 5


def answering(algorithm: str, rows: int, columns: int, classes: int, p: Parameters, rounds: int) -> float:
    """Return the microseconds that one model takes for one row of many: by formula, so that it repeats.

    Measured on one core with 10,000 rows, in nanoseconds: for each level a tree of LightGBM takes 6, of XGBoost 2, of a
    forest 8, for all levels one of CatBoost 2; a network takes 0.03 for a multiplication; for each row learnt from
    (`rows`) neighbours take 10, a support vector machine 7, a Gaussian process 20. Others take little beside them.
    """
    levels = math.log2(float(p.get("num_leaves", p.get("max_leaf_nodes", 31))) + 1)
    width = float(p.get("width", 128))
    # Trees of a forest are not balanced: a row's way is longer than the logarithm of the leaves.
    deep = 1.6 * math.log2(rows / max(1.0, float(p.get("min_samples_leaf", 1))) + 2)
    walk = 0.008 * float(p.get("n_estimators", 100)) * deep
    found = {
        "LightGBM": 0.006 * max(rounds, 1) * _trees(classes) * levels,
        "GradientBoosting": 0.006 * float(p.get("max_iter", 100)) * _trees(classes) * levels,
        "XGBoostClassifier": 0.002 * max(rounds, 1) * _trees(classes) * float(p.get("max_depth", 6)),
        "XGBoostRegressor": 0.002 * max(rounds, 1) * float(p.get("max_depth", 6)),
        "CatBoost": 0.002 * max(rounds, 1) * _trees(classes),
        "RandomForest": walk,
        "ExtremeRandomTrees": walk,
        "GaussianProcess": 0.02 * rows,
        "KNN": 0.01 * rows,
        "SVM": 0.007 * rows,
        "NeuralNetwork": 0.00003 * (1.5 * columns * width + 2 * width * width),
    }
    return found.get(algorithm, 1.0)


def bayes(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """One pass."""
    return _FIXED_S + 2e-8 * rows * columns


def network(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """Matrix products of each layer, forth and back, for all epochs."""
    width = float(p.get("width", 128))
    each = (columns * 1.5 + 10) * width + 2 * width * width + 20 * width
    return _FIXED_S + float(p.get("epochs", 64)) * rows * each * 6 / 4.0e10


def process(rows: int, columns: int, classes: int, p: Parameters) -> float:
    """Some forty inverses of at most 700 rows, and one of all."""
    few = min(rows, 700)
    return _FIXED_S + 25 * (1.2e-10 * few**3 + 1e-9 * few**2 * (1.5 * columns + 40)) + 1.2e-10 * rows**3
