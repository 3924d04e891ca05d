"""What every part of the engine is given: store, artifacts, executor, settings, clock, and news of changes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bancada.engine.paths import HomePaths
from bancada.executors import Executor
from bancada.ids import Clock
from bancada.settings import Settings
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database

__all__ = ["Addresses", "Changes", "Core", "Document"]


@dataclass(frozen=True)
class Document:
    """A resource as faces show it: its JSON body, and the revision that long polls and ETags use."""

    body: dict[str, Any]
    revision: int


@dataclass
class Addresses:
    """Where server and gateway are reached; known only once their ports are bound."""

    server: str = "http://127.0.0.1:7280"
    gateway: str = "http://127.0.0.1:7281"

    def tracking(self, workspace: str) -> str:
        """Return the MLflow tracking URI of a workspace."""
        return f"{self.server}/mlflow/{workspace}"

    def scoring(self, workspace: str, endpoint: str) -> str:
        """Return the scoring URI of an endpoint."""
        return f"{self.gateway}/endpoints/{workspace}/{endpoint}/score"


class Changes:
    """Tells threads and coroutines that something was committed. Carries no content: who wakes reads again.

    Concurrency: `announce` may be called from any thread; each waiter sees every announcement made after it
    took its `mark`.
    """

    def __init__(self) -> None:
        self._count = 0
        self._condition = threading.Condition()
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def announce(self) -> None:
        """Wake everybody who waits."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()
            waiters = list(self._waiters)
        for loop, event in waiters:
            with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits there any more
                loop.call_soon_threadsafe(event.set)

    @property
    def mark(self) -> int:
        """The number of announcements so far."""
        return self._count

    def wait(self, mark: int, timeout_s: float) -> int:
        """Block until there is news after `mark` or the time is over; return the new mark."""
        with self._condition:
            self._condition.wait_for(lambda: self._count != mark, timeout_s)
            return self._count

    async def wait_async(self, mark: int, timeout_s: float) -> int:
        """Do the same without blocking the event loop."""
        event = asyncio.Event()
        waiter = (asyncio.get_running_loop(), event)
        with self._condition:
            if self._count != mark:
                return self._count
            self._waiters.add(waiter)
        try:
            await asyncio.wait_for(event.wait(), timeout_s)
        except TimeoutError:
            pass
        finally:
            with self._condition:
                self._waiters.discard(waiter)
        return self._count


@dataclass
class Core:
    """The engine's parts share one of these. Made by `app`."""

    db: Database
    artifacts: ArtifactStore
    executor: Executor
    settings: Settings
    clock: Clock
    paths: HomePaths
    # The owner's token: attempts' tokens are derived from it, so that none has to be stored.
    owner_token: str
    addresses: Addresses = field(default_factory=Addresses)
    changes: Changes = field(default_factory=Changes)

    def attempt_token(self, launch: str, submitted_at: float) -> str:
        """Return the bearer token of one attempt: the same after a restart, useless for any other attempt.

        `submitted_at` tells jobs of one name apart: a deleted job's token is none for the job that took its name.
        """
        key = f"attempt:{launch}:{submitted_at!r}".encode()
        return hmac.new(self.owner_token.encode(), key, hashlib.sha256).hexdigest()
