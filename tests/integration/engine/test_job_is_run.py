"""A job is its MLflow run: what is done to one is seen on the other."""

from __future__ import annotations

import math

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.domain.jobs.command import CommandJob
from bancada.domain.tracking import Metric, Param, Tag
from bancada.engine.authorize import Principal
from bancada.engine.tracking import Caller, Tracking
from bancada.engine.tracking.runs import Batch
from bancada.store import events

OWNER = Caller(WORKSPACE, Principal("owner", "owner"))


@pytest.fixture
def tracking(bench: Bench) -> Tracking:
    """What MLflow's face works with."""
    return Tracking(bench.core.db, bench.core.artifacts, bench.core.clock)


def test_a_job_shows_what_its_run_logged(bench: Bench, tracking: Tracking):
    name = bench.submit("print('hello')\n", tags={"own": "1"})
    points = [Metric("acc", 0.5, 1, 1), Metric("acc", 0.9, 2, 2), Metric("loss", math.nan, 1, 1)]
    batch = Batch(metrics=points, params=[Param("depth", "3")], tags=[Tag("team", "red")])
    tracking.perform(OWNER, tracking.runs.log(OWNER, name, batch))
    shown = bench.wait(name)
    assert shown["metrics"]["acc"] == 0.9
    assert math.isnan(shown["metrics"]["loss"])
    assert (shown["params"], shown["tags"]) == ({"depth": "3"}, {"own": "1", "team": "red"})
    assert math.isnan((CommandJob.model_validate({**shown, "metrics": {"loss": "nan"}}).metrics or {})["loss"])


def test_a_run_that_no_job_made_is_shown_as_a_job(bench: Bench, tracking: Tracking):
    experiment = tracking.perform(OWNER, tracking.experiments.create(OWNER, "by hand"))
    operation = tracking.runs.create(OWNER, experiment_id=experiment, run_name="plain")
    run = tracking.perform(OWNER, operation).run.name
    tracking.perform(OWNER, tracking.runs.log(OWNER, run, Batch(metrics=[Metric("m", 1.0)])))
    tracking.perform(OWNER, tracking.runs.update(OWNER, run, status="FINISHED", end_ms=1))
    shown = bench.job(run)
    assert (shown["display_name"], shown["status"], shown["metrics"]) == ("plain", "Completed", {"m": 1.0})
    assert shown["experiment_name"] == "by hand"
    (listed,) = bench.platform.jobs.page(WORKSPACE)[0]
    assert (listed.body["name"], listed.body["experiment_name"]) == (run, "by hand")


def test_lists_hear_when_a_run_that_no_job_made_begins_and_ends(bench: Bench, tracking: Tracking):
    run = tracking.perform(OWNER, tracking.runs.create(OWNER, run_name="plain")).run.name
    tracking.perform(OWNER, tracking.runs.update(OWNER, run, run_name="renamed"))
    tracking.perform(OWNER, tracking.runs.update(OWNER, run, status="FINISHED", end_ms=1))
    heard = [one for one in bench.core.db.read(lambda tx: events.after(tx, 0, WORKSPACE)) if one.name == run]
    assert [(one.kind, one.what) for one in heard] == [("job", "Running"), ("job", "Completed")]


def test_a_job_that_is_renamed_is_found_by_its_new_name_by_mlflows_clients(bench: Bench, tracking: Tracking):
    name = bench.submit("print('hello')\n", display_name="before")
    bench.platform.jobs.update(WORKSPACE, name, {"display_name": "after"}, "owner")
    assert bench.wait(name)["display_name"] == "after"
    found = tracking.perform(OWNER, tracking.runs.get(OWNER, name))
    tags = {one.key: one.value for one in found.data.tags}
    assert (found.run.display_name, tags.get("mlflow.runName")) == ("after", "after")


def test_a_renamed_experiment_has_its_new_name_on_its_jobs(bench: Bench, tracking: Tracking):
    name = bench.submit("print('hello')\n", experiment_name="before")
    experiment = tracking.perform(OWNER, tracking.experiments.by_name(OWNER, "before")).experiment_id
    tracking.perform(OWNER, tracking.experiments.rename(OWNER, experiment, "after"))
    assert bench.wait(name)["experiment_name"] == "after"
