"""The copy of `bancada.runtime` under a home, and starting its programs. Not for what they are told.

Processes of a home run for days, across upgrades of the server: what they import lazily must stay as it was.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bancada.runtime
from bancada.errors import LaunchFailed
from bancada.runtime.command import boot

__all__ = ["InstalledRuntime", "Started"]

_PACKAGE = "bancada_runtime"


@dataclass(frozen=True)
class Started:
    """A process of ours that waits for its first message on `peer`."""

    pid: int
    peer: socket.socket


@dataclass(frozen=True)
class InstalledRuntime:
    """`<home>/runtime/<hash>`, with the package `bancada_runtime` in it."""

    folder: Path
    # Takes what keepers and templates have to say themselves.
    log: Path

    @property
    def start_file(self) -> Path:
        """What runs first in every Python of a launch that starts cold."""
        return self.folder / _PACKAGE / "start.py"

    def lessons_of(self, environment_key: str) -> Path:
        """Where templates keep what scripts in this environment taught them."""
        return self.folder.parent / "lessons" / f"{environment_key or 'none'}.json"

    @classmethod
    def install(cls, home: Path) -> InstalledRuntime:
        """Copy the runtime into the home, once for each version of its text."""
        sources = sorted(Path(bancada.runtime.__path__[0]).glob("*.py"))
        digest = hashlib.sha256()
        for source in sources:
            digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
        (home / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
        (home / "runtime" / "lessons").mkdir(mode=0o700, parents=True, exist_ok=True)
        installed = cls(home / "runtime" / digest.hexdigest()[:16], home / "logs" / "runtime.log")
        if not installed.folder.is_dir():
            _copy(sources, installed.folder)
        return installed

    def start(
        self, interpreter: Path, module: str, *, flags: Sequence[str] = (), environment: Mapping[str, str]
    ) -> Started:
        """Start `main()` of a module in a process of its own session, talking on its descriptor 0.

        Raises LaunchFailed when the interpreter cannot be run.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        words = [str(interpreter), *flags, "-c", boot(module), str(self.folder)]
        append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        actions = [
            (os.POSIX_SPAWN_DUP2, theirs.fileno(), 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self.log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        try:
            pid = _spawn(words, dict(environment), actions)
        except OSError as reason:
            ours.close()
            raise LaunchFailed(f"{interpreter} cannot be run: {reason.strerror}.") from reason
        finally:
            theirs.close()
        return Started(pid, ours)


def _spawn(words: list[str], environment: dict[str, str], actions: Sequence[tuple[Any, ...]]) -> int:
    try:
        return os.posix_spawn(words[0], words, environment, file_actions=actions, setsid=True)
    except NotImplementedError:  # an old C library; keepers make their session themselves
        return os.posix_spawn(words[0], words, environment, file_actions=actions)


def _copy(sources: list[Path], folder: Path) -> None:
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    package = temporary / _PACKAGE
    package.mkdir(mode=0o700, parents=True)
    for source in sources:
        shutil.copyfile(source, package / source.name)
    # Two servers' starts at once: the second finds the first one's copy, which is the same.
    with suppress(OSError):
        temporary.rename(folder)
    if temporary.exists():
        shutil.rmtree(temporary)
