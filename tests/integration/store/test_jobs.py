"""Jobs and runs: compare-and-set, families, pages, and what handlers see of a thousand children."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from bancada.domain import lifecycle
from bancada.errors import AlreadyExists, Conflict, Invalid, NotFound
from bancada.store import attempts, jobs, queue, workspaces
from bancada.store.database import Database, Tx
from bancada.store.jobs import JobRow, MetricRange


def row(name: str, **values: Any) -> JobRow:
    base: dict[str, Any] = {"type": "command", "spec": {}, "status": "Queued", "experiment_id": "0"}
    return JobRow(workspace="w", name=name, display_name=name, created_at=1.0, **{**base, **values})


def add(db: Database, *rows: JobRow) -> None:
    def insert(tx: Tx) -> None:
        for one in rows:
            jobs.insert(tx, one)

    db.write(insert)


def log(db: Database, run: str, key: str, *values: float) -> None:
    """Write a series as `tracking` does."""

    def write(tx: Tx) -> None:
        numbers = [value for value in values if not math.isnan(value)]
        tx.execute(
            "INSERT INTO metrics (run, experiment, key, value, is_nan, step, timestamp, minimum, maximum) "
            "SELECT id, experiment, ?, ?, ?, ?, 0, ?, ? FROM jobs WHERE workspace = 'w' AND name = ?",
            (
                key,
                0.0 if math.isnan(values[-1]) else values[-1],
                math.isnan(values[-1]),
                len(values) - 1,
                min(numbers, default=None),
                max(numbers, default=None),
                run,
            ),
        )

    db.write(write)


FULL = JobRow(
    workspace="w",
    name="epic_queen_4k2x9p0c7d",
    type="sweep",
    spec={"trial": {"command": "python train.py"}, "list": [1, None, 1.5, "é"]},
    status="Running",
    experiment_id="0",
    display_name="A sweep",
    created_at=1.25,
    parent="other",
    reported_status="RUNNING",
    reported_start=3.5,
    started_at=2.5,
    ended_at=9.5,
    attempt=3,
    archived=True,
    deleted=True,
    state={"params": {"depth": 4}},
    properties={"best_child_run_id": "a"},
    error={"code": "job.failed"},
    user="owner",
    index=7,
)


def test_a_row_comes_back_as_it_went_in(db: Database) -> None:
    default = row("default")
    assert all(
        getattr(FULL, one.name) != getattr(default, one.name)
        for one in fields(JobRow)
        if one.name not in ("workspace", "revision", "experiment_id")
    )
    add(db, FULL, default)
    assert db.read(lambda tx: jobs.get(tx, "w", FULL.name)) == FULL
    assert db.read(lambda tx: jobs.get(tx, "w", "default")) == default
    assert db.read(lambda tx: jobs.get(tx, "w", "nobody")) is None
    assert db.read(lambda tx: jobs.get(tx, "other", "default")) is None


def test_a_name_is_taken_once_in_a_workspace(db: Database) -> None:
    add(db, row("a"))
    with pytest.raises(AlreadyExists, match="`a`"):
        add(db, row("a", status="Running"))
    db.write(lambda tx: workspaces.create(tx, {"name": "other"}))
    add(db, replace(row("a"), workspace="other"))


def test_a_job_of_no_experiment_is_refused(db: Database) -> None:
    with pytest.raises(NotFound, match="experiment named `77`"):
        add(db, row("a", experiment_id="77"))


def test_an_update_writes_every_column_that_may_change(db: Database) -> None:
    add(db, row(FULL.name, type="sweep", parent="other", index=7))
    changed = db.write(lambda tx: jobs.update(tx, replace(FULL, created_at=1.0), 1))
    assert changed == replace(FULL, created_at=1.0, revision=2)
    assert db.read(lambda tx: jobs.get(tx, "w", FULL.name)) == changed


def test_of_two_updates_from_one_revision_the_second_is_refused(db: Database) -> None:
    add(db, row("a"))
    db.write(lambda tx: jobs.update(tx, row("a", status="Running"), 1))
    with pytest.raises(Conflict, match="revision 2, not 1") as caught:
        db.write(lambda tx: jobs.update(tx, row("a", status="Canceled"), 1))
    assert caught.value.details["revision"] == 2
    stored = db.read(lambda tx: jobs.get(tx, "w", "a"))
    assert stored is not None
    assert (stored.status, stored.revision) == ("Running", 2)
    with pytest.raises(NotFound):
        db.write(lambda tx: jobs.update(tx, row("nobody"), 1))


def test_children_come_by_index_and_then_by_age(db: Database) -> None:
    add(
        db,
        row("p"),
        row("c2", parent="p", index=2),
        row("nested", parent="p", type=None),
        row("c0", parent="p", index=0),
    )
    add(db, row("c1", parent="p", index=1), row("late", parent="p", type=None), row("stranger"))
    assert [one.name for one in db.read(lambda tx: jobs.children(tx, "w", "p"))] == ["c0", "c1", "c2", "nested", "late"]


def test_handlers_see_the_range_of_a_childs_metric(db: Database) -> None:
    add(db, row("p"), *(row(f"p_{at}", parent="p", index=at, state={"params": {"x": at}}) for at in range(4)))
    add(db, row("nested", parent="p", type=None))
    log(db, "p_0", "Score", 0.5, 0.9, 0.7)
    log(db, "p_1", "Score", math.inf, math.nan)
    log(db, "p_2", "Score", math.nan)
    log(db, "p_0", "loss", 3.0)
    log(db, "nested", "Score", 5.0)
    slim = db.read(lambda tx: jobs.slim_children(tx, "w", "p", ["Score"]))
    assert [one.name for one in slim] == ["p_0", "p_1", "p_2", "p_3"]
    assert [one.params for one in slim] == [{"x": at} for at in range(4)]
    assert slim[0].metrics == {"Score": MetricRange(0.7, 2, 0.5, 0.9)}
    assert slim[0].best_metric == {"Score": (0.5, 0.9)}
    one = slim[1].metrics["Score"]
    assert math.isnan(one.latest)
    assert (one.minimum, one.maximum) == (math.inf, math.inf)
    assert (slim[2].metrics["Score"].minimum, slim[3].metrics) == (None, {})
    everything = db.read(lambda tx: jobs.slim_children(tx, "w", "p"))
    assert sorted(everything[0].metrics) == ["Score", "loss"]
    assert db.read(lambda tx: jobs.slim_children(tx, "w", "p", []))[0].metrics == {}


def all_pages(db: Database, limit: int, **given: Any) -> list[str]:
    names: list[str] = []
    cursor: str | None = None
    while True:
        rows, cursor = db.read(lambda tx, at=cursor: jobs.page(tx, "w", limit=limit, cursor=at, **given))
        names += [one.name for one in rows]
        assert len(rows) <= limit
        if cursor is None:
            return names


@pytest.mark.parametrize("limit", [1, 3, 4, 100])
def test_pages_are_newest_first_and_complete(db: Database, limit: int) -> None:
    add(db, *(row(f"j{at}", archived=at % 3 == 0) for at in range(12)))
    add(db, *(row(f"c{at}", parent="j1", index=at) for at in range(5)), row("gone", deleted=True))
    newest = [f"j{at}" for at in reversed(range(12))]
    archived = ["j9", "j6", "j3", "j0"]
    assert all_pages(db, limit, archived=None) == newest
    assert all_pages(db, limit, archived=True) == archived
    assert all_pages(db, limit) == [name for name in newest if name not in archived]
    assert all_pages(db, limit, parent="j1") == ["c4", "c3", "c2", "c1", "c0"]
    assert all_pages(db, limit, experiment_id="0") == all_pages(db, limit)
    assert all_pages(db, limit, experiment_id="77") == []


def test_a_job_that_is_added_between_two_pages_moves_nothing(db: Database) -> None:
    add(db, row("a"), row("b"), row("c"))
    first, cursor = db.read(lambda tx: jobs.page(tx, "w", limit=2))
    add(db, row("d"))
    second, end = db.read(lambda tx: jobs.page(tx, "w", limit=2, cursor=cursor))
    assert [[one.name for one in page] for page in (first, second)] == [["c", "b"], ["a"]]
    assert end is None


@pytest.mark.parametrize("cursor", ["?", "abc", "bm8", "W10", "eyJhIjoxfQ", "\x00", "é"])
def test_a_made_up_cursor_is_refused(db: Database, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        db.read(lambda tx: jobs.page(tx, "w", cursor=cursor))


def test_a_new_server_finds_what_has_not_ended(db: Database) -> None:
    add(db, *(row(status, status=status) for status in lifecycle.STATUSES), row("run", type=None, status="Running"))
    found = [one.status for one in db.read(jobs.unfinished)]
    assert found == [status for status in lifecycle.STATUSES if status not in lifecycle.FINAL]


def test_deleting_a_job_leaves_nothing_of_it(db: Database) -> None:
    add(db, row("a"), row("b"))
    for name in ("a", "b"):
        log(db, name, "Score", 1.0)
        db.write(lambda tx, n=name: attempts.insert(tx, "w", n, 1, f"{n}.1", n))
        db.write(lambda tx, n=name: queue.put(tx, ("w", "job", n)))
        for table in ("params", "tags"):
            sql = f"INSERT INTO {table} (run, key, value) SELECT id, 'k', 'v' FROM jobs WHERE name = ?"
            db.write(lambda tx, s=sql, n=name: tx.execute(s, (n,)))
    db.write(lambda tx: tx.execute("INSERT INTO metric_points SELECT id, 0, 0, 1.0, 0 FROM metrics"))
    tables = ["jobs", "metrics", "metric_points", "params", "tags", "attempts", "queue"]

    def counts(tx: Tx) -> list[int]:
        return [tx.execute(f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables]

    assert db.read(counts) == [2] * 7
    assert db.write(lambda tx: jobs.delete(tx, "w", "a"))
    assert db.read(counts) == [1] * 7
    assert not db.write(lambda tx: jobs.delete(tx, "w", "a"))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"archived": None},
        {"parent": "p"},
        {"experiment_id": "0"},
    ],
    ids=str,
)
def test_no_page_reads_the_whole_table(
    tmp_path: Path, open_database: Callable[[str], Database], given: dict[str, Any]
) -> None:
    # PostgreSQL's plans of small tables say nothing; its indexes are the same.
    db = open_database(f"sqlite:///{tmp_path}/plans.db")
    db.migrate()
    plans: list[str] = []

    class Explained(Tx):
        def execute(self, sql: str, params: Any = ()) -> Any:
            plans.extend(plan[3] for plan in super().execute(f"EXPLAIN QUERY PLAN {sql}", params))
            return super().execute(sql, params)

    db.read(lambda tx: jobs.page(Explained(tx._connection), "w", **given))
    assert plans
    assert not [plan for plan in plans if plan.startswith("SCAN")]
    # A job's children are few and may be sorted; roots must come from the index in order.
    assert given.get("parent") or not [plan for plan in plans if "TEMP B-TREE" in plan]
