"""The fake executor keeps the contract of the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from bancada.conformance.executor import ExecutorContract
from bancada.errors import LaunchFailed
from bancada.executors import Executor, Launch
from bancada.executors.memory import MemoryExecutor


class TestMemoryExecutor(ExecutorContract):
    @pytest.fixture
    def executor(self, tmp_path: Path) -> Executor:
        return MemoryExecutor()

    def end(self, executor: Executor, launch: Launch, code: int = 0) -> None:
        assert isinstance(executor, MemoryExecutor)
        executor.finish(launch.id, code)

    def test_a_lost_launch_says_so(self, executor: MemoryExecutor, tmp_path: Path) -> None:
        launch = self.launch(tmp_path)
        executor.start(launch)
        executor.lose(launch.id)
        state, ended = executor.state(launch.folder)
        assert state == "lost"
        assert ended is not None
        assert ended.reason == "lost"

    def test_a_failing_start_leaves_its_reason(self, executor: MemoryExecutor, tmp_path: Path) -> None:
        launch = self.launch(tmp_path)
        executor.fail_next("no interpreter")
        with pytest.raises(LaunchFailed, match="no interpreter"):
            executor.start(launch)
        state, ended = executor.state(launch.folder)
        assert state == "exited"
        assert ended is not None
        assert (ended.reason, ended.message) == ("could_not_start", "no interpreter")
