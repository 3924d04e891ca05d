"""A lock file that builders on this machine (processes, or threads of one) wait for, aloud. It guards no data."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["locked"]

_POLL_S = 0.1
_SAID_EVERY_S = 10.0


@contextmanager
def locked(path: Path, log: Callable[[str], None], what: str) -> Generator[int]:
    """Hold `path` exclusively; yields its descriptor, which children may inherit to keep the lock while they live.

    The lock goes with the last process that has the descriptor: a kill frees it, and there is nothing to clean up.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, log, what)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, log: Callable[[str], None], what: str) -> None:
    said = -_SAID_EVERY_S
    started = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            waited = time.monotonic() - started
            if waited - said >= _SAID_EVERY_S:
                log(f"Waiting for {what} ({waited:.0f} s).")
                said = waited
            time.sleep(_POLL_S)
