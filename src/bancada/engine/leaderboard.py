"""What an AutoML job has found so far: its candidates as a table, the best one, counts. Not for writing them."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bancada.domain.base import from_stored
from bancada.domain.jobs import AutoMLJob, Job
from bancada.engine.documents import iso_time
from bancada.engine.handlers.automl import BEST_TAG
from bancada.store import runs, tracking
from bancada.store.database import Tx
from bancada.store.jobs import JobRow
from bancada.store.mapping import cursor_to_text, key_from_cursor

__all__ = ["automl_results", "candidates_page", "run_metric"]

NUMBER_TAG = "automl.candidate"
SHOWN = 10
# Costs that candidates log beside their scores.
_FIT_S, _PREDICT_S, _SIZE = "automl_fit_seconds", "automl_predict_1000_seconds", "automl_size_bytes"
_RUN_METRICS = {"auc_weighted": "AUC_weighted"}


def run_metric(metric: str) -> str:
    """Return a primary metric as runs log it: Azure writes `auc_weighted` in jobs and `AUC_weighted` in runs."""
    return _RUN_METRICS.get(metric, metric)


@dataclass(frozen=True)
class _Candidate:
    run: runs.Run
    number: int
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]

    def value(self, metric: str) -> float | None:
        found = self.metrics.get(metric)
        return found if found is not None and math.isfinite(found) else None


def automl_results(tx: Tx, job: JobRow) -> dict[str, Any]:
    """Return the summary of an AutoML job; its leaderboard has the best candidates, the best one first."""
    metric, minimize = _objective(job)
    candidates = _candidates(tx, job)
    best = tracking.run_summary(tx, job.workspace, job.name).tags.get(BEST_TAG)
    holder = next((one for one in candidates if one.run.name == best), None)
    ranked = _ranked(candidates, metric, minimize, best)
    found: dict[str, Any] = {
        "primary_metric": metric,
        "goal": "minimize" if minimize else "maximize",
        "trials": len(candidates),
        "counts": dict(Counter(one.run.status for one in candidates)),
        "best_trial": best,
        "best_value": holder.value(metric) if holder else None,
        "best_algorithm": holder.tags.get("automl.algorithm") if holder else None,
        "metric_over_trials": list(_over_trials(candidates, metric, minimize)),
        "leaderboard": [_table_row(one, metric, best) for one in ranked[:SHOWN]],
    }
    return {key: value for key, value in found.items() if value is not None}


def candidates_page(tx: Tx, job: JobRow, *, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """Return rows of the table of candidates in the order of their numbers, and where the next page begins."""
    metric, _ = _objective(job)
    after = -1 if cursor is None else key_from_cursor(cursor)
    best = tracking.run_summary(tx, job.workspace, job.name).tags.get(BEST_TAG)
    left = [one for one in _candidates(tx, job) if one.number > after]
    page = left[:limit]
    following = cursor_to_text(page[-1].number) if len(left) > limit else None
    return [_table_row(one, metric, best) for one in page], following


def _objective(job: JobRow) -> tuple[str, bool]:
    entity: AutoMLJob = from_stored(Job, job.spec or {})
    return run_metric(entity.metric), entity.is_minimized


def _candidates(tx: Tx, job: JobRow) -> list[_Candidate]:
    below = [one for one in runs.children(tx, job.workspace, job.name) if one.type is None and not one.deleted]
    data = runs.data_of(tx, below)
    found: list[_Candidate] = []
    for one in below:
        tags = {tag.key: tag.value for tag in data[one.key].tags}
        if tags.get(NUMBER_TAG, "").isdigit():
            metrics = {metric.key: metric.value for metric in data[one.key].metrics}
            params = {param.key: param.value for param in data[one.key].params}
            found.append(_Candidate(one, int(tags[NUMBER_TAG]), metrics, params, tags))
    return sorted(found, key=lambda one: one.number)


def _ranked(candidates: Sequence[_Candidate], metric: str, minimize: bool, best: str | None) -> list[_Candidate]:
    """Order candidates by their score; the one that the engine chose is first, also among equals."""
    sign = 1.0 if minimize else -1.0
    scored = [one for one in candidates if one.value(metric) is not None and one.run.status == "Completed"]
    return sorted(scored, key=lambda one: (one.run.name != best, sign * (one.value(metric) or 0.0), one.number))


def _over_trials(candidates: Sequence[_Candidate], metric: str, minimize: bool) -> Iterable[dict[str, float | int]]:
    best: float | None = None
    for one in candidates:
        value = one.value(metric)
        if value is None or one.run.status != "Completed":
            continue
        best = value if best is None else (min if minimize else max)(best, value)
        yield {"trial": one.number, "value": value, "best": best}


def _table_row(one: _Candidate, metric: str, best: str | None) -> dict[str, Any]:
    run = one.run
    members = one.tags.get("automl.members")
    shown = {key: value for key, value in one.params.items() if key not in ("algorithm", "name", "folds")}
    costs = (_FIT_S, _PREDICT_S, _SIZE)
    row: dict[str, Any] = {
        "name": run.name,
        "trial": one.number,
        "status": run.status,
        "algorithm": one.tags.get("automl.algorithm"),
        "display_name": one.params.get("name") or run.display_name,
        "parameters": shown,
        "value": one.value(metric),
        "error_of_value": one.value(f"{metric}_error"),
        "metrics": {key: value for key, value in one.metrics.items() if key not in costs and math.isfinite(value)},
        "is_best": True if run.name == best else None,
        "members": json.loads(members) if members else None,
        "seconds_running": one.value(_FIT_S),
        "seconds_for_1000_predictions": one.value(_PREDICT_S),
        "size_bytes": one.value(_SIZE),
        "created_at": iso_time(run.created_at),
        "started_at": iso_time(run.start),
        "ended_at": None if run.ended_at is None else iso_time(run.ended_at),
        "error": one.tags.get("automl.error"),
    }
    return {key: value for key, value in row.items() if value is not None}
