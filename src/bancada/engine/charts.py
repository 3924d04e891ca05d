"""What a job's charts draw: a table of its metrics, and the points of one, thinned so that no peak is lost."""

from __future__ import annotations

import math
from array import array
from typing import Any

from bancada.engine.core import Core
from bancada.engine.documents import iso_time
from bancada.engine.job_answers import JobMetric, JobMetrics, MetricPoints
from bancada.store import series
from bancada.store.series import Axis, Points, Summary

__all__ = ["Charts", "packed", "thinned", "unpacked"]


class Charts:
    """Metrics of one job for charts.

    Concurrency: reads only; every method may be called from any thread.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def metrics(self, workspace: str, name: str) -> JobMetrics:
        """Return the metrics of a job by key; none for a name that no job has."""
        found = self._core.db.read(lambda tx: series.of_run(tx, workspace, name))
        return {"items": [_metric(one) for one in found]}

    def points(self, workspace: str, name: str, key: str, *, most: int, axis: Axis) -> tuple[Points, int]:
        """Return about `most` points of a metric (0: all of them), and how many there are."""
        found = self._core.db.read(lambda tx: series.points(tx, workspace, name, key, axis))
        return thinned(found, most), len(found)


def thinned(points: Points, most: int) -> Points:
    """Return at most `most` of the points (0: all): the first, the last, and the least and greatest of each stretch.

    Stretches are of equal numbers of points. A NaN is neither least nor greatest; a stretch of nothing else gives one.
    """
    count = len(points)
    if most <= 0 or count <= most:
        return points
    if most < 4:
        chosen = [0, count - 1][:most]
    else:
        # Two go to the first and the last point.
        stretches = (most - 2) // 2
        inner = count - 2
        chosen = [0, count - 1]
        # A NaN anywhere makes the sum one, and so do two infinities, which costs only time.
        extremes = _extreme_numbers if math.isnan(sum(points.values)) else _extremes
        for one in range(stretches):
            begin, end = 1 + inner * one // stretches, 1 + inner * (one + 1) // stretches
            chosen.extend(begin + at for at in extremes(points.values[begin:end]))
        chosen = sorted(set(chosen))
    return Points(*(array("d", (one[at] for at in chosen)) for one in (points.steps, points.times, points.values)))


def _extremes(values: array[float]) -> tuple[int, ...]:
    """Return where the least and the greatest value of a stretch are."""
    if not values:
        return ()
    least, greatest = min(values), max(values)
    return values.index(least), values.index(greatest)


def _extreme_numbers(values: array[float]) -> tuple[int, ...]:
    """Do the same where NaN may be among the values: it compares as neither less nor greater."""
    numbers = array("d", (one for one in values if one == one))
    return tuple(map(values.index, (min(numbers), max(numbers)))) if numbers else (0,) * (len(values) > 0)


def packed(points: Points) -> bytes:
    """Return the points as little-endian doubles: step, time in seconds, value, and so on."""
    flat = array("d", bytes(24 * len(points)))
    flat[0::3], flat[1::3], flat[2::3] = points.steps, points.times, points.values
    if not _LITTLE:
        flat.byteswap()
    return flat.tobytes()


def unpacked(points: Points, total: int) -> MetricPoints:
    """Return the points as a JSON document."""
    values: list[Any] = points.values.tolist()
    return {
        "steps": [int(one) for one in points.steps],
        "times": points.times.tolist(),
        "values": values,
        "total": total,
    }


_LITTLE = array("H", [1]).tobytes()[0] == 1


def _metric(one: Summary) -> JobMetric:
    shown: JobMetric = {
        "key": one.key,
        "latest": one.latest,
        "points": one.points,
        "last_step": one.last_step,
        "last_at": iso_time(one.last_at),
    }
    if one.minimum is not None and one.maximum is not None:
        shown["min"], shown["max"] = one.minimum, one.maximum
    return shown
