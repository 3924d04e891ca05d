"""Tracking and the registry, without any protocol: what MLflow's face and the engine do to runs and models.

Each request becomes an Operation (a checked function over one transaction); `Tracking` runs it. The nouns:
experiments, runs, models (logged ones), registry (names), versions, files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from bancada.engine.tracking.clashes import Clashes
from bancada.engine.tracking.experiments import Experiments
from bancada.engine.tracking.files import Files
from bancada.engine.tracking.logged_models import Models
from bancada.engine.tracking.operation import Caller, Logged, Operation, Page
from bancada.engine.tracking.registry import Registry
from bancada.engine.tracking.runs import Runs
from bancada.engine.tracking.versions import Versions
from bancada.ids import Clock
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database

__all__ = ["Caller", "FileListener", "MetricListener", "Operation", "Page", "Tracking"]

T = TypeVar("T")
# Told (workspace, run, metric keys) after the commit. Runs in the writer's thread: it must be quick, and not wait.
MetricListener = Callable[[str, str, tuple[str, ...]], None]
# Told (workspace, run) after the commit of what changed the run's files; as quick.
FileListener = Callable[[str, str], None]

_log = logging.getLogger("bancada.tracking")


class Tracking:
    """The tracking service of one home.

    Concurrency: every method may be called from any thread. Operations are made without I/O.
    """

    def __init__(self, db: Database, artifacts: ArtifactStore, clock: Clock) -> None:
        self._db = db
        clashes = Clashes()
        self.experiments = Experiments(clock, clashes)
        self.runs = Runs(clock, clashes)
        self.models = Models(clock)
        self.registry = Registry(clock)
        self.versions = Versions(clock)
        self.files = Files(artifacts)
        self.on_metric: list[MetricListener] = []
        self.on_file: list[FileListener] = []

    @property
    def reads_are_local(self) -> bool:
        """Whether a look at a few rows costs microseconds (a file), not a network's round trip."""
        return self._db.dialect == "sqlite"

    def perform(self, caller: Caller, operation: Operation[T]) -> T:
        """Run an operation and wait for its result; a write is on disk then."""
        if operation.kind == "write":
            return self.submit(caller, operation).result()
        return self._db.read(operation.act)

    def submit(self, caller: Caller, operation: Operation[T]) -> Future[T]:
        """Run a writing operation without waiting."""
        future = self._db.submit(operation.act)
        logged = operation.logged
        if logged is not None and self.on_metric:
            future.add_done_callback(lambda done: self._tell_metrics(caller.workspace, logged, done))
        if operation.changes_files and self.on_file:
            future.add_done_callback(lambda done: self._tell_files(caller.workspace, done))
        return future

    def _tell_metrics(self, workspace: str, logged: Logged, done: Future[T]) -> None:
        if done.cancelled() or done.exception() is not None:
            return
        for listener in self.on_metric:
            _told("metrics", listener, workspace, logged.run, logged.keys)

    def _tell_files(self, workspace: str, done: Future[T]) -> None:
        if done.cancelled() or done.exception() is not None:
            return
        run = done.result()
        for listener in self.on_file if isinstance(run, str) else ():
            _told("files", listener, workspace, run)


def _told(what: str, listener: Callable[..., None], *news: object) -> None:
    try:
        listener(*news)
    except Exception:  # A listener's own trouble is not the client's, and must not stop the writer.
        _log.exception("A listener of %s failed.", what)
