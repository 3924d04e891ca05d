"""Checks of the data before training, as Azure reports its data guardrails: what was found, and what was done.

Each rail is a function from the checked data to a `GuardRail` (None where there is nothing to check); `RAILS` is the
list. `passed`: nothing to say. `done`: something was found and handled. `alerted`: something was found that only a
person can settle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .arrays import Floats, Objects, Rows
from .columns import Column
from .frame import Frame, is_missing, numbers_of, rows_of
from .metrics import score_of

__all__ = ["RAILS", "Checked", "GuardRail", "Status", "check"]

Status = Literal["passed", "done", "alerted"]

# A column that alone tells the target this well is more likely a leak than a find.
_LEAK_AUC, _LEAK_R2 = 0.99, 0.98
# Azure's mark of imbalance: the smallest class below a fifth of the largest.
_IMBALANCE = 0.2
_FEW_ROWS = 100
_MANY_LEVELS = 0.3
# Rows that a column's power is measured on: enough for two digits.
_SAMPLE = 5000
_LEAK_BINS = 20


@dataclass(frozen=True)
class GuardRail:
    """The outcome of one check."""

    name: str
    status: Status
    found: str
    done: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """What the checks look at."""

    columns: Sequence[Column]
    # Encoded features and the column that each came from.
    matrix: Floats
    sources: Sequence[str]
    target: Floats
    # Empty for regression.
    labels: Sequence[str]
    # Rows left out because their target was missing, and cells that were infinite.
    dropped: int
    infinite: Sequence[str]
    twins: Rows | None
    folds: int
    metric: str
    # The tables that are no training rows, by "validation" and "test": those that were given.
    later: Mapping[str, Frame] = field(default_factory=dict[str, Frame])

    @property
    def classes(self) -> int:
        """Number of classes, 0 for regression."""
        return len(self.labels)


def check(data: Checked) -> list[GuardRail]:
    """Return the outcome of every rail that has something to check."""
    return [found for rail in RAILS if (found := rail(data)) is not None]


def _types(data: Checked) -> GuardRail:
    dropped = [one for one in data.columns if not one.is_used]
    kinds = ("numeric", "boolean", "category", "date", "text")
    counts = {kind: sum(one.kind == kind for one in data.columns) for kind in kinds}
    found = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "no usable column"
    if not dropped:
        return GuardRail("Feature types", "passed", f"{found}.", "All columns are used.")
    done = "; ".join(f"`{one.name}` is left out: {one.reason}" for one in dropped)
    return GuardRail("Feature types", "done", f"{found}.", f"{done}.", tuple(one.name for one in dropped))


def _missing_target(data: Checked) -> GuardRail:
    if not data.dropped:
        return GuardRail("Missing targets", "passed", "Every row has a target.", "Nothing had to be done.")
    return GuardRail("Missing targets", "done", f"{data.dropped} rows have no target.", "They were left out.")


def _missing_values(data: Checked) -> GuardRail:
    gaps = [one for one in data.columns if one.is_used and one.missing]
    name = "Missing feature values"
    if not gaps:
        return GuardRail(name, "passed", "No feature has missing values.", "Nothing had to be done.")
    found = ", ".join(f"`{one.name}` {one.missing}" for one in sorted(gaps, key=lambda one: -one.missing)[:10])
    done = (
        "Boosted trees split on gaps; for other models numbers are filled with the median of the fold's training rows "
    )
    done += "(or as transformer_params says) beside a column that marks the gap, categories count a gap as unknown."
    return GuardRail(name, "done", f"Missing cells: {found}.", done, tuple(one.name for one in gaps))


def _infinite(data: Checked) -> GuardRail:
    name = "Infinite values"
    if not data.infinite:
        return GuardRail(name, "passed", "All numbers are finite.", "Nothing had to be done.")
    found = f"Infinite numbers in {', '.join(f'`{one}`' for one in data.infinite)}."
    return GuardRail(name, "done", found, "They count as missing.", tuple(data.infinite))


def _far(data: Checked) -> GuardRail | None:
    """Say which numbers of later rows are further out of the training range than that is wide."""
    if not data.later:
        return None
    name = "Range of the features"
    found: list[tuple[int, str, str]] = []
    for what, frame in data.later.items():
        for one in data.columns:
            if one.kind == "numeric" and len(far := _far_out(one, frame[one.name])):
                count = f"{len(far)} of {rows_of(frame)} {what} rows"
                said = f"is as far out as {far[0]:g} in {count} (training: {one.lowest:g} to {one.highest:g})"
                found.append((len(far), one.name, f"`{one.name}` {said}"))
    if not found:
        none = "No number is further out of the training range than that is wide."
        return GuardRail(name, "passed", none, "Nothing had to be done.")
    found.sort(key=lambda one: -one[0])
    done = "These rows are used as they are; no model has learnt from such values. Correct them if they are mistakes."
    columns = tuple(dict.fromkeys(column for _, column, _ in found))
    return GuardRail(name, "alerted", "; ".join(said for *_, said in found[:10]) + ".", done, columns)


def _far_out(one: Column, cells: Objects) -> Floats:
    """Return the numbers that are further out of a column's training range than that is wide, the farthest first."""
    low, high = one.lowest or 0.0, one.highest or 0.0
    numbers = numbers_of(cells)
    numbers = numbers[np.isfinite(numbers)]
    beyond = np.maximum(low - numbers, numbers - high)
    return numbers[np.argsort(-beyond)][: int((beyond > high - low).sum())]


