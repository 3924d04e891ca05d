"""An executor that starts nothing: tests say how each launch ends. Part of the package, for everybody's tests."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bancada.errors import LaunchFailed
from bancada.executors import Exit, ExitReason, Launch, LaunchState

__all__ = ["MemoryExecutor"]

logger = logging.getLogger(__name__)


class MemoryExecutor:
    """Keeps launches in memory (see `Executor` for the promises). Callbacks come from the thread that ends one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Every launch that was started, by id, in order.
        self.launches: dict[str, Launch] = {}
        # The folders' names that `stop` was called for, also of launches that were over.
        self.stopped: list[str] = []
        self.preheated: list[Launch] = []
        self._exits: dict[Path, Exit] = {}
        self._watchers: dict[Path, list[Callable[[Path], None]]] = {}
        self._started_at: dict[Path, float] = {}
        self._failure: str | None = None

    def start(self, launch: Launch) -> None:
        """Note the launch as running."""
        with self._lock:
            if launch.folder in self._started_at:
                return
            self.launches[launch.id] = launch
            self._started_at[launch.folder] = time.time()
            failure, self._failure = self._failure, None
        if failure is not None:
            self._end(launch.folder, reason="could_not_start", message=failure)
            raise LaunchFailed(failure, launch=launch.id)

    def state(self, folder: Path) -> tuple[LaunchState, Exit | None]:
        """Return what was said about the launch."""
        with self._lock:
            if folder not in self._started_at:
                return "unknown", None
            ended = self._exits.get(folder)
        if ended is None:
            return "running", None
        return ("lost" if ended.reason == "lost" else "exited"), ended

    def stop(self, folder: Path, grace_s: float = 5.0) -> None:
        """End the launch at once, as a process would that obeys SIGTERM."""
        with self._lock:
            self.stopped.append(folder.name)
        if self.state(folder)[0] == "running":
            self._end(folder, signal=15, reason="stopped")

    def watch(self, folder: Path, on_exit: Callable[[Path], None]) -> None:
        """Call back when the launch is ended."""
        with self._lock:
            if folder in self._started_at and folder not in self._exits:
                self._watchers.setdefault(folder, []).append(on_exit)
                return
        on_exit(folder)

    def preheat(self, launch: Launch) -> None:
        """Note the wish."""
        with self._lock:
            self.preheated.append(launch)

    def close(self) -> None:
        """Do nothing: there is nothing to stop."""

    # What tests call.

    def finish(
        self,
        launch_id: str,
        code: int | None = 0,
        *,
        signal: int | None = None,
        reason: ExitReason = "exited",
        message: str = "",
    ) -> None:
        """End a launch."""
        ended_code = None if signal is not None else code
        self._end(self.launches[launch_id].folder, ended_code, signal=signal, reason=reason, message=message)

    def lose(self, launch_id: str) -> None:
        """End a launch as if its keeper had been killed."""
        self._end(self.launches[launch_id].folder, reason="lost", message="The process that watched it died.")

    def fail_next(self, message: str) -> None:
        """Let the next start fail."""
        with self._lock:
            self._failure = message

    def _end(
        self,
        folder: Path,
        code: int | None = None,
        *,
        signal: int | None = None,
        reason: ExitReason,
        message: str = "",
    ) -> None:
        with self._lock:
            if folder in self._exits:
                return
            began, now = self._started_at[folder], time.time()
            self._exits[folder] = Exit(code, signal, reason, began, now, 0.0, 0, message)
            watchers = self._watchers.pop(folder, [])
        for on_exit in watchers:
            try:
                on_exit(folder)
            # As in every executor: one bad callback is no reason for the others to hear nothing.
            except Exception:
                logger.exception("the callback for the end of %s failed", folder.name)
