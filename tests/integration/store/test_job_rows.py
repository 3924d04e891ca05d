"""The table of jobs: filters, search, orders, windows, counts, columns, series; on SQLite and on PostgreSQL."""

from __future__ import annotations

import math

import pytest

from bancada.domain.tracking import Metric, Param, Tag
from bancada.errors import Invalid
from bancada.store import experiments, job_columns, job_rows, jobs, points, runs, series, workspaces
from bancada.store.filters import MOST_CLAUSES, MOST_ORDERS, parse_filter, parse_order
from bancada.store.jobs import JobRow

NOW = 2000.0


def add(db, name, *, workspace="w", experiment="Default", metrics=None, params=None, tags=None, **fields):
    """Insert a job with what was logged to it."""

    def write(tx):
        given = {"type": "command", "spec": {}, "status": "Completed", "display_name": name, "created_at": 1000.0}
        row = JobRow(
            workspace=workspace,
            name=name,
            experiment_id=experiments.ensure(tx, workspace, experiment),
            **{**given, **fields},
        )
        jobs.insert(tx, row)
        run = runs.find(tx, workspace, name)
        logged = [Metric(key, value, 1_700_000_000_000, 0) for key, value in (metrics or {}).items()]
        points.write(tx, run.key, run.experiment, logged)
        runs.add_params(tx, run, [Param(key, value) for key, value in (params or {}).items()])
        runs.set_tags(tx, run, [Tag(key, value) for key, value in (tags or {}).items()])

    db.write(write)


def window(db, *, filter="", order="", limit=100, **asked):
    clauses = parse_filter(filter, "jobs")
    orders = [parse_order(one, "jobs") for one in order.split(",") if one]
    return db.read(lambda tx: job_rows.window(tx, "w", clauses=clauses, orders=orders, now=NOW, limit=limit, **asked))


def names(db, **asked):
    return [one.name for one in window(db, **asked).rows]


@pytest.fixture
def five(db):
    """Five jobs of two experiments; `e` is a run that no job made."""
    add(db, "a", metrics={"acc": 0.5}, params={"lr": "0.1"}, started_at=1000.0, ended_at=1010.0)
    add(
        db,
        "b",
        metrics={"acc": 0.9, "loss": 1.0},
        params={"lr": "0.01"},
        status="Failed",
        user="ana",
        started_at=1000.0,
    )
    add(db, "c", metrics={"acc": math.nan}, tags={"team": "blue_1"}, experiment="Heart 100%", type="sweep")
    add(db, "d", tags={"team": "blueX1", "mlflow.source.name": "secret.py"}, display_name="Big One", archived=True)
    add(db, "e", type=None, spec=None, status="Running", tags={"mlflow.note.content": "What a Night"})
    return db


def test_the_newest_comes_first_and_the_archived_are_hidden(five):
    assert names(five) == ["e", "c", "b", "a"]
    assert names(five, archived=True) == ["d"]
    assert names(five, archived=None) == ["e", "d", "c", "b", "a"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("metrics.acc > 0.6", ["b"]),
        ("metrics.acc != 0.5", ["c", "b"]),
        ("metrics.acc >= 0.5 AND params.lr = '0.1'", ["a"]),
        ("params.lr LIKE '0.%'", ["b", "a"]),
        ("params.lr IS NULL", ["e", "c"]),
        ("tags.team = 'blue_1'", ["c"]),
        ("status IN ('Failed', 'Running')", ["e", "b"]),
        ("attributes.type = 'base'", ["e"]),
        ("experiment_name = 'Heart 100%'", ["c"]),
        ("user = 'ana'", ["b"]),
        ("duration > 100", ["b"]),
        ("duration <= 10", ["a"]),
        ("started_at >= 1000", ["b", "a"]),
        ("started_at >= '1970-01-01T00:16:41'", []),
        ("created_at < '1970-01-02'", ["e", "c", "b", "a"]),
        ("ended_at > 0", ["a"]),
        ("description ILIKE '%night%'", ["e"]),
        ("display_name = 'b'", ["b"]),
        ("tags.mlflow.runName = 'b'", ["b"]),
    ],
)
def test_a_filter_lets_through_what_it_says(five, text, found):
    assert names(five, filter=text) == found
    assert window(five, filter=text, limit=1).total == len(found)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["NIGHT"], ["e"]),
        (["failed"], ["b"]),
        (["heart"], ["c"]),
        (["heart", "sweep"], ["c"]),
        (["heart", "failed"], []),
        (["blue"], ["d", "c"]),
        (["team"], ["d", "c"]),
        (["big"], ["d"]),
        (["secret"], []),
        # `_` and `%` are letters here, and quotes end nothing.
        (["blue_1"], ["c"]),
        (["100%"], ["c"]),
        (["%"], ["c"]),
        (["\\"], []),
        (["'; DROP TABLE jobs; --"], []),
    ],
)
def test_every_word_of_a_search_occurs(five, words, found):
    assert names(five, words=words, archived=None) == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("metrics.acc DESC", ["b", "a", "c", "e"]),
        ("metrics.acc", ["a", "b", "c", "e"]),
        ("params.lr", ["b", "a", "e", "c"]),
        ("created_at ASC", ["a", "b", "c", "e"]),
        ("status,name DESC", ["c", "a", "b", "e"]),
        ("tags.team DESC", ["c", "e", "b", "a"]),
        ("duration DESC", ["b", "a", "e", "c"]),
        ("display_name", ["a", "b", "c", "e"]),
    ],
)
def test_an_order_puts_nan_after_numbers_and_the_missing_last(five, order, found):
    assert names(five, order=order) == found


