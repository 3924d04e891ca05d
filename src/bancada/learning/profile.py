"""What a column holds, found out in one pass over its cells: type, counts, moments. Not for reading files.

Cells are texts. Standard library only; the tests compare the numbers with numpy's.
"""

from __future__ import annotations

import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from bancada.learning.distinct import DistinctCount

__all__ = [
    "MISSING",
    "ColumnProfile",
    "ColumnType",
    "Moments",
    "histogram",
    "quantile",
    "shown_date",
    "whole_histogram",
]

ColumnType = Literal["integer", "number", "boolean", "date", "category", "text", "id", "empty"]

# What pandas reads as missing, so that a script sees the same gaps.
MISSING = frozenset(
    "|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null".split("|")
)
BOOLEAN_WORDS = frozenset("true false yes no t f y n sim não nao verdadeiro falso".split())
# In this order: who writes 03/04/2020 in the language of most of the world means April.
DATE_FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d")
TIME_FORMATS = ("", " %H:%M", " %H:%M:%S")
WHOLE = re.compile(r"[+-]?\d+")
FEW = 50  # a column with no more different values is a category, however short it is
FEW_SHARE = 0.1
MANY_WORDS = 4.0
# Fewer rows say nothing about whether values repeat.
ENOUGH_FOR_ID = 20
ID_SHARE = 0.98
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = 20
ODD_VALUES = 3


class Moments:
    """Count, mean and variance of numbers that come in pieces, without keeping them.

    Pieces are merged by Chan's formula (Welford's for one value): stable where a sum of squares is not.
    Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self._squares = 0.0
        self.least = math.inf
        self.greatest = -math.inf

    def add(self, values: Sequence[float], weights: Sequence[int]) -> None:
        """Add finite numbers, each as often as its weight says."""
        count = sum(weights)
        if not count:
            return
        mean = math.fsum(map(operator.mul, values, weights)) / count
        squares = math.fsum(weight * (value - mean) ** 2 for value, weight in zip(values, weights, strict=True))
        total = self.count + count
        apart = mean - self.mean
        self._squares += squares + apart * apart * self.count * count / total
        self.mean += apart * count / total
        self.count = total
        self.least, self.greatest = min(self.least, *values), max(self.greatest, *values)

    @property
    def deviation(self) -> float | None:
        """The sample's standard deviation (n - 1); None for fewer than two numbers."""
        return math.sqrt(self._squares / (self.count - 1)) if self.count > 1 else None


