"""From a table's cells to one matrix of floats: numbers as they are, categories as codes, dates as parts.

Nothing here is a statistic of the data: a code is only the number of a level's name. So one encoder serves all folds,
and what is learnt from rows (medians, frequencies, means of the target) is learnt later, inside the fold
(`featurize.prepare`). NaN is a missing cell, and a level that was never seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Floats, Objects
from ..columns import Column, calendar_of
from ..frame import Frame, frame_of, levels_of, numbers_of, rows_of, seconds_of
from ..settings import SettingsError

__all__ = ["Encoded", "Encoder", "Feature"]

_DAY_S = 86_400.0
# Parts of a date, each a function of its days and seconds.
_PARTS = ("year", "month", "day", "weekday", "day_of_year", "hour", "days")


@dataclass(frozen=True)
class Feature:
    """One column of the encoded matrix."""

    name: str
    # The column of the table that it came from.
    source: str
    # "category" for codes, else "numeric".
    kind: str
    # Categories: number of levels. Numbers: number of distinct values in the training rows, 0 for parts of dates.
    levels: int = 0
    whole: bool = False
    # The number of steps after which it starts again (12 months, 7 weekdays), 0 for none.
    period: int = 0


@dataclass(frozen=True)
class Encoded:
    """Encoded rows: the matrix, and the columns of text beside it."""

    matrix: Floats
    texts: dict[str, Objects]

    def take(self, rows: np.ndarray | slice) -> Encoded:
        """Return some of the rows."""
        return Encoded(np.asarray(self.matrix[rows]), {name: cells[rows] for name, cells in self.texts.items()})

    def __len__(self) -> int:
        return len(self.matrix)


class Encoder:
    """Encodes tables with the columns that the training table had."""

    def __init__(self, columns: Sequence[Column], dates: dict[str, tuple[str, ...]]) -> None:
        """Keep the used columns and, by date column, the parts that vary."""
        self.columns = [one for one in columns if one.is_used]
        self.dates = dates
        self._codes = {
            one.name: {level: float(code) for code, level in enumerate(one.levels)}
            for one in self.columns
            if one.levels
        }
        self.features = [feature for one in self.columns for feature in self._features(one)]
        self.texts = [one.name for one in self.columns if one.kind == "text"]
        # The columns that hold year, month and day of one date.
        self.calendar = calendar_of(self.columns)

    @classmethod
    def of(cls, columns: Sequence[Column], frame: Frame) -> Encoder:
        """Return an encoder for a training table: of a date, only parts that vary there become features."""
        dates: dict[str, tuple[str, ...]] = {}
        for one in columns:
            if one.kind == "date":
                parts = _parts(seconds_of(frame[one.name]))
                varying = (name for name in _PARTS if len(np.unique(parts[name][np.isfinite(parts[name])])) > 1)
                dates[one.name] = tuple(varying)
        return cls(columns, dates)

    @property
    def names(self) -> list[str]:
        """The columns that a table has to have."""
        return [one.name for one in self.columns]

    def encode(self, data: object) -> Encoded:
        """Return the rows of a table, encoded. Raises SettingsError when columns are missing."""
        frame = frame_of(data, self.names)
        lacking = [name for name in self.names if name not in frame]
        if lacking:
            raise SettingsError(
                f"Column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)} not found; the model was trained with "
                f"{', '.join(self.names)}."
            )
        matrix = np.empty((rows_of(frame), len(self.features)))
        place = 0
        for one in self.columns:
            for cells in self._cells(one, frame[one.name]):
                matrix[:, place] = cells
                place += 1
        texts = {name: _texts(frame[name]) for name in self.texts}
        return Encoded(matrix, texts)

    def _features(self, one: Column) -> list[Feature]:
        if one.kind == "text":
            return []
        if one.kind == "date":
            periods = {"month": 12, "weekday": 7, "day_of_year": 366, "hour": 24}
            return [
                Feature(f"{one.name}.{part}", one.name, "numeric", whole=part != "days", period=periods.get(part, 0))
                for part in self.dates[one.name]
            ]
        kind = "category" if one.kind == "category" else "numeric"
        return [Feature(one.name, one.name, kind, len(one.levels) or one.distinct, one.whole)]

    def _cells(self, one: Column, cells: Objects) -> list[Floats]:
        if one.kind == "text":
            return []
        if one.kind == "date":
            parts = _parts(seconds_of(cells))
            return [parts[name] for name in self.dates[one.name]]
        if one.kind == "numeric":
            numbers = numbers_of(cells)
            return [np.where(np.isfinite(numbers), numbers, np.nan)]
        return [_coded(cells, self._codes[one.name])]


def _coded(cells: Objects, codes: dict[str, float]) -> Floats:
    """Return the codes of cells. Most cells are a level's name as it stands; only others have to be read."""
    found = [codes.get(cell) if isinstance(cell, str) else None for cell in cells.tolist()]
    others = [place for place, code in enumerate(found) if code is None]
    for place, level in zip(others, levels_of(cells[others]), strict=True):
        found[place] = codes.get(level, np.nan) if level else np.nan
    return np.array(found, dtype=np.float64)


def _parts(seconds: Floats) -> dict[str, Floats]:
    """Return the parts of moments, NaN where the moment is."""
    known = np.isfinite(seconds)
    stamps = np.where(known, seconds, 0.0).astype(np.int64).astype("datetime64[s]")
    days = stamps.astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    count = days.astype(np.int64)
    parts = {
        "year": years.astype(np.int64) + 1970,
        "month": months.astype(np.int64) % 12 + 1,
        "day": count - months.astype("datetime64[D]").astype(np.int64) + 1,
        "weekday": (count + 3) % 7,
        "day_of_year": count - years.astype("datetime64[D]").astype(np.int64) + 1,
        "hour": (np.where(known, seconds, 0.0) % _DAY_S) // 3600,
        "days": np.where(known, seconds, 0.0) / _DAY_S,
    }
    return {name: np.where(known, values, np.nan).astype(np.float64) for name, values in parts.items()}


def _texts(cells: Objects) -> Objects:
    found = np.empty(len(cells), dtype=object)
    found[:] = [level or "" for level in levels_of(cells)]
    return found
