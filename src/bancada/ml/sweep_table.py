"""A sweep as a table that fits a terminal: what is done, the best so far, the rate, the time left, the last trials.

Pure: rows of `GET …/jobs/<name>/trials` go in, lines come out. Not for drawing them: see `streaming`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from bancada.domain.lifecycle import is_final

__all__ = ["expected", "frame", "parameters_text", "seconds_text", "trial_line"]

MOST_ROWS = 15
COLUMNS = f"{'trial':>6}  {'state':<16}{'seconds':>9}  {{metric:>12}}  {{best:>12}}  parameters"


def frame(
    job: Mapping[str, Any], trials: Sequence[Mapping[str, Any]], now: float, *, width: int, height: int
) -> list[str]:
    """Return the lines of the table; never more than `height`, none wider than `width`."""
    objective = cast("Mapping[str, Any]", job.get("objective") or {})
    minimize = str(objective.get("goal")).lower() == "minimize"
    bests = best_so_far(trials, minimize)
    metric = str(objective.get("primary_metric") or "")
    lines = [*head(job, trials, bests, metric, now), ""]
    lines.append(COLUMNS.format(metric=metric[:12], best="best so far"))
    rows = chosen(trials, min(MOST_ROWS, max(1, height - len(lines) - 1)))
    lines += [row_line(one, bests.get(int(one["trial"]))) for one in rows]
    return [line[: max(1, width - 1)].rstrip() for line in lines][:height]


def expected(job: Mapping[str, Any]) -> int:
    """Return how many trials there will be: the server's word (it knows a grid's size), else the limit, else 0."""
    told = cast("Mapping[str, Any]", job.get("results") or {}).get("expected_trials")
    limit = cast("Mapping[str, Any]", job.get("limits") or {}).get("max_total_trials")
    return int(told or limit or 0)


def head(
    job: Mapping[str, Any], trials: Sequence[Mapping[str, Any]], bests: Mapping[int, float], metric: str, now: float
) -> list[str]:
    """Return the lines above the table."""
    ended = [one for one in trials if is_final(str(one["status"]))]
    total = expected(job)
    counts = ", ".join(
        f"{count} {status.lower()}" for status, count in Counter(str(one["status"]) for one in trials).items()
    )
    of = f" of {total}" if total else ""
    lines = [f"{job.get('name')}: {job.get('status')}, {len(ended)}{of} trials done ({counts or 'none yet'})"]
    best = bests[max(bests)] if bests else None
    if best is not None:
        holder = next(one for one in trials if one.get("value") == best)
        lines.append(f"Best {metric}: {best:.6g} by {holder['name']} ({parameters_text(holder)})")
    per_minute = rate(trials, ended, now)
    if per_minute:
        left = f", about {seconds_text((total - len(ended)) / per_minute * 60)} left" if total > len(ended) else ""
        lines.append(f"Rate: {per_minute:.3g} trials a minute{left}")
    return lines


def rate(trials: Sequence[Mapping[str, Any]], ended: Sequence[Mapping[str, Any]], now: float) -> float | None:
    """Return ended trials a minute since the first one started; None before anything can be said."""
    started = [at for one in trials if (at := seconds_of(one.get("started_at"))) is not None]
    last = [at for one in ended if (at := seconds_of(one.get("ended_at"))) is not None]
    if not started or not last:
        return None
    # Of a sweep that has ended the clock stands still.
    until = max(last) if len(ended) == len(trials) else max(now, max(last))
    return len(ended) * 60 / max(until - min(started), 0.001)


def best_so_far(trials: Sequence[Mapping[str, Any]], minimize: bool) -> dict[int, float]:
    """Return, for each trial with a value, the best value of it and those before it."""
    bests: dict[int, float] = {}
    best: float | None = None
    for one in trials:
        value = one.get("value")
        if value is not None:
            best = float(value) if best is None else (min if minimize else max)(best, float(value))
            bests[int(one["trial"])] = best
    return bests


def chosen(trials: Sequence[Mapping[str, Any]], count: int) -> list[Mapping[str, Any]]:
    """Return the rows to show: those under way first of all, then the newest; in their order."""
    order = sorted(trials, key=lambda one: (is_final(str(one["status"])), -int(one["trial"])))
    return sorted(order[:count], key=lambda one: int(one["trial"]))


def row_line(trial: Mapping[str, Any], best: float | None) -> str:
    """Return one row of the table."""
    value = trial.get("value")
    state = "stopped early" if trial.get("early_termination") and is_final(str(trial["status"])) else trial["status"]
    running = trial.get("seconds_running")
    seconds = "" if running is None else f"{float(running):.1f}"
    shown = "" if value is None else f"{float(value):.6g}"
    so_far = "" if best is None else f"{best:.6g}"
    return f"{trial['trial']:>6}  {state!s:<16}{seconds:>9}  {shown:>12}  {so_far:>12}  {parameters_text(trial)}"


def trial_line(trial: Mapping[str, Any], number: int, total: Any, metric: str) -> str:
    """Return the plain line of a trial that has ended."""
    value = trial.get("value")
    shown = f"  {metric}={float(value):.6g}" if value is not None else ""
    why = cast("Mapping[str, Any]", trial.get("early_termination") or {}).get("reason")
    told = f"  ({why})" if why else ""
    status = trial["status"]
    return f"Trial {number} of {total}: {trial['name']} {status}{shown}  {parameters_text(trial)}{told}".rstrip()


def parameters_text(trial: Mapping[str, Any]) -> str:
    """Return a trial's parameters in one line."""
    values = cast("Mapping[str, Any]", trial.get("parameters") or {})
    return " ".join(f"{name}={_text(value)}" for name, value in values.items())


def seconds_text(seconds: float) -> str:
    """Return a span as a person says it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def seconds_of(text: Any) -> float | None:
    """Return a time of the server's as seconds since the epoch."""
    return datetime.fromisoformat(str(text)).timestamp() if text else None


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
