"""XGBoost, where it is installed, under Azure's two names."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import numpy as np

from ..arrays import Floats
from ..packed import Packed
from . import Lesson

__all__ = ["Extreme", "fit_xgboost"]

_PATIENCE = 50


class Extreme:
    """A fitted XGBoost model."""

    def __init__(self, booster: Any, classes: int, rounds: int) -> None:
        """Keep the booster."""
        self._packed = Packed(booster)
        self.classes = classes
        self.rounds = rounds

    @property
    def booster(self) -> Any:
        """XGBoost's own object."""
        return self._packed.get()

    def predict(self, x: Floats) -> Floats:
        """Return probabilities or values."""
        found = np.asarray(
            self.booster.inplace_predict(x, iteration_range=(0, self.rounds), validate_features=False), dtype=np.float64
        )
        return np.column_stack([1 - found, found]) if self.classes == 2 else found

    def contributions(self, x: Floats) -> Floats:
        """Return (rows, features + 1, outputs): exact shares of the raw score, the last one its mean."""
        xgboost: Any = import_module("xgboost")
        found = self.booster.predict(xgboost.DMatrix(x), pred_contribs=True, iteration_range=(0, self.rounds))
        found = np.asarray(found, dtype=np.float64)
        return found[:, :, None] if found.ndim == 2 else found.transpose(0, 2, 1)


def fit_xgboost(lesson: Lesson) -> Extreme:
    """Boost trees until the validation rows get no better. Codes of categories are taken as numbers."""
    xgboost: Any = import_module("xgboost")  # heavy and optional
    options: dict[str, Any] = {"nthread": 1, "seed": lesson.seed, "verbosity": 0, "tree_method": "hist", "eta": 0.1}
    options |= {name: value for name, value in lesson.parameters.items() if name != "rounds"}
    if lesson.classes == 0:
        options.setdefault("objective", "reg:squarederror")
        options["eval_metric"] = "mae" if "absolute" in lesson.metric else "rmse"
    elif lesson.classes == 2:
        options |= {"objective": "binary:logistic", "eval_metric": "logloss"}
    else:
        options |= {"objective": "multi:softprob", "eval_metric": "mlogloss", "num_class": lesson.classes}
    data = xgboost.DMatrix(lesson.x, lesson.y, weight=lesson.weights, nthread=1)
    most = lesson.rounds or int(lesson.parameters.get("rounds", 1000))
    booster = xgboost.Booster(options, [data])
    if lesson.valid is None or lesson.rounds is not None:
        for number in range(most):
            booster.update(data, number)
        return Extreme(booster, lesson.classes, most)
    x, y, weights = lesson.valid
    return Extreme(
        booster, lesson.classes, _watched(booster, data, xgboost.DMatrix(x, y, weight=weights), most, lesson)
    )


def _watched(booster: Any, data: Any, valid: Any, most: int, lesson: Lesson) -> int:
    best, best_loss = 1, float("inf")
    started = time.monotonic()
    for number in range(most):
        booster.update(data, number)
        loss = float(booster.eval(valid).rsplit(":", 1)[1])
        if loss < best_loss:
            best, best_loss = number + 1, loss
        if number + 1 - best >= _PATIENCE:
            break
        if lesson.seconds is not None and time.monotonic() - started > lesson.seconds:
            break
    return best
