"""Support vector machines with calibrated probabilities. They classify only, as on Azure."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from . import Lesson
from .estimators import Estimated, fitted

__all__ = ["fit_linear_svm", "fit_svm"]


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


def fit_svm(lesson: Lesson) -> Estimated:
    """Fit a machine with a radial kernel."""
    module: Any = import_module("sklearn.svm")
    options: dict[str, Any] = {"C": 1.0, "cache_size": 300, **lesson.parameters}
    return _calibrated(module.SVC(**options), lesson)
