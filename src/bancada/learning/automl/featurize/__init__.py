"""Featurisation: from a table to the matrix that a learner is given.

`encode` turns cells into numbers without looking at any statistic. `prepare` holds the recipes, one for each kind of
learner, as lists of steps; a step learns from the rows that it is fitted on, and is fitted on the training rows of each
fold alone. Steps: `numbers` (gaps, scaling, cycles), `categories` (one-hot, means of the target), `texts`, `pairs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..arrays import Floats
from .encode import Encoded

__all__ = ["Step", "Target"]


@dataclass(frozen=True)
class Target:
    """What steps may know about the training rows' target."""

    # Codes of classes, or values.
    values: Floats
    # 0 for regression.
    classes: int
    seed: int = 0


class Step(Protocol):
    """One part of the featurisation: some columns of the encoded matrix become some columns of features."""

    @property
    def sources(self) -> Sequence[tuple[str, ...]]:
        """For each feature the columns of the table that it is made of: known after fitting."""
        ...

    def fit_transform(self, rows: Encoded, target: Target) -> Floats:
        """Learn from training rows and return their features.

        They may differ from what `transform` returns for the same rows: means of the target leave a row's own part out.
        """
        ...

    def transform(self, rows: Encoded) -> Floats:
        """Return features of any rows."""
        ...