class ColumnProfile:
    """Takes a column chunk by chunk, in the order of the file."""

    def __init__(self, name: str, decimal: str = ".") -> None:
        self.name = name
        self.count = 0
        self.missing = 0
        self.infinite = 0
        self.distinct = DistinctCount()
        self.moments = Moments()
        self._decimal = decimal
        # Each of these is a claim about all cells so far.
        self._are_numbers = True
        self._are_whole = True
        self._are_booleans = True
        self._grow = True
        self._previous = -math.inf
        self._leading_zeros = False
        self._numeric = 0
        self._odd: dict[str, None] = {}
        self._read_date: Callable[[str], float] | None = None
        self._are_dates: bool | None = None
        self._dates = Moments()
        self._letters = 0
        self._words = 0

    def add(self, cells: Iterable[str]) -> None:
        """Take the next cells."""
        stripped = [cell.strip() for cell in cells]
        present = [cell for cell in stripped if cell not in MISSING]
        self.missing += len(stripped) - len(present)
        if not present:
            return
        first = self.count == 0
        self.count += len(present)
        counted = Counter(present)
        self.distinct.add(counted)
        self._add_numbers(counted, present)
        self._add_dates(counted, first)
        if not self._are_numbers:
            self._letters += sum(map(len, present))
            self._words += sum(cell.count(" ") + 1 for cell in present)
        if self._are_booleans:
            self._are_booleans = all(one.lower() in BOOLEAN_WORDS for one in counted)

    # Numbers

    def _add_numbers(self, counted: Mapping[str, int], present: Sequence[str]) -> None:
        # A column of words is not searched for numbers to its end; one with a few odd words is.
        if not self._are_numbers and self._numeric < 0.5 * (self.count - len(present)):
            return
        values: list[float] = []
        weights: list[int] = []
        for text, weight in counted.items():
            value = self.number(text)
            if value is None:
                self._are_numbers = False
                if len(self._odd) < ODD_VALUES:
                    self._odd[text] = None
            elif math.isinf(value):
                self.infinite += weight
            else:
                values.append(value)
                weights.append(weight)
        self._numeric += sum(weights)
        if not self._are_numbers:
            return
        if values:
            self.moments.add(values, weights)
        self._are_whole = self._are_whole and all(WHOLE.fullmatch(one) for one in counted)
        if self._are_whole:
            self._leading_zeros = self._leading_zeros or any(one[0] == "0" and len(one) > 1 for one in counted)
            self._follow_order(present)

    def _follow_order(self, present: Sequence[str]) -> None:
        if not self._grow:
            return
        order = [float(one) for one in present]
        self._grow = self._previous < order[0] and all(map(operator.lt, order, order[1:]))
        self._previous = order[-1]

    def number(self, text: str) -> float | None:
        """Return a cell's number; None when it is none."""
        if self._decimal == ",":
            text = text.replace(".", "").replace(",", ".")
        if "_" in text:  # Python takes 1_000, nobody else does
            return None
        try:
            value = float(text)
        except ValueError:
            return None
        return None if math.isnan(value) else value

    # Dates

    def _add_dates(self, counted: Mapping[str, int], first: bool) -> None:
        if first:
            self._read_date = None if self._are_numbers else _date_reader(list(counted)[:200])
            self._are_dates = self._read_date is not None
        if self._read_date is None or not self._are_dates:
            return
        try:
            values = [self._read_date(one) for one in counted]
        except (ValueError, OverflowError):
            self._are_dates = False
            return
        self._dates.add(values, list(counted.values()))

    # What was found

    @property
    def type(self) -> ColumnType:
        """What kind of column it is. `id`: next to no value repeats, so it says nothing about other rows."""
        if not self.count:
            return "empty"
        if self._are_numbers and not self._leading_zeros:
            if self._are_whole and self._grow and self.count >= ENOUGH_FOR_ID:
                return "id"
            return "integer" if self._are_whole else "number"
        if self._are_booleans and self.distinct.count <= 2:
            return "boolean"
        if self._are_dates:
            return "date"
        return self._type_of_words()

    def _type_of_words(self) -> ColumnType:
        different, words = self.distinct.count, self._words / self.count
        unique = different >= ID_SHARE * self.count and self.count >= ENOUGH_FOR_ID
        if unique and words < 1.5 and self._letters / self.count <= 64:
            return "id"
        if words >= MANY_WORDS and different > 0.5 * self.count:
            return "text"
        return "category" if different <= max(FEW, FEW_SHARE * self.count) else "text"

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers with which one may reckon."""
        return self.type in ("integer", "number")

    @property
    def acts_as_category(self) -> bool:
        """Whether its values are classes rather than quantities: words, or no more than 20 whole numbers."""
        kind = self.type
        return kind in ("category", "boolean") or (kind == "integer" and self.distinct.count <= 20)

    def document(self, sample: Sequence[str]) -> dict[str, Any]:
        """Return everything about the column; quantiles and histogram are those of `sample`, some of its cells."""
        kind = self.type
        found: dict[str, Any] = {"name": self.name, "type": kind, "count": self.count, "missing": self.missing}
        found["distinct"] = self.distinct.count
        if self.distinct.is_estimate:
            found["distinct_estimated"] = True
        if self.infinite:
            found["infinite"] = self.infinite
        if kind in ("integer", "number"):
            found |= self._numbers(sample)
        elif kind == "date":
            found |= self._date_range(sample)
        if kind in ("integer", "boolean", "category", "text"):
            found["top"] = [{"value": value, "count": count} for value, count in self.distinct.top(10)]
        if not self._are_numbers and self._numeric > 0.8 * self.count:
            found["odd_values"] = list(self._odd)
        return found

    def _numbers(self, sample: Sequence[str]) -> dict[str, Any]:
        if not self.moments.count:
            return {}
        values = sorted(self.numbers(sample))
        found: dict[str, Any] = {
            "min": self.moments.least,
            "max": self.moments.greatest,
            "mean": self.moments.mean,
            "quantiles": {f"{share:g}": quantile(values, share) for share in QUANTILES} if values else {},
            "histogram": (whole_histogram if self.type == "integer" else histogram)(values, BINS),
        }
        deviation = self.moments.deviation
        return found if deviation is None else {**found, "std": deviation}

    def numbers(self, cells: Iterable[str]) -> list[float]:
        """Return the finite numbers among cells."""
        found = (self.number(cell.strip()) for cell in cells if cell.strip() not in MISSING)
        return [one for one in found if one is not None and math.isfinite(one)]

    def _date_range(self, sample: Sequence[str]) -> dict[str, Any]:
        assert self._read_date is not None
        values = sorted(self._read_date(cell.strip()) for cell in sample if cell.strip() not in MISSING)
        bins = histogram(values, BINS)
        return {
            "min": shown_date(self._dates.least),
            "max": shown_date(self._dates.greatest),
            "histogram": [{**one, "from": shown_date(one["from"]), "to": shown_date(one["to"])} for one in bins],
        }


def _date_reader(texts: Sequence[str]) -> Callable[[str], float] | None:
    """Return what reads all these texts as seconds since the epoch; None when they are no dates."""
    readers: list[Callable[[str], float]] = [_read_iso]
    readers += [_reader(f"{day}{time}") for day in DATE_FORMATS for time in TIME_FORMATS]
    for read in readers:
        try:
            for text in texts:
                read(text)
        except (ValueError, OverflowError):
            continue
        return read
    return None


def _read_iso(text: str) -> float:
    if len(text) < 8:
        raise ValueError(text)
    return _seconds(datetime.fromisoformat(text))


def _reader(form: str) -> Callable[[str], float]:
    return lambda text: _seconds(datetime.strptime(text, form))


def _seconds(at: datetime) -> float:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def shown_date(seconds: float) -> str:
    """Return a moment as ISO 8601 without zone; a midnight as its day."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")
    return text.removesuffix("T00:00:00")


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile of sorted numbers, at least one, linear between neighbours (numpy's default, type 7)."""
    place = share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def whole_histogram(values: Sequence[float], bins: int) -> list[dict[str, Any]]:
    """Return counts of sorted whole numbers in at most so many bins, each of equally many whole numbers.

    Each bin is without its upper edge: 0 and 1 are in [0, 1) and [1, 2). Numbers too large to be exact are treated as
    other numbers are.
    """
    if not values or max(abs(values[0]), abs(values[-1])) >= 2**53:
        return histogram(values, bins)
    low, high = int(values[0]), int(values[-1])
    width = -(-(high - low + 1) // bins)
    counts = [0] * -(-(high - low + 1) // width)
    for value in values:
        counts[(int(value) - low) // width] += 1
    return [{"from": low + width * at, "to": low + width * (at + 1), "count": one} for at, one in enumerate(counts)]


def histogram(values: Sequence[float], bins: int) -> list[dict[str, Any]]:
    """Return counts of sorted numbers in bins of equal width; each bin without its upper edge, the last one with it.

    One bin when all are the same; none without numbers.
    """
    if not values:
        return []
    low, high = values[0], values[-1]
    width = (high - low) / bins
    if not width > 0 or not math.isfinite(width):
        return [{"from": low, "to": high, "count": len(values)}]
    edges = [low + width * at for at in range(bins)] + [high]
    counts = [0] * bins
    for value in values:
        at = min(bins - 1, int((value - low) / width))
        # Division and edges may differ in the last bit; the edges are what is shown.
        if value < edges[at]:
            at -= 1
        elif at < bins - 1 and value >= edges[at + 1]:
            at += 1
        counts[at] += 1
    return [{"from": edges[at], "to": edges[at + 1], "count": counts[at]} for at in range(bins)]
