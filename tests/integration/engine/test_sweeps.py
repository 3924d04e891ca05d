"""Sweeps in real processes; the trials log through the store, as the MLflow face would."""

from __future__ import annotations

import json
from pathlib import Path
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
        (scored := bench.home / "scored").mkdir(exist_ok=True)
        (scored / trial["name"]).touch()


def after_score(bench: Bench, script: str = TRIAL) -> str:
    """Return a script that begins once its trial has its score: what ends without one counts as a failure."""
    score = f"os.path.join({str(bench.home / 'scored')!r}, os.environ['MLFLOW_RUN_ID'])"
    return f"import os, time\nwhile not os.path.exists({score}):\n    time.sleep(0.02)\ntime.sleep(0.2)\n{script}"


def test_a_sweep_runs_its_trials_and_names_the_best(bench: Bench):
    name = sweep_of(bench, after_score(bench))

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
    name = sweep_of(bench, "import time\ntime.sleep(600)\n")
    bench.until(lambda: [one["status"] for one in trials(bench, name)], lambda found: found.count("Running") == 2)
    bench.platform.jobs.cancel(WORKSPACE, name, "owner")
    assert bench.wait(name)["status"] == "Canceled"
    assert {one["status"] for one in trials(bench, name)} == {"Canceled"}


def test_a_new_server_goes_on_with_a_sweep(bench: Bench):
    name = sweep_of(bench, after_score(bench))
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


def finished(bench: Bench, name: str) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        score_when_running(bench, name)
        return bench.job(name)

    return bench.until(look, lambda found: found["status"] in ("Completed", "Failed", "Canceled"))


def test_a_finished_sweep_with_a_higher_limit_goes_on(bench: Bench):
    name = sweep_of(bench, after_score(bench), limits={"max_total_trials": 2, "max_concurrent_trials": 2})
    assert finished(bench, name)["status"] == "Completed"
    with pytest.raises(Invalid, match=r"limits\.max_total_trials: is 2, but the sweep has made 2 trials"):
        bench.platform.jobs.update(WORKSPACE, name, {"limits": {"max_concurrent_trials": 1}}, "owner")
    body = bench.platform.jobs.update(WORKSPACE, name, {"limits": {"max_total_trials": 4}}, "owner").body
    assert (body["status"], body["limits"]["max_total_trials"]) == ("Queued", 4)
    assert "ended_at" not in body
    assert finished(bench, name)["status"] == "Completed"
    found = trials(bench, name)
    assert sorted(one["name"] for one in found) == [f"{name}_{index}" for index in range(4)]
    assert len({one["properties"]["hyperparameters"] for one in found}) == 4


def test_a_sweep_that_failed_goes_on_in_spite_of_its_old_failures(bench: Bench):
    marker = bench.home / "mended"
    script = f"import os\nassert os.path.exists({str(marker)!r}), 'not mended'\n"
    name = sweep_of(bench, script + after_score(bench), limits={"max_total_trials": 4, "max_concurrent_trials": 1})
    assert "not mended" in bench.wait(name)["error"]["message"]
    marker.touch()
    body = bench.platform.jobs.update(WORKSPACE, name, {"limits": {"max_total_trials": 5}}, "owner").body
    assert "error" not in body
    assert finished(bench, name)["status"] == "Completed"
    assert [one["status"] for one in sorted(trials(bench, name), key=lambda one: one["name"])] == [
        *["Failed"] * 3,
        *["Completed"] * 2,
    ]


def test_limits_of_a_running_sweep_take_effect_and_those_of_other_jobs_are_refused(bench: Bench):
    name = sweep_of(bench, "import time\ntime.sleep(600)\n", limits={"max_total_trials": 2, "max_concurrent_trials": 1})
    bench.until(lambda: len(trials(bench, name)), lambda count: count == 1)
    with pytest.raises(Invalid, match="max_concurrent_trials"):
        bench.platform.jobs.update(WORKSPACE, name, {"limits": {"max_concurrent_trials": 0}}, "owner")
    bench.platform.jobs.update(WORKSPACE, name, {"limits": {"max_concurrent_trials": 2}}, "owner")
    bench.until(lambda: len(trials(bench, name)), lambda count: count == 2)
    with pytest.raises(Invalid, match="of a sweep only"):
        bench.platform.jobs.update(WORKSPACE, f"{name}_0", {"limits": {"timeout": 9}}, "owner")


