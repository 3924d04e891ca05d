"""What each column holds: a number, a yes or no, a category, a date, text, an identifier, nothing. Decides, computes no
features. A person's own word (`column_name_and_types`) goes before what is found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .arrays import Floats, Objects
from .frame import Frame, is_missing, levels_of, numbers_of, rows_of, seconds_of
from .settings import COLUMN_TYPES, Featurization, no_column

__all__ = ["DROPPED", "Column", "Kind", "calendar_of", "columns_of"]

Kind = Literal["numeric", "boolean", "category", "date", "text", "identifier", "constant", "duplicate", "ignored"]

# Kinds that no feature is made of.
DROPPED: tuple[Kind, ...] = ("identifier", "constant", "duplicate", "ignored")

# Share of cells that have to read as numbers or dates for the whole column to be taken as such.
_MOST = 0.95
# Rows looked at when text is tried as dates: enough to tell, cheap on long tables.
_SAMPLE = 400
_DATE = re.compile(r"^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?\s*$")
_IDENTIFIER = re.compile(
    r"(^|[_\W])(id|uuid|guid|index|rownum|row_number|unnamed)([_\W]|$)|[a-z]Id$|^Id$", re.IGNORECASE
)
# Names of columns that hold the year, the month and the day of one date, and what each may hold.
_CALENDAR_NAMES = (
    {"year", "yr", "yyyy", "ano", "año"},
    {"month", "mnth", "mon", "mm", "mes", "mês"},
    {"day", "dd", "mday", "dayofmonth", "dia", "día"},
)
_CALENDAR_RANGES = ((1800, 2200), (1, 12), (1, 31))
_YES_NO = [{"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"0", "1"}, {"sim", "não"}, {"sí", "no"}]


@dataclass(frozen=True)
class Column:
    """One column of the table and what was found about it."""

    name: str
    kind: Kind
    # Why it is what it is, as a sentence's part; shown in the summary of types.
    reason: str
    missing: int
    distinct: int
    # Numbers and dates (as seconds): range of the training rows. None for other kinds.
    lowest: float | None = None
    highest: float | None = None
    # Categories and booleans: the levels in order, which are their codes.
    levels: tuple[str, ...] = ()
    # Whole numbers only.
    whole: bool = False

    @property
    def is_used(self) -> bool:
        """Whether features are made of it."""
        return self.kind not in DROPPED


def columns_of(frame: Frame, featurization: Featurization) -> list[Column]:
    """Return what each column holds. Raises SettingsError for named columns that are not there."""
    given = featurization.column_name_and_types
    for name in given:
        if name not in frame:
            raise no_column("featurization.column_name_and_types", name, list(frame))
    found = [_column(name, cells, given) for name, cells in frame.items()]
    return _without_copies(found, frame, given)


def _column(name: str, cells: Objects, given: Mapping[str, str]) -> Column:
    missing = is_missing(cells)
    present = cells[~missing]
    lost = int(missing.sum())
    if name in given:
        kind: Kind = COLUMN_TYPES[given[name].lower()]  # type: ignore[assignment] # the table's values are kinds
        return _described(name, kind, "as set in column_name_and_types", present, lost)
    if not len(present):
        return Column(name, "constant", "it has no values", lost, 0)
    kind, reason = _kind(name, present)
    return _described(name, kind, reason, present, lost)


def _kind(name: str, present: Objects) -> tuple[Kind, str]:
    if present.dtype.kind == "M":
        return ("date", "dates") if len(np.unique(present)) > 1 else ("constant", "it has one value only")
    if present.dtype.kind in "fiu":
        # Names of all numbers are slow on long tables, and at most two of them matter.
        few = np.unique(present)
        levels = set(levels_of(few[:3]))
    else:
        levels = set(levels_of(present))
    if len(levels) == 1:
        return "constant", "it has one value only"
    if len(levels) == 2 and {str(one).lower() for one in levels} in _YES_NO:
        return "boolean", "two values that mean yes and no"
    numbers = numbers_of(present)
    if np.isfinite(numbers).mean() >= _MOST:
        return _number_kind(name, numbers)
    return _text_kind(name, present, len(levels))


def _number_kind(name: str, numbers: Floats) -> tuple[Kind, str]:
    finite = numbers[np.isfinite(numbers)]
    distinct = len(np.unique(finite))
    is_key = len(finite) >= 20 and distinct == len(finite) and bool((finite == np.round(finite)).all())
    if is_key and _IDENTIFIER.search(name):
        return "identifier", "whole numbers that never repeat, and its name says so"
    if is_key and len(finite) >= 100 and finite.max() - finite.min() < 1.5 * len(finite):
        return "identifier", "consecutive whole numbers that never repeat"
    return "numeric", "numbers"


def _text_kind(name: str, present: Objects, distinct: int) -> tuple[Kind, str]:
    sample = present[:: max(1, len(present) // _SAMPLE)]
    words = [str(one) for one in sample]
    if _share_of_dates(sample, words) >= _MOST:
        return "date", "text that reads as dates"
    length = float(np.mean([len(one.split()) for one in words]))
    ratio = distinct / len(present)
    if length >= 3 and distinct > min(50, 0.5 * len(present)):
        return "text", f"free text of {length:.0f} words on average"
    if ratio > 0.95 and len(present) >= 50:
        return "identifier", "text that hardly ever repeats"
    return "category", f"text with {distinct} different values"


def _share_of_dates(sample: Objects, words: list[str]) -> float:
    if not all(_DATE.match(one) or hasattr(cell, "year") for one, cell in zip(words[:5], sample[:5], strict=True)):
        return 0.0
    return float(np.isfinite(seconds_of(sample)).mean())


def _mark(cells: Objects) -> int:
    """Return a digest of all cells; the same for whole numbers kept as integers and as floats."""
    if cells.dtype.kind in "fiu":
        return hash(numbers_of(cells).tobytes())
    return hash(tuple(levels_of(cells)))


def _described(name: str, kind: Kind, reason: str, present: Objects, lost: int) -> Column:
    if kind in ("category", "boolean"):
        counted = sorted({str(one) for one in levels_of(present)}, key=_natural)
        return Column(name, kind, reason, lost, len(counted), levels=tuple(counted))
    if kind in ("numeric", "date"):
        numbers = numbers_of(present) if kind == "numeric" else seconds_of(present)
        finite = numbers[np.isfinite(numbers)]
        if not len(finite):
            return Column(name, "constant", "it has no values of its type", lost + len(numbers), 0)
        distinct = np.unique(finite)
        whole = kind == "numeric" and bool((distinct == np.round(distinct)).all())
        lost += len(numbers) - len(finite)
        return Column(name, kind, reason, lost, len(distinct), float(distinct[0]), float(distinct[-1]), whole=whole)
    return Column(name, kind, reason, lost, len(set(levels_of(present))))


def _natural(level: str) -> tuple[float, str]:
    """Sort numbers by value, in front of words, so that codes keep an order where there is one."""
    try:
        return float(level), level
    except ValueError:
        return float("inf"), level


def _without_copies(found: list[Column], frame: Frame, given: Mapping[str, str]) -> list[Column]:
    """Mark columns that equal an earlier one. Equal digests of all cells; a column with a set type stays."""
    seen: dict[int, str] = {}
    kept: list[Column] = []
    for column in found:
        if not column.is_used or rows_of(frame) < 2:
            kept.append(column)
            continue
        mark = _mark(frame[column.name])
        if mark in seen and column.name not in given:
            reason = f"it equals column `{seen[mark]}`"
            column = Column(column.name, "duplicate", reason, column.missing, column.distinct)
        seen.setdefault(mark, column.name)
        kept.append(column)
    return kept


def calendar_of(columns: Sequence[Column]) -> tuple[str, str, str] | None:
    """Return the columns that hold year, month and day; None without all three, or with two that could be one."""
    found: list[str] = []
    for names, (low, high) in zip(_CALENDAR_NAMES, _CALENDAR_RANGES, strict=True):
        fitting = [one.name for one in columns if _bare(one.name) in names and _holds(one, low, high)]
        if len(fitting) != 1:
            return None
        found += fitting
    return (found[0], found[1], found[2])


def _bare(name: str) -> str:
    return name.lower().replace("_", "").replace(" ", "").replace("-", "")


def _holds(one: Column, low: int, high: int) -> bool:
    is_inside = one.lowest is not None and one.highest is not None and low <= one.lowest <= one.highest <= high
    return one.kind == "numeric" and one.whole and is_inside
