"""The model of a run whose time was over before any candidate had a fold: linear, in NumPy, within a moment.

It imports nothing that takes time and starts no process, so that even a machine that is busy with other things gives an
answer better than the mean. Columns of text would need scikit-learn: with them it is the shares of the classes, or the
mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrays import Floats, Mask
from .columns import Column
from .constant import Constant
from .featurize.prepare import Preparation
from .learners import Learned
from .learners.linear import Linear
from .model import Member, Model
from .problem import Problem
from .settings import Settings
from .worker import FoldModel

__all__ = ["emergency_model"]

# Rows that it learns from: a moment's work for any number of columns that fit into memory.
_MOST_ROWS = 2000
# The squared penalty in rows: scaled features move little beyond what the rows say.
_PENALTY = 10.0
_STEPS = 6


def emergency_model(problem: Problem, columns: Sequence[Column], settings: Settings) -> Model:
    """Return a linear model of at most 2,000 rows."""
    some = np.random.default_rng(problem.seed).permutation(len(problem.target))[:_MOST_ROWS]
    rows, target, weights = problem.part(some)
    preparation = Preparation("scaled" if not rows.texts else "native", problem.encoder, problem.featurization)
    learned: Learned = Constant.of(problem.target, problem.classes)
    if not rows.texts:
        x = preparation.fit_transform(rows, target)
        learned = _linear(x, target.values, problem.classes, np.ones(len(x)) if weights is None else weights)
    member = Member("Emergency", 1.0, [FoldModel(preparation, learned)])
    target_name = settings.target_column_name
    return Model(
        problem.encoder, columns, [member], problem.labels, problem.emphasis, problem.floor, target=target_name
    )


def _linear(x: Floats, y: Floats, classes: int, weights: Floats) -> Linear:
    """Return ridge regression, or one logistic regression for each class against the rest (for two classes one)."""
    wide = np.column_stack([x, np.ones(len(x))])
    seen = np.array(range(classes), dtype=np.float64)
    if not classes:
        found = _step(wide, weights, weights * y, np.zeros_like(wide[0]))[:, None]
    else:
        labels = range(1 if classes == 2 else 0, classes)
        found = np.column_stack([_logistic(wide, y == label, weights) for label in labels])
    return Linear(found[:-1], found[-1], classes, seen, x.mean(axis=0))


def _logistic(x: Floats, real: Mask, weights: Floats) -> Floats:
    """Return coefficients by Newton's method."""
    found = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        found = found + _step(x, weights * p * (1 - p), weights * (real - p), found)
    return found


def _step(x: Floats, weights: Floats, slopes: Floats, now: Floats) -> Floats:
    """Solve (x'wx + penalty) step = x'slopes - penalty * now; the last column, of ones, is hardly penalised."""
    penalty = np.full(x.shape[1], _PENALTY)
    penalty[-1] = 1e-6
    found: Any = np.linalg.solve((x.T * weights) @ x + np.diag(penalty), x.T @ slopes - penalty * now)
    return found
