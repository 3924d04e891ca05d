"""Processes as the system sees them: who is it, is it still the same one, what belongs to it. Not for starting them.

A process is known by three things, since its number is used again after its death: the number, the time of its
start, and the boot in which both were read.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
import warnings
from contextlib import suppress
from typing import Any, Dict, Iterable, List, NamedTuple, Optional

__all__ = [
    "IS_LINUX",
    "MARKS",
    "Status",
    "boot_id",
    "children_of",
    "close_others",
    "end_session",
    "fork",
    "hold_lock",
    "is_alive",
    "is_locked",
    "members_of",
    "name_process",
    "read_document",
    "reap_orphans",
    "reset_signals",
    "send_signal",
    "start_of",
    "status_of",
    "thread_names",
    "write_document",
]

# Variables that every process of a launch was started with: the first by a keeper, the second by a template.
MARKS = ("BANCADA_LAUNCH", "BANCADA_TEMPLATE")

IS_LINUX = sys.platform.startswith("linux")
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36


class Status(NamedTuple):
    """One line of the process table."""

    pid: int
    parent: int
    session: int
    is_zombie: bool
    # Opaque and comparable for equality; on Linux in clock ticks since boot.
    start: str


def boot_id() -> str:
    """Return a text that is the same until the machine starts again."""
    if IS_LINUX:
        try:
            with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
                return file.read().strip()
        except OSError:
            return ""  # some sandboxes hide it; number and start must do
    return _ask("sysctl", "-n", "kern.boottime").strip()


def status_of(pid: int) -> Optional[Status]:
    """Return the process table's line of a process, or None when there is none."""
    if not IS_LINUX:
        return _portable_status(pid)
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            line = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in parentheses, may hold blanks and parentheses itself.
    parts = line[line.rindex(b")") + 2 :].split()
    return Status(pid, int(parts[1]), int(parts[3]), parts[0] in (b"Z", b"X"), parts[19].decode())


def start_of(pid: int) -> Optional[str]:
    """Return when a process started (opaque), or None when it is gone."""
    status = status_of(pid)
    return status.start if status else None


def is_alive(pid: int, start: str) -> bool:
    """Say whether this very process still runs; a zombie does not."""
    status = status_of(pid)
    return status is not None and not status.is_zombie and status.start == start


def children_of(pid: int) -> List[int]:
    """Return the direct children of a process that still run. Linux only; elsewhere nothing."""
    return [one.pid for one in _table() if one.parent == pid and not one.is_zombie]


def members_of(session: int, start: str) -> List[int]:
    """Return the running processes of the session that the process `session`, started at `start`, has founded.

    The founder may be dead: its number stays taken as long as its session has members. When the number belongs to
    another process by now, the session has no member left. Without its founder a session could still be one that
    came later under the same number, so then only processes with our mark in their environment count.
    """
    founder = status_of(session)
    if founder is not None and founder.start != start:
        return []
    found = [one.pid for one in _table() if one.session == session and not one.is_zombie]
    return found if founder is not None else [pid for pid in found if _is_marked(pid)]


def end_session(session: int, start: str, timeout_s: float = 5.0) -> bool:
    """Kill every process of a session (see `members_of`); False when some still run after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    if is_alive(session, start):
        # Stopped, it starts nobody new; killed last, it vouches for the others.
        send_signal(session, signal.SIGSTOP)
    while True:
        members = members_of(session, start)
        if not members:
            return True
        if time.monotonic() > deadline:
            return False
        for pid in [one for one in members if one != session] or [session]:
            send_signal(pid, signal.SIGKILL)
        time.sleep(0.002)  # only after a keeper's death; the dying need a moment to leave the table


def send_signal(pid: int, number: int) -> None:
    """Send a signal; harmless when the process is gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def thread_names() -> List[str]:
    """Return the names of this process' native threads but the first. Linux only; elsewhere nothing."""
    names: List[str] = []
    if not IS_LINUX:
        return names
    for thread in os.listdir("/proc/self/task"):
        if int(thread) == os.getpid():
            continue
        try:
            with open("/proc/self/task/%s/comm" % thread, encoding="utf-8", errors="replace") as file:
                names.append(file.read().strip())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return names