def test_windows_meet_without_gap_or_double(five):
    whole = names(five, order="metrics.acc DESC")
    parts = [names(five, order="metrics.acc DESC", limit=1, offset=at) for at in range(5)]
    assert [one for part in parts for one in part] == whole
    assert window(five, limit=1, offset=50).total == 4


def test_children_show_under_their_parent_and_in_all(five):
    for number in range(3):
        add(five, f"t{number}", parent="c", index=number)
    five.write(lambda tx: runs.set_deleted(tx, runs.find(tx, "w", "t2"), deleted=True))
    assert names(five) == ["e", "c", "b", "a"]
    assert names(five, parent="c") == ["t1", "t0"]
    assert names(five, scope="all") == ["t1", "t0", "e", "c", "b", "a"]
    assert five.read(lambda tx: job_rows.child_counts(tx, "w", ["a", "c"])) == {"c": 2}


def test_another_workspace_does_not_shine_through(five):
    five.write(lambda tx: workspaces.create(tx, {"name": "other"}))
    add(five, "x", workspace="other", metrics={"acc": 0.99, "own": 1.0}, params={"own": "1"}, tags={"team": "night"})
    assert "x" not in names(five, filter="metrics.acc > 0.95", scope="all")
    assert names(five, words=["night"]) == ["e"]
    found = five.read(lambda tx: job_columns.counts(tx, "w"))
    assert found.metrics == {"acc": 3, "loss": 1}
    assert found.params == {"lr": 2}
    assert found.tags == {"team": 2}


def test_only_the_wanted_keys_are_read(five):
    wanted = {"metric": ["loss"], "tag": ["team"]}
    found = five.read(lambda tx: job_rows.logged(tx, "w", ["b", "c"], wanted))
    assert found["b"] == job_rows.Logged({"loss": 1.0}, {}, {})
    assert found["c"] == job_rows.Logged({}, {}, {"team": "blue_1"})
    whole = five.read(lambda tx: job_rows.logged(tx, "w", ["b"], None))
    assert whole["b"] == job_rows.Logged({"acc": 0.9, "loss": 1.0}, {"lr": "0.01"}, {})


def test_named_jobs_come_in_the_order_of_their_names(five):
    found = five.read(lambda tx: job_rows.named(tx, "w", ["c", "a", "none", "c"]))
    assert [one.name for one in found] == ["c", "a"]


def test_a_bad_date_says_what_would_be_right(five):
    with pytest.raises(Invalid, match="2026-11-28"):
        names(five, filter="created_at > 'yesterday'")


def test_a_series_comes_whole_in_the_order_of_its_axis(five):
    def write(tx):
        run = runs.find(tx, "w", "a")
        later = [Metric("m", 1.0, 9000, 0), Metric("m", math.nan, 5000, 1), Metric("m", 3.0, 7000, 2)]
        points.write(tx, run.key, run.experiment, later)

    five.write(write)
    by_step = five.read(lambda tx: series.points(tx, "w", "a", "m"))
    assert by_step.steps.tolist() == [0, 1, 2]
    assert by_step.times.tolist() == [9.0, 5.0, 7.0]
    assert repr(by_step.values.tolist()) == "[1.0, nan, 3.0]"
    by_time = five.read(lambda tx: series.points(tx, "w", "a", "m", "time"))
    assert by_time.steps.tolist() == [1, 2, 0]
    assert repr(by_time.values.tolist()) == "[nan, 3.0, 1.0]"
    assert len(five.read(lambda tx: series.points(tx, "w", "a", "none"))) == 0


def test_the_summary_of_a_metric_leaves_nan_out_of_its_range(five):
    found = {one.key: one for one in five.read(lambda tx: series.of_run(tx, "w", "b"))}
    assert (found["acc"].minimum, found["acc"].maximum, found["acc"].points) == (0.9, 0.9, 1)
    [nan] = five.read(lambda tx: series.of_run(tx, "w", "c"))
    assert math.isnan(nan.latest)
    assert (nan.minimum, nan.maximum) == (None, None)


def test_as_many_keys_as_may_be_asked_for_order_the_table(five):
    for entity in ("metrics", "params", "tags"):
        order = ",".join(f"{entity}.k{at}" for at in range(MOST_ORDERS))
        assert len(names(five, order=order)) == 4
    clauses = " AND ".join(f"tags.k{at} IS NULL" for at in range(MOST_CLAUSES))
    assert len(names(five, filter=clauses)) == 4
