"""scikit-learn's estimators as learned models: what they share."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import Floats
from ..packed import Packed
from ..threads import one_thread
from . import Lesson

__all__ = ["Estimated", "all_classes", "fitted"]


class Estimated:
    """A fitted estimator of scikit-learn, which may not have seen every class."""

    rounds = 0

    def __init__(self, estimator: Any, classes: int, is_parallel: bool = False) -> None:
        """Keep the estimator; `is_parallel` says that it would start OpenMP for a single row."""
        self._packed = Packed(estimator)
        self.classes = classes
        self.is_parallel = is_parallel

    @property
    def estimator(self) -> Any:
        """The estimator."""
        return self._packed.get()

    def predict(self, x: Floats) -> Floats:
        """Return probabilities or values."""
        if not len(x):  # which scikit-learn refuses
            return np.zeros((0, self.classes) if self.classes else 0)
        if not self.is_parallel:
            return self._predict(x)
        self._packed.get()  # which loads the library whose threads are meant
        with one_thread():
            return self._predict(x)

    def _predict(self, x: Floats) -> Floats:
        if not self.classes:
            return np.asarray(self.estimator.predict(x), dtype=np.float64).ravel()
        return all_classes(self.estimator.predict_proba(x), self.estimator.classes_, self.classes)


def all_classes(found: Any, seen: Any, classes: int) -> Floats:
    """Return probabilities of all classes from those of the classes seen in training."""
    if len(seen) == classes:
        return np.asarray(found, dtype=np.float64)
    whole = np.zeros((len(found), classes))
    whole[:, np.asarray(seen, dtype=np.int64)] = found
    return whole


def fitted(estimator: Any, lesson: Lesson, weighted: bool = True, is_parallel: bool = False) -> Estimated:
    """Fit an estimator to a lesson."""
    more = {"sample_weight": lesson.weights} if weighted and lesson.weights is not None else {}
    return Estimated(estimator.fit(lesson.x, lesson.y, **more), lesson.classes, is_parallel)
