"""Steps for categories: one column a level for few levels, smoothed means of the target for many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from ..arrays import Codes, Floats
from . import Target
from .encode import Encoded, Feature

__all__ = ["OneHot", "TargetMeans", "target_columns"]

# Rows of the whole that a level's mean is mixed with: a level of 10 rows counts half.
_PRIOR_ROWS = 10.0
# Parts of the training rows for means that leave a row's own part out.
_PARTS = 5
# Columns of means for more classes than this would outgrow the table.
_MOST_CLASSES = 12


class OneHot:
    """One column for each level with enough rows; gaps and rare or unknown levels are all zeros."""

    def __init__(self, features: Sequence[Feature], places: Sequence[int], least: int = 3) -> None:
        """Take features; a level needs at least `least` training rows for a column."""
        self.places = list(places)
        self._least = least
        self._names = [features[place].source for place in places]
        # By column of the answer: the place of its feature, and the level that it marks.
        self._marked: Codes = np.zeros(0, dtype=np.int64)
        self._values: Floats = np.zeros(0)
        self.sources: list[tuple[str, ...]] = []

    def fit_transform(self, rows: Encoded, target: Target) -> Floats:
        """Learn which levels get a column."""
        marked, found, self.sources = list[int](), list[float](), []
        for name, place in zip(self._names, self.places, strict=True):
            cells = rows.matrix[:, place]
            values, counts = np.unique(cells[np.isfinite(cells)], return_counts=True)
            common = values[counts >= min(self._least, len(rows))].tolist()
            marked += [place] * len(common)
            found += common
            self.sources += [(name,)] * len(common)
        self._marked, self._values = np.array(marked, dtype=np.int64), np.array(found, dtype=np.float64)
        return self.transform(rows)

    def transform(self, rows: Encoded) -> Floats:
        """Return zeros and ones."""
        return (rows.matrix[:, self._marked] == self._values).astype(np.float64)


class TargetMeans:
    """The mean of the target for each level, drawn to the overall mean for rare ones, and the level's frequency.

    A training row gets the mean of the other parts of the training rows, so that it never sees its own target. For
    classes it is the share of each class (of two, of the second one). Gaps are a level of their own, unknown levels
    get the overall mean. Each entry of `groups` is one or more features whose levels are combined.
    """

    def __init__(self, features: Sequence[Feature], groups: Sequence[tuple[int, ...]]) -> None:
        """Take groups of features."""
        self.groups = list(groups)
        self._group_sources = [tuple(dict.fromkeys(features[place].source for place in group)) for group in groups]
        self.sources: list[tuple[str, ...]] = []
        self._tables: list[tuple[Floats, Floats]] = []  # by group: keys in order, and a row of means for each
        self._whole: Floats = np.zeros(0)

    def fit_transform(self, rows: Encoded, target: Target) -> Floats:
        """Learn the means from all rows, and return means from the other parts."""
        y = target_columns(target)
        self._whole = y.mean(axis=0)
        self._tables = []
        found: list[Floats] = []
        part = np.random.default_rng(target.seed).permutation(len(y)) % _PARTS
        for group in self.groups:
            keys, codes = np.unique(_keys(rows.matrix, group), return_inverse=True)
            self._tables.append((keys, _means(codes, y, len(keys), self._whole)))
            found.append(_other_means(codes, y, len(keys), part))
        width = y.shape[1] + 1
        self.sources = [source for source in self._group_sources for _ in range(width)]
        return np.hstack(found) if found else np.zeros((len(y), 0))

    def transform(self, rows: Encoded) -> Floats:
        """Return means and frequencies."""
        unknown = np.r_[self._whole, 0.0]
        found: list[Floats] = []
        for group, (keys, table) in zip(self.groups, self._tables, strict=True):
            wanted = _keys(rows.matrix, group)
            place = cast("Codes", np.searchsorted(keys[:-1], wanted))  # never beyond the last key
            found.append(np.where((keys[place] == wanted)[:, None], table[place], unknown))
        return np.hstack(found) if found else np.zeros((len(rows), 0))


def target_columns(target: Target) -> Floats:
    """Return the target as columns whose means describe it: values, or one column a class (of two, the second)."""
    if not target.classes:
        return target.values[:, None]
    first = 1 if target.classes == 2 else 0
    labels = range(first, min(target.classes, _MOST_CLASSES))
    return np.array([target.values == label for label in labels], dtype=np.float64).T


def _keys(matrix: Floats, group: tuple[int, ...]) -> Any:
    """Return one number for each combination of levels; gaps are levels."""
    keys = np.nan_to_num(matrix[:, group[0]], nan=-1.0)
    for place in group[1:]:
        # Levels are whole numbers far below a million: the sum stays exact.
        keys = keys * 1_000_003.0 + np.nan_to_num(matrix[:, place], nan=-1.0)
    return keys


def _means(codes: Codes, y: Floats, count: int, whole: Floats) -> Floats:
    """Return by level its smoothed means, and last its share of the rows."""
    rows = np.bincount(codes, minlength=count).astype(np.float64)
    sums = np.column_stack([np.bincount(codes, weights=y[:, n], minlength=count) for n in range(y.shape[1])])
    means = (sums + _PRIOR_ROWS * whole) / (rows + _PRIOR_ROWS)[:, None]
    return np.column_stack([means, rows / len(codes)])


def _other_means(codes: Codes, y: Floats, count: int, part: Codes) -> Floats:
    found = np.empty((len(codes), y.shape[1] + 1))
    share = np.bincount(codes, minlength=count) / len(codes)
    for one in range(_PARTS):
        inside, others = part == one, part != one
        if inside.any() and others.any():
            means = _means(codes[others], y[others], count, y[others].mean(axis=0))
            found[inside] = means[codes[inside]]
        elif inside.any():
            found[inside, :-1] = y.mean(axis=0)
    found[:, -1] = share[codes]
    return found
