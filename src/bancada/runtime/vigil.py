"""Waits for one child process and ends it when it must end: time limit, stop, leftovers. Not for starting it."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any, Callable, Dict, List, Optional, Set

from . import proc

__all__ = ["GRACE_S", "Vigil"]

# For a stop that nobody gave a grace for (the machine shuts down), and for the time limit.
GRACE_S = 5.0
# What a process leaves behind (joblib's trackers, shells in the background) may clean up for so long.
_LEFTOVER_S = 1.0
# After SIGKILL only a process stuck in the kernel is left; better an exit than none.
_STUCK_S = 5.0
# How often SIGKILL is repeated: a group that forks while it is being killed may miss one.
_AGAIN_S = 0.2
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Vigil:
    """The wait of a keeper. Make it before the child is forked: it owns the process' signals from then on.

    Linux: orphaned descendants become children of the keeper (`reaps_orphans`), so all of them are found, also
    those that left the child's session. Elsewhere only that session is ended.
    """

    def __init__(self, reaps_orphans: bool) -> None:
        self._reaps_orphans = reaps_orphans
        self._pid = 0
        self._start = ""
        self._status: Optional[int] = None
        self._has_children = False
        self._ended_at = 0.0
        self._cpu_s = 0.0
        self._peak_rss_bytes = 0
        # Why the launch is being ended ("timeout", "stopped"); empty while nobody wants its end.
        self._ending = ""
        self._is_stop_asked = False
        self._wakeup, self._wakeup_end = os.pipe()
        os.set_blocking(self._wakeup, False)
        os.set_blocking(self._wakeup_end, False)
        signal.set_wakeup_fd(self._wakeup_end, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            # The handler is empty: what counts is the byte that every signal with a handler writes into the pipe.
            signal.signal(number, _nothing)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    def close_in_child(self) -> None:
        """Give up, in the forked child, what belongs to the keeper."""
        proc.reset_signals()
        os.close(self._wakeup)
        os.close(self._wakeup_end)

    def begin(self, pid: int, start: str) -> None:
        """Name the child, the founder of its own session."""
        self._pid = pid
        self._start = start

    def keep(self, timeout_s: Optional[float], grace_s: Callable[[], float]) -> None:
        """Wait until the child and everything that it left behind is gone.

        A SIGTERM to this process ends the child: SIGTERM, then SIGKILL after `grace_s()` seconds.
        """
        deadline = _after(timeout_s)
        kill_at: Optional[float] = None
        self._reap()
        while self._status is None:
            due = deadline if kill_at is None else kill_at
            self._sleep(due)
            self._reap()
            if self._status is not None:
                break
            if self._is_stop_asked:
                self._is_stop_asked = False
                self._ask_to_end("stopped")
                asked = time.monotonic() + grace_s()
                kill_at = asked if kill_at is None else min(kill_at, asked)
            elif due is None or time.monotonic() < due:
                continue
            elif kill_at is None:
                self._ask_to_end("timeout")
                kill_at = time.monotonic() + GRACE_S
            else:
                self._signal_group(signal.SIGKILL)
                kill_at = time.monotonic() + _AGAIN_S
        self._end_leftovers(_LEFTOVER_S)

    def abandon(self) -> None:
        """Kill the child and its descendants now."""
        if self._pid and self._status is None:
            self._signal_group(signal.SIGKILL)
            proc.send_signal(self._pid, signal.SIGKILL)
            while self._status is None:
                self._sleep(None)
                self._reap()
        self._end_leftovers(0.0)

    def outcome(self) -> Dict[str, Any]:
        """Return how the child ended, in the form of `exit.json` (without `started_at`)."""
        status = self._status or 0
        killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        return {
            "code": None if killed_by else os.WEXITSTATUS(status),
            "signal": killed_by,
            "reason": self._ending or ("killed" if killed_by else "exited"),
            "ended_at": self._ended_at,
            "cpu_s": round(self._cpu_s, 6),
            "peak_rss_bytes": self._peak_rss_bytes,
        }

    def _ask_to_end(self, why: str) -> None:
        self._ending = self._ending or why
        self._signal_group(signal.SIGTERM)
        self._signal_group(signal.SIGCONT)  # a stopped process cannot act upon the first

    def _signal_group(self, number: int) -> None:
        # Safe while the child is not reaped: its number, and so its group's, cannot be anybody else's.
        with suppress(ProcessLookupError, PermissionError):  # macOS says "permission" of a group of zombies
            os.killpg(self._pid, number)

    def _sleep(self, until: Optional[float]) -> None:
        timeout = None if until is None else max(0.0, until - time.monotonic())
        if not select.select([self._wakeup], [], [], timeout)[0]:
            return
        if signal.SIGTERM in os.read(self._wakeup, 4096):
            self._is_stop_asked = True

    def _reap(self) -> None:
        self._has_children = True
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                self._has_children = False
                return
            if pid == 0:
                return
            self._cpu_s += usage.ru_utime + usage.ru_stime
            self._peak_rss_bytes = max(self._peak_rss_bytes, usage.ru_maxrss * _RSS_UNIT)
            if pid == self._pid:
                self._status = status
                self._ended_at = time.time()

    def _end_leftovers(self, grace_s: float) -> None:
        kill_at = time.monotonic() + grace_s
        told: Set[int] = set()
        while True:
            left = self._leftovers()
            if not left or time.monotonic() > kill_at + _STUCK_S:
                return
            if time.monotonic() >= kill_at:
                _signal_all(left, signal.SIGKILL)
                self._sleep(time.monotonic() + 0.02)
            else:
                _signal_all([pid for pid in left if pid not in told], signal.SIGTERM)
                told.update(left)
                # Their deaths wake this up where they are our children; where not, the time limit does.
                self._sleep(min(kill_at, time.monotonic() + 0.1))
            self._reap()

    def _leftovers(self) -> List[int]:
        if self._has_children:
            return proc.children_of(os.getpid()) or proc.members_of(self._pid, self._start)
        # Without children and with orphans coming to us, there is nobody; no need to read the process table.
        return [] if self._reaps_orphans else proc.members_of(self._pid, self._start)


def _signal_all(pids: List[int], number: int) -> None:
    for pid in pids:
        proc.send_signal(pid, number)


def _nothing(*_: Any) -> None:
    pass


def _after(timeout_s: Optional[float]) -> Optional[float]:
    return None if timeout_s is None else time.monotonic() + timeout_s
