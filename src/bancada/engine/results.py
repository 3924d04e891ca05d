"""What a sweep has found so far: the best trial, its parameters, values over trials, importance, counts, seconds."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from bancada.domain.base import from_stored
from bancada.domain.jobs import Job, SweepJob
from bancada.domain.lifecycle import FINAL
from bancada.engine.documents import iso_time, part
from bancada.learning.importance import importance
from bancada.learning.samplers import Trial, sampler_for
from bancada.store import jobs
from bancada.store.database import Tx
from bancada.store.jobs import JobRow, SlimChild

__all__ = ["results", "trials_page"]


def results(tx: Tx, sweep: JobRow, now: float) -> dict[str, Any]:
    """Return the summary of a sweep. A trial's value is its best logged one; NaN and infinity count as none."""
    metric, minimize = _objective(sweep)
    trials = jobs.slim_children(tx, sweep.workspace, sweep.name, [metric], from_index=0)
    values = {one.name: _best(one, metric, minimize) for one in trials}
    best = _best_trial(trials, values, minimize)
    waiting = [_waiting(one.created_at, one.started_at, one.ended_at, now) for one in trials]
    running = [_running(one.started_at, one.ended_at, now) for one in trials if one.started_at is not None]
    found: dict[str, Any] = {
        "primary_metric": metric,
        "trials": len(trials),
        "expected_trials": _expected(sweep),
        "counts": dict(Counter(one.status for one in trials)),
        "stopped_early": sum(1 for one in trials if "early_termination" in one.properties),
        "best_trial": best.name if best else None,
        "best_value": values[best.name] if best else None,
        "best_parameters": best.params if best else None,
        "metric_over_trials": list(_over_trials(trials, values, minimize)),
        "importance": _importance(sweep, trials, values),
        "seconds_waiting": _figures(waiting),
        "seconds_running": _figures(running),
    }
    return {key: value for key, value in found.items() if value is not None}


def trials_page(
    tx: Tx, sweep: JobRow, *, limit: int, cursor: str | None, now: float
) -> tuple[list[dict[str, Any]], str | None]:
    """Return rows of the table of trials in the order in which they were made, and where the next page begins."""
    metric, minimize = _objective(sweep)
    rows, following = jobs.trials(tx, sweep.workspace, sweep.name, metric, limit=limit, cursor=cursor)
    return [_table_row(one, metric, minimize, now) for one in rows], following


def _table_row(trial: SlimChild, metric: str, minimize: bool, now: float) -> dict[str, Any]:
    story = trial.properties.get("early_termination")
    latest = trial.metrics[metric].latest if metric in trial.metrics else None
    row: dict[str, Any] = {
        "name": trial.name,
        "trial": trial.index,
        "status": trial.status,
        "parameters": trial.params,
        "value": _best(trial, metric, minimize),
        "latest": latest if latest is not None and math.isfinite(latest) else None,
        "seconds_waiting": round(_waiting(trial.created_at, trial.started_at, trial.ended_at, now), 3),
        "seconds_running": None
        if trial.started_at is None
        else round(_running(trial.started_at, trial.ended_at, now), 3),
        "created_at": iso_time(trial.created_at),
        "started_at": None if trial.started_at is None else iso_time(trial.started_at),
        "ended_at": None if trial.ended_at is None else iso_time(trial.ended_at),
        "early_termination": json.loads(story) if story else None,
        "error": str(trial.error.get("message")) if trial.error else None,
    }
    return {key: value for key, value in row.items() if value is not None}


def _objective(sweep: JobRow) -> tuple[str, bool]:
    objective = part(sweep.spec, "objective")
    return str(objective["primary_metric"]), str(objective["goal"]).lower() == "minimize"


def _expected(sweep: JobRow) -> int | None:
    """Return how many trials there will be if nothing ends the sweep early: its limit, or a smaller space's size."""
    limit = part(sweep.spec, "limits").get("max_total_trials")
    job: SweepJob = from_stored(Job, sweep.spec or {})
    try:
        size = sampler_for(job.sampling, job.search_space or {}).size
    # An installed package's sampler may be gone, or be anybody's: a report is no place to fail for it.
    except Exception:
        size = None
    known = [int(one) for one in (limit, size) if one is not None]
    return min(known, default=None)


def _best(trial: SlimChild, metric: str, minimize: bool) -> float | None:
    logged = trial.metrics.get(metric)
    value = None if logged is None else (logged.minimum if minimize else logged.maximum)
    return value if value is not None and math.isfinite(value) else None


def _best_trial(trials: Sequence[SlimChild], values: dict[str, float | None], minimize: bool) -> SlimChild | None:
    """Return the best trial as the handler names it at the end: one that completed, if any did; the earlier of two."""
    scored = [one for one in trials if values[one.name] is not None]
    completed = [one for one in scored if one.status == "Completed"]
    sign = 1.0 if minimize else -1.0
    return min(completed or scored, key=lambda one: (sign * (values[one.name] or 0.0), one.index or 0), default=None)


def _over_trials(
    trials: Sequence[SlimChild], values: dict[str, float | None], minimize: bool
) -> Iterable[dict[str, float | int]]:
    best: float | None = None
    for one in trials:
        value = values[one.name]
        if value is None:
            continue
        better = best is None or (value < best if minimize else value > best)
        best = value if better else best
        yield {"trial": one.index or 0, "value": value, "best": value if best is None else best}


def _importance(sweep: JobRow, trials: Sequence[SlimChild], values: dict[str, float | None]) -> dict[str, float] | None:
    job: SweepJob = from_stored(Job, sweep.spec or {})
    ended = [Trial(one.params, values[one.name], one.status) for one in trials if one.status in FINAL]
    _, minimize = _objective(sweep)
    found = importance(job.search_space or {}, ended, "minimize" if minimize else "maximize")
    return {name: round(share, 4) for name, share in found.items()} or None


def _waiting(created: float, started: float | None, ended: float | None, now: float) -> float:
    return max(0.0, (started or ended or now) - created)


def _running(started: float | None, ended: float | None, now: float) -> float:
    return 0.0 if started is None else max(0.0, (ended or now) - started)


def _figures(seconds: Sequence[float]) -> dict[str, float] | None:
    if not seconds:
        return None
    mean = sum(seconds) / len(seconds)
    return {"total": round(sum(seconds), 3), "mean": round(mean, 3), "most": round(max(seconds), 3)}
