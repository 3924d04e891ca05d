"""Builds as rows and launches, with an executor that starts nothing."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bancada.engine import Core
from bancada.engine.builds import KIND, WORKSPACE, Builds
from bancada.engine.paths import HomePaths
from bancada.engine.worker import Chore, Pool, Worker
from bancada.executors.environments import EnvironmentRequest
from bancada.executors.memory import MemoryExecutor
from bancada.ids import SystemClock
from bancada.settings import load_settings
from bancada.store import resources
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database
from bancada.store.queue import Subject

REQUEST = EnvironmentRequest("e", "1", conda={"dependencies": ["python=3.11"]}).document()
WAITER = Subject("default", "job", "j")


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    home = tmp_path / 'a "home" of $HOME'
    db = Database.open(f"sqlite:///{home}/bancada.db")
    db.migrate()
    settings = load_settings({"home": str(home), "cache": str(tmp_path / "cache")})
    yield Core(db, ArtifactStore(home), MemoryExecutor(), settings, SystemClock(), HomePaths(home), "token")
    db.close()


@pytest.fixture
def builds(core: Core) -> Iterator[Builds]:
    pool = Pool(1)
    yield Builds(core, pool)
    pool.close()


def row_of(core: Core) -> resources.Row:
    (found,) = core.db.read(lambda tx: resources.all_of(tx, WORKSPACE, KIND))
    return found


def test_who_asks_for_a_build_that_was_just_called_off_gets_one_of_its_own(core: Core, builds: Builds):
    core.db.write(lambda tx: builds.ensure(tx, REQUEST, WAITER))
    first = row_of(core)
    builds.leave(REQUEST, WAITER)
    assert (row_of(core).state, builds.view(REQUEST).state) == ("Canceled", "none")
    core.db.write(lambda tx: builds.ensure(tx, REQUEST, WAITER))
    again = row_of(core)
    assert (again.state, again.doc["waiters"]) == ("Creating", [list(WAITER)])
    assert again.doc["launch"] != first.doc["launch"]


def test_a_build_that_somebody_else_waits_for_goes_on(core: Core, builds: Builds):
    for name in ("j", "k"):
        core.db.write(lambda tx, name=name: builds.ensure(tx, REQUEST, Subject("default", "job", name)))
    builds.leave(REQUEST, WAITER)
    assert (row_of(core).state, row_of(core).doc["waiters"]) == ("Creating", [["default", "job", "k"]])


def test_a_home_of_any_name_reaches_the_builder_unchanged(core: Core, builds: Builds):
    core.db.write(lambda tx: builds.ensure(tx, REQUEST, WAITER))
    builds.turn(Subject(WORKSPACE, "build", row_of(core).name))
    builds._pool.close()  # what it was given is done
    (launch,) = core.executor.launches.values()  # type: ignore[attr-defined]
    words = shlex.split(launch.shell)
    assert words[0] == "exec"
    assert [Path(one).parent for one in words[-2:]] == [core.paths.work(launch.id)] * 2


def test_a_chore_may_begin_sooner_than_it_comes_again(core: Core):
    done = threading.Event()
    worker = Worker(core, {}, [Chore(3600.0, done.set, first_s=0.0)])
    worker.start()
    assert done.wait(60.0)
    worker.stop()
