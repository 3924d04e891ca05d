"""Runs uv (and the new environment's Python) as a child, with every line and every silence reported.

Not for what is asked of uv (see `solver`, `environments`) nor for what its messages mean (see `reasons`).
"""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import uv as uv_package

__all__ = ["Log", "Outcome", "Uv", "child_variables", "mask_secrets", "run_reported"]

Log = Callable[[str], None]

# A first build must never look hung: this long without a line, and we say what is going on.
_SILENCE_S = 5.0
# Variables that would lead uv or Python to another environment, or forbid byte code (3 s at every start).
_DROPPED = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "PYTHONPYCACHEPREFIX", "PYTHONSTARTUP",
            "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON",
            "UV_SYSTEM_PYTHON", "UV_COMPILE_BYTECODE", "UV_NO_CACHE", "UV_EXCLUDE_NEWER")  # fmt: skip
_SHOWN = re.compile(r"^\s*(Downloading|Building|Built|Prepared|Installed|Uninstalled|Updating|Updated)\b")


@dataclass(frozen=True)
class Outcome:
    """How a child ended: its exit status (negative: the signal) and all that it said on stderr."""

    code: int
    text: str


@dataclass(frozen=True)
class Uv:
    """uv with our cache, our index and our log."""

    cache: Path  # of Bancada; uv's own is below it, unless UV_CACHE_DIR says otherwise
    log: Log
    index: str = ""  # empty: as uv is configured on this machine
    offline: bool = False
    # Descriptors of held lock files. Children inherit them, so that a lock stays taken until the last child is
    # gone, also when we are killed: nobody builds in a folder that an orphaned uv still writes into.
    held: tuple[int, ...] = ()

    def holding(self, *descriptors: int) -> Uv:
        """Return the same uv whose children also inherit these descriptors."""
        return replace(self, held=(*self.held, *descriptors))

    def run(
        self,
        arguments: Sequence[str],
        *,
        what: str,
        timeout_s: float | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run uv; `what` ("resolving") is said when it is silent for long. Never raises for uv's own failures."""
        environment = child_variables(
            {
                "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(self.cache / "uv"),
                "UV_PYTHON_DOWNLOADS": "never",
                "NO_COLOR": "1",
                "GIT_TERMINAL_PROMPT": "0",
                **(variables or {}),
            }
        )
        command = [uv_package.find_uv_bin(), *arguments]
        command += ["--offline"] if self.offline else []
        return run_reported(
            command, environment, on_line=self._report, on_silence=lambda seconds: self.log(
                f"… still {what} ({seconds:.0f} s)"
            ), held=self.held, timeout_s=timeout_s,
        )  # fmt: skip

    def index_arguments(self) -> list[str]:
        """Return the arguments that name the index, for the commands that need one."""
        return ["--default-index", self.index] if self.index else []

    def version(self) -> str:
        """Return uv's version, `0.13.9`."""
        answer = subprocess.run([uv_package.find_uv_bin(), "--version"], capture_output=True, text=True, check=True)
        return answer.stdout.split()[1]

    def _report(self, line: str) -> None:
        if _SHOWN.match(line):
            self.log(mask_secrets(line.strip()))


def child_variables(added: Mapping[str, str]) -> dict[str, str]:
    """Return our variables (proxies, certificates, uv's configuration) for a child, less the misleading ones."""
    return {name: value for name, value in os.environ.items() if name not in _DROPPED} | dict(added)


def mask_secrets(text: str) -> str:
    """Hide the user and password of each address in a text that is going to be shown."""
    return re.sub(r"(\w+://)[^/\s@`]+@", r"\1***@", text)


def run_reported(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    on_line: Callable[[str], None],
    on_silence: Callable[[float], None],
    held: Sequence[int] = (),
    timeout_s: float | None = None,
) -> Outcome:
    """Run a child in our process group (cancelling kills the group) and report each line of its stderr.

    A child over its time limit is killed, its status is then that of the signal.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=dict(environment),
        cwd="/",  # uv reads pyproject.toml and uv.toml from the folder that it is started in, and above it
        pass_fds=tuple(held),
    )
    lines: list[str] = []
    try:
        for line in _lines(process, started, on_silence, timeout_s):
            lines.append(line)
            on_line(line)
    finally:
        if process.poll() is None and not _ends_soon(process):
            process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
    return Outcome(process.returncode, "\n".join(lines))


def _ends_soon(process: subprocess.Popen[bytes]) -> bool:
    """Whether a child that has closed its stderr is gone within a second, as any that ends by itself is."""
    try:
        process.wait(timeout=1.0)
    except subprocess.TimeoutExpired:
        return False
    return True


def _lines(
    process: subprocess.Popen[bytes], started: float, on_silence: Callable[[float], None], timeout_s: float | None
) -> Iterator[str]:
    assert process.stderr is not None  # asked for above
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stderr, selectors.EVENT_READ)
        while True:
            elapsed = time.monotonic() - started
            if timeout_s is not None and elapsed > timeout_s:
                return
            if not selector.select(_SILENCE_S if timeout_s is None else min(_SILENCE_S, timeout_s)):
                on_silence(time.monotonic() - started)
                continue
            chunk = os.read(process.stderr.fileno(), 65536)
            if not chunk:
                break
            *whole, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
            yield from (line.decode(errors="replace") for line in whole)
    if rest:
        yield rest.decode(errors="replace")
