"""Tells whoever watches a workspace which jobs logged metrics, at most twice a second. Not what they logged."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

__all__ = ["Heard", "MetricNews"]

# What a chart needs to look alive; each costs its reader a request for every chart on the page.
PAUSE_S = 0.5


class Heard:
    """What one watcher has not been told yet.

    Concurrency: `note` may be called from any thread; everything else belongs to the event loop that made it.
    """

    def __init__(self, workspace: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.workspace = workspace
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._jobs: set[str] = set()
        self._came = asyncio.Event()
        self._last_told = -PAUSE_S

    def note(self, job: str) -> None:
        """Take note that a job logged something. Does not wait."""
        with self._lock:
            is_first = not self._jobs
            self._jobs.add(job)
        if is_first:
            with suppress(RuntimeError):  # the loop was closed meanwhile: nobody watches there any more
                self._loop.call_soon_threadsafe(self._came.set)

    async def wait(self) -> None:
        """Return when there is something to tell and the pause since the last time is over."""
        await self._came.wait()
        left = self._last_told + PAUSE_S - self._clock()
        if left > 0:
            await asyncio.sleep(left)

    def take(self) -> list[str]:
        """Return the jobs to tell of now; none while the pause lasts."""
        if self._clock() < self._last_told + PAUSE_S:
            return []
        with self._lock:
            jobs, self._jobs = self._jobs, set()
            self._came.clear()
        if jobs:
            self._last_told = self._clock()
        return sorted(jobs)


class MetricNews:
    """A listener of metrics that passes them to those who watch. Costs one look at a tuple while nobody does.

    Concurrency: told of metrics in the writer's threads; watched from event loops.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Replaced as a whole, so that the writer's thread reads it without a lock.
        self._watchers: tuple[Heard, ...] = ()

    def __call__(self, workspace: str, run: str, keys: tuple[str, ...]) -> None:
        """Tell the watchers of the workspace. Does not wait."""
        del keys
        for one in self._watchers:
            if one.workspace == workspace:
                one.note(run)

    @contextmanager
    def watch(self, workspace: str) -> Generator[Heard]:
        """Watch a workspace as long as the block lasts."""
        heard = Heard(workspace)
        with self._lock:
            self._watchers = (*self._watchers, heard)
        try:
            yield heard
        finally:
            with self._lock:
                self._watchers = tuple(one for one in self._watchers if one is not heard)
