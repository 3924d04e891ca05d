"""What all workers of a run read: the encoded table, the target, the splits. Written once, mapped by each."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import Floats, Rows
from .featurize import Target
from .featurize.encode import Encoded, Encoder
from .folds import Split, validation_positions
from .settings import Featurization

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """One learning problem."""

    task: str
    metric: str
    encoder: Encoder
    featurization: Featurization
    # Names of the classes in the order of their codes; empty for regression.
    labels: tuple[Any, ...]
    rows: Encoded
    # Codes of classes, or values.
    target: Floats
    weights: Floats | None
    splits: Sequence[Split]
    seed: int
    # Lowest and highest value of the target over all rows: normalised errors are divided by their distance.
    bounds: tuple[float, float]
    # Values below this do not occur in training, and are not predicted (counts); None: no such bound.
    floor: float | None
    # Factors of the classes' probabilities before the most likely one is taken; None: none.
    emphasis: Floats | None
    # Whether the second of two classes was named as the positive one: scores of it alone are then told, too.
    has_positive: bool = False

    @property
    def classes(self) -> int:
        """Number of classes, 0 for regression."""
        return len(self.labels)

    @property
    def columns(self) -> int:
        """Number of features before any preparation; a column of text counts as what it becomes."""
        return len(self.encoder.features) + 32 * len(self.encoder.texts)

    def positions(self) -> Rows:
        """Return the rows that out-of-fold predictions are for, in their order."""
        return validation_positions(self.splits)

    def part(self, rows: Rows | None) -> tuple[Encoded, Target, Floats | None]:
        """Return some rows, or all, to learn from."""
        everything = rows is None
        weights = self.weights if self.weights is None or everything else self.weights[rows]
        chosen = self.rows if everything else self.rows.take(rows)
        target = self.target if everything else self.target[rows]
        return chosen, Target(np.asarray(target), self.classes, self.seed), weights

    def save(self, folder: Path) -> None:
        """Write the problem to a folder."""
        np.save(folder / "matrix.npy", self.rows.matrix)
        empty = Encoded(np.zeros((0, 0)), self.rows.texts)
        with open(folder / "problem.pkl", "wb") as file:
            pickle.dump(replace(self, rows=empty), file)

    @classmethod
    def load(cls, folder: Path) -> Problem:
        """Read a problem; its matrix is mapped, so that workers share its memory."""
        with open(folder / "problem.pkl", "rb") as file:
            found: Problem = pickle.load(file)
        matrix = np.load(folder / "matrix.npy", mmap_mode="r")
        return replace(found, rows=Encoded(matrix, found.rows.texts))
