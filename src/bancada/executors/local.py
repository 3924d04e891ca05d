"""Launches as processes of this machine: each has a keeper that outlives the server, warm or cold.

What is remembered lies in the launch's folder (`runtime/folder.py` describes it), so this class holds no state
about launches but the watch over those that somebody asked about.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from bancada.errors import LaunchFailed
from bancada.executors import Exit, Launch, LaunchState
from bancada.executors.installed_runtime import InstalledRuntime
from bancada.executors.sockets import sockets_folder
from bancada.executors.surroundings import environment_of
from bancada.executors.templates import TemplatePool
from bancada.executors.watcher import Watcher
from bancada.runtime import folder as launch_folder
from bancada.runtime import proc, wire

__all__ = ["LocalExecutor"]

logger = logging.getLogger(__name__)

# A cold keeper answers in 50 ms; under extreme load it may wait long for its share of the processor.
_ANSWER_S = 60.0
# Hidden folders of keepers that died while they made them; one that is being made is younger.
_STALE_S = 60.0
# With these set, a fork would differ from a fresh interpreter in ways that no template can carry.
_COLD_VARIABLES = frozenset({"PYTHONPATH", "PYTHONHOME", "PYTHONINSPECT", "PYTHONPROFILEIMPORTTIME"})

# Far above what an operating system takes for one argument, below what one message to a keeper holds.
_LARGEST = 1_000_000

_EXIT_KEYS = tuple(one.name for one in fields(Exit))


class LocalExecutor:
    """The Executor of this machine (see the protocol for what each method promises).

    Concurrency: every method may be called from any thread; one executor at a time over a home.
    """

    def __init__(self, home: Path, *, use_templates: bool = True, idle_template_s: float = 600.0) -> None:
        self._home = home
        self._runtime = InstalledRuntime.install(home)
        self._sockets = sockets_folder(home)
        self._watcher = Watcher()
        # Forks are as safe as their system's libraries make them; macOS's are not.
        is_warm = use_templates and proc.IS_LINUX
        self._templates = (
            TemplatePool(self._runtime, self._sockets, self._watcher, idle_template_s) if is_warm else None
        )
        _clear_stale(home / "launches")

    def start(self, launch: Launch) -> None:
        """Start a launch, once; see `Executor.start`."""
        if launch.folder.exists():
            return
        # Python that starts cold looks for this file, see the environment's `bancada.pth`.
        environment = {"BANCADA_START": str(self._runtime.start_file), **environment_of(launch)}
        request = _request(launch, environment)
        _require_small(request)
        answer = self._fork(launch, request) or self._spawn(request)
        if answer["answer"] == "failed":
            raise LaunchFailed(
                f"The process of `{launch.id}` could not be started: {answer['message']}", launch=launch.id
            )

    def state(self, folder: Path) -> tuple[LaunchState, Exit | None]:
        """Return how a launch stands, ending what a dead keeper left; see `Executor.state`."""
        ended = _exit_in(folder)
        if ended is None and not folder.is_dir():
            return "unknown", None
        if ended is None and proc.is_locked(str(folder / launch_folder.LOCK)):
            return "running", None
        # The keeper may have written the exit and gone between the two looks.
        ended = ended or _exit_in(folder) or _adopt_orphan(folder)
        return ("lost" if ended.reason == "lost" else "exited"), ended

    def stop(self, folder: Path, grace_s: float = 5.0) -> None:
        """Ask the keeper to end the launch; see `Executor.stop`."""
        if self.state(folder)[0] != "running":
            return
        process = _process_in(folder)
        proc.write_document(str(folder / launch_folder.STOP), {"grace_s": grace_s})
        _signal(process["keeper_pid"], process["keeper_start"], signal.SIGTERM)

    def watch(self, folder: Path, on_exit: Callable[[Path], None]) -> None:
        """Call back when the keeper has gone; see `Executor.watch`."""
        process = _process_in(folder)
        self._watcher.watch(process["keeper_pid"], process["keeper_start"], lambda: on_exit(folder))

    def preheat(self, launch: Launch) -> None:
        """Start the template for launches like this one; see `Executor.preheat`."""
        environment = environment_of(launch)
        if self._templates is not None and _may_fork(launch, environment):
            self._templates.heat(launch, environment)

    def close(self) -> None:
        """Stop templates and the watch; launches go on."""
        if self._templates is not None:
            self._templates.close()
        self._watcher.close()
        with suppress(OSError):  # others have sockets there, too
            self._sockets.rmdir()

    def _fork(self, launch: Launch, request: dict[str, Any]) -> dict[str, Any] | None:
        if self._templates is None or not _may_fork(launch, request["environment"]):
            return None
        return self._templates.fork(launch, request)

    def _spawn(self, request: dict[str, Any]) -> dict[str, Any]:
        # Our own interpreter, isolated and without site packages: it starts in 10 ms, whatever the environment is.
        flags = ("-I", "-S")
        started = self._runtime.start(Path(sys.executable), "keeper", flags=flags, environment={})
        self._watcher.watch(started.pid, proc.start_of(started.pid) or "", _nothing)  # reaps it
        try:
            with started.peer as peer:
                wire.send(peer, do="launch", launch=request)
                return wire.receive(peer, _ANSWER_S)
        except wire.WireError as reason:
            raise LaunchFailed(
                f"The keeper of `{request['id']}` gave no answer ({reason}); {self._runtime.log} may say why.",
                launch=request["id"],
            ) from reason


def _require_small(request: dict[str, Any]) -> None:
    size = len(json.dumps(request))
    if size > _LARGEST:
        raise LaunchFailed(
            f"Command and variables have {size:,} bytes; {_LARGEST:,} are the most. Put long values into a file.",
            launch=request["id"],
        )


def _may_fork(launch: Launch, environment: Mapping[str, str]) -> bool:
    has_program = launch.kind == "replica" or (launch.kind == "command" and launch.argv is not None)
    return launch.warm and has_program and not _COLD_VARIABLES.intersection(environment)


def _request(launch: Launch, environment: dict[str, str]) -> dict[str, Any]:
    return {
        "id": launch.id,
        "folder": str(launch.folder),
        "kind": launch.kind,
        "argv": None if launch.argv is None or launch.kind == "replica" else list(launch.argv),
        "shell": launch.shell,
        "interpreter": str(launch.interpreter),
        "cwd": str(launch.cwd),
        "environment": environment,
        "log": str(launch.log),
        "socket": None if launch.socket is None else str(launch.socket),
        "timeout_s": launch.timeout_s,
    }


def _exit_in(folder: Path) -> Exit | None:
    document = proc.read_document(str(folder / launch_folder.EXIT))
    # A home may have been written by a version that notes more.
    return None if document is None else Exit(**{key: document[key] for key in _EXIT_KEYS if key in document})


def _process_in(folder: Path) -> dict[str, Any]:
    """Return who runs a launch, or somebody who cannot exist when nobody does (any more)."""
    process = proc.read_document(str(folder / launch_folder.PROCESS))
    if process is None or process["boot_id"] != proc.boot_id():
        return {"pid": 0, "start": "", "keeper_pid": 0, "keeper_start": "", "started_at": 0.0}
    return process


def _adopt_orphan(folder: Path) -> Exit:
    """End what a dead keeper left running, and write down that the launch is lost."""
    process = _process_in(folder)
    message = "The process that watched this launch died"
    if not process["pid"]:
        message = "The machine was started anew while this launch ran."
    elif not proc.members_of(process["pid"], process["start"]):
        message += ", and so did the launch's own."
    elif proc.end_session(process["pid"], process["start"]):
        message += "; what still ran of the launch has been ended."
    else:
        message += "; what still runs of the launch cannot be ended."
        logger.error("launch %s: its process group %d does not end", folder.name, process["pid"])
    ended = Exit(
        code=None,
        signal=None,
        reason="lost",
        started_at=process["started_at"],
        ended_at=time.time(),
        cpu_s=0.0,
        peak_rss_bytes=0,
        message=message,
    )
    proc.write_document(str(folder / launch_folder.EXIT), asdict(ended), durable=True)
    return ended


def _signal(pid: int, start: str, number: int) -> None:
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            # Held by its pidfd, the process cannot become another one between the look and the signal.
            if proc.start_of(pid) == start:
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(descriptor)
    elif proc.is_alive(pid, start):
        proc.send_signal(pid, number)


def _clear_stale(launches: Path) -> None:
    if not launches.is_dir():
        return
    for folder in launches.glob(".*"):
        try:
            is_old = time.time() - folder.stat().st_mtime > _STALE_S
        except FileNotFoundError:
            continue  # its keeper has just given it its name
        if is_old and not proc.is_locked(str(folder / launch_folder.LOCK)):
            shutil.rmtree(folder, ignore_errors=True)


def _nothing() -> None:
    pass
