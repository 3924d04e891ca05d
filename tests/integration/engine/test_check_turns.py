"""Checks of data in turns: what nobody waits for gives way, and what is kept of the answers has a bound."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.engine import data_checks
from bancada.engine.data_checks import DataChecks
from bancada.engine.locations import Locations
from bancada.engine.tables import TableProcesses, Unwanted

CSV = "a,b,c,d\n1,2,3,4\n"
PATIENCE_S = 0.2


class HeldProcesses(TableProcesses):
    """Processes that end when they are told to, one target at a time, or when nobody wants them."""

    def __init__(self, size: int = 0) -> None:
        super().__init__()
        self.begun: list[str] = []
        self.given_up: list[str] = []
        self.may_end = threading.Event()
        self._size = size

    def run(
        self, order: Mapping[str, Any], timeout_s: float, is_wanted: Callable[[], bool] = lambda: True
    ) -> dict[str, Any]:
        target = str(order["asked"]["target"])
        self.begun.append(target)
        while not self.may_end.wait(0.01):
            if not is_wanted():
                self.given_up.append(target)
                raise Unwanted
        return {"columns": [{"name": "x" * self._size}], "rails": []}


class Asking:
    """Checks whose processes are held, and a table to ask about."""

    def __init__(self, bench: Bench, processes: HeldProcesses) -> None:
        self.processes = processes
        platform = bench.platform
        self._checks = DataChecks(
            platform.core, Locations(platform.core), platform.data_files, processes, cast("Any", None)
        )
        self._table = bench.upload({"t.csv": CSV})

    def ask(self, target: str) -> str:
        job = {"training_data": {"path": f"{self._table}/t.csv"}, "task": "regression", "target_column_name": target}
        return self._checks.check(WORKSPACE, job)["state"]

    def wait(self, target: str, until: Callable[[], bool]) -> None:
        """Ask again and again, as a page does, until something is so."""
        deadline = time.monotonic() + 30
        while self.ask(target) == "computing" and not until():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def close(self) -> None:
        self.processes.may_end.set()
        self._checks.close()


@pytest.fixture
def asking(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    monkeypatch.setattr(data_checks, "PATIENCE_S", PATIENCE_S)
    made = Asking(bench, HeldProcesses())
    yield made
    made.close()


def test_a_check_that_nobody_waits_for_gives_way_to_the_next(asking: Asking):
    asking.wait("a", lambda: asking.processes.begun == ["a"])
    # `b` is asked for once and changed before its turn: it is never begun.
    assert [asking.ask("b"), asking.ask("a")] == ["computing"] * 2
    time.sleep(1.5 * PATIENCE_S)
    asking.wait("c", lambda: asking.processes.begun == ["a", "c"])
    assert asking.processes.given_up == ["a"]
    asking.processes.may_end.set()
    asking.wait("c", lambda: False)
    assert asking.ask("c") == "ready"
    # What was given up is begun anew for whoever comes back to it.
    asking.wait("a", lambda: False)
    assert asking.processes.begun == ["a", "c", "a"]


def test_a_check_goes_on_while_nobody_waits_for_another(asking: Asking):
    asking.wait("a", lambda: asking.processes.begun == ["a"])
    time.sleep(2 * PATIENCE_S)
    asking.processes.may_end.set()
    asking.wait("a", lambda: False)
    assert (asking.processes.begun, asking.processes.given_up) == (["a"], [])


def test_two_that_are_waited_for_have_their_turns(asking: Asking):
    asking.wait("a", lambda: asking.processes.begun == ["a"])
    asking.wait("b", lambda: asking.ask("a") == "ready" or asking.processes.may_end.set() is not None)
    for target in ("a", "b"):
        asking.wait(target, lambda: False)
    assert (asking.processes.begun, asking.processes.given_up) == (["a", "b"], [])


def test_answers_are_kept_up_to_their_size(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(data_checks, "KEPT_BYTES", 2500)
    asking = Asking(bench, HeldProcesses(size=1000))
    asking.processes.may_end.set()
    for target in ("a", "b", "a", "c", "a", "b"):  # `a` is looked at again and again: of the others one goes
        asking.wait(target, lambda: False)
    assert asking.processes.begun == ["a", "b", "c", "b"]
    monkeypatch.setattr(data_checks, "KEPT_BYTES", 10)
    asking.wait("d", lambda: False)  # the last answer is kept, however large: who waits for it has to get it
    assert asking.ask("d") == "ready"
    asking.close()


def test_the_process_of_an_unwanted_check_is_ended(tmp_path: Path):
    pipe = tmp_path / "t.csv"
    os.mkfifo(pipe)  # a table that is never read to its end
    processes = TableProcesses()
    order: dict[str, Any] = {"what": "checks", "files": [str(pipe)], "form": "delimited", "asked": {}}
    until = time.monotonic() + 1
    with pytest.raises(Unwanted):
        processes.run(order, 60, lambda: time.monotonic() < until)
    commands = [one.read_bytes() for one in Path("/proc").glob("[0-9]*/cmdline") if one.exists()]
    assert not any(b"table_process" in one and str(tmp_path).encode() in one for one in commands)
