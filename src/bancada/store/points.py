"""Points of metrics: writing them once however often they are sent, histories, samples for charts."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

from bancada.domain.tracking import Metric
from bancada.store.transaction import Tx, Value, marks

__all__ = ["History", "curves", "history", "sample", "series_of", "write"]

# Newer is greater in (step, timestamp, value), as in MLflow; NaN counts as 0 there. `minimum` and `maximum` are NULL
# as long as every point was NaN.
_NEWER = "(excluded.step, excluded.timestamp, excluded.value) > (metrics.step, metrics.timestamp, metrics.value)"
_UPSERT = f"""
INSERT INTO metrics (run, experiment, key, value, is_nan, step, timestamp, minimum, maximum)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, key) DO UPDATE SET
  value = CASE WHEN {_NEWER} THEN excluded.value ELSE metrics.value END,
  is_nan = CASE WHEN {_NEWER} THEN excluded.is_nan ELSE metrics.is_nan END,
  step = CASE WHEN {_NEWER} THEN excluded.step ELSE metrics.step END,
  timestamp = CASE WHEN {_NEWER} THEN excluded.timestamp ELSE metrics.timestamp END,
  minimum = CASE WHEN excluded.minimum IS NULL OR metrics.minimum <= excluded.minimum
                 THEN metrics.minimum ELSE excluded.minimum END,
  maximum = CASE WHEN excluded.maximum IS NULL OR metrics.maximum >= excluded.maximum
                 THEN metrics.maximum ELSE excluded.maximum END
"""
# 50 points a statement: for SQLite that costs three fifths of what one each does, and more of them saves no more.
_POINTS_AT_ONCE = 50
# Placeholders of one statement: SQLite takes 32,766, older ones 999.
_RUNS_AT_ONCE = 500
# Up to so many keys, a statement that returns the series is cheaper than one batch and a look-up.
_FEW_KEYS = 4
# Series with more distinct steps than this are sampled along the axis instead of by rank: 10,000 index look-ups
# take 15 ms, a chart's answer may take 100.
_RANKED_STEPS = 10_000


@dataclass(frozen=True)
class History:
    """One page of a metric's points in the order of (timestamp, step, value); `more` says that others follow."""

    points: list[Metric]
    more: bool


# -------------------------------------------------------------------------------- writing


def write(tx: Tx, run: int, experiment: int, metrics: Sequence[Metric]) -> None:
    """Log points of one run. A point that is there already (same key, step, time and value) is left alone."""
    if not metrics:
        return
    points: dict[str, list[_Point]] = {}
    for one in metrics:
        value = one.value
        # The database has no NaN; a NaN is the only value that differs from itself.
        point = (one.step, one.timestamp, value, 0) if value == value else (one.step, one.timestamp, 0.0, 1)
        points.setdefault(one.key, []).append(point)
    series = _series(tx, run, [_summary(run, experiment, key, of_key) for key, of_key in points.items()])
    _insert(tx, [(series[key], *point) for key, of_key in points.items() for point in of_key])


def _insert(tx: Tx, rows: Sequence[tuple[int, int, int, float, int]]) -> None:
    for at in range(0, len(rows), _POINTS_AT_ONCE):
        part = rows[at : at + _POINTS_AT_ONCE]
        tx.change(_insertion(len(part)), list(chain.from_iterable(part)))


@cache
def _insertion(count: int) -> str:
    values = ", ".join(["(?, ?, ?, ?, ?)"] * count)
    return (
        f"INSERT INTO metric_points (metric, step, timestamp, value, is_nan) VALUES {values}"
        " ON CONFLICT (metric, step, timestamp, value, is_nan) DO NOTHING"
    )


# step, timestamp, value, is_nan: as stored.
_Point = tuple[int, int, float, int]


def _series(tx: Tx, run: int, rows: Sequence[tuple[Value, ...]]) -> dict[str, int]:
    """Bring the series up to date and return their keys in the database."""
    if len(rows) <= _FEW_KEYS:
        return {str(row[2]): tx.execute(_UPSERT + " RETURNING id", row)[0][0] for row in rows}
    tx.many(_UPSERT, rows)
    keys = [row[2] for row in rows]
    return dict(tx.execute(f"SELECT key, id FROM metrics WHERE run = ? AND key IN ({marks(len(keys))})", (run, *keys)))


def _summary(run: int, experiment: int, key: str, points: Sequence[_Point]) -> tuple[Value, ...]:
    """Return the row of a series that has only these points."""
    step, timestamp, value, is_nan = max(points)
    numbers = [point[2] for point in points if not point[3]]
    least, most = (min(numbers), max(numbers)) if numbers else (None, None)
    return (run, experiment, key, value, is_nan, step, timestamp, least, most)


def _stored(value: float) -> tuple[float, int]:
    """Return what the database keeps of a value: it has no NaN."""
    return (0.0, 1) if math.isnan(value) else (value, 0)


# -------------------------------------------------------------------------------- reading


def series_of(tx: Tx, runs: Sequence[int], key: str) -> dict[int, int]:
    """Return the series of a metric by run; runs that never logged it are missing."""
    if not runs:
        return {}
    rows = tx.execute(f"SELECT run, id FROM metrics WHERE key = ? AND run IN ({marks(len(runs))})", (key, *runs))
    return dict(rows)


