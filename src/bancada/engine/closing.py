"""What becomes of work when the platform goes down: jobs cancelled, put back or left; replicas and builds ended.

`leave` keeps jobs running without a server; they ride it out and are adopted by the next one. Replicas always end:
without the gateway nobody can reach them, and the next start brings them back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from bancada.engine.core import Core
from bancada.engine.documents import part
from bancada.engine.jobs import request_cancel
from bancada.errors import Conflict
from bancada.store import attempts, events, jobs, resources
from bancada.store.attempts import Attempt
from bancada.store.database import Tx
from bancada.store.jobs import JobRow

__all__ = ["JobsAtStop", "cancel_jobs", "end_work", "unfinished_jobs"]

logger = logging.getLogger(__name__)

JobsAtStop = Literal["cancel", "requeue", "leave"]
CANCEL_WAIT_S = 60.0  # a sweep with many trials needs some turns of the worker
END_WAIT_S = 30.0  # beyond the grace time of a launch; then its keeper has sent SIGKILL long ago
BUILDS = "environment-builds"
DEPLOYMENTS = "online-deployments"


def unfinished_jobs(core: Core) -> list[JobRow]:
    """Return the jobs that run or wait, oldest first; children count with their parent."""
    return [row for row in core.db.read(jobs.unfinished) if row.parent is None]


def cancel_jobs(core: Core, who: str) -> list[str]:
    """Cancel every job and wait until they have ended; return those that have not. The worker must still run."""

    def commit(tx: Tx) -> None:
        for row in jobs.unfinished(tx):
            if row.parent is None:
                request_cancel(tx, row, who, core.clock.now())

    core.db.write(commit)
    deadline = time.monotonic() + CANCEL_WAIT_S
    while left := unfinished_jobs(core):
        if time.monotonic() > deadline:
            return [row.name for row in left]
        core.changes.wait(core.changes.mark, 0.2)
    return []


def end_work(core: Core, choice: JobsAtStop) -> None:
    """End what shall not outlive the server. The worker has stopped: nobody else moves anything now."""
    ending = [*_end_replicas(core)]
    if choice != "leave":
        ending += [*_put_back_attempts(core), *_call_off_builds(core)]
    for folder in ending:
        core.executor.stop(folder, core.settings.stop_grace_s)
    _await_end(core, ending)


def _put_back_attempts(core: Core) -> Iterable[Path]:
    """Record first that the attempt was put back: the first account of an end stands."""

    def commit(tx: Tx) -> list[Attempt]:
        found = attempts.open_(tx)
        for one in found:
            attempts.end(tx, one.workspace, one.job, one.number, {"reason": "requeued"})
            events.append(tx, one.workspace, "job", one.job, "requeued", "owner", {"attempt": one.number})
        return found

    return [core.paths.launch(one.launch_folder) for one in core.db.write(commit)]


def _end_replicas(core: Core) -> Iterable[Path]:
    """Mark each replica as told to stop, so that the next start does not take its end for a death."""

    def commit(tx: Tx) -> list[str]:
        told: list[str] = []
        for row in resources.all_of(tx, None, DEPLOYMENTS):
            state = part(row.doc, "$state")
            replicas = [{**one, "told": True} for one in state.get("replicas", [])]
            told += [str(one["launch"]) for one in replicas]
            doc = {**row.doc, "$state": {**state, "replicas": replicas}}
            if replicas:
                resources.put(tx, replace(row, doc=doc), expect_revision=row.revision)
        return told

    return [core.paths.launch(one) for one in core.db.write(commit)]


def _call_off_builds(core: Core) -> Iterable[Path]:
    """Call builds under way off: who waits for one asks for it again."""

    def commit(tx: Tx) -> list[str]:
        found = resources.all_of(tx, "", BUILDS, state="Creating")
        for row in found:
            doc: dict[str, Any] = {**row.doc, "waiters": []}
            resources.put(tx, replace(row, doc=doc, state="Canceled"), expect_revision=row.revision)
        return [str(row.doc["launch"]) for row in found]

    return [core.paths.launch(one) for one in core.db.write(commit)]


def _await_end(core: Core, folders: Iterable[Path]) -> None:
    deadline = time.monotonic() + END_WAIT_S
    left = list(folders)
    while left := [one for one in left if core.executor.state(one)[0] == "running"]:
        if time.monotonic() > deadline:
            names = ", ".join(one.name for one in left[:5])
            raise Conflict(f"These processes did not end: {names}.")
        time.sleep(0.05)
