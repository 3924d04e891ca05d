"""A home with real processes in it, for the tests of the local executor."""

from __future__ import annotations

import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bancada.executors import Exit, Launch
from bancada.executors.local import LocalExecutor
from bancada.runtime import proc

__all__ = ["BEAT", "PATIENCE_S", "World", "end", "process_of", "wait_for"]

# For the most loaded machine; a test that passes never waits for it.
PATIENCE_S = 120.0


def wait_for(what: Callable[[], Any], message: str = "") -> Any:
    """Return the first true answer."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answer = what()
        if answer:
            return answer
        time.sleep(0.005)
    raise AssertionError(f"waited in vain: {message or what}")


def process_of(launch: Launch) -> dict[str, Any]:
    """Return `process.json` of a launch."""
    document = proc.read_document(str(launch.folder / "process.json"))
    assert document is not None
    return document


class World:
    """One home, one executor (replaceable, as after a crash of the server), and scripts to run."""

    def __init__(self, home: Path, interpreter: Path = Path(sys.executable), **settings: Any) -> None:
        self.home = home
        self.interpreter = interpreter
        self.settings = settings
        self.executor = LocalExecutor(home, **settings)
        self._former: list[LocalExecutor] = []
        self._count = 0

    def restart(self) -> None:
        """Make a new executor, as a new server would; the old one's templates go on."""
        self._former.append(self.executor)
        self.executor = LocalExecutor(self.home, **self.settings)

    def launch(
        self,
        source: str = "",
        *arguments: str,
        name: str = "",
        warm: bool = False,
        files: Mapping[str, str] | None = None,
        **changes: Any,
    ) -> Launch:
        """Return a launch of a script with this source, in a code folder of its own."""
        self._count += 1
        name = name or f"job{self._count}.1"
        code = self.home / "work" / name / "code"
        for path, text in {"script.py": source, **(files or {})}.items():
            (code / path).parent.mkdir(parents=True, exist_ok=True)
            (code / path).write_text(textwrap.dedent(text), encoding="utf-8")
        values: dict[str, Any] = {
            "id": name,
            "folder": self.home / "launches" / name,
            "argv": ("python", "script.py", *arguments),
            "shell": None,
            "interpreter": self.interpreter,
            "environment_key": "test",
            "cwd": code,
            "variables": {},
            "log": self.home / "work" / name / "user_logs" / "std_log.txt",
            "warm": warm,
        }
        return Launch(**{**values, **changes})

    def start(self, launch: Launch) -> Launch:
        """Start a launch; a warm one from a template."""
        if launch.warm:
            self.executor.preheat(launch)
        self.executor.start(launch)
        return launch

    def wait(self, launch: Launch) -> Exit:
        """Wait for the end of a launch."""
        over = threading.Event()
        self.executor.watch(launch.folder, lambda _: over.set())
        assert over.wait(PATIENCE_S), f"{launch.id} did not end; log: {self.log(launch)}"
        ended = self.executor.state(launch.folder)[1]
        assert ended is not None
        return ended

    def run(self, source: str, *arguments: str, **changes: Any) -> tuple[Exit, str]:
        """Run a script to its end; return the exit and the log."""
        launch = self.start(self.launch(source, *arguments, **changes))
        ended = self.wait(launch)
        return ended, self.log(launch)

    def log(self, launch: Launch) -> str:
        """Return what the launch printed."""
        return launch.log.read_text(encoding="utf-8", errors="replace") if launch.log.exists() else ""

    def beats(self, launch: Launch, file: str = "beat") -> int:
        """Return how often a process of the launch has said that it is at work (see `BEAT`)."""
        path = launch.cwd / file
        return path.stat().st_size if path.exists() else 0

    def wait_for_beat(self, launch: Launch, file: str = "beat") -> None:
        """Wait until a process of the launch does something now."""
        before = self.beats(launch, file)
        wait_for(lambda: self.beats(launch, file) > before + 2, f"{launch.id} is not at work: {self.log(launch)}")

    def assert_silent(self, launch: Launch, *files: str) -> None:
        """Check that nothing of the launch works any more."""
        before = [self.beats(launch, file) for file in files or ("beat",)]
        time.sleep(0.1)
        assert [self.beats(launch, file) for file in files or ("beat",)] == before

    def close(self) -> None:
        """End everything."""
        for folder in (self.home / "launches").glob("[!.]*"):
            self.executor.stop(folder, 0.0)
        wait_for(lambda: not self.running())
        for executor in (*self._former, self.executor):
            executor.close()

    def running(self) -> list[Path]:
        """Return the folders of launches that run."""
        folders = (self.home / "launches").glob("[!.]*")
        return [one for one in folders if self.executor.state(one)[0] == "running"]


# Beats until the file `end` appears; the file's text is the exit code.
BEAT = """
import os, sys, time
def beat(name="beat"):
    while not os.path.exists("end"):
        with open(name, "a") as file:
            file.write(".")
        time.sleep(0.005)
if __name__ == "__main__":
    print("at work", flush=True)
    beat()
    sys.exit(int(open("end").read() or 0))
"""


def end(launch: Launch, code: int = 0) -> None:
    """Let a launch of `BEAT` end."""
    temporary = launch.cwd / "end.tmp"
    temporary.write_text(str(code))
    os.rename(temporary, launch.cwd / "end")
