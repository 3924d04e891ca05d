"""What AutoML will take each column for, told from texts with the standard library alone.

The engine decides (`automl/columns.py`, with NumPy, in the job). This says the same beforehand, where its libraries are
not: words and thresholds are the engine's, and a test holds them together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from bancada.learning.profile import MISSING, ColumnProfile

__all__ = [
    "CALENDAR_NAMES",
    "CALENDAR_RANGES",
    "COLUMN_TYPES",
    "DROPPED",
    "Cells",
    "ColumnKind",
    "Kind",
    "KindReason",
    "calendar_of",
    "kinds_of",
    "natural",
]

Kind = Literal["numeric", "boolean", "category", "date", "text", "identifier", "constant", "duplicate", "ignored"]
KindReason = Literal[
    "set",
    "no_values",
    "one_value",
    "yes_no",
    "numbers",
    "named_key",
    "consecutive",
    "dates",
    "words",
    "never_repeats",
    "levels",
    "copy",
]

# Kinds that no feature is made of.
DROPPED: tuple[Kind, ...] = ("identifier", "constant", "duplicate", "ignored")
# What a person may call a column, folded, and what it then is.
COLUMN_TYPES: dict[str, Kind] = {
    "numeric": "numeric",
    "categorical": "category",
    "categoricalhash": "category",
    "datetime": "date",
    "text": "text",
    "boolean": "boolean",
    "ignore": "ignored",
}
# Names of columns that hold the year, the month and the day of one date, and what each may hold.
CALENDAR_NAMES = (
    {"year", "yr", "yyyy", "ano", "año"},
    {"month", "mnth", "mon", "mm", "mes", "mês"},
    {"day", "dd", "mday", "dayofmonth", "dia", "día"},
)
CALENDAR_RANGES = ((1800, 2200), (1, 12), (1, 31))
# Beside pandas' own, which `MISSING` has.
_MISSING_WORDS = {"", "na", "n/a", "nan", "null", "none", "?", "-", "nat", "<na>"}
_MOST = 0.95
_SAMPLE = 400
_DATE = re.compile(r"^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?\s*$")
_IDENTIFIER = re.compile(
    r"(^|[_\W])(id|uuid|guid|index|rownum|row_number|unnamed)([_\W]|$)|[a-z]Id$|^Id$", re.IGNORECASE
)
_YES_NO = [{"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"0", "1"}, {"sim", "não"}, {"sí", "no"}]


@dataclass(frozen=True)
class Cells:
    """One column's cells: all of them, or those of sampled rows. `profile` is of all rows that were read."""

    profile: ColumnProfile
    texts: Sequence[str]
    # Whether `texts` are the whole column.
    is_all: bool

    @property
    def name(self) -> str:
        """The column's name."""
        return self.profile.name

    @cached_property
    def levels(self) -> list[str | None]:
        """Names of categories, None where missing; 3, 3.0 and "3" are one name."""
        return [self._level(one.strip()) for one in self.texts]

    @cached_property
    def present(self) -> list[str]:
        """The levels that are there."""
        return [one for one in self.levels if one is not None]

    @cached_property
    def numbers(self) -> list[float | None]:
        """The cells as numbers, None where missing or no number."""
        return [None if one is None else self._number(one) for one in self.levels]

    @property
    def missing(self) -> int:
        """Missing cells of the whole column; counted on from the sample where that finds more."""
        in_sample = len(self.levels) - len(self.present)
        if self.is_all or not self.levels:
            return in_sample
        whole = self.profile.count + self.profile.missing
        return max(self.profile.missing, round(in_sample * whole / len(self.levels)))

    @property
    def distinct(self) -> int:
        """Different values of the whole column."""
        return len(set(self.present)) if self.is_all else self.profile.distinct.count

    def _level(self, text: str) -> str | None:
        if text in MISSING or text.lower() in _MISSING_WORDS:
            return None
        number = self.profile.number(text)
        whole = number is not None and abs(number) < 1e15 and number == int(number)
        return str(int(number)) if whole and number is not None else text

    def _number(self, level: str) -> float | None:
        found = self.profile.number(level)
        if found is None:
            try:
                found = float(level.replace(",", "").rstrip("%"))
            except ValueError:
                return None
        return found if abs(found) != float("inf") else None


