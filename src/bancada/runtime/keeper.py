"""Watches one launch from its first to its last moment, whatever becomes of the server. Knows no user's code.

A keeper is a process of its own, in its own session: started cold by the server's interpreter, or forked from a
template. It forks the user's process, records both, lets the process run, and waits: for its end, for the time
limit, for SIGTERM (the executor's "stop"). What the process leaves behind is ended before `exit.json` is written.

    keeper                         user's process
    fork ───────────────────────▶  sets itself up (may fail) …
    hidden folder, lock            … says "prepared", waits
    process.json, rename
    release ─────────────────────▶ runs the user's first line
    answers the server
"""

from __future__ import annotations

import os
import select
import socket
import time
import traceback
from contextlib import suppress
from typing import Any, Dict, List, NoReturn, Optional, Tuple

from . import proc, wire
from .command import ColdProgram, Program
from .folder import LaunchFolder
from .vigil import GRACE_S, Vigil

__all__ = ["keep", "main"]

_PREPARED = b"+"
_RELEASED = b"!"
# A fork that inherited somebody's lock never gets prepared; the server starts the launch cold then.
_PREPARE_S = 20.0
# What a log says when the platform ended the process; a user reads it there first.
_NOTES = {
    "timeout": "The time limit of %(timeout_s)g s is over: ended.",
    "stopped": "Ended on request.",
}


def main() -> NoReturn:
    """Keep one launch, cold: the request comes on descriptor 0, a socket, and the answer goes there."""
    peer = socket.socket(fileno=os.dup(0))
    proc.close_others(keep=peer.fileno())
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    os.chdir("/")
    try:
        request = wire.receive(peer)["launch"]
    except wire.WireError:
        os._exit(0)  # the server died before it said what for; the next one starts the launch
    keep(request, peer, ColdProgram(request))


def keep(request: Dict[str, Any], peer: socket.socket, program: Program) -> NoReturn:
    """Be the keeper of one launch until it is over; the last act of this process."""
    keeper = _Keeper(request, program, peer)
    try:
        if keeper.start():
            keeper.stay()
    # A keeper has nobody to raise to: the reason goes into exit.json, and to the server if it still waits.
    except Exception as reason:
        if not isinstance(reason, _NotStarted):
            traceback.print_exc()
        keeper.fail(str(reason) if isinstance(reason, _NotStarted) else "%s: %s" % (type(reason).__name__, reason))
    os._exit(0)


class _NotStarted(Exception):
    """The user's process could not be brought to its first line; the message says why."""


class _Keeper:
    def __init__(self, request: Dict[str, Any], program: Program, peer: socket.socket) -> None:
        self._request = request
        self._program = program
        self._peer = peer
        self._folder = LaunchFolder(request["folder"])
        self._is_published = False
        self._is_running = False
        self._started_at = time.time()
        self._vigil = Vigil(_become_keeper())

    def start(self) -> bool:
        """Bring the process to its first line and tell the server; False when the launch was started before."""
        pid, report, release = self._fork()
        start = proc.start_of(pid) or ""
        self._vigil.begin(pid, start)
        self._folder.prepare(self._request)
        problem = _await_prepared(report)
        self._started_at = time.time()
        if not self._folder.publish(self._process(pid, start)):
            self._vigil.abandon()
            self._tell(answer="exists")
            return False
        self._is_published = True
        if problem is None:
            os.write(release, _RELEASED)
            problem = _read_all(report)
        os.close(report)
        os.close(release)
        if problem:
            raise _NotStarted(problem)
        self._is_running = True
        self._tell(answer="started", pid=pid, keeper_pid=os.getpid())
        return True

    def stay(self) -> None:
        """Wait for the end and record it."""
        self._vigil.keep(self._request["timeout_s"], lambda: self._folder.grace_s(GRACE_S))
        outcome = self._vigil.outcome()
        self._close_log(_NOTES.get(outcome["reason"], ""))
        self._folder.finish(dict(outcome, started_at=self._started_at, message=""))

    def fail(self, message: str) -> None:
        """Leave nothing running, and the reason wherever somebody may look for it."""
        self._vigil.abandon()
        reason = "lost" if self._is_running else "could_not_start"
        outcome = dict(self._vigil.outcome(), code=None, signal=None, reason=reason)
        try:
            if self._is_published:
                self._folder.finish(dict(outcome, started_at=self._started_at, message=message))
            else:
                self._folder.discard()
        except OSError:
            traceback.print_exc()
        self._tell(answer="failed", message=message)

    def _fork(self) -> Tuple[int, int, int]:
        report, report_end = os.pipe()
        release_end, release = os.pipe()
        pid = proc.fork()
        if pid == 0:
            os.close(report)
            os.close(release)
            self._peer.close()
            self._vigil.close_in_child()
            _be_user(self._program, report_end, release_end)
        os.close(report_end)
        os.close(release_end)
        return pid, report, release

    def _process(self, pid: int, start: str) -> Dict[str, Any]:
        keeper = os.getpid()
        return {
            "pid": pid,
            "start": start,
            "keeper_pid": keeper,
            "keeper_start": proc.start_of(keeper) or "",
            "boot_id": proc.boot_id(),
            "is_warm": self._program.is_warm,
            "started_at": self._started_at,
        }

    def _tell(self, **answer: Any) -> None:
        with suppress(wire.WireError):  # the server died meanwhile; the next one reads the folder
            wire.send(self._peer, **answer)
        self._peer.close()

    def _close_log(self, note: str) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        try:
            descriptor = os.open(self._request["log"], flags)
        except OSError:
            return  # somebody cleared the working folder away
        try:
            if note:
                os.write(descriptor, ("[bancada] %s\n" % (note % self._request)).encode())
            os.fsync(descriptor)
        except OSError:
            traceback.print_exc()  # a full disk must not cost the exit
        finally:
            os.close(descriptor)


def _become_keeper() -> bool:
    """Make this process fit for a life of its own; say whether orphans will come to it."""
    with suppress(PermissionError):  # it leads its own session already
        os.setsid()
    proc.reset_signals()
    proc.name_process("bancada-keeper")
    return proc.reap_orphans()


def _be_user(program: Program, report: int, release: int) -> NoReturn:
    """Become the user's process; runs in the forked child and never comes back."""
    try:
        os.setsid()
        program.prepare()
        os.write(report, _PREPARED)
        if os.read(release, 1) != _RELEASED:
            os._exit(0)  # the keeper died, or another one was first
        os.close(release)
        program.run(report)
    except BaseException as reason:
        os.write(report, ("%s: %s" % (type(reason).__name__, reason)).encode("utf-8", "replace"))
    finally:
        os._exit(127)


def _await_prepared(report: int) -> Optional[str]:
    """Wait until the process is ready for its first line; return the problem when it cannot get there."""
    if not select.select([report], [], [], _PREPARE_S)[0]:
        return "The process did not get ready within %d s." % _PREPARE_S
    first = os.read(report, 1)
    if first == _PREPARED:
        return None
    return first.decode() + _read_all(report) or "The process died before its first line."


def _read_all(descriptor: int) -> str:
    # Ends when the process has closed its end: by `exec`, by beginning to run the script, or by dying.
    parts: List[bytes] = []
    while True:
        part = os.read(descriptor, 4096)
        if not part:
            return b"".join(parts).decode("utf-8", "replace")
        parts.append(part)
