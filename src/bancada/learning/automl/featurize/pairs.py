"""The step that prepares columns for boosted trees: sums, differences, products and quotients of the best numbers.

A tree needs many splits for what one quotient says. Which numbers: those that a small model of the training rows gains
most from. Idea: "TabPrep" as published with AutoGluon and TabArena; the code is our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import combinations
from typing import Any

import numpy as np

from ..arrays import Floats
from . import Target
from .encode import Encoded, Feature

__all__ = ["Arithmetic", "gains_of"]

# Numbers taken into pairs: 6 give 15 pairs and 60 features.
_MOST = 6


class Arithmetic:
    """a + b, a - b, a * b and a / b for pairs of the numbers with the largest gain."""

    def __init__(self, features: Sequence[Feature], places: Sequence[int], most: int = _MOST) -> None:
        """Take features that are numbers."""
        self._places = list(places)
        self._names = {place: features[place].source for place in places}
        self._most = most
        self._pairs: list[tuple[int, int]] = []
        self.sources: list[tuple[str, ...]] = []

    def fit_transform(self, rows: Encoded, target: Target) -> Floats:
        """Learn which numbers matter."""
        places = self._places
        if len(places) > self._most:
            gains = gains_of(rows.matrix[:, places], target)
            first: list[int] = np.argsort(-gains, kind="stable")[: self._most].tolist()
            places = [places[n] for n in sorted(first)]
        self._pairs = list(combinations(places, 2))
        both = [(self._names[a], self._names[b]) for a, b in self._pairs]
        self.sources = [one for pair in both for one in [tuple(dict.fromkeys(pair))] * 4]
        return self.transform(rows)

    def transform(self, rows: Encoded) -> Floats:
        """Return four columns a pair."""
        if not self._pairs:
            return np.zeros((len(rows), 0))
        left = rows.matrix[:, [a for a, _ in self._pairs]]
        right = rows.matrix[:, [b for _, b in self._pairs]]
        with np.errstate(divide="ignore", invalid="ignore"):
            quotient = np.where(right == 0, np.nan, left / right)
        return np.stack([left + right, left - right, left * right, quotient], axis=2).reshape(len(rows), -1)


def gains_of(x: Floats, target: Target) -> Floats:
    """Return how much a small boosted model gains from each column of at most 5,000 training rows."""
    lightgbm: Any = import_module("lightgbm")  # heavy, without types
    rows = np.random.default_rng(target.seed).permutation(len(x))[:5000]
    kind = "regression" if not target.classes else "binary" if target.classes == 2 else "multiclass"
    options: dict[str, Any] = {"objective": kind, "num_leaves": 16, "learning_rate": 0.2, "num_threads": 1}
    options |= {"verbosity": -1, "deterministic": True, "force_row_wise": True, "seed": target.seed}
    if target.classes > 2:
        options["num_class"] = target.classes
    data = lightgbm.Dataset(x[rows], target.values[rows], params={"verbosity": -1})
    model = lightgbm.train(options, data, num_boost_round=30 if target.classes <= 2 else 10)
    return np.asarray(model.feature_importance("gain"), dtype=np.float64)
