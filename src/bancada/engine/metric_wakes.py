"""Wakes a sweep when one of its trials has logged the primary metric, if a stopping rule wants to know."""

from __future__ import annotations

import threading
from typing import Any

from bancada.engine.core import Core
from bancada.engine.documents import part
from bancada.store import jobs, queue
from bancada.store.queue import Subject

__all__ = ["MetricWakes"]

# A rule that decides half a second late costs a trial that much; one turn for each point would cost the server more.
PAUSE_S = 0.5
# Far more runs than log at a time; when there are more, they are looked up anew.
MOST_RUNS = 10_000


class MetricWakes:
    """A listener of metrics.

    Concurrency: told of metrics in the writer's threads, and of turns in the worker's.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._lock = threading.Lock()
        # Run → (its sweep, the metric that the sweep's rule watches), or None for runs that wake nobody.
        self._watched: dict[tuple[str, str], tuple[Subject, str] | None] = {}
        # Sweep → when it was last made due here; and those whose turn has not begun since.
        self._last: dict[Subject, float] = {}
        self._waiting: set[Subject] = set()

    def __call__(self, workspace: str, run: str, keys: tuple[str, ...]) -> None:
        """Make the run's sweep due, soon, when `keys` has what its rule watches. Does not wait."""
        watched = self._sweep_of(workspace, run)
        if watched is None or watched[1] not in keys:
            return
        sweep, now = watched[0], self._core.clock.now()
        with self._lock:
            if sweep in self._waiting:
                return  # the turn that comes will see this point, too
            due = self._last[sweep] = max(now, self._last.get(sweep, 0.0) + PAUSE_S)
            self._waiting.add(sweep)
        self._core.db.submit(lambda tx: queue.put(tx, sweep, due_at=due))

    def begin_turn(self, sweep: Subject) -> None:
        """Take note that the sweep is about to be looked at: what is logged from now on needs another look."""
        with self._lock:
            self._waiting.discard(sweep)

    def _sweep_of(self, workspace: str, run: str) -> tuple[Subject, str] | None:
        key = (workspace, run)
        with self._lock:
            if key in self._watched:
                return self._watched[key]
        found = self._core.db.read(lambda tx: _watching_sweep(tx, workspace, run))
        with self._lock:
            if len(self._watched) >= MOST_RUNS:
                self._watched.clear()
                self._last.clear()
            self._watched[key] = found
        return found


def _watching_sweep(tx: Any, workspace: str, run: str) -> tuple[Subject, str] | None:
    trial = jobs.get(tx, workspace, run)
    if trial is None or trial.type is None or trial.parent is None:
        return None
    parent = jobs.get(tx, workspace, trial.parent)
    if parent is None or not part(parent.spec, "early_termination"):
        return None
    metric = part(parent.spec, "objective").get("primary_metric")
    return Subject(workspace, "job", parent.name), str(metric)
