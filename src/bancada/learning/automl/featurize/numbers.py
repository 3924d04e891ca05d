"""Steps for numbers: native columns with their gaps, filled gaps with a mark, waves for what repeats, scaling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Floats
from . import Target
from .encode import Encoded, Feature

__all__ = ["Fill", "Filled", "Native", "Scaling", "Waves"]

# Features at this many spreads from the middle are bent towards it: outliers lose their pull on linear models.
_BEND = 3.0


@dataclass(frozen=True)
class Fill:
    """How gaps of one column are filled: Azure's imputer strategies."""

    strategy: str = "median"
    value: float = 0.0

    def learn(self, cells: Floats) -> float:
        """Return what goes into gaps; 0 when the rows hold nothing."""
        present = cells[np.isfinite(cells)]
        if self.strategy == "constant":
            return self.value
        if not len(present):
            return 0.0
        if self.strategy == "mean":
            return float(present.mean())
        if self.strategy == "most_frequent":
            values, counts = np.unique(present, return_counts=True)
            return float(values[counts.argmax()])
        return float(np.median(present))


class Native:
    """Passes columns as they are: trees split on gaps. Only columns with an imputer of their own are filled."""

    def __init__(self, features: Sequence[Feature], places: Sequence[int], fills: Mapping[str, Fill]) -> None:
        """Take the features at these places."""
        self.places = np.array(places, dtype=np.int64)
        self.sources = [(features[place].source,) for place in places]
        self._fills = {n: fills[features[p].source] for n, p in enumerate(places) if features[p].source in fills}
        self._values: dict[int, float] = {}

    @property
    def fills_gaps(self) -> bool:
        """Whether any column is filled: if not, features are the encoded columns themselves."""
        return bool(self._fills)

    def fit_transform(self, rows: Encoded, target: Target) -> Floats:
        """Learn the fillings."""
        self._values = {n: fill.learn(rows.matrix[:, self.places[n]]) for n, fill in self._fills.items()}
        return self.transform(rows)

    def transform(self, rows: Encoded) -> Floats:
        """Return the columns."""
        found = rows.matrix[:, self.places]
        for n, value in self._values.items():
            found[np.isnan(found[:, n]), n] = value
        return found


class Filled:
    """Numbers without gaps, and a mark beside each column that had gaps in training."""

    def __init__(self, features: Sequence[Feature], places: Sequence[int], fills: Mapping[str, Fill]) -> None:
        """Take the features at these places."""
        self.places = np.array(places, dtype=np.int64)
        self._names = [features[place].source for place in places]
        self._fills = [fills.get(name, Fill()) for name in self._names]
        self._values: Floats = np.zeros(len(places))
        self._marked: Any = np.zeros(0, dtype=np.int64)
        self.sources: list[tuple[str, ...]] = []

    def fit_transform(self, rows: Encoded, target: Target) -> Floats:
        """Learn the fillings and which columns have gaps."""
        cells = rows.matrix[:, self.places]
        self._values = np.array([fill.learn(cells[:, n]) for n, fill in enumerate(self._fills)], dtype=np.float64)
        self._marked = np.flatnonzero(np.isnan(cells).any(axis=0))
        self.sources = [(name,) for name in self._names] + [(self._names[n],) for n in self._marked]
        return self.transform(rows)

    def transform(self, rows: Encoded) -> Floats:
        """Return filled columns, then marks."""
        cells = rows.matrix[:, self.places]
        gaps = np.isnan(cells)
        filled = np.where(gaps, self._values, cells)
        return np.hstack([filled, gaps[:, self._marked]]) if len(self._marked) else filled


class Waves:
    """Sine and cosine of what starts again: December is near January. Gaps are 0, the middle."""

    def __init__(self, features: Sequence[Feature], places: Sequence[int]) -> None:
        """Take features that have a period."""
        self.places = np.array(places, dtype=np.int64)
        self._turn = np.array([2 * np.pi / features[place].period for place in places])
        self.sources = [(features[place].source,) for place in places] * 2

    def fit_transform(self, rows: Encoded, target: Target) -> Floats:
        """Learn nothing."""
        return self.transform(rows)

    def transform(self, rows: Encoded) -> Floats:
        """Return all sines, then all cosines."""
        angle = rows.matrix[:, self.places] * self._turn
        return np.nan_to_num(np.hstack([np.sin(angle), np.cos(angle)]))


class Scaling:
    """Middle 0, spread 1, bent outliers; or everything between 0 and 1. Goes over a whole matrix of features."""

    def __init__(self, kind: str) -> None:
        """`kind` is "robust" or "unit"."""
        self.kind = kind
        self._middle: Floats = np.zeros(0)
        self._spread: Floats = np.ones(0)

    def fit_transform(self, x: Floats) -> Floats:
        """Learn middles and spreads: quartiles, and where they coincide the standard deviation."""
        if self.kind == "unit":
            self._middle = x.min(axis=0)
            self._spread = x.max(axis=0) - self._middle
        else:
            low, self._middle, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
            self._spread = (high - low) / 1.349  # the quartiles of a normal distribution lie so far apart
            rare = self._spread <= 1e-12 * np.maximum(1.0, np.abs(self._middle))
            self._middle = np.where(rare, x.mean(axis=0), self._middle)
            self._spread = np.where(rare, x.std(axis=0), self._spread)
        self._spread = np.where(self._spread > 1e-12, self._spread, 1.0)
        return self.transform(x)

    def transform(self, x: Floats) -> Floats:
        """Return scaled features."""
        scaled = x - self._middle
        scaled /= self._spread
        if self.kind == "unit":
            return np.clip(scaled, 0.0, 1.0, out=scaled)
        bend = scaled / _BEND
        bend *= bend
        bend += 1.0
        scaled /= np.sqrt(bend, out=bend)
        return scaled
