"""A sweep's trials as its handler looks at them, turn after turn: a thousand of them must be cheap."""

from __future__ import annotations

from typing import Any

from bancada.domain.lifecycle import FINAL
from bancada.engine.documents import part
from bancada.engine.handlers.views import ChildView
from bancada.store import jobs, points, tracking
from bancada.store.database import Tx
from bancada.store.jobs import JobRow, SlimChild

__all__ = ["TrialViews"]


class TrialViews:
    """Reads them. The first trials of a sweep that have ended with a value are read once.

    A value that is logged to an ended trial from outside is seen after `forget`, which is due before a sweep ends.
    Concurrency: used by the worker's thread alone.
    """

    def __init__(self) -> None:
        self._settled: dict[tuple[str, str], list[ChildView]] = {}

    def read(self, tx: Tx, sweep: JobRow) -> tuple[ChildView, ...]:
        """Return all trials by number; with the primary metric's values when the sweep has a stopping rule."""
        metric = str(part(sweep.spec, "objective")["primary_metric"])
        minimize = str(part(sweep.spec, "objective")["goal"]).lower() == "minimize"
        settled = self._settled.setdefault((sweep.workspace, sweep.name), [])
        slim = jobs.slim_children(tx, sweep.workspace, sweep.name, [metric], from_index=len(settled))
        curves: dict[str, tuple[float, ...]] = {}
        if part(sweep.spec, "early_termination"):
            logged = [one.name for one in slim if metric in one.metrics]
            curves = points.curves(tx, sweep.workspace, logged, metric)
        fresh = [_view(tx, sweep, one, metric, minimize, curves.get(one.name, ())) for one in slim]
        every = (*settled, *fresh)
        for one in fresh:
            if one.index != len(settled) or one.status not in FINAL or one.best is None:
                break
            settled.append(one)
        return every

    def forget(self, sweep: JobRow) -> None:
        """Read everything anew the next time."""
        self._settled.pop((sweep.workspace, sweep.name), None)


def _view(tx: Tx, sweep: JobRow, trial: SlimChild, metric: str, minimize: bool, curve: tuple[float, ...]) -> ChildView:
    logged = trial.metrics.get(metric)
    best = None if logged is None else (logged.minimum if minimize else logged.maximum)
    # Only for the few trials that went wrong: what they did log, and why they failed.
    names: tuple[str, ...] = ()
    error: dict[str, Any] | None = None
    if trial.status in FINAL and best is None:
        names = tuple(tracking.run_summary(tx, sweep.workspace, trial.name).metrics)
    if trial.status == "Failed":
        row = jobs.get(tx, sweep.workspace, trial.name)
        error = row.error if row else None
    return ChildView(
        name=trial.name,
        index=trial.index or 0,
        status=trial.status,
        point=dict(trial.params),
        best=best,
        metrics=names,
        curve=curve,
        started_at=trial.started_at,
        ended_at=trial.ended_at,
        error=error,
    )