@dataclass(frozen=True)
class ColumnKind:
    """What a column will be taken for, and why."""

    name: str
    kind: Kind
    reason: KindReason
    missing: int
    distinct: int
    # The earlier column that it equals, for a duplicate.
    copy_of: str | None = None

    @property
    def is_used(self) -> bool:
        """Whether features are made of it."""
        return self.kind not in DROPPED


def kinds_of(columns: Sequence[Cells], types: Mapping[str, str]) -> list[ColumnKind]:
    """Return what each column will be taken for; `types` is a person's word (`Categorical`), which goes first."""
    found: list[ColumnKind] = []
    seen: dict[int, str] = {}
    for cells in columns:
        kind, reason = _of(cells, types)
        one = ColumnKind(cells.name, kind, reason, cells.missing, cells.distinct)
        if one.is_used and len(cells.levels) > 1:
            mark = hash(tuple(cells.levels))
            if mark in seen and cells.name not in types:
                one = ColumnKind(cells.name, "duplicate", "copy", one.missing, one.distinct, seen[mark])
            seen.setdefault(mark, cells.name)
        found.append(one)
    return found


def calendar_of(
    kinds: Sequence[ColumnKind], cells: Mapping[str, Cells], places: Sequence[int]
) -> tuple[str, str, str] | None:
    """Return the columns that hold year, month and day in these rows; None without all three, or with two for one."""
    found: list[str] = []
    for names, (low, high) in zip(CALENDAR_NAMES, CALENDAR_RANGES, strict=True):
        named = [one.name for one in kinds if one.kind == "numeric" and _bare(one.name) in names]
        fitting = [name for name in named if _holds(cells[name], places, low, high)]
        if len(fitting) != 1:
            return None
        found += fitting
    return (found[0], found[1], found[2])


def _bare(name: str) -> str:
    return name.lower().replace("_", "").replace(" ", "").replace("-", "")


def _holds(cells: Cells, places: Sequence[int], low: int, high: int) -> bool:
    values = [value for place in places if (value := cells.numbers[place]) is not None]
    if not cells.is_all:
        values += [cells.profile.moments.least, cells.profile.moments.greatest]
    return bool(values) and all(low <= value <= high and value == int(value) for value in values)


def natural(level: str) -> tuple[float, str]:
    """Sort numbers by value, in front of words."""
    try:
        return float(level), level
    except ValueError:
        return float("inf"), level


def _of(cells: Cells, types: Mapping[str, str]) -> tuple[Kind, KindReason]:
    if cells.name in types:
        return COLUMN_TYPES[types[cells.name].lower()], "set"
    present = cells.present
    if not present:
        return "constant", "no_values"
    levels = set(present)
    if len(levels) == 1:
        return "constant", "one_value"
    if len(levels) == 2 and {one.lower() for one in levels} in _YES_NO:
        return "boolean", "yes_no"
    numbers = [one for one in cells.numbers if one is not None]
    if len(numbers) >= _MOST * len(present):
        return _of_numbers(cells, numbers)
    return _of_words(cells, len(levels))


def _of_numbers(cells: Cells, numbers: Sequence[float]) -> tuple[Kind, KindReason]:
    count = cells.profile.count if not cells.is_all else len(numbers)
    repeats = len(set(numbers)) < len(numbers) or (not cells.is_all and cells.distinct < _MOST * count)
    is_key = count >= 20 and not repeats and all(one == int(one) for one in numbers)
    if is_key and _IDENTIFIER.search(cells.name):
        return "identifier", "named_key"
    moments = cells.profile.moments
    low, high = (min(numbers), max(numbers)) if cells.is_all else (moments.least, moments.greatest)
    if is_key and count >= 100 and high - low < 1.5 * count:
        return "identifier", "consecutive"
    return "numeric", "numbers"


def _of_words(cells: Cells, distinct: int) -> tuple[Kind, KindReason]:
    present = cells.present
    sample = present[:: max(1, len(present) // _SAMPLE)]
    if sum(_DATE.match(one) is not None for one in sample) >= _MOST * len(sample):
        return "date", "dates"
    length = sum(len(one.split()) for one in sample) / len(sample)
    if length >= 3 and distinct > min(50, 0.5 * len(present)):
        return "text", "words"
    if distinct > _MOST * len(present) and len(present) >= 50:
        return "identifier", "never_repeats"
    return "category", "levels"
