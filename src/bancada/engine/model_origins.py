"""Where a model version comes from: the job that made it, and what that job measured. Not for its files."""

from __future__ import annotations

import math
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from bancada.domain import references
from bancada.domain.references import BadReference, JobOutputPath, RunPath
from bancada.engine.documents import part
from bancada.engine.handlers.automl import METRIC_TAG
from bancada.store import jobs, tracking
from bancada.store.database import Tx
from bancada.store.jobs import JobRow
from bancada.store.resources import Row

__all__ = ["MetricFigure", "SourceJob", "figure", "source_job", "source_name"]

# What the platform measures itself: not what tells how good a model is, so it comes last.
_COSTS = ("automl_", "system/")

# JSON has no numbers for these three.
MetricFigure = float | Literal["nan", "inf", "-inf"]


class SourceJob(TypedDict):
    """The job that a model version comes from, with the latest value of each of its metrics.

    `primary_metric` is what the job, or the sweep or AutoML job above it, was to improve. The platform's own
    measurements are the last of the metrics.
    """

    name: str
    display_name: str
    status: str
    parent_job_name: NotRequired[str]
    primary_metric: NotRequired[str]
    metrics: dict[str, MetricFigure]


def source_name(row: Row) -> str | None:
    """Return the name of the job that a version says it comes from; it may be gone."""
    named = row.doc.get("job_name") or part(row.doc, "$mlflow").get("run_id")
    if named:
        return str(named)
    try:
        reference = references.parse(str(row.doc.get("path") or ""))
    except BadReference:
        return None
    if isinstance(reference, JobOutputPath):
        return reference.job
    return reference.run if isinstance(reference, RunPath) else None


def source_job(tx: Tx, row: Row) -> SourceJob | None:
    """Return the job that a version comes from; None when none is known, or it was deleted."""
    name = source_name(row)
    job = jobs.get(tx, row.workspace, name) if name else None
    if job is None or job.deleted:
        return None
    logged = tracking.run_summary(tx, row.workspace, job.name).metrics
    found = SourceJob(
        name=job.name,
        display_name=job.display_name,
        status=job.status,
        metrics={key: figure(logged[key]) for key in sorted(logged, key=lambda one: (one.startswith(_COSTS), one))},
    )
    if job.parent is not None:
        found["parent_job_name"] = job.parent
    primary = _primary_metric(tx, job)
    if not primary and job.parent is not None:
        parent = jobs.get(tx, row.workspace, job.parent)
        primary = _primary_metric(tx, parent) if parent is not None else ""
    if primary:
        found["primary_metric"] = primary
    return found


def _primary_metric(tx: Tx, job: JobRow) -> str:
    """Return what a sweep or an AutoML job is to improve, also where the engine chose it; "" for any other job."""
    named = part(job.spec, "objective").get("primary_metric") or (job.spec or {}).get("primary_metric")
    return str(named or tracking.run_summary(tx, job.workspace, job.name).tags.get(METRIC_TAG) or "")


def figure(value: float) -> MetricFigure:
    """Return a metric's value as JSON can hold it."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value
