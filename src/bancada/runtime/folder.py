"""The folder of one launch: made by its keeper, read by every executor that comes later.

    lock          held (flock) as long as the keeper lives
    launch.json   what was asked for; mode 0600, it holds the attempt's token
    process.json  who runs: pid, start and session of the user's process, pid and start of the keeper, boot
    stop.json     written by an executor before it tells the keeper to stop: {"grace_s"}
    exit.json     how it ended; once it is there, nothing of the launch runs any more

The folder appears under its name complete, with the lock held and the process recorded, or not at all. So two
keepers of one launch cannot both let their process run, and a folder without a held lock has a dead keeper.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from typing import Any, Dict

from . import proc

__all__ = ["EXIT", "LAUNCH", "LOCK", "PROCESS", "STOP", "LaunchFolder"]

LOCK = "lock"
LAUNCH = "launch.json"
PROCESS = "process.json"
STOP = "stop.json"
EXIT = "exit.json"

_RESERVED = ".exit"
# An exit is some 200 bytes plus a message of at most this many; the disk may be full when it has to be written.
_MESSAGE_LIMIT = 2000
_RESERVE = 4096


class LaunchFolder:
    """One launch's folder, from the keeper's side."""

    def __init__(self, path: str) -> None:
        self.path = path
        parent, name = os.path.split(path)
        self._parent = parent
        self._hidden = os.path.join(parent, ".%s.%d" % (name, os.getpid()))
        # Never closed: the keeper's death gives the lock back.
        self._lock = -1

    def prepare(self, launch: Dict[str, Any]) -> None:
        """Make the folder under a hidden name, with the lock, the request and room for the exit."""
        os.makedirs(self._parent, mode=0o700, exist_ok=True)
        os.mkdir(self._hidden, 0o700)
        self._lock = proc.hold_lock(os.path.join(self._hidden, LOCK))
        proc.write_document(os.path.join(self._hidden, LAUNCH), launch)
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(os.path.join(self._hidden, _RESERVED), flags, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, _RESERVE)
        except (AttributeError, OSError) as reason:  # macOS, and file systems that cannot
            if getattr(reason, "errno", None) == errno.ENOSPC:
                raise
        finally:
            os.close(descriptor)

    def publish(self, process: Dict[str, Any]) -> bool:
        """Record the process and give the folder its name; False when somebody else's is there already."""
        proc.write_document(os.path.join(self._hidden, PROCESS), process)
        try:
            os.rename(self._hidden, self.path)
        except OSError as reason:
            if reason.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            self.discard()
            return False
        return True

    def discard(self) -> None:
        """Remove the hidden folder."""
        for name in (LOCK, LAUNCH, PROCESS, _RESERVED):
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(self._hidden, name))
        with suppress(OSError):  # nobody looks at it; the next executor clears it away
            os.rmdir(self._hidden)

    def finish(self, ended: Dict[str, Any]) -> None:
        """Write how the launch ended, durably, in the room that was kept for it."""
        ended["message"] = str(ended.get("message", ""))[:_MESSAGE_LIMIT]
        reserved = os.path.join(self.path, _RESERVED)
        descriptor = os.open(reserved, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            length = os.write(descriptor, json.dumps(ended).encode("ascii"))
            os.ftruncate(descriptor, length)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(reserved, os.path.join(self.path, EXIT))

    def grace_s(self, default: float) -> float:
        """Return the time that whoever asked for the stop allows between the two signals."""
        asked = proc.read_document(os.path.join(self.path, STOP)) or {}
        return float(asked.get("grace_s", default))
