"""Notices that processes end: one thread for all of them. Not for what their end means."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from bancada.runtime import proc

__all__ = ["Watcher"]

logger = logging.getLogger(__name__)

# Where there is no pidfd (macOS, old kernels): how late an end may be noticed.
_POLL_S = 0.1


@dataclass(frozen=True)
class _Watched:
    pid: int
    start: str
    on_end: Callable[[], None]


class Watcher:
    """Calls back when a process ends; also reaps it when it is a child of this process.

    Linux: a pidfd for each process in one epoll, so that nothing is polled. Elsewhere the process table is read
    ten times a second while something is watched.
    Concurrency: `watch` and `close` from any thread; callbacks come from the watching thread, one at a time, so
    they must hand long work to somebody else.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_pidfd: dict[int, _Watched] = {}
        self._polled: list[_Watched] = []
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._wakeup, self._wakeup_end = os.pipe()
        self._poll = select.epoll() if hasattr(select, "epoll") else select.poll()
        self._poll.register(self._wakeup, select.POLLIN)

    def watch(self, pid: int, start: str, on_end: Callable[[], None]) -> None:
        """Call `on_end` once when the process `pid`, started at `start`, has ended, or if it already has."""
        watched = _Watched(pid, start, on_end)
        pidfd = self._open(pid)
        with self._lock:
            if self._is_closed:
                _close(pidfd)
                return
            # With the pidfd open the number cannot be given to somebody else, so now the start tells.
            if pidfd is not None and proc.start_of(pid) == start:
                self._by_pidfd[pidfd] = watched
                self._poll.register(pidfd, select.POLLIN)
            else:
                _close(pidfd)
                self._polled.append(watched)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bancada-watcher", daemon=True)
                self._thread.start()
        self._wake()

    def close(self) -> None:
        """Stop watching. No callback comes afterwards."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        self._wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        for pidfd in self._by_pidfd:
            os.close(pidfd)
        if isinstance(self._poll, select.epoll):
            self._poll.close()
        os.close(self._wakeup)
        os.close(self._wakeup_end)

    def _open(self, pid: int) -> int | None:
        if not (hasattr(os, "pidfd_open") and isinstance(self._poll, select.epoll)):
            return None
        try:
            return os.pidfd_open(pid)
        except OSError:
            return None  # gone, or no descriptors left: both are found out by looking

    def _run(self) -> None:
        while not self._is_closed:
            for watched in self._wait():
                if not self._is_closed:
                    _finish(watched)

    def _wait(self) -> list[_Watched]:
        # Seconds for epoll, milliseconds for poll; only the latter has a process table to look at in between.
        unit = 1 if isinstance(self._poll, select.epoll) else 1000
        ready = [descriptor for descriptor, _ in self._poll.poll(_POLL_S * unit if self._polled else None)]
        if self._wakeup in ready:
            os.read(self._wakeup, 4096)
        with self._lock:
            over = [self._take(pidfd) for pidfd in ready if pidfd in self._by_pidfd]
            gone = [one for one in self._polled if not proc.is_alive(one.pid, one.start)]
            self._polled = [one for one in self._polled if one not in gone]
        return over + gone

    def _take(self, pidfd: int) -> _Watched:
        self._poll.unregister(pidfd)
        os.close(pidfd)
        return self._by_pidfd.pop(pidfd)

    def _wake(self) -> None:
        with suppress(OSError):
            os.write(self._wakeup_end, b"!")


def _finish(watched: _Watched) -> None:
    if proc.start_of(watched.pid) == watched.start:  # a zombie, and perhaps ours
        with suppress(ChildProcessError):
            os.waitpid(watched.pid, os.WNOHANG)
    try:
        watched.on_end()
    # The callback is somebody else's code; one that fails must not end the watch over everybody.
    except Exception:
        logger.exception("the callback for the end of process %d failed", watched.pid)


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
