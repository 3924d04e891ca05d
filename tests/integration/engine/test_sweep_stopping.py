"""Early termination from a logged metric to a stopped trial, through the tracking service and real processes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from engine_bench import WORKSPACE, Bench
from test_sweeps import sweep_of, trials

from bancada.domain.tracking import Metric
from bancada.engine.authorize import Principal
from bancada.engine.tracking import Caller, Tracking
from bancada.engine.tracking.runs import Batch
from bancada.store.queue import Subject
from bancada.web import tracking_of

SLEEPER = "import time\ntime.sleep(600)\n"
OWNER = Caller(WORKSPACE, Principal("owner", "owner"))


@pytest.fixture
def tracking(bench: Bench) -> Tracking:
    return tracking_of(bench.platform)


def log(tracking: Tracking, trial: str, values: list[float], key: str = "Score") -> None:
    for step, value in enumerate(values):
        tracking.perform(OWNER, tracking.runs.log(OWNER, trial, Batch([Metric(key, value, step + 1, step)], {}, [])))


def running(bench: Bench, name: str, count: int) -> list[str]:
    found = bench.until(
        lambda: [one["name"] for one in trials(bench, name) if one["status"] == "Running"],
        lambda names: len(names) == count,
    )
    return sorted(found)


def test_a_trial_outside_the_slack_is_stopped_and_carries_the_numbers_that_decided(bench: Bench, tracking: Tracking):
    rule = {"type": "bandit", "slack_amount": 0.1, "evaluation_interval": 2, "delay_evaluation": 2}
    name = sweep_of(bench, SLEEPER, early_termination=rule, limits={"max_total_trials": 3, "max_concurrent_trials": 2})
    first, second = running(bench, name, 2)
    log(tracking, first, [0.5, 0.9])
    log(tracking, second, [0.2, 0.3])
    stopped = bench.wait(second)
    assert stopped["status"] == "Canceled"
    story = json.loads(stopped["properties"]["early_termination"])
    assert (story["policy"], story["interval"], story["value"]) == ("bandit", 2, 0.3)
    assert story["limit"] == pytest.approx(0.8)
    assert stopped["tags"]["early_termination"] == "bandit"
    assert stopped["tags"]["early_termination.interval"] == "2"
    assert stopped["tags"]["early_termination.value"] == "0.3"
    assert float(stopped["tags"]["early_termination.limit"]) == pytest.approx(0.8)
    assert "error" not in stopped
    # Its place goes to the next trial, and the sweep goes on.
    assert f"{name}_2" in running(bench, name, 2)
    assert bench.job(name)["status"] == "Running"


def test_stopped_trials_are_no_failures_and_the_best_trial_is_one_that_completed(bench: Bench, tracking: Tracking):
    rule = {"type": "bandit", "slack_amount": 0.1, "evaluation_interval": 1}
    waits = "import os, sys, time\nwhile not os.path.exists(os.environ['GO']): time.sleep(0.02)\n"
    go = bench.home / "go"
    trial = {
        "command": "python a.py ${{search_space.depth}}",
        "code": bench.upload({"a.py": waits}),
        "environment": "azureml:minimal@latest",
        "environment_variables": {"GO": str(go)},
    }
    space = {"depth": {"type": "choice", "values": list(range(5))}}
    limits = {"max_total_trials": 5, "max_concurrent_trials": 2}
    name = sweep_of(bench, early_termination=rule, trial=trial, search_space=space, limits=limits)
    best = running(bench, name, 2)[0]
    log(tracking, best, [0.9])
    for _ in range(4):
        (other,) = [one for one in running(bench, name, 2) if one != best]
        log(tracking, other, [0.1])
        assert bench.wait(other)["status"] == "Canceled"
    go.touch()
    body = bench.wait(name)
    assert body["status"] == "Completed"
    assert body["properties"]["best_child_run_id"] == best
    assert sorted(one["status"] for one in trials(bench, name)) == ["Canceled"] * 4 + ["Completed"]


def test_a_sweep_without_a_rule_is_not_woken_and_one_with_a_rule_at_most_twice_a_second(
    bench: Bench, tracking: Tracking
):
    turns: list[tuple[float, str]] = []
    job_turns: Any = bench.platform._worker._turns["job"]
    turn = job_turns.turn

    def counted(subject: Subject) -> float | None:
        turns.append((time.monotonic(), subject.name))
        return turn(subject)

    job_turns.turn = counted
    limits = {"max_total_trials": 1, "max_concurrent_trials": 1}
    plain = sweep_of(bench, SLEEPER, limits=limits)
    ruled = sweep_of(bench, SLEEPER, limits=limits, early_termination={"type": "median_stopping"})
    for name in (plain, ruled):
        running(bench, name, 1)

    def is_quiet() -> bool:
        before = len(turns)
        time.sleep(1.0)
        return len(turns) == before

    bench.until(is_quiet, bool)  # what the start of the trials has woken is over
    turns.clear()
    began = time.monotonic()
    while time.monotonic() < began + 2.0:
        for name in (plain, ruled):
            log(tracking, f"{name}_0", [0.5])
            log(tracking, f"{name}_0", [0.5], key="other")
        time.sleep(0.01)
    bench.until(lambda: [at for at, name in turns if name == ruled], bool)
    time.sleep(0.6)
    most = 2 * (time.monotonic() - began) + 1
    assert [at for at, name in turns if name == plain] == []
    assert len([at for at, name in turns if name == ruled]) <= most
