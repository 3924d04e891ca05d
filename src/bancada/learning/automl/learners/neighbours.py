"""Nearest neighbours."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from . import Lesson
from .estimators import Estimated, fitted

__all__ = ["fit_neighbours"]


def fit_neighbours(lesson: Lesson) -> Estimated:
    """Fit nearest neighbours, weighted by distance. It takes no weights of rows."""
    module: Any = import_module("sklearn.neighbors")
    options: dict[str, Any] = {"n_neighbors": 15, "weights": "distance", "n_jobs": 1, **lesson.parameters}
    options["n_neighbors"] = min(int(options["n_neighbors"]), len(lesson.x))
    name = "KNeighborsClassifier" if lesson.classes else "KNeighborsRegressor"
    return fitted(getattr(module, name)(**options), lesson, weighted=False)
