"""Sweeps under 200 random kills of the server, in simulated time: no trial lost, none twice, the same points.

The database is real; processes live in the memory executor, which outlives a kill as real keepers do. A kill comes
before or after any write of the engine, so also between a commit and what follows it outside of the database.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bancada.domain.tracking import Metric
from bancada.engine.attempts import AttemptRunner
from bancada.engine.builds import Builds
from bancada.engine.core import Core
from bancada.engine.handlers.views import BuildView
from bancada.engine.jobs import JobOperations
from bancada.engine.ledger import Ledger
from bancada.engine.locations import Locations
from bancada.engine.metric_wakes import MetricWakes
from bancada.engine.paths import HomePaths
from bancada.engine.staging import Staging
from bancada.engine.turns import JobTurns
from bancada.engine.workspaces import Workspaces
from bancada.errors import Conflict
from bancada.executors.environments import BuiltEnvironment
from bancada.executors.memory import MemoryExecutor
from bancada.ids import FixedClock
from bancada.settings import load_settings
from bancada.store import jobs, queue, tracking
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database

WORKSPACE = "default"
TRIALS = 40
KILLS = 55


class Killed(BaseException):
    """The server dies here."""


class MortalDatabase:
    """The database as a server sees it that dies at one of its writes; a dead server writes nothing any more."""

    def __init__(self, real: Database) -> None:
        self.real = real
        self.left: int | None = None
        self.is_dead = False
        self.dies_after_commit = False

    def write(self, act: Callable[[Any], Any]) -> Any:
        if self.is_dead:
            raise Killed
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.is_dead = True
                if self.dies_after_commit:
                    self.real.write(act)
                raise Killed
        return self.real.write(act)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class Tasks:
    """A pool whose tasks run when the test says so; those of a dead server never do."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def submit(self, task: Callable[[], None]) -> None:
        self.waiting.append(task)


class ReadyBuilds(Builds):
    """Every environment is there."""

    def find(self, request: dict[str, Any]) -> BuiltEnvironment:
        return BuiltEnvironment("key", Path("/env"), Path("/env/bin/python"), "3.11", (), {}, ())

    def view(self, request: dict[str, Any] | None) -> BuildView:
        return BuildView("ready")


class World:
    """What outlives a kill (database, executor, clock), and the server of the moment."""

    def __init__(self, home: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.home = home
        self.real = Database.open(f"sqlite:///{home}/bancada.db")
        self.real.migrate()
        self.executor = MemoryExecutor()
        self.clock = FixedClock()
        self.kills = 0
        self.in_the_middle = 0
        self.start()

    def start(self) -> None:
        self.db = MortalDatabase(self.real)
        settings = load_settings({"home": str(self.home), "cores": 3})
        store = ArtifactStore(self.home)
        self.core = Core(
            self.db,
            store,
            self.executor,
            settings,
            self.clock,
            HomePaths(self.home),
            "token",  # type: ignore[arg-type]
        )
        self.tasks: Any = Tasks()
        locations = Locations(self.core)
        builds = ReadyBuilds(self.core, self.tasks)
        runner = AttemptRunner(self.core, Staging(self.core, locations), builds, self.tasks)
        self.turns = JobTurns(self.core, runner, builds, Ledger(3), MetricWakes(self.core))
        self.operations = JobOperations(self.core, locations, builds)
        Workspaces(self.core).ensure(WORKSPACE)
        self.real.write(lambda tx: queue.requeue_expired(tx, self.clock.now(), everyone=True))
        self.turns.adopt()

    def step(self) -> None:
        """Do one of the things that a server and its processes do, in any order; perhaps die in it."""
        try:
            self.random.choice([self.take_turns, self.take_turns, self.run_task, self.run_task, self.end_process])()
        except Killed:
            self.kills += 1
            self.in_the_middle += any(self.executor.state(one.folder)[0] == "running" for one in self.launches())
            self.start()

    def arm(self) -> None:
        if self.db.left is None and self.kills < KILLS:
            self.db.left = self.random.randint(1, 12)
            self.db.dies_after_commit = self.random.random() < 0.5

    def launches(self) -> list[Any]:
        return list(self.executor.launches.values())

    def take_turns(self) -> None:
        self.clock.advance(self.random.random())
        now = self.clock.now()
        for claim in self.db.write(lambda tx: queue.claim(tx, "worker", 30.0, now, 3)):
            try:
                again = self.turns.turn(claim.subject)
            except Conflict:
                again = now
            if again is None:
                self.db.write(lambda tx, claim=claim: queue.done(tx, claim))
            else:
                self.db.write(lambda tx, claim=claim, again=again: queue.release(tx, claim, again))

    def run_task(self) -> None:
        if self.tasks.waiting:
            self.tasks.waiting.pop(self.random.randrange(len(self.tasks.waiting)))()

    def end_process(self) -> None:
        running = [one for one in self.launches() if self.executor.state(one.folder)[0] == "running"]
        if not running:
            return
        launch = self.random.choice(running)
        name = launch.variables["MLFLOW_RUN_ID"]
        value = float(launch.argv[2])
        # The script's own request reached the server before it ended.
        self.real.write(lambda tx: tracking.log_batch(tx, WORKSPACE, name, metrics=[Metric("Score", value, 1, 0)]))
        self.executor.finish(launch.id)


def sweep() -> dict[str, Any]:
    return {
        "type": "sweep",
        "name": "sweep",
        "trial": {"command": "python a.py ${{search_space.x}}", "environment": "azureml:minimal@latest"},
        "search_space": {"x": {"type": "uniform", "min_value": 0.0, "max_value": 1.0}},
        "sampling_algorithm": {"type": "random", "seed": 5},
        "objective": {"goal": "maximize", "primary_metric": "Score"},
        "limits": {"max_total_trials": TRIALS, "max_concurrent_trials": 3},
    }


@pytest.mark.parametrize("seed", range(4))
def test_a_sweep_ends_alike_whatever_is_killed(tmp_path: Path, seed: int):
    world = World(tmp_path, seed)
    world.operations.submit(WORKSPACE, sweep(), "owner")
    for _ in range(20_000):
        world.arm()
        world.step()
        row = world.real.read(lambda tx: jobs.get(tx, WORKSPACE, "sweep"))
        assert row is not None
        if row.status in ("Completed", "Failed", "Canceled"):
            break
    else:
        pytest.fail(f"the sweep is still {row.status} after {world.kills} kills")
    assert row.status == "Completed", row.error
    assert world.kills >= 50, "four sweeps, 200 kills"
    assert world.in_the_middle > KILLS / 4, "most kills must come while a trial runs"
    children = world.real.read(lambda tx: jobs.children(tx, WORKSPACE, "sweep"))
    assert [one.name for one in children] == [f"sweep_{index}" for index in range(TRIALS)]
    assert {one.status for one in children} == {"Completed"}
    # No trial ran twice: a kill of the server costs no attempt.
    assert sorted(world.executor.launches) == sorted(f"{WORKSPACE}.{one.name}.1" for one in children)
    points = [one.state["params"]["x"] for one in children]
    undisturbed = [random.Random(f"5/{index}").random() for index in range(TRIALS)]
    assert points == pytest.approx(undisturbed)
    best = max(children, key=lambda one: one.state["params"]["x"])
    assert row.properties["best_child_run_id"] == best.name
    assert json.loads(row.properties["best_parameters"]) == best.state["params"]
    world.real.close()
