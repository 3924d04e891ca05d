"""The loop that moves all work: claim what is due, let its turn run, sleep until something changes.

A turn never blocks for long: whatever takes time (staging, starting, collecting) runs on a bounded pool and puts
its subject back into the queue when it is done.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from bancada.engine.core import Core
from bancada.errors import BancadaError, Conflict
from bancada.store import queue
from bancada.store.database import Tx
from bancada.store.queue import Claim, Subject

__all__ = ["Chore", "Pool", "Turns", "Worker"]

T = TypeVar("T")

logger = logging.getLogger(__name__)

# A turn takes milliseconds; a lease this long only matters when the server dies inside one.
LEASE_S = 30.0
# The safe floor: news may be missed (another process on PostgreSQL), the clock is not.
IDLE_S = 2.0
# After a fault of ours the subject rests, so that a bug does not burn a core.
FAULT_PAUSE_S = 5.0
CLAIMS_AT_ONCE = 32


class Turns(Protocol):
    """One kind of subject: jobs, deployments, builds."""

    def turn(self, subject: Subject) -> float | None:
        """Advance one subject; return the time at which it wants to be looked at again, if any."""
        ...

    def adopt(self) -> None:
        """Look after what ran when the last server died, before anything new is claimed."""
        ...

    def nudge(self) -> None:
        """Take up what a fault left behind, where news may have been lost. Called every few seconds."""
        ...


@dataclass
class Chore:
    """What the worker does now and then between turns: quick, or handed to a pool."""

    every_s: float
    run: Callable[[], None]
    # When it is done for the first time after a start; None: after `every_s`.
    first_s: float | None = None
    # When it is next done, by the monotonic clock.
    due: float = 0.0


class Pool:
    """Bounded threads for blocking work. A task that fails is logged: who gave it must notice."""

    def __init__(self, size: int) -> None:
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="bancada-pool")

    def submit(self, task: Callable[[], None]) -> None:
        """Run `task` soon."""
        self._threads.submit(self._guard, task)

    @staticmethod
    def _guard(task: Callable[[], None]) -> None:
        try:
            task()
        # The pool's edge: nobody waits for the result, so the log is the only place that hears of it.
        except Exception:
            logger.exception("background work failed")

    def close(self) -> None:
        """Wait for what runs; drop what waits."""
        self._threads.shutdown(wait=True, cancel_futures=True)


class Worker:
    """Runs turns on one thread, those of the kinds in `aside` on a second one.

    Aside go turns that may have to wait for another process (the gateway's answer, a dead keeper's leftovers): jobs
    must not stand still meanwhile.
    Concurrency: one worker a database at a time (the home's lock sees to it); leases guard the rest. Turns of one
    kind never run side by side.
    """

    def __init__(
        self,
        core: Core,
        turns: dict[str, Turns],
        chores: Sequence[Chore] = (),
        *,
        aside: Collection[str] = (),
    ) -> None:
        self._core = core
        self._turns = turns
        self._chores = chores
        self._owner = uuid.uuid4().hex
        self._stopping = threading.Event()
        self._aside = frozenset(aside)
        self._second = Pool(1)
        self._thread = threading.Thread(target=self._run, name="bancada-worker", daemon=True)

    def start(self) -> None:
        """Adopt what is running, then begin to claim."""
        self._core.db.on_commit(lambda _sequence: self._core.changes.announce())
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the turn at hand and end."""
        self._stopping.set()
        self._core.changes.announce()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self._second.close()

    def _run(self) -> None:
        # The home's lock says that no other worker lives: whatever is leased was leased by a dead one.
        self._guarded(
            lambda: self._core.db.write(lambda tx: queue.requeue_expired(tx, self._core.clock.now(), everyone=True))
        )
        for turns in self._turns.values():
            self._guarded(turns.adopt)
        mark = self._core.changes.mark
        for chore in self._chores:
            chore.due = time.monotonic() + (chore.every_s if chore.first_s is None else chore.first_s)
        while not self._stopping.is_set():
            self._do_chores()
            claimed = self._guarded(self._claim_and_turn)
            if claimed:
                continue
            mark = self._core.changes.wait(mark, self._sleep_s())

    def _guarded(self, step: Callable[[], T]) -> T | None:
        try:
            return step()
        # The worker's loop: one bad subject or a database hiccup must not end all work.
        except Exception:
            if not self._stopping.is_set():
                logger.exception("the worker's step failed")
                self._stopping.wait(FAULT_PAUSE_S)
            return None

    def _do_chores(self) -> None:
        for chore in self._chores:
            if chore.due <= time.monotonic():
                self._guarded(chore.run)
                chore.due = time.monotonic() + chore.every_s

    def _sleep_s(self) -> float:
        due = self._guarded(lambda: self._core.db.read(queue.next_due))
        chore_s = min([one.due - time.monotonic() for one in self._chores] or [IDLE_S])
        turn_s = IDLE_S if due is None else due - self._core.clock.now()
        return max(0.0, min(IDLE_S, turn_s, chore_s))

    def _claim_and_turn(self) -> int:
        now = self._core.clock.now()
        due = self._core.db.read(queue.next_due)
        if due is None or due > now:
            return 0
        claims = self._core.db.write(lambda tx: self._claim(tx, now))
        for claim in claims:
            if self._stopping.is_set():
                break
            if claim.subject.kind in self._aside:
                self._second.submit(partial(self._take, claim))
            else:
                self._take(claim)
        return len(claims)

    def _claim(self, tx: Tx, now: float) -> list[Claim]:
        claims = queue.claim(tx, self._owner, LEASE_S, now, CLAIMS_AT_ONCE)
        if not claims and queue.requeue_expired(tx, now):
            # The end of a turn could not be committed (a full disk, say): its subject is looked at afresh.
            claims = queue.claim(tx, self._owner, LEASE_S, now, CLAIMS_AT_ONCE)
        return claims

    def _take(self, claim: Claim) -> None:
        again: float | None
        try:
            again = self._turns[claim.subject.kind].turn(claim.subject)
        except Conflict:
            # Somebody else moved the row first: look at it afresh at once.
            again = self._core.clock.now()
        except BancadaError as error:
            logger.warning("%s %s: %s", claim.subject.kind, claim.subject.name, error.message)
            again = self._core.clock.now() + FAULT_PAUSE_S
        # The worker's loop: a bug in one handler must not stop the others.
        except Exception:
            logger.exception("turn of %s %s failed", claim.subject.kind, claim.subject.name)
            again = self._core.clock.now() + FAULT_PAUSE_S
        if again is None:
            self._core.db.write(lambda tx: queue.done(tx, claim))
        else:
            due = again
            self._core.db.write(lambda tx: queue.release(tx, claim, due))
