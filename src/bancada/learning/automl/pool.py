"""Workers as the scheduler sees them: start a task, wait for what ended, stop what takes too long or too much.

Whatever a worker does (an exception, a crash, a hang, a memory bomb) comes back as one `Done` with an error.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Protocol

from .nursery import FORK, KILL, message

__all__ = ["Done", "Pool", "Workers"]

# How often running workers are looked at for memory and time.
_LOOK_EVERY_S = 0.2
# Until the first workers are there, libraries are imported: seconds, and on a busy machine many.
_STARTING_S = 60.0
# A nursery that dies this often has a reason that a new one does not cure.
_MOST_NURSERIES = 3
# One thread a model, models side by side: two OpenMP threads that wait for each other by spinning are 6 to 13 times
# slower than one as soon as somebody else wants a core (measured; docs/concepts/automl.md).
_VARIABLES = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "PYTHONWARNINGS": "ignore",
}


@dataclass(frozen=True)
class Done:
    """One task that has ended."""

    key: Any
    # What the worker returned; None with an error.
    value: Any = None
    error: str | None = None


class Workers(Protocol):
    """What the scheduler needs of a pool; a fake one with a fake clock stands in for it in tests."""

    size: int

    @property
    def idle(self) -> int:
        """How many more tasks can be started."""
        ...

    def start(self, key: Any, task: Any, limit_s: float) -> None:
        """Start a task; after `limit_s` it is ended by force."""
        ...

    def wait(self, seconds: float) -> list[Done]:
        """Return what has ended, after at most so many seconds."""
        ...

    def stop(self, key: Any) -> None:
        """End a task by force; no `Done` comes for it."""
        ...


@dataclass
class _Worker:
    connection: Connection
    # None until it has said who it is.
    pid: int | None = None
    key: Any = None
    is_busy: bool = False
    ends_at: float = float("inf")
    limit_s: float = 0.0


@dataclass
class Pool:
    """Worker processes of one run."""

    size: int
    # The folder that workers read the problem from.
    folder: Path
    # Private bytes that one worker may hold.
    memory_bytes: int
    _workers: list[_Worker] = field(default_factory=list[_Worker])
    _nursery: Any = None
    _control: Any = None
    _nurseries: int = 0

    def __enter__(self) -> Pool:
        """Start the nursery; workers come when they are needed."""
        self._raise_nursery()
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes."""
        for worker in list(self._workers):
            self._end(worker)
        self._control.close()
        try:
            self._nursery.wait(0.2)
        except subprocess.TimeoutExpired:  # it imports; there is nothing that it could lose
            self._nursery.kill()
            self._nursery.wait()

    @property
    def idle(self) -> int:
        """How many more tasks can be started."""
        return self.size - sum(worker.is_busy for worker in self._workers)

    def start(self, key: Any, task: Any, limit_s: float) -> None:
        """Give a task to an idle worker."""
        worker = next((one for one in self._workers if not one.is_busy), None) or self._fork()
        worker.key, worker.is_busy = key, True
        # A worker that is not there yet has its time from its first word on.
        worker.limit_s, worker.ends_at = limit_s, time.monotonic() + limit_s + (0 if worker.pid else _STARTING_S)
        try:
            worker.connection.send((str(self.folder), self.memory_bytes, task))
        except OSError:  # it died idle; the next look says so
            worker.ends_at = 0.0

    def wait(self, seconds: float) -> list[Done]:
        """Return what has ended."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            ready = wait([one.connection for one in self._workers], max(0.0, min(left, _LOOK_EVERY_S)))
            found = [one for worker in list(self._workers) if worker.connection in ready for one in self._hear(worker)]
            found += self._look()
            if found or left <= 0:
                return found

    def stop(self, key: Any) -> None:
        """End a task by force."""
        for worker in list(self._workers):
            if worker.is_busy and worker.key == key:
                self._end(worker)

    def running(self) -> Sequence[Any]:
        """Return the keys of the running tasks."""
        return [worker.key for worker in self._workers if worker.is_busy]

    def _hear(self, worker: _Worker) -> list[Done]:
        """Take one message of a worker, or its end."""
        try:
            kind, value = worker.connection.recv()
        except (EOFError, OSError):
            return self._lost(worker, "the process that trained it ended without a word: it crashed")
        if kind == "pid":
            worker.pid = value
            worker.ends_at = time.monotonic() + worker.limit_s
            return []
        worker.is_busy = False
        worker.ends_at = float("inf")
        return [Done(worker.key, value) if kind == "value" else Done(worker.key, error=value)]

    def _look(self) -> list[Done]:
        """End workers that take too long or too much."""
        found: list[Done] = []
        if self._nursery.poll() is not None:
            found += [done for worker in list(self._workers) for done in self._lost(worker, "all workers were lost")]
            self._raise_nursery()
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.is_busy and now > worker.ends_at:
                found += self._lost(worker, f"it took longer than its {worker.limit_s:.0f} s and was ended")
            elif worker.pid and (held := _private_bytes(worker.pid)) > self.memory_bytes:
                amount = f"{held / 2**20:.0f} MB, more than the {self.memory_bytes / 2**20:.0f} MB it may have"
                found += self._lost(worker, f"it held {amount}, and was ended")
        return found

    def _lost(self, worker: _Worker, reason: str) -> list[Done]:
        self._end(worker)
        return [Done(worker.key, error=reason)] if worker.is_busy else []

    def _end(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        if worker.pid is None:
            _listen_for_pid(worker)
        if worker.pid:
            self._order(message(KILL, worker.pid))
        worker.connection.close()

    def _fork(self) -> _Worker:
        ours, theirs = socket.socketpair()
        worker = _Worker(Connection(ours.detach()))
        self._workers.append(worker)
        with contextlib.suppress(OSError):  # the nursery is gone: the next look raises a new one
            socket.send_fds(self._control, [message(FORK)], [theirs.fileno()])
        theirs.close()
        return worker

    def _order(self, content: bytes) -> None:
        with contextlib.suppress(OSError):  # the nursery is gone, and its children with it
            self._control.send(content)

    def _raise_nursery(self) -> None:
        self._nurseries += 1
        if self._nurseries > _MOST_NURSERIES:
            raise RuntimeError("The process that starts workers ended several times. Is memory short on this machine?")
        if self._control is not None:
            self._control.close()
        package = __package__ or ""
        root = Path(__file__).resolve().parents[package.count(".") + 1]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        program = (
            "import sys; sys.path.insert(0, sys.argv[1]); from importlib import import_module; "
            "import_module(sys.argv[2] + '.nursery').main(int(sys.argv[3]))"
        )
        self._nursery = subprocess.Popen(
            [sys.executable, "-c", program, str(root), package, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, **_VARIABLES},
        )
        theirs.close()
        self._control = ours


def _listen_for_pid(worker: _Worker) -> None:
    """Take a worker's first message if it is there. Without it the worker has not begun, and ends by itself."""
    try:
        if worker.connection.poll():
            kind, value = worker.connection.recv()
            worker.pid = value if kind == "pid" else None
    except (EOFError, OSError):
        pass


def _private_bytes(pid: int) -> int:
    """Return the memory that a process shares with nobody; 0 where it cannot be read."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGESIZE")