def history(tx: Tx, run: int, key: str, *, after: Metric | None = None, limit: int) -> History:
    """Return the points of a metric that follow `after`, at most `limit`.

    The order is MLflow's, that of time. They are stored in that of steps, which may be another (a script that goes on
    from a checkpoint logs steps again): each page is sorted, which takes 0.1 s of a million points.
    """
    series = series_of(tx, [run], key).get(run)
    if series is None:
        return History([], more=False)
    where, params = "", ()
    if after is not None:
        where = " AND (timestamp, step, value, is_nan) > (?, ?, ?, ?)"
        params = (after.timestamp, after.step, *_stored(after.value))
    rows = tx.execute(
        f"SELECT step, timestamp, value, is_nan FROM metric_points WHERE metric = ?{where}"
        " ORDER BY timestamp, step, value, is_nan LIMIT ?",
        (series, *params, limit + 1),
    )
    return History(_points(key, rows[:limit]), more=len(rows) > limit)


def curves(tx: Tx, workspace: str, runs: Sequence[str], key: str) -> dict[str, tuple[float, ...]]:
    """Return the values of a metric of several runs, named, each in the order of steps; runs without it are missing."""
    found: dict[str, list[float]] = {}
    for begin in range(0, len(runs), _RUNS_AT_ONCE):
        some = runs[begin : begin + _RUNS_AT_ONCE]
        rows = tx.execute(
            "SELECT jobs.name, metric_points.value, metric_points.is_nan FROM jobs"
            " JOIN metrics ON metrics.run = jobs.id AND metrics.key = ?"
            " JOIN metric_points ON metric_points.metric = metrics.id"
            f" WHERE jobs.workspace = ? AND jobs.name IN ({marks(len(some))})"
            " ORDER BY metric_points.metric, metric_points.step, metric_points.timestamp",
            (key, workspace, *some),
        )
        for name, value, is_nan in rows:
            found.setdefault(name, []).append(math.nan if is_nan else value)
    return {name: tuple(values) for name, values in found.items()}


def _points(key: str, rows: Iterable[tuple[int, int, float, int]]) -> list[Metric]:
    return [Metric(key, math.nan if is_nan else value, timestamp, step) for step, timestamp, value, is_nan in rows]


def sample(
    tx: Tx, runs: Sequence[int], key: str, *, between: tuple[int, int] | None, steps: int, limit: int
) -> list[tuple[int, Metric]]:
    """Return points of a metric of several runs for a chart: about `steps` steps, the same ones for every run.

    Each run's first and last step inside `between` are always among them. Up to 10,000 distinct steps the choice is
    MLflow's (every n-th of the sorted steps); beyond, steps are spread evenly along the axis. `limit` bounds the
    points of one run.
    """
    series = series_of(tx, runs, key)
    bounds = {one: _bounds(tx, one) for one in series.values()}
    if not bounds:
        return []
    low, high = between or (0, max(last for _, last in bounds.values()))
    ends = {step for pair in bounds.values() for step in pair if low <= step <= high}
    chosen = sorted(_chosen_steps(tx, list(bounds), low, high, steps) | ends)
    found: list[tuple[int, Metric]] = []
    for run in runs:
        if run in series:
            found.extend((run, point) for point in _at_steps(tx, series[run], key, chosen, limit))
    return found


def _bounds(tx: Tx, series: int) -> tuple[int, int]:
    first = tx.one("SELECT step FROM metric_points WHERE metric = ? ORDER BY step LIMIT 1", (series,))
    last = tx.one("SELECT step FROM metric_points WHERE metric = ? ORDER BY step DESC LIMIT 1", (series,))
    return (first[0] if first else 0, last[0] if last else 0)


def _chosen_steps(tx: Tx, series: Sequence[int], low: int, high: int, count: int) -> set[int]:
    distinct: set[int] = set()
    for one in series:
        steps = _distinct_steps(tx, one, low, high)
        if len(steps) > _RANKED_STEPS:
            return _spread_steps(tx, series, low, high, count)
        distinct.update(steps)
    ordered = sorted(distinct)
    first, end = bisect_left(ordered, low), bisect_right(ordered, high)
    number = end - first
    if number <= count:
        return set(ordered[first:end])
    ranks = (first + int(one * number / count) for one in range(count))
    return {ordered[rank] for rank in ranks if rank < end} | {ordered[end - 1]}


def _distinct_steps(tx: Tx, series: int, low: int, high: int) -> list[int]:
    # Jumps from step to step: a series whose million points all have step 0 costs one look-up.
    rows = tx.execute(
        "WITH RECURSIVE found(step) AS ("
        " SELECT MIN(step) FROM metric_points WHERE metric = ? AND step >= ?"
        " UNION ALL SELECT (SELECT MIN(p.step) FROM metric_points p WHERE p.metric = ? AND p.step > found.step)"
        " FROM found WHERE found.step IS NOT NULL AND found.step < ?"
        ") SELECT step FROM found WHERE step IS NOT NULL AND step <= ? LIMIT ?",
        (series, low, series, high, high, _RANKED_STEPS + 1),
    )
    return [row[0] for row in rows]


def _spread_steps(tx: Tx, series: Sequence[int], low: int, high: int, count: int) -> set[int]:
    chosen: set[int] = set()
    for one in range(count):
        target = low + (high - low) * one // count
        for each in series:
            row = tx.one("SELECT MIN(step) FROM metric_points WHERE metric = ? AND step >= ?", (each, target))
            if row is not None and row[0] is not None and row[0] <= high:
                chosen.add(row[0])
                break
    return chosen


def _at_steps(tx: Tx, series: int, key: str, steps: Sequence[int], limit: int) -> list[Metric]:
    found: list[Metric] = []
    # 1,000 a query: steps come in order, so the pages do too.
    for at in range(0, len(steps), 1000):
        part = steps[at : at + 1000]
        rows = tx.execute(
            "SELECT step, timestamp, value, is_nan FROM metric_points"
            f" WHERE metric = ? AND step IN ({marks(len(part))})"
            " ORDER BY step, timestamp, value, is_nan LIMIT ?",
            (series, *part, limit - len(found)),
        )
        found.extend(_points(key, rows))
        if len(found) >= limit:
            break
    return found
