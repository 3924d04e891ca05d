"""What runs is a Launch, what runs it an Executor. Not for job types: an executor knows none of them.

Implementations: `local` (processes on this machine, warm or cold) and `memory` (a fake for tests).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

__all__ = ["Executor", "Exit", "ExitReason", "Launch", "LaunchKind", "LaunchState"]

LaunchKind = Literal["command", "replica", "build"]
LaunchState = Literal["running", "exited", "lost", "unknown"]
ExitReason = Literal["exited", "killed", "timeout", "stopped", "lost", "could_not_start"]


@dataclass(frozen=True)
class Launch:
    """One process to start: where, with what, and as what. Everything that runs is one of these.

    Exactly one of `argv` and `shell` is set; a replica has neither (its program is ours).
    """

    id: str
    # <home>/launches/<id>. The keeper creates it, exclusively: whoever comes second starts nothing.
    folder: Path
    # ("python", "train.py", "--depth", "4"): one python file and its arguments; may be forked from a template.
    argv: tuple[str, ...] | None
    # Else the whole command line, run by `bash -c` (`sh` where there is no bash), always cold.
    shell: str | None
    # The environment's bin/python, not resolved (a link's place tells Python which environment it is in).
    interpreter: Path
    environment_key: str
    cwd: Path
    # What the user's process gets on top of a scrubbed base environment.
    variables: Mapping[str, str]
    # Takes stdout and stderr, appended, line by line.
    log: Path
    kind: LaunchKind = "command"
    # Where a replica listens; None for everything else.
    socket: Path | None = None
    # Seconds from the first line of the user's process; None means no limit.
    timeout_s: float | None = None
    # Whether a template may be used; the executor still goes cold where that would not be safe.
    warm: bool = False
    # Modules that a template imports ahead; one that cannot be imported is left out.
    preload: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        programs = int(self.argv is not None) + int(self.shell is not None)
        if programs != 1 and self.kind != "replica":
            raise ValueError(f"launch {self.id}: exactly one of argv and shell must be given")


@dataclass(frozen=True)
class Exit:
    """How a launch ended.

    reason: "exited" (code is set), "killed" (signal is set, and it was not ours), "timeout", "stopped",
    "could_not_start" and "lost" (message says why). `code` and `signal` exclude each other.
    """

    code: int | None
    signal: int | None
    reason: ExitReason
    started_at: float
    ended_at: float
    # User and system time of the process and of all its descendants that were reaped.
    cpu_s: float
    # Of the largest single process; a fork of a template counts the pages that it shares.
    peak_rss_bytes: int
    # One sentence for users; empty when code or signal say all.
    message: str = ""


class Executor(Protocol):
    """Starts launches, tells how they stand, ends them. Knows no job types.

    Everything that an executor must remember about a launch lies in the launch's folder, so that an executor
    made anew over the same home (after a crash of the server) answers for launches that another one started.
    Concurrency: every method may be called from any thread.
    """

    def start(self, launch: Launch) -> None:
        """Start a launch; return once its process is recorded (`process.json`) and its first line is due.

        Idempotent per id: when the folder exists, nothing is started, whatever became of that launch.
        May block as long as a template needs to get warm, so call it from a pool.
        Raises LaunchFailed with the reason when the process could not be started.
        """
        ...

    def state(self, folder: Path) -> tuple[LaunchState, Exit | None]:
        """Return how a launch stands.

        "unknown": it was never started. "running": its keeper lives. "exited": the exit says how it ended.
        "lost": its keeper died without a word; what was left of the process has been ended, and the exit's
        reason is "lost". The last two are final, and nothing of the launch runs any more.
        """
        ...

    def stop(self, folder: Path, grace_s: float = 5.0) -> None:
        """Ask a launch to end: SIGTERM now, SIGKILL after `grace_s`. Not waiting; harmless when it is over."""
        ...

    def watch(self, folder: Path, on_exit: Callable[[Path], None]) -> None:
        """Call `on_exit(folder)` once, from any thread, when the launch is no longer running.

        Also when it already is over at the time of the call. An exception in `on_exit` is logged.
        """
        ...

    def preheat(self, launch: Launch) -> None:
        """Get ready for launches like this one, without waiting: start the template that they would use, or keep it."""
        ...

    def close(self) -> None:
        """Stop what serves launches (templates, the watching thread), but no launch."""
        ...
