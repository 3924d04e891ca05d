"""The profile of a whole table: its columns, a fair sample of its rows, what each column says about a target.

Rows come in chunks of texts, from whatever reads them. Standard library only.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from bancada.errors import NotFound
from bancada.learning.association import category_shares, correlation, correlation_ratio, cramers_v, group_means
from bancada.learning.profile import MISSING, ColumnProfile

__all__ = ["MOST_COLUMNS", "RowSample", "TableProfile"]

MOST_COLUMNS = 1000
SAMPLE_ROWS = 20_000
SAMPLE_CELLS = 2_000_000  # about 200 MB of short texts
FEWEST_SAMPLE_ROWS = 500


class RowSample:
    """A uniform sample of the rows that pass, each as likely as any other, the same for the same rows.

    Source: Li, "Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))" (1994), algorithm L: rows that
    are not taken cost nothing.
    """

    def __init__(self, size: int, seed: int = 0) -> None:
        self.rows: list[Sequence[str]] = []
        self._size = size
        self._random = random.Random(seed)
        self._seen = 0
        self._weight = 1.0
        self._next = -1

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Let rows pass."""
        room = self._size - len(self.rows)
        taken = rows[:room] if room > 0 else ()
        self.rows.extend(taken)
        start = self._seen
        self._seen += len(rows)
        if len(self.rows) < self._size:
            return
        if self._next < 0:
            self._next = start + len(taken) - 1
            self._skip()
        while self._next < self._seen:
            self.rows[self._random.randrange(self._size)] = rows[self._next - start]
            self._skip()

    def _skip(self) -> None:
        self._weight *= math.exp(math.log(1.0 - self._random.random()) / self._size)
        # The weight may become so small that it is nothing beside 1: then no row is taken any more.
        chance = math.log1p(-self._weight) if self._weight < 1.0 else -math.inf
        step = math.log(1.0 - self._random.random()) / chance if chance < 0 else math.inf
        self._next += int(min(step, 1e15)) + 1

    @property
    def is_all(self) -> bool:
        """Whether every row is in it."""
        return self._seen <= self._size


class TableProfile:
    """Takes rows; rows of another width than the names are cut or filled up, and counted."""

    def __init__(self, names: Sequence[str], decimal: str = ".", target: str | None = None) -> None:
        if target is not None and target not in names:
            raise NotFound.of("column", target, existing=list(names[:50]))
        self._width = len(names)
        self._target = target
        self.columns = [ColumnProfile(name, decimal) for name in names[:MOST_COLUMNS]]
        if target is not None and target not in names[:MOST_COLUMNS]:
            self.columns.append(ColumnProfile(target, decimal))
        self._places = [list(names).index(one.name) for one in self.columns]
        size = max(FEWEST_SAMPLE_ROWS, min(SAMPLE_ROWS, SAMPLE_CELLS // max(1, self._width)))
        self._sample = RowSample(size)
        self.rows = 0
        self.irregular_rows = 0

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Take rows in the order of the file."""
        even = [row if len(row) == self._width else self._even(row) for row in rows]
        self.rows += len(even)
        cells = list(zip(*even, strict=True))
        if not cells:
            return
        for place, column in zip(self._places, self.columns, strict=True):
            column.add(cells[place])
        self._sample.add(even)

    def _even(self, row: Sequence[str]) -> Sequence[str]:
        self.irregular_rows += 1
        return [*row[: self._width], *([""] * (self._width - len(row)))]

    def cells(self) -> list[list[str]]:
        """Return each column's cells in the rows of the sample, in the order of `columns`."""
        return [[row[place] for row in self._sample.rows] for place in self._places]

    @property
    def is_all(self) -> bool:
        """Whether the sample is every row that was added."""
        return self._sample.is_all

    def document(self) -> dict[str, Any]:
        """Return columns and what is said about all of them."""
        sampled = self._sample.rows
        cells = self.cells()
        target = next((at for at, one in enumerate(self.columns) if one.name == self._target), None)
        columns: list[dict[str, Any]] = []
        for at, column in enumerate(self.columns):
            found = column.document(cells[at])
            if target is not None and at != target:
                against = _against(column, cells[at], self.columns[target], cells[target])
                found |= {"against_target": against} if against else {}
            columns.append(found)
        document: dict[str, Any] = {"columns": columns, "sample_rows": len(sampled)}
        if self._width > MOST_COLUMNS:
            document["columns_left_out"] = self._width - MOST_COLUMNS
        if self.irregular_rows:
            document["irregular_rows"] = self.irregular_rows
        return document | ({"target": self._target} if self._target is not None else {})


def _against(
    column: ColumnProfile, cells: Sequence[str], target: ColumnProfile, aims: Sequence[str]
) -> dict[str, Any] | None:
    """Return what a column says about the target, by the measure that fits the two; None where none does."""
    pairs = [(a.strip(), b.strip()) for a, b in zip(cells, aims, strict=True)]
    pairs = [(a, b) for a, b in pairs if a not in MISSING and b not in MISSING]
    xs, ys = [a for a, _ in pairs], [b for _, b in pairs]
    if column.acts_as_category and target.acts_as_category:
        return _scored("cramers_v", cramers_v(xs, ys), category_shares(xs, ys))
    if column.acts_as_category and target.is_number:
        return _ratio(xs, ys, target)
    if column.is_number and target.acts_as_category:
        return _ratio(ys, xs, column)
    if column.is_number and target.is_number:
        both = [(column.number(a), target.number(b)) for a, b in pairs]
        finite = [(a, b) for a, b in both if a is not None and b is not None and math.isfinite(a + b)]
        return _scored("correlation", correlation([a for a, _ in finite], [b for _, b in finite]), [])
    return None


def _ratio(groups: Sequence[str], texts: Sequence[str], column: ColumnProfile) -> dict[str, Any] | None:
    pairs = [(group, column.number(text)) for group, text in zip(groups, texts, strict=True)]
    found = [(group, value) for group, value in pairs if value is not None and math.isfinite(value)]
    names, values = [name for name, _ in found], [value for _, value in found]
    return _scored("correlation_ratio", correlation_ratio(names, values), group_means(names, values))


def _scored(kind: str, score: float | None, groups: list[dict[str, Any]]) -> dict[str, Any] | None:
    if score is None:
        return None
    return {"kind": kind, "score": score, **({"groups": groups} if groups else {})}
