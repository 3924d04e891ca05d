"""Checks of a table before an AutoML training, with the names and thresholds of the engine's guard rails.

The engine (`automl/guardrails.py`) checks again in the job, with all rows and its own features. Here nothing is done
about what is found, and the standard library is enough. A rail says what it found as a word and values, so that a page
can say it in the reader's language.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from bancada.learning.column_kinds import Cells, ColumnKind, calendar_of, kinds_of, natural
from bancada.learning.profile import quantile

__all__ = ["Asked", "Rail", "Status", "Table", "area", "binned_r2", "check"]

Status = Literal["passed", "done", "alerted", "failed"]

# The engine's thresholds.
LEAK_AUC, LEAK_R2 = 0.99, 0.98
IMBALANCE = 0.2
FEW_ROWS, LEAST_ROWS = 100, 10
MANY_LEVELS = 0.3
MOST_CLASSES = 300
LEAK_SAMPLE, LEAK_BINS, LEAST_FOR_LEAK = 5000, 20, 50
# How many classes are told by name: enough to choose the positive one from.
CLASSES_SHOWN = 50


@dataclass(frozen=True)
class Asked:
    """What a job says that its data are checked for. Without a target only the columns are told."""

    target: str | None = None
    task: str = ""
    metric: str = ""
    types: Mapping[str, str] = field(default_factory=dict[str, str])
    positive_label: str | None = None
    # Columns with a part of their own: weights, splits.
    aside: Sequence[str] = ()
    folds: int = 5
    # The featurization's mode; `off` makes nothing out of columns.
    mode: str = "auto"


@dataclass(frozen=True)
class Rail:
    """The outcome of one check: `reason` is what was found, `values` its figures. `failed`: training cannot begin."""

    name: str
    status: Status
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    columns: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """Return the rail as JSON."""
        return {
            "name": self.name,
            "status": self.status,
            "reason": self.reason,
            "values": dict(self.values),
            "columns": list(self.columns),
        }


@dataclass(frozen=True)
class Table:
    """The columns of the rows that are looked at (all, or a sample), and how many rows there are."""

    columns: Sequence[Cells]
    rows: int
    is_all: bool


@dataclass(frozen=True)
class _Checked:
    """A table whose rows without a target are left out, and what the rails need of it."""

    table: Table
    asked: Asked
    target: Cells
    kinds: Sequence[ColumnKind]
    # Places of the rows that have a target.
    known: Sequence[int]

    @property
    def is_classes(self) -> bool:
        """Whether classes are to be told apart."""
        return self.asked.task == "classification"

    @property
    def used(self) -> list[ColumnKind]:
        """The columns that features are made of."""
        return [one for one in self.kinds if one.is_used]

    @property
    def rows(self) -> int:
        """Rows with a target, of all rows."""
        return self.scaled(len(self.known))

    def scaled(self, count: int) -> int:
        """Return a count of the sample as one of all rows."""
        seen = len(self.target.levels)
        return count if self.table.is_all or not seen else round(count * self.table.rows / seen)

    @cached_property
    def labels(self) -> list[str]:
        """The target of each known row, as a class's name."""
        levels = self.target.levels
        return [str(levels[place]) for place in self.known]

    @cached_property
    def cells(self) -> Mapping[str, Cells]:
        """The columns by name."""
        return {one.name: one for one in self.table.columns}


def check(table: Table, asked: Asked) -> dict[str, Any]:
    """Return `columns`, `rails` and, for classes, `classes` with their counts, largest first."""
    aside = {asked.target, *asked.aside}
    target = next((one for one in table.columns if one.name == asked.target), None)
    kinds = {one.name: one for one in kinds_of([one for one in table.columns if one.name not in aside], asked.types)}
    kinds |= {one.name: one for one in kinds_of([one for one in table.columns if one.name in aside], {})}
    shown = [_shown(kinds[one.name]) for one in table.columns]
    if target is None:
        absent = Rail("Target column", "failed", "absent", {"value": asked.target})
        return {"columns": shown, "rails": [absent.document()] if asked.target else [], "classes": []}
    known = [place for place, level in enumerate(target.levels) if level is not None]
    features = [kinds[one.name] for one in table.columns if one.name not in aside]
    checked = _Checked(table, asked, target, features, known)
    wrong = _target(checked)
    rails = [wrong] if wrong is not None else [rail(checked) for rail in RAILS]
    if wrong is None and not checked.is_classes and min(_values(checked)) >= 0:
        rails.append(Rail("Range of the target", "done", "never_negative"))
    calendar = calendar_of(checked.used, checked.cells, known) if wrong is None and asked.mode != "off" else None
    if calendar:
        rails.append(Rail("Date in parts", "done", "year_month_day", {}, calendar))
    counts = Counter(checked.labels).most_common(CLASSES_SHOWN) if checked.is_classes else []
    classes = [{"value": value, "count": checked.scaled(count)} for value, count in counts]
    return {"columns": shown, "rails": [one.document() for one in rails], "classes": classes}


