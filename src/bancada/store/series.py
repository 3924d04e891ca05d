"""One metric of one job as a chart needs it: a line of the table of its metrics, and all its points as packed numbers.

Not for MLflow's pages of history and its samples over several runs (`points.py`).
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from itertools import chain, islice
from operator import le
from typing import Literal

from bancada.store.transaction import Tx

__all__ = ["Axis", "Points", "Summary", "of_run", "points"]

Axis = Literal["step", "time"]


@dataclass(frozen=True)
class Summary:
    """What is known of a metric: latest value (NaN as such), least and greatest (None while all was NaN), points."""

    key: str
    latest: float
    minimum: float | None
    maximum: float | None
    points: int
    last_step: int
    # Seconds since the epoch.
    last_at: float


@dataclass(frozen=True)
class Points:
    """Points in the order of their axis, as three arrays of doubles of one length; times in seconds."""

    steps: array[float]
    times: array[float]
    values: array[float]

    def __len__(self) -> int:
        return len(self.values)


def of_run(tx: Tx, workspace: str, name: str) -> list[Summary]:
    """Return the metrics of one job or run by key, its children's left out."""
    rows = tx.execute(
        "SELECT m.key, m.value, m.is_nan, m.minimum, m.maximum, m.step, m.timestamp,"
        " (SELECT COUNT(*) FROM metric_points p WHERE p.metric = m.id)"
        " FROM jobs j JOIN metrics m ON m.run = j.id WHERE j.workspace = ? AND j.name = ? ORDER BY m.key",
        (workspace, name),
    )
    return [
        Summary(key, math.nan if is_nan else value, low, high, count, step, timestamp / 1000)
        for key, value, is_nan, low, high, step, timestamp, count in rows
    ]


def points(tx: Tx, workspace: str, name: str, key: str, axis: Axis = "step") -> Points:
    """Return all points of a metric; none for one that was never logged. 100,000 points take about 80 ms."""
    found = tx.one(
        "SELECT m.id, EXISTS (SELECT 1 FROM metric_points p WHERE p.metric = m.id AND p.is_nan = 1)"
        " FROM jobs j JOIN metrics m ON m.run = j.id WHERE j.workspace = ? AND j.name = ? AND m.key = ?",
        (workspace, name, key),
    )
    if found is None:
        return Points(array("d"), array("d"), array("d"))
    series, has_nan = found
    # Reading rows is what takes the time: a column less is a quarter less.
    rows = tx.execute(
        f"SELECT step, CAST(timestamp AS DOUBLE PRECISION) / 1000, value{', is_nan' if has_nan else ''}"
        " FROM metric_points WHERE metric = ? ORDER BY step, timestamp, value",
        (series,),
    )
    width = 4 if has_nan else 3
    flat = array("d", list(chain.from_iterable(rows)))
    steps, times, values = (flat[one::width] for one in range(3))
    if has_nan:
        values = array("d", (math.nan if nan else one for one, nan in zip(values, flat[3::4], strict=True)))
    inorder = Points(steps, times, values)
    return inorder if axis == "step" else _by_time(inorder)


def _by_time(given: Points) -> Points:
    if all(map(le, given.times, islice(given.times, 1, None))):
        return given
    order = sorted(range(len(given)), key=given.times.__getitem__)
    return Points(*(array("d", map(one.__getitem__, order)) for one in (given.steps, given.times, given.values)))
