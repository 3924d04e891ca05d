"""CatBoost, where it is installed: an extension of Azure's list."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import numpy as np

from ..arrays import Floats
from ..packed import Packed
from . import Lesson

__all__ = ["Cat", "fit_catboost"]

_PATIENCE = 50


class Cat:
    """A fitted CatBoost model."""

    def __init__(self, model: Any, classes: int, categorical: tuple[int, ...]) -> None:
        """Keep the model."""
        self._packed = Packed(model)
        self.classes = classes
        self.categorical = categorical
        self.rounds = int(model.tree_count_)

    @property
    def model(self) -> Any:
        """CatBoost's own object."""
        return self._packed.get()

    def predict(self, x: Floats) -> Floats:
        """Return probabilities or values."""
        return self.answer(self.pool(x))

    def pool(self, x: Floats) -> Any:
        """Return rows as CatBoost reads them: of many rows with categories that takes longer than the answer.

        Models with the same categories, as those of all folds are, can share it.
        """
        catboost: Any = import_module("catboost")
        return catboost.Pool(_rows(x, self.categorical), cat_features=list(self.categorical))

    def answer(self, pool: Any) -> Floats:
        """Return probabilities or values of a pool's rows."""
        kind = "Probability" if self.classes else "RawFormulaVal"
        return np.asarray(self.model.predict(pool, prediction_type=kind, thread_count=1), dtype=np.float64)

    def contributions(self, x: Floats) -> Floats:
        """Return (rows, features + 1, outputs): exact shares of the raw score, the last one its mean."""
        found = np.asarray(self.model.get_feature_importance(self.pool(x), type="ShapValues", thread_count=1))
        return found[:, :, None] if found.ndim == 2 else found.transpose(0, 2, 1)


def _rows(x: Floats, categorical: tuple[int, ...]) -> Any:
    """Return rows as CatBoost takes them: categories as whole numbers, -1 for gaps."""
    if not categorical:
        return x
    rows = x.astype(object)
    places = list(categorical)
    rows[:, places] = np.nan_to_num(x[:, places], nan=-1.0).astype(np.int64)
    return rows


class _Clock:
    """Ends training when the seconds are over. CatBoost asks it after each round."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def after_iteration(self, info: Any) -> bool:
        """Tell whether to go on."""
        return time.monotonic() < self._end


def fit_catboost(lesson: Lesson) -> Cat:
    """Boost symmetric trees until the validation rows get no better."""
    catboost: Any = import_module("catboost")  # heavy and optional
    options: dict[str, Any] = {"iterations": lesson.rounds or 1000, "random_seed": lesson.seed, "thread_count": 1}
    options |= {"verbose": False, "allow_writing_files": False, **lesson.parameters}
    if not lesson.classes:
        options.setdefault("loss_function", "MAE" if "absolute" in lesson.metric else "RMSE")
    else:
        options.setdefault("loss_function", "Logloss" if lesson.classes == 2 else "MultiClass")
        if lesson.classes > 2:
            options["classes_count"] = lesson.classes
    model = catboost.CatBoost(options)
    places = list(lesson.categorical)
    pool = catboost.Pool(_rows(lesson.x, lesson.categorical), lesson.y, weight=lesson.weights, cat_features=places)
    more: dict[str, Any] = {}
    if lesson.valid is not None and lesson.rounds is None:
        x, y, weights = lesson.valid
        valid = catboost.Pool(_rows(x, lesson.categorical), y, weight=weights, cat_features=places)
        more |= {"eval_set": valid, "early_stopping_rounds": _PATIENCE, "use_best_model": True}
    if lesson.seconds is not None:
        more["callbacks"] = [_Clock(lesson.seconds)]
    model.fit(pool, **more)
    return Cat(model, lesson.classes, lesson.categorical)
