"""Which rows are learnt from and which are predicted: folds, hold-outs, and what a person asked for instead.

Rows that equal each other in all features go to one side together: a copy in training would give the validation row
away. Classes, and parts of a numeric target, are spread evenly over folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Floats, Mask, Rows
from .settings import SettingsError

__all__ = ["Split", "given_splits", "holdout", "k_folds", "monte_carlo", "twins_of", "validation_positions"]

# Parts of a numeric target that are spread evenly.
_BINS = 10


@dataclass(frozen=True)
class Split:
    """One fold: rows to learn from, and rows to predict."""

    train: Rows
    valid: Rows


def k_folds(target: Floats, classes: int, count: int, seed: int, twins: Rows | None = None) -> list[Split]:
    """Return folds; every row is predicted once. `twins` numbers the groups that must stay together."""
    fold = _spread(target, classes, count, seed, twins)
    parts = [np.flatnonzero(fold == one) for one in range(count)]
    everything = np.arange(len(target))
    return [Split(everything[fold != one], rows) for one, rows in enumerate(parts) if len(rows)]


def holdout(target: Floats, classes: int, size: float, seed: int, twins: Rows | None = None) -> list[Split]:
    """Return one split with a share of the rows, below 1, to predict."""
    return monte_carlo(target, classes, 1, size, seed, twins)


def monte_carlo(
    target: Floats, classes: int, count: int, size: float, seed: int, twins: Rows | None = None
) -> list[Split]:
    """Return so many hold-outs, each drawn anew: a row may be predicted several times, or never.

    Source: `n_cross_validations` beside a validation size is Monte Carlo cross-validation on Azure.
    """
    if size * len(target) > len(target) - 2:
        raise SettingsError(f"validation_data_size {size:g} leaves fewer than 2 of {len(target)} rows for training.")
    everything = np.arange(len(target))
    held = [_drawn(target, classes, size, np.random.default_rng([seed, number]), twins) for number in range(count)]
    return [Split(everything[~one], everything[one]) for one in held]


def given_splits(masks: Sequence[Mask]) -> list[Split]:
    """Return folds from columns that say where to learn (true) and where to predict (false)."""
    found: list[Split] = []
    for number, mask in enumerate(masks, start=1):
        split = Split(np.flatnonzero(mask), np.flatnonzero(~mask))
        if not len(split.train) or not len(split.valid):
            raise SettingsError(f"Column {number} of cv_split_column_names has only one value; 1 trains, 0 validates.")
        found.append(split)
    return found


def validation_positions(splits: Sequence[Split]) -> Rows:
    """Return the rows predicted by all folds, one after the other: the order of out-of-fold predictions."""
    return np.concatenate([split.valid for split in splits])


def twins_of(matrix: Floats, texts: dict[str, Any]) -> Rows | None:
    """Return the number of each row's group of equal rows; None when no row has an equal."""
    rows = np.ascontiguousarray(np.nan_to_num(matrix, nan=-1.234567e300))
    keys = rows.view(f"V{rows.dtype.itemsize * rows.shape[1]}").ravel() if rows.shape[1] else np.zeros(len(rows))
    if texts:
        words = zip(*(cells.tolist() for cells in texts.values()), strict=True)
        marks = np.array([hash(one) for one in words], dtype=np.int64)
        keys = np.ascontiguousarray(np.column_stack([rows, marks.view(np.float64)]))
        keys = keys.view(f"V{keys.dtype.itemsize * keys.shape[1]}").ravel()
    _, group = np.unique(keys, return_inverse=True)
    return None if group.max(initial=-1) + 1 == len(matrix) else group.astype(np.int64)


def _spread(target: Floats, classes: int, count: int, seed: int, twins: Rows | None) -> Any:
    """Return a fold for each row."""
    order = _mixed(target, classes, np.random.default_rng(seed), twins)
    fold = np.empty(len(order), dtype=np.int64)
    fold[order] = np.arange(len(order)) % count
    return fold if twins is None else fold[twins]


def _drawn(target: Floats, classes: int, share: float, random: np.random.Generator, twins: Rows | None) -> Mask:
    """Return a share of the rows, of each layer as many as of all, to one row."""
    order = _mixed(target, classes, random, twins)
    count = len(order)
    number = min(count - 1, max(1, round(share * count)))
    # Of every 1 / share places one, from a random start: whole numbers, so that their sum is exact.
    steps = (np.arange(count + 1) * number + random.integers(count)) // count
    held = np.empty(count, dtype=np.bool_)
    held[order] = np.diff(steps) > 0
    return held if twins is None else held[twins]


def _mixed(target: Floats, classes: int, random: np.random.Generator, twins: Rows | None) -> Rows:
    """Return rows (with twins: the first of each group) layer by layer, in random order within a layer."""
    first = np.arange(len(target)) if twins is None else np.unique(twins, return_index=True)[1]
    values = target[first]
    layers = values if classes else _bins(values)
    return np.lexsort((random.random(len(first)), layers))


def _bins(values: Floats) -> Any:
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return np.searchsorted(edges, values)
