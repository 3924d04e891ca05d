"""An AutoML job as a leaderboard that fits a terminal: candidates, the best so far, the time left.

Pure: rows of `GET …/jobs/<name>/trials` go in, lines come out. Not for drawing them: see `streaming`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

from bancada.domain.lifecycle import is_final
from bancada.ml.sweep_table import best_so_far, chosen, seconds_of, seconds_text

__all__ = ["CANDIDATE", "best_values", "candidate_line", "frame", "time_left"]

# How the line of a candidate begins, here and in the job's own log.
CANDIDATE = "Candidate "
MOST_ROWS = 15
COLUMNS = f"{'trial':>6}  {'algorithm':<22}{'state':<11}{'seconds':>8}  {{metric:>14}}  {{best:>14}}"
# Azure's default, and the engine's.
DEFAULT_MINUTES = 360.0


def frame(
    job: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], now: float, *, width: int, height: int
) -> list[str]:
    """Return the lines of the leaderboard; never more than `height`, none wider than `width`."""
    metric, _ = _objective(job)
    bests = best_values(job, rows)
    counts = Counter(str(one["status"]).lower() for one in rows)
    told = ", ".join(f"{count} {status}" for status, count in counts.items()) or "none yet"
    lines = [f"{job.get('name')}: {job.get('status')}, {len(rows)} candidates ({told}){time_left(job, now)}"]
    holder = next((one for one in rows if one.get("is_best")), None)
    if holder is not None and holder.get("value") is not None:
        lines.append(f"Best {metric}: {holder['value']:.6g} by {holder.get('algorithm')} (trial {holder['trial']})")
    lines += ["", COLUMNS.format(metric=_short(metric), best="best so far")]
    for one in chosen(rows, min(MOST_ROWS, max(1, height - len(lines) - 1))):
        lines.append(_row_line(one, bests.get(int(one["trial"]))))
    return [line[: max(1, width - 1)].rstrip() for line in lines][:height]


def candidate_line(job: Mapping[str, Any], row: Mapping[str, Any], best: float | None, now: float) -> str:
    """Return the plain line of a candidate that has ended."""
    metric, _ = _objective(job)
    value = row.get("value")
    shown = f"  {metric}={float(value):.6g}" if value is not None else ""
    so_far = f"  best so far {best:.6g}" if best is not None else ""
    why = f"  ({row['error']})" if row.get("error") else ""
    state = _state(row)
    return f"{CANDIDATE}{row['trial']}: {row.get('algorithm')} {state}{shown}{so_far}{time_left(job, now)}{why}"


def time_left(job: Mapping[str, Any], now: float) -> str:
    """Return how much of its time a running job has left, as the end of a line; empty when it does not run."""
    started = seconds_of(job.get("started_at"))
    if started is None or is_final(str(job.get("status"))):
        return ""
    minutes = cast("Mapping[str, Any]", job.get("limits") or {}).get("timeout_minutes") or DEFAULT_MINUTES
    return f", {seconds_text(max(0.0, started + float(minutes) * 60 - now))} left"


def best_values(job: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[int, float]:
    """Return, for each candidate with a value, the best value of it and those before it."""
    return best_so_far(_scored(rows), _objective(job)[1])


def _objective(job: Mapping[str, Any]) -> tuple[str, bool]:
    results = cast("Mapping[str, Any]", job.get("results") or {})
    return str(results.get("primary_metric") or ""), results.get("goal") == "minimize"


def _scored(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    # A candidate that was given up has a value of some folds only: it is no best.
    return [one for one in rows if one.get("status") == "Completed"]


def _state(row: Mapping[str, Any]) -> str:
    return {"Completed": "completed", "Canceled": "stopped", "Failed": "failed"}.get(str(row["status"]), "running")


def _short(metric: str) -> str:
    """Return a metric's name in 14 letters: `normalized_root_mean_squared_error` is known as `norm_rmse`."""
    known = {
        "normalized_root_mean_squared_error": "norm_rmse",
        "normalized_mean_absolute_error": "norm_mae",
        "average_precision_score_weighted": "avg_precision",
        "precision_score_weighted": "precision",
        "norm_macro_recall": "macro_recall",
        "spearman_correlation": "spearman",
    }
    return known.get(metric, metric)[:14]


def _row_line(row: Mapping[str, Any], best: float | None) -> str:
    value, seconds = row.get("value"), row.get("seconds_running")
    shown = "" if value is None else f"{float(value):.6g}"
    so_far = "" if best is None else f"{best:.6g}"
    spent = "" if seconds is None else f"{float(seconds):.1f}"
    mark = " *" if row.get("is_best") else ""
    algorithm = str(row.get("algorithm") or "")[:21]
    return f"{row['trial']:>6}  {algorithm:<22}{_state(row):<11}{spent:>8}  {shown:>14}  {so_far:>14}{mark}"
