"""The contract of an executor as tests: subclass `ExecutorContract`, override `executor`, run pytest."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from bancada.executors import Executor, Exit, Launch

__all__ = ["ExecutorContract"]

# Long for a machine under load; a test that passes never waits for it.
_PATIENCE_S = 120.0

# Runs until told how to end; every start leaves a line.
_SCRIPT = """
import os, sys, time
with open("starts", "a") as file:
    file.write("start\\n")
print("at work", flush=True)
while not os.path.exists("end"):
    time.sleep(0.005)
sys.exit(int(open("end").read()))
"""


class ExecutorContract:
    """What every executor does. Override the fixture `executor`: one over an empty home.

    Launches run a small script until `end` is called; an executor that runs nothing overrides `end` too.
    """

    warm = False

    @pytest.fixture
    def executor(self, tmp_path: Path) -> Executor:
        """Give an executor whose home is `tmp_path`."""
        raise NotImplementedError

    def launch(self, home: Path, name: str = "job.1") -> Launch:
        """Return a launch that runs until `end`."""
        code = home / "work" / name / "code"
        code.mkdir(parents=True, exist_ok=True)
        (code / "script.py").write_text(_SCRIPT, encoding="utf-8")
        return Launch(
            id=name,
            folder=home / "launches" / name,
            argv=("python", "script.py"),
            shell=None,
            interpreter=Path(sys.executable),
            environment_key="test",
            cwd=code,
            variables={},
            log=home / "work" / name / "user_logs" / "std_log.txt",
            warm=self.warm,
        )

    def end(self, executor: Executor, launch: Launch, code: int = 0) -> None:
        """Let the launch end by itself with an exit code."""
        temporary = launch.cwd / "end.tmp"
        temporary.write_text(str(code), encoding="ascii")
        temporary.rename(launch.cwd / "end")

    def wait(self, executor: Executor, launch: Launch) -> Exit:
        """Wait for the end of a launch and return it."""
        over = threading.Event()
        executor.watch(launch.folder, lambda _: over.set())
        assert over.wait(_PATIENCE_S), f"{launch.id} did not end"
        ended = executor.state(launch.folder)[1]
        assert ended is not None
        return ended

    def test_a_launch_nobody_started_is_unknown(self, executor: Executor, tmp_path: Path) -> None:
        """And stopping or watching it does no harm."""
        folder = self.launch(tmp_path).folder
        over = threading.Event()
        assert executor.state(folder) == ("unknown", None)
        executor.stop(folder)
        executor.watch(folder, lambda _: over.set())
        assert over.wait(_PATIENCE_S)
        assert executor.state(folder) == ("unknown", None)

    @pytest.mark.parametrize("code", [0, 3])
    def test_a_launch_runs_and_ends_with_its_code(self, executor: Executor, tmp_path: Path, code: int) -> None:
        """The exit says when it began and ended."""
        launch = self.launch(tmp_path)
        executor.start(launch)
        assert executor.state(launch.folder) == ("running", None)
        self.end(executor, launch, code)
        ended = self.wait(executor, launch)
        assert executor.state(launch.folder) == ("exited", ended)
        assert (ended.code, ended.signal, ended.reason) == (code, None, "exited")
        assert 0 < ended.started_at <= ended.ended_at

    def test_starting_a_launch_again_starts_nothing(self, executor: Executor, tmp_path: Path) -> None:
        """Neither while it runs nor when it is over."""
        launch = self.launch(tmp_path)
        executor.start(launch)
        executor.start(launch)
        self.end(executor, launch, 4)
        ended = self.wait(executor, launch)
        executor.start(launch)
        assert executor.state(launch.folder) == ("exited", ended)

    def test_many_starts_at_once_start_one(self, executor: Executor, tmp_path: Path) -> None:
        """Whoever comes second changes nothing, and is told no lie: the launch runs when `start` returns."""
        launch = self.launch(tmp_path)
        states: list[str] = []

        def start() -> None:
            executor.start(launch)
            states.append(executor.state(launch.folder)[0])

        threads = [threading.Thread(target=start) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert states == ["running"] * 5
        self.end(executor, launch)
        assert self.wait(executor, launch).code == 0
        starts = launch.cwd / "starts"
        assert not starts.exists() or starts.read_text() == "start\n"

    def test_every_watcher_is_called_once(self, executor: Executor, tmp_path: Path) -> None:
        """Also one that comes when it is over, and also when another one's callback raises."""
        launch = self.launch(tmp_path)
        called: list[str] = []
        both = threading.Event()

        def fail(_: Path) -> None:
            called.append("failing")
            raise RuntimeError("a callback's own trouble")

        def note(folder: Path) -> None:
            called.append(folder.name)
            both.set()

        executor.start(launch)
        executor.watch(launch.folder, fail)
        executor.watch(launch.folder, note)
        assert called == []
        self.end(executor, launch)
        assert both.wait(_PATIENCE_S)
        self.wait(executor, launch)
        assert sorted(called) == ["failing", launch.id]

    def test_a_stopped_launch_says_so(self, executor: Executor, tmp_path: Path) -> None:
        """And stopping it again does no harm."""
        launch = self.launch(tmp_path)
        executor.start(launch)
        executor.stop(launch.folder)
        ended = self.wait(executor, launch)
        assert ended.reason == "stopped"
        executor.stop(launch.folder)
        assert executor.state(launch.folder) == ("exited", ended)

    def test_launches_do_not_know_each_other(self, executor: Executor, tmp_path: Path) -> None:
        """The end of one says nothing about the other."""
        first, second = self.launch(tmp_path, "first.1"), self.launch(tmp_path, "second.1")
        executor.start(first)
        executor.start(second)
        self.end(executor, first, 1)
        assert self.wait(executor, first).code == 1
        assert executor.state(second.folder) == ("running", None)
        self.end(executor, second, 2)
        assert self.wait(executor, second).code == 2

    def test_preheating_starts_no_launch(self, executor: Executor, tmp_path: Path) -> None:
        """It is only about what comes."""
        launch = self.launch(tmp_path)
        executor.preheat(launch)
        assert executor.state(launch.folder) == ("unknown", None)
