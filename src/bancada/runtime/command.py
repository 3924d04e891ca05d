"""What a launch's program is: how the forked child of a keeper becomes the user's process, cold. Warm: `forked.py`."""

from __future__ import annotations

import os
import signal
from typing import Any, Dict, List, NoReturn, Protocol

__all__ = ["ColdProgram", "Program", "boot", "point_streams"]

# Starts a module of this folder without leaving the folder on the path: a user's `import wire` must not find ours.
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); import bancada_runtime.{module} as m; del sys.path[0]; m.main()"
_SHELLS = ("/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/bin/sh")


class Program(Protocol):
    """What runs in the user's process, seen from the keeper that has just forked it."""

    is_warm: bool

    def prepare(self) -> None:
        """Set the process up; may raise, and runs nothing of the user's."""
        ...

    def run(self, report: int) -> NoReturn:
        """Close the descriptor `report`, by `exec` or by hand, and run the user's first line."""
        ...


class ColdProgram:
    """A fresh process image: the environment's interpreter, or a shell."""

    is_warm = False

    def __init__(self, request: Dict[str, Any]) -> None:
        self._request = request
        self._words = _command_words(request)

    def prepare(self) -> None:
        """Point the streams to the log, change to the working folder, undo what Python did to signals."""
        point_streams(self._request["log"])
        os.chdir(self._request["cwd"])
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)

    def run(self, report: int) -> NoReturn:
        """Replace this process; `report` closes by itself when that works."""
        try:
            os.execve(self._words[0], self._words, self._request["environment"])
        except OSError as reason:
            raise OSError(reason.errno, "%s cannot be run: %s" % (self._words[0], reason.strerror)) from reason


def point_streams(log: str) -> None:
    """Make `log` take standard output and errors, appended, and give standard input nothing to read."""
    os.makedirs(os.path.dirname(log), exist_ok=True)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    os.close(nothing)


def boot(module: str) -> str:
    """Return the text for `python -c` that runs a module of this folder; the folder's parent is its argument."""
    return _BOOT.format(module=module)


def _command_words(request: Dict[str, Any]) -> List[str]:
    interpreter = request["interpreter"]
    if request["kind"] == "replica":
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scoring.py")
        return [interpreter, program, request["socket"], request["folder"]]
    if request["argv"]:
        return [interpreter, *request["argv"][1:]]
    shell = next((one for one in _SHELLS if os.access(one, os.X_OK)), "/bin/sh")
    return [shell, "-c", request["shell"]]
