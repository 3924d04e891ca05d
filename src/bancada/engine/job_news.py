"""Tells whoever watches a workspace which jobs logged metrics or files, at most twice a second. Not what it was."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from typing import Literal

__all__ = ["Heard", "JobNews", "News"]

News = Literal["metrics", "files"]

# What a chart needs to look alive; each costs its reader a request for every chart on the page.
PAUSE_S = 0.5


class Heard:
    """What one watcher has not been told yet.

    Concurrency: `note` may be called from any thread; everything else belongs to the event loop that made it.
    """

    def __init__(self, workspace: str, kinds: Iterable[News], clock: Callable[[], float] = time.monotonic) -> None:
        self.workspace = workspace
        self.kinds = frozenset(kinds)
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._jobs: dict[News, set[str]] = {}
        self._came = asyncio.Event()
        self._last_told = -PAUSE_S

    def note(self, kind: News, job: str) -> None:
        """Take note that a job logged something. Does not wait."""
        with self._lock:
            is_first = not self._jobs
            self._jobs.setdefault(kind, set()).add(job)
        if is_first:
            with suppress(RuntimeError):  # the loop was closed meanwhile: nobody watches there any more
                self._loop.call_soon_threadsafe(self._came.set)

    async def wait(self) -> None:
        """Return when there is something to tell and the pause since the last time is over."""
        await self._came.wait()
        left = self._last_told + PAUSE_S - self._clock()
        if left > 0:
            await asyncio.sleep(left)

    def take(self) -> dict[News, list[str]]:
        """Return the jobs to tell of now, by what they logged; none while the pause lasts."""
        if self._clock() < self._last_told + PAUSE_S:
            return {}
        with self._lock:
            jobs, self._jobs = self._jobs, {}
            self._came.clear()
        if jobs:
            self._last_told = self._clock()
        return {kind: sorted(names) for kind, names in sorted(jobs.items())}


class JobNews:
    """A listener of metrics and files that passes them to those who watch. Costs a look at a tuple while nobody does.

    Concurrency: told in the writer's threads; watched from event loops.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Replaced as a whole, so that the writer's thread reads it without a lock.
        self._watchers: tuple[Heard, ...] = ()

    def on_metric(self, workspace: str, run: str, keys: tuple[str, ...]) -> None:
        """Tell the watchers that a run logged metrics. Does not wait."""
        del keys
        self._tell("metrics", workspace, run)

    def on_file(self, workspace: str, run: str) -> None:
        """Tell the watchers that a run has other files than before. Does not wait."""
        self._tell("files", workspace, run)

    def _tell(self, kind: News, workspace: str, run: str) -> None:
        for one in self._watchers:
            if one.workspace == workspace and kind in one.kinds:
                one.note(kind, run)

    @contextmanager
    def watch(self, workspace: str, kinds: Iterable[News]) -> Generator[Heard]:
        """Watch a workspace as long as the block lasts."""
        heard = Heard(workspace, kinds)
        with self._lock:
            self._watchers = (*self._watchers, heard)
        try:
            yield heard
        finally:
            with self._lock:
                self._watchers = tuple(one for one in self._watchers if one is not heard)
