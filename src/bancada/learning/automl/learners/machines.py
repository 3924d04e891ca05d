"""Support vector machines with calibrated probabilities. They classify only, as on Azure."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..arrays import Floats
from . import Learned, Lesson
from .estimators import Estimated, fitted

__all__ = ["Machine", "fit_linear_svm", "fit_svm"]

# Kernels that are held at once: they should stay in a processor's cache.
_MOST_KERNELS = 250_000


class Machine:
    """A machine of two classes with a radial kernel, in NumPy: products of matrices, where libsvm goes pair by pair.

    The answers are scikit-learn's but for rounding, in a sixth of the time.
    """

    rounds = 0

    def __init__(self, machine: Any, sigmoid: Any) -> None:
        """Take a fitted SVC, and the sigmoid that makes probabilities of its decisions."""
        self.vectors = np.asarray(machine.support_vectors_, dtype=np.float64)
        self.squares = (self.vectors**2).sum(axis=1)
        self.weights = np.asarray(machine.dual_coef_, dtype=np.float64)[0]
        self.shift = float(machine.intercept_[0])
        self.gamma = float(machine._gamma)
        self.slope, self.offset = float(sigmoid.a_), float(sigmoid.b_)

    def predict(self, x: Floats) -> Floats:
        """Return probabilities."""
        step = max(1, _MOST_KERNELS // max(1, len(self.vectors)))
        parts = [self._decide(x[start : start + step]) for start in range(0, len(x), step)]
        decided = np.concatenate(parts) if parts else np.zeros(0)
        with np.errstate(over="ignore"):  # 1 / infinity is the right 0
            second = 1 / (1 + np.exp(self.slope * decided + self.offset))
        return np.column_stack([1 - second, second])

    def _decide(self, x: Floats) -> Floats:
        # |a - b|² = |a|² + |b|² - 2ab; each step is written over the one before.
        found = x @ self.vectors.T
        found *= 2.0
        found -= (x**2).sum(axis=1)[:, None]
        found -= self.squares
        found *= self.gamma
        return np.exp(found, out=found) @ self.weights + self.shift


def _calibrated(machine: Any, lesson: Lesson) -> Estimated:
    """Fit with a sigmoid over cross-validated decisions. Classes too small for that get fewer parts."""
    calibration: Any = import_module("sklearn.calibration")
    _, counts = np.unique(lesson.y, return_counts=True)
    parts = int(min(3, counts.min()))
    if parts < 2:
        raise ValueError("a class has a single training row: there is nothing to calibrate probabilities with")
    return fitted(calibration.CalibratedClassifierCV(machine, cv=parts, ensemble=False), lesson)


def fit_linear_svm(lesson: Lesson) -> Estimated:
    """Fit a linear machine."""
    module: Any = import_module("sklearn.svm")
    options: dict[str, Any] = {"C": 0.1, "random_state": lesson.seed, "max_iter": 2000, **lesson.parameters}
    return _calibrated(module.LinearSVC(**options), lesson)


def fit_svm(lesson: Lesson) -> Learned:
    """Fit a machine with a radial kernel."""
    module: Any = import_module("sklearn.svm")
    options: dict[str, Any] = {"C": 1.0, "cache_size": 300, **lesson.parameters}
    found = _calibrated(module.SVC(**options), lesson)
    [calibrated] = found.estimator.calibrated_classifiers_
    if options.get("kernel", "rbf") != "rbf" or lesson.classes != 2 or len(calibrated.calibrators) != 1:
        return found
    return Machine(calibrated.estimator, calibrated.calibrators[0])
