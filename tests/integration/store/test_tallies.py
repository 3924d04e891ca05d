"""Counts and sums over a workspace, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from bancada.store import attempts, experiments, jobs, resources, tallies, workspaces
from bancada.store.database import Database
from bancada.store.jobs import JobRow
from bancada.store.resources import Row


@pytest.fixture
def filled(db: Database) -> Database:
    db.write(lambda tx: workspaces.create(tx, {"name": "other"}))
    for workspace in ("w", "other"):
        db.write(lambda tx, ws=workspace: experiments.ensure(tx, ws, "Default"))
    return db


def add_job(db: Database, name: str, status: str, **values: Any) -> None:
    spec = {"type": "command", "environment": values.pop("environment", "azureml:env:1")}
    given = {"workspace": "w", "type": "command", "spec": spec, "parent": None, **values}
    row = JobRow(name=name, status=status, experiment_id="0", display_name=name, created_at=1.0, **given)
    known = db.read(lambda tx: experiments.by_name(tx, row.workspace, "Default"))
    assert known is not None
    db.write(lambda tx: jobs.insert(tx, JobRow(**{**row.__dict__, "experiment_id": known.experiment_id})))


def put(db: Database, name: str, version: str = "1", kind: str = "data", **values: Any) -> None:
    db.write(lambda tx: resources.put(tx, Row("w", kind, name, version, **values)))


def test_jobs_are_counted_by_status_without_children_archived_and_other_workspaces(filled: Database):
    for name, status in (("a", "Completed"), ("b", "Completed"), ("c", "Failed"), ("d", "Running")):
        add_job(filled, name, status)
    add_job(filled, "child", "Completed", parent="a")
    add_job(filled, "old", "Completed", archived=True)
    add_job(filled, "gone", "Completed", deleted=True)
    add_job(filled, "run", "Running", type=None, spec=None)
    add_job(filled, "elsewhere", "Completed", workspace="other")
    found = filled.read(lambda tx: tallies.jobs_by_status(tx, "w"))
    assert found == {"Completed": 2, "Failed": 1, "Running": 1}


def test_jobs_that_use_an_environment_are_counted_by_its_whole_name(filled: Database):
    add_job(filled, "a", "Completed", environment="azureml:my_env:1")
    add_job(filled, "b", "Completed", environment="azureml:my_env:10")
    add_job(filled, "c", "Completed", environment="azureml:myxenv:1")
    assert filled.read(lambda tx: tallies.jobs_using(tx, "w", "azureml:my_env:1")) == 1


def test_seconds_of_attempts_add_up_and_those_that_run_count_until_now(filled: Database):
    add_job(filled, "a", "Running")
    filled.write(lambda tx: attempts.insert(tx, "w", "a", 1, "l1", "h1", at=100.0))
    filled.write(lambda tx: attempts.end(tx, "w", "a", 1, {}, at=130.5))
    filled.write(lambda tx: attempts.insert(tx, "w", "a", 2, "l2", "h2", at=200.0))
    filled.write(lambda tx: attempts.insert(tx, "other", "x", 1, "l3", "h3", at=0.0))
    assert filled.read(lambda tx: tallies.attempt_seconds(tx, "w", 210.0)) == pytest.approx(40.5)
    assert filled.read(lambda tx: tallies.attempt_seconds(tx, "nowhere", 210.0)) == 0.0


def test_names_are_counted_by_kind_whatever_their_versions(filled: Database):
    put(filled, "heart", "1")
    put(filled, "heart", "2")
    put(filled, "bike", "1", archived=True)
    put(filled, "m", "1", kind="models")
    assert filled.read(lambda tx: tallies.names_by_kind(tx, "w")) == {"data": 2, "models": 1}


def test_a_window_of_names_has_the_newest_version_of_each_and_how_many_there_are(filled: Database):
    for name in ("heart", "bike", "Heart-test"):
        put(filled, name, "1", created_at=10.0)
    put(filled, "heart", "2", created_at=20.0, doc={"n": 2})
    put(filled, "old", "1", archived=True)

    def names(**given: Any) -> tuple[list[tuple[str, str, int]], int]:
        asked = {"limit": 10, "offset": 0, **given}
        found = filled.read(lambda tx: tallies.newest_rows(tx, "w", "data", **asked))
        return [(one.latest.name, one.latest.version, one.versions) for one in found.rows], found.total

    assert names() == ([("heart", "2", 2), ("Heart-test", "1", 1), ("bike", "1", 1)], 3)
    assert names(limit=1, offset=1) == ([("Heart-test", "1", 1)], 3)
    assert names(words=["HEART"])[1] == 2
    assert names(words=["heart", "test"])[0] == [("Heart-test", "1", 1)]
    assert names(words=["h%t"]) == ([], 0)
    assert names(archived=True) == ([("old", "1", 1)], 1)
    assert names(archived=None)[1] == 4
    first = filled.read(lambda tx: tallies.newest_rows(tx, "w", "data", limit=1, offset=0)).rows[0]
    assert (first.created_at, first.latest.doc) == (10.0, {"n": 2})
