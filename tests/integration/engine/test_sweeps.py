"""Sweeps in real processes; the trials log through the store, as the MLflow face would."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.domain.tracking import Metric
from bancada.errors import Invalid
from bancada.store import tracking

TRIAL = "import sys, json\nopen('outputs/point.json', 'w').write(json.dumps(sys.argv[1:]))\n"


def sweep_of(bench: Bench, script: str = TRIAL, **doc: Any) -> str:
    job = {
        "type": "sweep",
        "trial": {
            "command": "python a.py ${{search_space.depth}} ${{search_space.kind}}",
            "code": bench.upload({"a.py": script}),
            "environment": "azureml:minimal@latest",
        },
        "search_space": {
            "depth": {"type": "choice", "values": [1, 2, 3]},
            "kind": {"type": "choice", "values": ["a", "b"]},
        },
        "sampling_algorithm": "random",
        "objective": {"goal": "maximize", "primary_metric": "Score"},
        "limits": {"max_total_trials": 5, "max_concurrent_trials": 2},
        **doc,
    }
    return str(bench.platform.jobs.submit(WORKSPACE, job, "owner").body["name"])


def trials(bench: Bench, name: str) -> list[dict[str, Any]]:
    return [one.body for one in bench.platform.jobs.page(WORKSPACE, parent=name)[0]]


def score_when_running(bench: Bench, name: str) -> None:
    """Log each trial's score from outside, as soon as it is there: depth is the score."""
    for trial in trials(bench, name):
        depth = float(json.loads(trial["properties"]["hyperparameters"])["depth"])

        def log(tx: Any, trial: str = trial["name"], value: float = depth) -> None:
            tracking.log_batch(tx, WORKSPACE, trial, metrics=[Metric("Score", value, 1, 0)])

        bench.core.db.write(log)


def test_a_sweep_runs_its_trials_and_names_the_best(bench: Bench):
    name = sweep_of(bench, "import time\ntime.sleep(0.3)\n" + TRIAL)

    def look() -> dict[str, Any]:
        score_when_running(bench, name)
        return bench.job(name)

    body = bench.until(look, lambda found: found["status"] in ("Completed", "Failed"))
    assert body["status"] == "Completed", body
    found = trials(bench, name)
    assert sorted(one["name"] for one in found) == [f"{name}_{index}" for index in range(5)]
    assert all(one["status"] == "Completed" for one in found)
    best = bench.job(body["properties"]["best_child_run_id"])
    assert json.loads(best["properties"]["hyperparameters"])["depth"] == 3
    points = {one["properties"]["hyperparameters"] for one in found}
    assert len(points) == 5, "a finite space is not asked twice for the same point"
    listed = [one.body["name"] for one in bench.platform.jobs.page(WORKSPACE)[0]]
    assert listed == [name], "trials are listed only under their sweep"


def test_a_sweep_whose_metric_is_never_logged_fails_after_three_trials_and_names_what_was(bench: Bench):
    name = sweep_of(bench, limits={"max_total_trials": 6, "max_concurrent_trials": 1})
    body = bench.wait(name)
    assert body["status"] == "Failed"
    assert "three" in body["error"]["message"] or "3 trials in a row" in body["error"]["message"]
    assert "`Score`" in body["error"]["message"]
    assert "`Score`" in body["properties"]["warning"]
    assert len(trials(bench, name)) == 3


def test_a_sweep_whose_trials_fail_tells_the_common_reason(bench: Bench):
    name = sweep_of(bench, "raise RuntimeError('no such column')\n")
    body = bench.wait(name)
    assert body["status"] == "Failed"
    assert "no such column" in body["error"]["message"]


def test_cancelling_a_sweep_cancels_its_trials(bench: Bench):
    name = sweep_of(bench, "import time\ntime.sleep(60)\n")
    bench.until(lambda: [one["status"] for one in trials(bench, name)], lambda found: found.count("Running") == 2)
    bench.platform.jobs.cancel(WORKSPACE, name, "owner")
    assert bench.wait(name)["status"] == "Canceled"
    assert {one["status"] for one in trials(bench, name)} == {"Canceled"}


def test_a_new_server_goes_on_with_a_sweep(bench: Bench):
    name = sweep_of(bench, "import time\ntime.sleep(0.5)\n" + TRIAL)
    bench.until(lambda: trials(bench, name), lambda found: any(one["status"] == "Running" for one in found))
    bench.reopen()

    def look() -> dict[str, Any]:
        score_when_running(bench, name)
        return bench.job(name)

    body = bench.until(look, lambda found: found["status"] in ("Completed", "Failed"))
    assert body["status"] == "Completed", body
    assert len(trials(bench, name)) == 5
    assert all("attempt" not in one["properties"] for one in trials(bench, name)), "no trial ran twice"


def test_a_grid_over_a_continuous_parameter_is_refused_at_submission(bench: Bench):
    with pytest.raises(Invalid, match="grid"):
        sweep_of(
            bench,
            sampling_algorithm="grid",
            search_space={
                "depth": {"type": "uniform", "min_value": 0.0, "max_value": 1.0},
                "kind": {"type": "choice", "values": ["a"]},
            },
        )


@pytest.mark.parametrize(
    ("algorithm", "depth", "message"),
    [
        (
            "grid",
            {"type": "choice", "values": [{"x": {"type": "uniform", "min_value": 0, "max_value": 1}}]},
            "countable",
        ),
        ({"type": "random", "logbase": 1}, {"type": "choice", "values": [1, 2]}, "no base of logarithms"),
    ],
)
def test_what_the_sampler_refuses_is_refused_at_submission(bench: Bench, algorithm: Any, depth: Any, message: str):
    with pytest.raises(Invalid, match=message):
        sweep_of(
            bench,
            sampling_algorithm=algorithm,
            search_space={"depth": depth, "kind": {"type": "choice", "values": ["a"]}},
        )