def _kinds(data: Checked) -> GuardRail | None:
    """Say which columns of later rows hold text where training has numbers."""
    if not data.later:
        return None
    name = "Types of the other tables"
    said, columns = list[str](), dict[str, None]()
    for what, frame in data.later.items():
        for one in data.columns:
            if one.kind != "numeric" or frame[one.name].dtype.kind != "O":
                continue
            cells = frame[one.name][~is_missing(frame[one.name])]
            wrong = cells[np.isnan(numbers_of(cells))]
            if len(wrong):
                where = f"{len(wrong)} of {rows_of(frame)} {what} rows"
                said.append(f"`{one.name}` is no number, like `{wrong[0]}`, in {where}")
                columns[one.name] = None
    if not said:
        return GuardRail(name, "passed", "They hold numbers where training has numbers.", "Nothing had to be done.")
    done = "These cells count as missing. Check that the tables have the same columns in the same units."
    return GuardRail(name, "alerted", "; ".join(said[:10]) + ".", done, tuple(columns))


def _cardinality(data: Checked) -> GuardRail:
    name, rows = "High cardinality", len(data.target)
    many = [one for one in data.columns if one.kind == "category" and one.distinct > max(50, _MANY_LEVELS * rows)]
    keys = [one for one in data.columns if one.kind == "identifier"]
    if not many and not keys:
        return GuardRail(name, "passed", "No column has nearly as many values as rows.", "Nothing had to be done.")
    said = [f"`{one.name}` has {one.distinct} levels" for one in many]
    said += [f"`{one.name}` looks like an identifier ({one.reason})" for one in keys]
    done = "Levels are replaced by smoothed means of the target, learnt inside folds; identifiers are left out. "
    done += "If a column repeats for one person or machine, set cv_split_column_names so that they stay together."
    return GuardRail(name, "done", "; ".join(said) + ".", done, tuple(one.name for one in (*many, *keys)))


def _balance(data: Checked) -> GuardRail:
    name = "Class balance"
    if not data.classes:
        return GuardRail(name, "passed", "The target is a number.", "Nothing had to be done.")
    counts = np.bincount(data.target.astype(np.int64), minlength=data.classes)
    # The largest is looked for from the end: of classes with equal counts two different ones are named.
    small, large = int(counts.argmin()), len(counts) - 1 - int(counts[::-1].argmax())
    few = "` has 1 row, `" if counts[small] == 1 else f"` has {counts[small]} rows, `"
    found = f"`{data.labels[small]}{few}{data.labels[large]}` {counts[large]}."
    if counts[small] >= _IMBALANCE * counts[large]:
        return GuardRail(name, "passed", found, "Folds keep the shares of the classes.")
    done = "Folds keep the shares of the classes. "
    if data.metric in ("accuracy", "precision_score_weighted"):
        done += f"{data.metric} hides small classes: consider AUC_weighted or norm_macro_recall."
    if counts[small] < data.folds:
        done += f" Some of the {data.folds} folds hold no row of `{data.labels[small]}` to validate with."
    return GuardRail(name, "alerted", found, done.strip())


