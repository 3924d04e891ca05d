"""Nearest neighbours in NumPy: one row costs a product of matrices, where scikit-learn starts OpenMP's threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import Floats
from . import Lesson

__all__ = ["Neighbours", "fit_neighbours"]

# Distances that are held at once, as 32-bit floats: more would not fit into a processor's cache.
_MOST_DISTANCES = 1_000_000


class Neighbours:
    """The mean of the nearest training rows, each weighted by 1 / distance; an equal row alone decides."""

    rounds = 0

    def __init__(self, x: Floats, y: Floats, classes: int, count: int) -> None:
        """Keep the training rows."""
        self.x = x.astype(np.float32)
        self.squares = (self.x**2).sum(axis=1)
        self.answers = np.array([y == label for label in range(classes)], dtype=np.float64).T if classes else y[:, None]
        self.classes, self.count = classes, count

    def predict(self, x: Floats) -> Floats:
        """Return probabilities or values."""
        step = max(1, _MOST_DISTANCES // len(self.x))
        parts = [self._part(x[start : start + step].astype(np.float32)) for start in range(0, len(x), step)]
        found = np.concatenate(parts) if parts else np.zeros((0, self.answers.shape[1]))
        return found if self.classes else found[:, 0]

    def _part(self, x: Any) -> Floats:
        # |a - b|² = |a|² + |b|² - 2ab; rounding may bring it below 0.
        distances = np.maximum((x**2).sum(axis=1)[:, None] + self.squares - 2 * x @ self.x.T, 0)
        last = min(self.count, len(self.x)) - 1
        nearest = np.argpartition(distances, last, axis=1)[:, : last + 1]
        near = np.sqrt(np.take_along_axis(distances, nearest, axis=1)).astype(np.float64)
        # Closer than what 32 bits tell apart is equal.
        equal = near < 1e-3 * (1 + np.sqrt((x**2).sum(axis=1)))[:, None] * 0.5
        weights = np.where(equal.any(axis=1)[:, None], equal, 1 / np.maximum(near, 1e-12))
        weights /= weights.sum(axis=1, keepdims=True)
        return np.einsum("rn,rna->ra", weights, self.answers[nearest])


def fit_neighbours(lesson: Lesson) -> Neighbours:
    """Keep the training rows. It takes no weights of rows."""
    return Neighbours(lesson.x, lesson.y, lesson.classes, int(lesson.parameters.get("n_neighbors", 15)))
