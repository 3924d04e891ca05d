"""What a job that has ended comes down to, in a few lines: status, duration, what was best, its metrics.

Pure: the server's documents go in, lines come out. Not for printing them: see `streaming`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from bancada.ml.sweep_table import parameters_text, seconds_of, seconds_text

__all__ = ["closing_lines"]

# A summary; the page shows all of them.
METRICS_SHOWN = 10


def closing_lines(job: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[str]:
    """Return the lines about a job; `metrics` are the latest of its own run."""
    results = cast("Mapping[str, Any]", job.get("results") or {})
    lines = [f"Status: {job.get('status')}"]
    started, ended = seconds_of(job.get("started_at")), seconds_of(job.get("ended_at"))
    if started is not None and ended is not None:
        lines.append(f"Duration: {seconds_text(max(0.0, ended - started))}")
    counts = cast("Mapping[str, int]", results.get("counts") or {})
    if counts:
        told = ", ".join(f"{count} {status}" for status, count in counts.items())
        lines.append(f"Trials: {sum(counts.values())} ({told})")
    if results.get("best_trial"):
        lines.append(f"Best trial: {_best(results)}")
    elif metrics:
        lines.append(f"Metrics: {_metrics(metrics)}")
    return lines


def _best(results: Mapping[str, Any]) -> str:
    told = [str(results["best_trial"])]
    if results.get("best_algorithm"):
        told.append(str(results["best_algorithm"]))
    if results.get("best_value") is not None:
        told.append(f"{results.get('primary_metric')} = {_number(results['best_value'])}")
    parameters = parameters_text({"parameters": results.get("best_parameters")})
    return ", ".join(told) + (f" ({parameters})" if parameters else "")


def _metrics(metrics: Mapping[str, Any]) -> str:
    shown = [f"{key} = {_number(metrics[key])}" for key in sorted(metrics)[:METRICS_SHOWN]]
    more = len(metrics) - METRICS_SHOWN
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _number(value: Any) -> str:
    # NaN and infinity come as words.
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)