def _rows(data: Checked) -> GuardRail:
    name, rows = "Number of rows", len(data.target)
    if rows < _FEW_ROWS:
        done = (
            "Every model is validated over folds; expect scores to differ from new data by more than the shown error."
        )
        return GuardRail(name, "alerted", "1 row is few." if rows == 1 else f"{rows} rows are few.", done)
    if data.matrix.shape[1] > rows:
        found = f"{data.matrix.shape[1]} features, but {rows} rows."
        return GuardRail(name, "alerted", found, "Linear models with strong penalties are among the candidates.")
    return GuardRail(name, "passed", f"{rows} rows.", "Nothing had to be done.")


def _copies(data: Checked) -> GuardRail:
    name = "Equal rows"
    if data.twins is None:
        return GuardRail(name, "passed", "No two rows have equal features.", "Nothing had to be done.")
    copies = len(data.twins) - int(data.twins.max()) - 1
    return GuardRail(
        name, "done", f"{copies} rows repeat another row's features.", "Equal rows stay in one fold together."
    )


def _leaks(data: Checked) -> GuardRail:
    name = "Leaks of the target"
    told: dict[str, float] = {}
    rows = np.random.default_rng(0).permutation(len(data.target))[:_SAMPLE]
    if len(rows) >= 50:
        for place, source in enumerate(data.sources):
            power = _power(data.matrix[rows, place], data.target[rows], data.classes)
            if power > (_LEAK_AUC if data.classes else _LEAK_R2):
                told[source] = max(power, told.get(source, 0.0))
    if not told:
        return GuardRail(name, "passed", "No column alone tells the target.", "Nothing had to be done.")
    what = "AUC" if data.classes else "R2"
    found = "; ".join(f"`{source}` alone reaches {what} {power:.3f}" for source, power in told.items())
    done = "The columns are used. If they are known only after the target, leave them out: set their type to `Ignore`."
    return GuardRail(name, "alerted", f"{found}.", done, tuple(told))


def _order(data: Checked) -> GuardRail:
    name = "Order in time"
    dates = [one.name for one in data.columns if one.kind == "date"]
    if not dates:
        return GuardRail(name, "passed", "No dates.", "Nothing had to be done.")
    done = "Dates became parts (year, month, weekday …). Folds are shuffled: if the model is to predict the future, "
    done += "give later rows as validation_data or set cv_split_column_names."
    return GuardRail(name, "alerted", f"Dates in {', '.join(f'`{one}`' for one in dates)}.", done, tuple(dates))


def _power(cells: Floats, target: Floats, classes: int) -> float:
    """Return how well one column tells the target: AUC of the best class, or R2 of means over bins of a half set."""
    known = np.isfinite(cells)
    if known.mean() < 0.5 or len(np.unique(cells[known])) < 2:
        return 0.0
    cells, target = cells[known], target[known]
    if classes:
        best = 0.0
        for label in np.unique(target)[:10]:
            real = (target == label).astype(np.int64)
            if 10 <= real.sum() <= len(real) - 10:
                area = score_of("AUC_weighted", real, np.column_stack([-cells, cells]))
                best = max(best, area, 1 - area)
        return best
    return _binned_r2(cells, target)


def _binned_r2(cells: Floats, target: Floats) -> float:
    """Learn means of the target over bins of one half, and score them on the other half."""
    half = np.arange(len(cells)) % 2 == 0
    edges = np.unique(np.quantile(cells[half], np.linspace(0, 1, 5 * _LEAK_BINS + 1)[1:-1]))
    inside = np.searchsorted(edges, cells)
    count = np.bincount(inside[half], minlength=len(edges) + 1)
    sums = np.bincount(inside[half], weights=target[half], minlength=len(edges) + 1)
    means = np.where(count > 0, sums / np.maximum(count, 1), target[half].mean())
    return score_of("r2_score", target[~half], means[inside[~half]])


# In the order in which they are shown.
RAILS = (
    _types,
    _missing_target,
    _missing_values,
    _infinite,
    _far,
    _kinds,
    _cardinality,
    _balance,
    _rows,
    _copies,
    _leaks,
    _order,
)
