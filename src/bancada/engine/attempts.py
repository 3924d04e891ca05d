"""Starts and ends the attempts of command jobs, and adopts those that outlived a server. Runs on the pool."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from bancada.engine.builds import Builds
from bancada.engine.core import Core
from bancada.engine.paths import launch_name
from bancada.engine.staging import Staging
from bancada.engine.worker import Pool
from bancada.errors import BancadaError, LaunchFailed, StorageFull
from bancada.ids import token_hash
from bancada.store import attempts, events, jobs, queue
from bancada.store.attempts import Attempt
from bancada.store.database import Tx
from bancada.store.jobs import JobRow
from bancada.store.queue import Subject

__all__ = ["AttemptRunner", "launch_id"]

logger = logging.getLogger(__name__)

# How often what an attempt left is tried to be kept; between two tries, `retry` is called by the worker. A disk that
# is full for longer than a minute costs the attempt.
TRIES = 6
AUTOML_GRACE_S = 60.0


def launch_id(workspace: str, job: str, number: int) -> str:
    """Return the id of an attempt: unique in the home, and a legal folder name."""
    return launch_name(workspace, job, str(number))


class AttemptRunner:
    """What happens between the commit of an attempt and the commit of its exit.

    Invariant: an attempt row that is open is looked after by exactly one of: the pool (staging, starting,
    collecting), or the executor's watch. After a crash `adopt` re-establishes that.
    """

    def __init__(self, core: Core, staging: Staging, builds: Builds, pool: Pool) -> None:
        self._core = core
        self._staging = staging
        self._builds = builds
        self._pool = pool
        # Attempts whose next step failed (a full disk, say) and how often; `retry` takes them up again.
        # Appended to by the pool, emptied by the worker: both ends of a deque are safe without a lock.
        self._failed: deque[JobRow] = deque()
        self._tries: Counter[str] = Counter()

    def commit(self, tx: Tx, row: JobRow, number: int) -> JobRow:
        """Write the attempt and the job's move to Starting; `launch` follows after the commit."""
        name = launch_id(row.workspace, row.name, number)
        token = self._core.attempt_token(name, row.created_at)
        attempts.insert(tx, row.workspace, row.name, number, name, token_hash(token), at=self._core.clock.now())
        return jobs.update(
            tx,
            replace(row, status="Starting", attempt=number, state=_without_reason(row.state), reported_status=None),
            expect_revision=row.revision,
        )

    def launch(self, row: JobRow) -> None:
        """Stage and start the attempt that was just committed, on the pool."""
        self._tend(row, self._start)

    def _tend(self, row: JobRow, step: Callable[[JobRow], None]) -> None:
        """Run a step on the pool; an attempt whose step fails is not forgotten."""

        def guarded() -> None:
            try:
                step(row)
            except Exception:
                self._failed.append(row)
                raise

        self._pool.submit(guarded)

    def retry(self) -> None:
        """Take up again the attempts whose last step failed."""
        for _ in range(len(self._failed)):
            self._take_over(self._failed.popleft())

    def _start(self, row: JobRow) -> None:
        name = launch_id(row.workspace, row.name, row.attempt)
        began = time.monotonic()
        try:
            self._execute(row, name)
        except BancadaError as error:
            self._end(row, {"reason": "could_not_start", "message": error.message})
            return
        # A full disk or a broken interpreter: the user reads the reason on the job, the log has the traceback.
        except Exception as error:
            logger.exception("attempt %s could not be started", name)
            self._end(row, {"reason": "could_not_start", "message": f"{type(error).__name__}: {error}"})
            return
        logger.debug("attempt %s started after %.1f ms", name, (time.monotonic() - began) * 1000)
        self._running(row)
        self._watch(row)

    def _execute(self, row: JobRow, name: str) -> None:
        environment = self._builds.find(row.state["environment"])
        if environment is None:
            raise LaunchFailed("The environment vanished from the cache while the job waited; submit it again.")
        token = self._core.attempt_token(name, row.created_at)
        self._core.executor.start(self._staging.prepare(row, name, token, environment))

    def _running(self, row: JobRow) -> None:
        now = self._core.clock.now()

        def commit(tx: Tx) -> None:
            fresh = jobs.get(tx, row.workspace, row.name)
            if fresh is None or fresh.attempt != row.attempt or fresh.status not in ("Starting", "CancelRequested"):
                return
            status = "Running" if fresh.status == "Starting" else fresh.status
            started = fresh.started_at or now
            jobs.update(tx, replace(fresh, status=status, started_at=started), expect_revision=fresh.revision)
            events.append(tx, row.workspace, "job", row.name, "Running", "worker", {"attempt": row.attempt})
            if fresh.status == "CancelRequested":
                queue.put(tx, Subject(row.workspace, "job", row.name), due_at=now)

        self._core.db.write(commit)

    def _watch(self, row: JobRow) -> None:
        folder = self._core.paths.launch(launch_id(row.workspace, row.name, row.attempt))
        self._core.executor.watch(folder, lambda _folder: self._tend(row, self.finish))

    def finish(self, row: JobRow) -> None:
        """Collect what the attempt left and commit its exit; the job's turn decides what that means."""
        folder = self._core.paths.launch(launch_id(row.workspace, row.name, row.attempt))
        state, ended = self._core.executor.state(folder)
        if state == "running":
            self._watch(row)
            return
        outcome = asdict(ended) if ended is not None else {"reason": "lost"}
        self._end(row, outcome)

    def _end(self, row: JobRow, outcome: dict[str, Any]) -> None:
        name = launch_id(row.workspace, row.name, row.attempt)
        last_lines, problem = self._collect(row, name)
        # When its process ended, and when what it left was kept.
        ended = {"process_ended_at": outcome.get("ended_at"), "ended_at": self._core.clock.now()}
        document = {**outcome, "last_lines": list(last_lines), **ended}
        if problem and outcome["reason"] != "could_not_start":
            document |= {"reason": "not_collected", "message": problem}

        def commit(tx: Tx) -> None:
            attempts.end(tx, row.workspace, row.name, row.attempt, document)
            queue.put(tx, Subject(row.workspace, "job", row.name), due_at=self._core.clock.now())

        self._core.db.write(commit)
        self._tries.pop(name, None)
        if not problem:
            self._staging.clean(name)

    def _collect(self, row: JobRow, name: str) -> tuple[Sequence[str], str]:
        """Return the last lines, and why the outputs could not be kept, if so. Raises while there is hope."""
        try:
            return self._staging.collect(row, name).last_lines, ""
        except (BancadaError, OSError) as error:
            self._tries[name] += 1
            if isinstance(error, StorageFull) and self._tries[name] < TRIES:
                raise
            logger.warning("what attempt %s left could not be kept: %s", name, error)
            return (), error.message if isinstance(error, BancadaError) else f"{type(error).__name__}: {error}"

    def stop(self, row: JobRow) -> None:
        """End the running attempt."""
        folder = self._core.paths.launch(launch_id(row.workspace, row.name, row.attempt))
        grace_s = self._core.settings.stop_grace_s
        # AutoML keeps the best so far: it must save a model first.
        self._core.executor.stop(folder, max(grace_s, AUTOML_GRACE_S) if row.type == "automl" else grace_s)

    def clear(self, row: JobRow) -> None:
        """Remove, on the pool, what lies beside the attempts of a job that has ended."""
        if row.type == "automl":
            self._pool.submit(lambda: self._staging.clear_job(row))

    def adopt(self) -> list[Attempt]:
        """Take over every open attempt; return those that still hold a slot."""
        held: list[Attempt] = []
        for attempt in self._core.db.read(attempts.open_):
            row = self._row(attempt)
            if row is None or row.attempt != attempt.number:
                self._forget(attempt)
                continue
            held.append(attempt)
            self._take_over(row)
        return held

    def _take_over(self, row: JobRow) -> None:
        name = launch_id(row.workspace, row.name, row.attempt)
        state, _ = self._core.executor.state(self._core.paths.launch(name))
        logger.info("attempt %s is %s", name, state)
        if state == "running":
            self._tend(row, self._resume)
        elif state == "unknown":
            # Committed, but never started: no keeper made its folder. Starting is idempotent per id.
            self.launch(row)
        else:
            self._tend(row, self.finish)

    def _resume(self, row: JobRow) -> None:
        self._running(row)
        self._watch(row)

    def _row(self, attempt: Attempt) -> JobRow | None:
        return self._core.db.read(lambda tx: jobs.get(tx, attempt.workspace, attempt.job))

    def _forget(self, attempt: Attempt) -> None:
        self._core.executor.stop(self._core.paths.launch(attempt.launch_folder), 0.0)
        self._core.db.write(
            lambda tx: attempts.end(tx, attempt.workspace, attempt.job, attempt.number, {"reason": "superseded"})
        )


def _without_reason(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key not in ("reason", "position")}