def _shown(one: ColumnKind) -> dict[str, Any]:
    found = {"name": one.name, "kind": one.kind, "reason": one.reason, "missing": one.missing, "distinct": one.distinct}
    return {**found, **({"copy_of": one.copy_of} if one.copy_of else {})}


def _values(data: _Checked) -> list[float]:
    numbers = data.target.numbers
    return [value for place in data.known if (value := numbers[place]) is not None]


# -------------------------------------------------------------------------------- the rails


def _target(data: _Checked) -> Rail | None:
    """Return why there is nothing to learn; None when there is."""
    name = "Target column"
    if data.rows < LEAST_ROWS:
        return Rail(name, "failed", "too_few_rows", {"rows": data.rows, "least": LEAST_ROWS})
    different = Counter(data.labels)
    if len(different) == 1:
        return Rail(name, "failed", "one_value", {"value": data.labels[0]})
    if not data.is_classes:
        numbers = data.target.numbers
        wrong = next((place for place in data.known if numbers[place] is None), None)
        if wrong is None:
            return None
        return Rail(name, "failed", "no_number", {"value": str(data.target.levels[wrong])})
    if len(different) > min(MOST_CLASSES, max(2, len(data.labels) // 2)):
        return Rail(name, "failed", "too_many_classes", {"classes": len(different), "rows": data.rows})
    positive = data.asked.positive_label
    # A sample of many rows need not hold every one of many classes.
    knows_all = data.table.is_all or len(different) == 2
    if positive is not None and knows_all and positive not in different:
        return Rail(name, "failed", "no_such_class", {"value": positive, "classes": ", ".join(sorted(different))})
    return None


def _types(data: _Checked) -> Rail:
    dropped = [one for one in data.kinds if not one.is_used]
    kinds = Counter(one.kind for one in data.kinds)
    values = {kind: kinds[kind] for kind in ("numeric", "boolean", "category", "date", "text") if kinds[kind]}
    if not data.used:
        return Rail("Feature types", "failed", "no_usable_column", values, [one.name for one in dropped])
    if dropped:
        return Rail("Feature types", "done", "left_out", values, [one.name for one in dropped])
    return Rail("Feature types", "passed", "all_used", values)


def _missing_target(data: _Checked) -> Rail:
    lost = data.scaled(len(data.target.levels) - len(data.known))
    if not lost:
        return Rail("Missing targets", "passed", "none_missing")
    return Rail("Missing targets", "done", "rows_without_target", {"rows": lost})


def _missing_values(data: _Checked) -> Rail:
    gaps = sorted((one for one in data.used if one.missing), key=lambda one: -one.missing)
    if not gaps:
        return Rail("Missing feature values", "passed", "none_missing")
    counts = {one.name: one.missing for one in gaps[:10]}
    return Rail("Missing feature values", "done", "gaps", {"cells": counts}, [one.name for one in gaps])


def _infinite(data: _Checked) -> Rail:
    names = [one.name for one in data.used if data.cells[one.name].profile.infinite]
    return Rail("Infinite values", "done" if names else "passed", "infinite" if names else "all_finite", {}, names)


def _cardinality(data: _Checked) -> Rail:
    most = max(50, MANY_LEVELS * data.rows)
    many = [one for one in data.kinds if one.kind == "category" and one.distinct > most]
    keys = [one for one in data.kinds if one.kind == "identifier"]
    if not many and not keys:
        return Rail("High cardinality", "passed", "few_levels")
    values = {"levels": {one.name: one.distinct for one in many}, "keys": [one.name for one in keys]}
    return Rail("High cardinality", "done", "many_levels", values, [one.name for one in (*many, *keys)])


def _balance(data: _Checked) -> Rail:
    if not data.is_classes:
        return Rail("Class balance", "passed", "target_is_number")
    counts = Counter(data.labels)
    small = min(sorted(counts, key=natural), key=lambda one: counts[one])
    # The largest is looked for from the end: of classes with equal counts two different ones are named.
    large = max(sorted(counts, key=natural, reverse=True), key=lambda one: counts[one])
    values: dict[str, Any] = {
        "small": small,
        "small_rows": data.scaled(counts[small]),
        "large": large,
        "large_rows": data.scaled(counts[large]),
    }
    if counts[small] >= IMBALANCE * counts[large]:
        return Rail("Class balance", "passed", "balanced", values)
    hides = data.asked.metric in ("accuracy", "precision_score_weighted")
    lacks = data.scaled(counts[small]) < data.asked.folds
    return Rail("Class balance", "alerted", "imbalanced", {**values, "metric_hides": hides, "folds_lack": lacks})


def _rows(data: _Checked) -> Rail:
    values = {"rows": data.rows, "columns": len(data.used)}
    if data.rows < FEW_ROWS:
        return Rail("Number of rows", "alerted", "few_rows", values)
    if len(data.used) > data.rows:
        return Rail("Number of rows", "alerted", "more_columns_than_rows", values)
    return Rail("Number of rows", "passed", "enough_rows", values)


def _copies(data: _Checked) -> Rail:
    columns = [data.cells[one.name].levels for one in data.used]
    different = {tuple(levels[place] for levels in columns) for place in data.known}
    copies = len(data.known) - len(different)
    if not copies:
        return Rail("Equal rows", "passed", "none_equal")
    return Rail("Equal rows", "done", "equal_rows", {"rows": copies, "of": len(data.known)})


def _leaks(data: _Checked) -> Rail:
    name = "Leaks of the target"
    # In no order: halves of every other row would be different ones where the table has a rhythm.
    places = random.Random(0).sample(list(data.known), min(LEAK_SAMPLE, len(data.known)))
    told: dict[str, float] = {}
    if len(places) >= LEAST_FOR_LEAK:
        for one in data.used:
            power = _power(data, one, places)
            if power > (LEAK_AUC if data.is_classes else LEAK_R2):
                told[one.name] = power
    values = {"measure": "AUC" if data.is_classes else "R2"}
    if not told:
        return Rail(name, "passed", "none_tells", values)
    return Rail(name, "alerted", "tells", {**values, "powers": told}, list(told))


def _order(data: _Checked) -> Rail:
    dates = [one.name for one in data.kinds if one.kind == "date"]
    return Rail("Order in time", "alerted" if dates else "passed", "dates" if dates else "no_dates", {}, dates)


# In the engine's order; what it says of validation and test data is left to the job, which reads them.
RAILS = (_types, _missing_target, _missing_values, _infinite, _cardinality, _balance, _rows, _copies, _leaks, _order)


# -------------------------------------------------------------------------------- what one column tells


def _power(data: _Checked, one: ColumnKind, places: Sequence[int]) -> float:
    """Return how well one column tells the target: AUC of the best class, or R2 of means over bins of a half."""
    values = _as_numbers(data.cells[one.name], one)
    if values is None:
        return 0.0
    known = [place for place in places if values[place] is not None]
    found = [float(value) for place in known if (value := values[place]) is not None]
    if len(found) < 0.5 * len(places) or len(set(found)) < 2:
        return 0.0
    if not data.is_classes:
        numbers = data.target.numbers
        return binned_r2(found, [float(numbers[place] or 0.0) for place in known])
    levels = data.target.levels
    labels = [str(levels[place]) for place in known]
    ranks, best = _ranks(found), 0.0
    for label in sorted(set(labels), key=natural)[:10]:
        is_it = [one == label for one in labels]
        if 10 <= sum(is_it) <= len(labels) - 10:
            part = area(ranks, is_it)
            best = max(best, part, 1 - part)
    return best


def _as_numbers(cells: Cells, one: ColumnKind) -> Sequence[float | None] | None:
    if one.kind == "numeric":
        return cells.numbers
    if one.kind in ("boolean", "category"):
        codes = {level: float(at) for at, level in enumerate(sorted(set(cells.present), key=natural))}
        return [None if level is None else codes[level] for level in cells.levels]
    return None  # dates become parts, texts words: not one number


def _ranks(values: Sequence[float]) -> list[float]:
    """Return ranks from 1 on, equal values with the mean of theirs."""
    order = sorted(range(len(values)), key=lambda place: values[place])
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            ranks[place] = (start + end) / 2 + 1
        start = end + 1
    return ranks


def area(ranks: Sequence[float], is_positive: Sequence[bool]) -> float:
    """Return the area under the ROC curve: the chance that a positive row has the higher value, ties counting half."""
    positive = sum(is_positive)
    negative = len(ranks) - positive
    total = sum(rank for rank, one in zip(ranks, is_positive, strict=True) if one)
    return (total - positive * (positive + 1) / 2) / (positive * negative)


def binned_r2(cells: Sequence[float], target: Sequence[float]) -> float:
    """Learn means of the target over bins of every other row, and return R2 on the rows between them."""
    edges_of = sorted(cells[::2])
    parts = 5 * LEAK_BINS
    edges = sorted({quantile(edges_of, part / parts) for part in range(1, parts)})
    sums, counts = [0.0] * (len(edges) + 1), [0] * (len(edges) + 1)
    for cell, value in zip(cells[::2], target[::2], strict=True):
        place = bisect_left(edges, cell)
        sums[place] += value
        counts[place] += 1
    mean = sum(target[::2]) / len(target[::2])
    rest = list(zip(cells[1::2], target[1::2], strict=True))
    center = sum(value for _, value in rest) / len(rest)
    off, around = 0.0, 0.0
    for cell, value in rest:
        place = bisect_left(edges, cell)
        told = sums[place] / counts[place] if counts[place] else mean
        off += (value - told) ** 2
        around += (value - center) ** 2
    return 1 - off / around if around else 0.0