def reap_orphans() -> bool:
    """Make orphaned descendants children of this process (Linux); False where that cannot be had."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def name_process(name: str) -> None:
    """Give this process a name of at most 15 letters for `ps` (Linux)."""
    _prctl(_PR_SET_NAME, name.encode()[:15])


def reset_signals() -> None:
    """Give every signal the meaning that it has when Python starts, and block none.

    Python ignores SIGPIPE and SIGXFSZ and turns SIGINT into KeyboardInterrupt; the rest is the system's default.
    """
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    fixed = {signal.SIGKILL, signal.SIGSTOP}
    for number in signal.Signals:
        if number in fixed:
            continue
        wanted = {signal.SIGPIPE: signal.SIG_IGN, signal.SIGXFSZ: signal.SIG_IGN}.get(number, signal.SIG_DFL)
        if number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
        elif signal.getsignal(number) != wanted:
            _set_signal(number, wanted)


def fork() -> int:
    """Fork; the warning of newer Pythons about native threads is silenced: `template.py` knows which are safe."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def close_others(keep: int) -> None:
    """Close every descriptor but the first three and `keep`."""
    for name in os.listdir("/proc/self/fd" if IS_LINUX else "/dev/fd"):
        descriptor = int(name)
        if descriptor > 2 and descriptor != keep:
            with suppress(OSError):  # the one that listed the folder
                os.close(descriptor)


def hold_lock(path: str) -> int:
    """Create and lock a file until the process ends or closes the descriptor that comes back."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def is_locked(path: str) -> bool:
    """Say whether some process holds the lock at `path`; False when there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        # Shared: two that ask at the same time must not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def write_document(path: str, document: Dict[str, Any], durable: bool = False) -> None:
    """Write a JSON file, mode 0600, at once or not at all; `durable` waits for the disk."""
    temporary = "%s.%d.tmp" % (path, os.getpid())
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(document))
        file.flush()
        if durable:
            os.fsync(file.fileno())
    os.rename(temporary, path)


def read_document(path: str) -> Optional[Dict[str, Any]]:
    """Return a small JSON object; None when the file is missing or, after a crash of the machine, broken."""
    try:
        with open(path, encoding="utf-8") as file:
            document: Any = json.load(file)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return document if isinstance(document, dict) else None  # pyright: ignore[reportUnknownVariableType]


def _set_signal(number: signal.Signals, wanted: Any) -> None:
    with suppress(OSError, ValueError):  # reserved by the C library
        signal.signal(number, wanted)


def _is_marked(pid: int) -> bool:
    if not IS_LINUX:
        return True  # nothing to read; the session's number alone must do
    try:
        with open("/proc/%d/environ" % pid, "rb") as file:
            environment = b"\0" + file.read()
    except OSError:
        return False
    return any(b"\0" + mark.encode() + b"=" in environment for mark in MARKS)


def _table() -> Iterable[Status]:
    if not IS_LINUX:
        return _portable_table()
    numbers = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return [status for status in map(status_of, numbers) if status]


def _portable_status(pid: int) -> Optional[Status]:
    return next((one for one in _portable_table("-p", str(pid)) if one.pid == pid), None)


def _portable_table(*which: str) -> List[Status]:
    # The process group stands for the session: that is what the keeper makes, and `ps` shows it everywhere.
    text = _ask("ps", "-o", "pid=,ppid=,pgid=,stat=,lstart=", *(which or ("-ax",)))
    rows = [line.split(None, 4) for line in text.splitlines()]
    return [
        Status(int(row[0]), int(row[1]), int(row[2]), row[3].startswith("Z"), row[4].strip())
        for row in rows
        if len(row) == 5
    ]


def _ask(*command: str) -> str:
    import subprocess  # heavy, and only where there is no /proc

    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return answer.stdout.decode("utf-8", "replace")


def _prctl(option: int, value: Any) -> bool:
    if not IS_LINUX:
        return False
    try:
        import ctypes  # an interpreter built without libffi has none

        return ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0
    except (ImportError, OSError, AttributeError):
        return False
