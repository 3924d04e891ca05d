"""A real platform in a home of its own, driven by the command line as a user would."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bancada.home import Home


@dataclass
class Platform:
    """One home and its command line."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return Home(self.root)

    def run(self, *arguments: str, check: bool = True, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "bancada.cli", *arguments],
            capture_output=True,
            text=True,
            env=self.variables,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            timeout=600,
        )
        assert not check or done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def json(self, *arguments: str) -> Any:
        """Run one command and return the JSON that it shows."""
        return json.loads(self.run(*arguments).stdout)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start one command in a session of its own, as a terminal does."""
        return subprocess.Popen(
            [sys.executable, "-m", "bancada.cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BANCADA_")}
        cache = {"BANCADA_CACHE": os.environ["BANCADA_CACHE"]} if "BANCADA_CACHE" in os.environ else {}
        return {**kept, **cache, **self.environment, "BANCADA_HOME": str(self.root)}

    def up(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Start the platform in the background on free ports."""
        return self.run("up", "--detach", "--port", "0", "--gateway-port", "0", *arguments)

    def processes(self) -> dict[int, str]:
        """Return every process that has this home in its command line."""
        found: dict[int, str] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                if str(self.root) in line:
                    found[int(folder.name)] = line
        return found

    def left(self) -> dict[int, str]:
        """Return the processes of this home that stay: a lock is free a moment before its process is gone."""
        deadline = time.monotonic() + 20.0
        while (found := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def clean_up(self) -> None:
        """Stop everything, politely first."""
        self.run("down", "--jobs", "cancel", check=False)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A home without a server."""
    made = Platform(tmp_path / "home")
    yield made
    made.clean_up()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A home whose server runs for all tests of the module."""
    made = Platform(tmp_path_factory.mktemp("platform") / "home")
    made.up()
    yield made
    made.clean_up()


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Wait until a condition holds: long, for the most loaded machine; a test that passes never waits so long."""

    def wait(condition: Callable[[], Any], *, within_s: float = 180.0) -> Any:
        deadline = time.monotonic() + within_s
        while not (found := condition()):
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.05)
        return found

    return wait