def test_a_sweep_tells_what_it_found_and_its_trials_are_one_table(bench: Bench):
    name = sweep_of(bench, after_score(bench), limits={"max_total_trials": 5, "max_concurrent_trials": 2})
    body = finished(bench, name)
    found = body["results"]
    assert found["trials"] == 5
    assert found["counts"] == {"Completed": 5}
    assert found["best_trial"] == body["properties"]["best_child_run_id"]
    assert found["best_parameters"]["depth"] == found["best_value"] == 3
    assert [one["trial"] for one in found["metric_over_trials"]] == list(range(5))
    assert found["metric_over_trials"][-1]["best"] == 3
    assert sum(found["importance"].values()) == pytest.approx(1.0)
    assert found["seconds_running"]["total"] > 5 * 0.2
    first, following = bench.platform.jobs.trials(WORKSPACE, name, limit=3)
    rest, last = bench.platform.jobs.trials(WORKSPACE, name, limit=3, cursor=following)
    assert last is None
    assert [one["trial"] for one in [*first, *rest]] == list(range(5))
    row = first[0]
    assert row["value"] == row["latest"] == row["parameters"]["depth"]
    assert row["seconds_running"] >= 0.2
    assert row["seconds_waiting"] >= 0.0
    with pytest.raises(Invalid, match="only sweeps and AutoML jobs have trials"):
        bench.platform.jobs.trials(WORKSPACE, f"{name}_0")


PLUGIN = """
from bancada.learning.space import Space

class Middle:
    size = None

    def __init__(self, space, step):
        self.space, self.step = space, step

    @classmethod
    def of(cls, search_space, algorithm=None):
        return cls(Space(search_space), (algorithm.settings or {}).get("step", 0.1))

    def next_point(self, ask):
        if ask.index == 3:
            raise RuntimeError("out of ideas")
        return self.space.point(self.space.place([0.5 + ask.index * self.step] * len(self.space.dimensions)))
"""


@pytest.fixture
def installed_sampler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with an entry point, as somebody else would install it beside the server."""
    (tmp_path / "middle_sampler.py").write_text(PLUGIN)
    metadata = tmp_path / "middle_sampler-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: middle-sampler\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[bancada.samplers]\nmiddle = middle_sampler:Middle\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("installed_sampler")
def test_a_sampler_of_an_installed_package_is_used_by_its_name(bench: Bench):
    space = {"depth": {"type": "uniform", "min_value": 0, "max_value": 1}, "kind": {"type": "choice", "values": ["a"]}}
    chosen = {"type": "middle", "settings": {"step": 0.25}}
    two = {"max_total_trials": 2, "max_concurrent_trials": 2}
    name = sweep_of(bench, after_score(bench), sampling_algorithm=chosen, search_space=space, limits=two)
    assert finished(bench, name)["status"] == "Completed"
    points = [json.loads(one["properties"]["hyperparameters"])["depth"] for one in trials(bench, name)]
    assert sorted(points) == [0.5, 0.75]
    plain = sweep_of(bench, after_score(bench), sampling_algorithm="middle", search_space=space, limits=two)
    assert finished(bench, plain)["sampling_algorithm"] == "middle"
    more = {"max_total_trials": 5, "max_concurrent_trials": 2}
    failing = sweep_of(bench, after_score(bench), sampling_algorithm="middle", search_space=space, limits=more)
    body = finished(bench, failing)
    assert body["status"] == "Failed"
    assert "RuntimeError: out of ideas" in body["error"]["message"]
    assert {one["status"] for one in trials(bench, failing)} == {"Completed"}, "what ran was let end"


@pytest.mark.parametrize("chosen", ["halton", {"type": "halton"}])
def test_a_sampler_that_nobody_offers_is_refused_at_submission(bench: Bench, chosen: Any):
    with pytest.raises(Invalid, match=r"sampling_algorithm: there is no sampler `halton`\. There is: random, grid"):
        sweep_of(bench, sampling_algorithm=chosen)


def test_the_number_of_trials_is_known_from_the_start_also_of_a_small_grid(bench: Bench):
    slow = "import time\ntime.sleep(600)\n"
    grid = sweep_of(bench, slow, sampling_algorithm="grid", limits={"max_total_trials": 20, "max_concurrent_trials": 1})
    assert bench.job(grid)["results"]["expected_trials"] == 6
    drawn = sweep_of(bench, slow, limits={"max_total_trials": 4, "max_concurrent_trials": 1})
    assert bench.job(drawn)["results"]["expected_trials"] == 4
    for name in (grid, drawn):
        bench.platform.jobs.cancel(WORKSPACE, name, "owner")
