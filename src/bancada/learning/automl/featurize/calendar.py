"""The step for dates that a table keeps in three columns: year, month, day make elapsed days and the day of the year.

Days one after the other are alike, and no sum of the three numbers says so. Which columns they are is told by their
names and by what they hold (`columns.calendar_of`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Floats
from . import Target
from .encode import Encoded, Feature

__all__ = ["Calendar"]

_YEAR = 365.2425


class Calendar:
    """Days since 1970, and the place in the year: as a number for trees, or as waves for what knows no order."""

    def __init__(self, features: Sequence[Feature], columns: tuple[str, str, str], *, waves: bool, fills: bool) -> None:
        """Take the columns of year, month and day. With `fills` a gap is the middle of the training rows, else NaN."""
        by_name = {feature.name: place for place, feature in enumerate(features)}
        self.places = np.array([by_name[name] for name in columns], dtype=np.int64)
        self._waves = waves
        # As of `Native`: without it, models of all folds share one input.
        self.fills_gaps = fills
        self._middle: Floats = np.full(5 if waves else 2, np.nan)
        self.sources: list[tuple[str, ...]] = [columns, *([columns[1:]] * (4 if waves else 1))]

    def fit_transform(self, rows: Encoded, target: Target) -> Floats:
        """Learn the middles."""
        found = self._features(rows)
        if self.fills_gaps:
            known = found[np.isfinite(found[:, 0])]
            self._middle = np.median(known, axis=0) if len(known) else np.zeros(found.shape[1])
        return self._filled(found)

    def transform(self, rows: Encoded) -> Floats:
        """Return days, then the day of the year or two waves of it."""
        return self._filled(self._features(rows))

    def _filled(self, found: Floats) -> Floats:
        return np.where(np.isnan(found), self._middle, found)

    def _features(self, rows: Encoded) -> Floats:
        year, month, day = rows.matrix[:, self.places].T
        known = np.isfinite(year) & np.isfinite(month) & np.isfinite(day)
        # A year of one digit or of a million is a slip of the pen: it ends where dates end.
        months = np.where(known, np.clip(year, 1, 9999) * 12 + np.clip(month, 1, 12) - 1 - 1970 * 12, 0)
        first = months.astype(np.int64).astype("datetime64[M]").astype("datetime64[D]")
        january = first.astype("datetime64[Y]").astype("datetime64[D]")
        days = first.astype(np.int64) + np.where(known, np.clip(day, 1, 31), 1) - 1
        within = days - january.astype(np.int64)
        if not self._waves:
            return np.where(known[:, None], np.column_stack([days, within + 1]), np.nan)
        angle = 2 * np.pi * within / _YEAR
        waves = [np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
        return np.where(known[:, None], np.column_stack([days, *waves]), np.nan)
