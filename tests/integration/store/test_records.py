"""Workspaces, attempts, events and secrets."""

from __future__ import annotations

import pytest

from bancada.errors import AlreadyExists, NotFound
from bancada.store import attempts, events, jobs, queue, resources, secrets, trees, workspaces
from bancada.store.database import Database, Tx


def test_a_workspace_is_created_read_changed_and_listed(database: Database) -> None:
    doc = {"name": "w", "location": "westeurope", "tags": {"a": "é"}}
    assert database.write(lambda tx: workspaces.create(tx, doc)) == doc
    with pytest.raises(AlreadyExists, match="`w`"):
        database.write(lambda tx: workspaces.create(tx, doc))
    database.write(lambda tx: workspaces.create(tx, {"name": "a"}))
    assert database.read(lambda tx: workspaces.get(tx, "w")) == doc
    assert database.read(lambda tx: workspaces.get(tx, "nobody")) is None
    assert database.read(workspaces.names) == ["a", "w"]
    database.write(lambda tx: workspaces.update(tx, "w", {"name": "w"}))
    assert database.read(workspaces.list_) == [{"name": "a"}, {"name": "w"}]
    assert database.read(lambda tx: [workspaces.revision(tx, name) for name in ("w", "a", "nobody")]) == [2, 1, 0]
    with pytest.raises(NotFound, match="no workspace named `ww`"):
        database.write(lambda tx: workspaces.update(tx, "ww", {"name": "ww"}))


def fill(tx: Tx, workspace: str) -> None:
    """Put a row into every table."""
    workspaces.create(tx, {"name": workspace})
    jobs.insert(tx, jobs.JobRow(workspace, "job", "command", {}, "Running", "0", "job", 1.0))
    attempts.insert(tx, workspace, "job", 1, "job.1", f"{workspace}-token")
    queue.put(tx, (workspace, "job", "job"))
    events.append(tx, workspace, "job", "job", "Created", "owner")
    resources.put(tx, resources.Row(workspace, "models", "m", "1"))
    trees.add(tx, workspace, "runs/job", "a/b", trees.Blob("0" * 64, 1))
    secrets.put(tx, workspace, "key", "value")
    run, experiment = tx.execute("SELECT id, experiment FROM jobs WHERE workspace = ?", (workspace,))[0]
    insert_all(
        tx,
        {
            "metrics": (run * 1000, run, experiment, "k", 0.0, 0, 0, 0, None, None),
            "metric_points": (run * 1000, 0, 0, 0.0, 0),
            "params": (run, "k", "v"),
            "tags": (run, "k", "v"),
            "experiment_tags": (experiment, "k", "v"),
            "datasets": (run * 1000, experiment, "d", "x", "local", "{}", None, None),
            "run_datasets": (run, run * 1000, "{}"),
            "run_models": (run, "output", "m-1", 0),
            "logged_models": (
                run * 1000,
                workspace,
                "m-1",
                experiment,
                run,
                "job",
                "m",
                None,
                "READY",
                None,
                "",
                0,
                0,
                0,
            ),
            "logged_model_params": (run * 1000, "k", "v"),
            "logged_model_tags": (run * 1000, "k", "v"),
            "logged_model_metrics": (run * 1000, "k", "job", "", "", experiment, 0.0, 0, 0, 0),
            "registered_models": (workspace, "m", "", "", "", 0, 0),
            "model_tags": (workspace, "m", "", "k", "v"),
            "model_aliases": (workspace, "m", "champion", "1"),
        },
    )


def insert_all(tx: Tx, rows: dict[str, tuple[object, ...]]) -> None:
    for table, values in rows.items():
        tx.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)  # type: ignore[arg-type]


def tables(tx: Tx) -> list[str]:
    sql = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        if tx.dialect == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    )
    return [row[0] for row in tx.execute(sql)]


def test_deleting_a_workspace_deletes_every_row_of_it_and_no_other(database: Database) -> None:
    database.write(lambda tx: fill(tx, "doomed"))
    database.write(lambda tx: fill(tx, "kept"))

    def counts(tx: Tx) -> dict[str, int]:
        shared = ("schema_steps", "queue_tokens")
        return {table: tx.execute(f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables(tx) if table not in shared}

    both = database.read(counts)
    # Every table has a row of each workspace: a table that is added later must be filled here and emptied there.
    assert set(both.values()) == {2}
    assert database.write(lambda tx: workspaces.delete(tx, "doomed"))
    assert set(database.read(counts).values()) == {1}
    assert database.read(workspaces.names) == ["kept"]
    assert not database.write(lambda tx: workspaces.delete(tx, "doomed"))
    database.write(lambda tx: fill(tx, "doomed"))


def test_an_attempt_is_found_by_its_token_until_and_after_its_end(db: Database) -> None:
    def record(tx: Tx) -> None:
        attempts.insert(tx, "w", "a", 1, "/launches/a.1", "hash-1", at=5.0)
        attempts.insert(tx, "w", "a", 2, "/launches/a.2", "hash-2", at=6.0)
        attempts.insert(tx, "w", "b", 1, "/launches/b.1", "hash-3", at=4.0)

    db.write(record)
    found = db.read(lambda tx: attempts.by_token(tx, "hash-2"))
    assert found == attempts.Attempt("w", "a", 2, "/launches/a.2", 6.0)
    assert db.read(lambda tx: attempts.by_token(tx, "hash")) is None
    assert [one.launch_folder for one in db.read(attempts.open_)] == ["/launches/b.1", "/launches/a.1", "/launches/a.2"]
    assert db.write(lambda tx: attempts.end(tx, "w", "a", 1, {"reason": "exited", "code": 0}, at=7.0))
    assert not db.write(lambda tx: attempts.end(tx, "w", "a", 1, {"reason": "lost"}))
    assert not db.write(lambda tx: attempts.end(tx, "w", "a", 9, {"reason": "lost"}))
    ended = db.read(lambda tx: attempts.by_token(tx, "hash-1"))
    assert ended is not None
    assert (ended.ended_at, ended.exit) == (7.0, {"reason": "exited", "code": 0})
    assert db.read(lambda tx: attempts.get(tx, "w", "a", 1)) == ended
    assert [one.number for one in db.read(lambda tx: attempts.list_(tx, "w", "a"))] == [1, 2]
    assert [one.launch_folder for one in db.read(attempts.open_)] == ["/launches/b.1", "/launches/a.2"]


def test_an_attempts_number_is_used_once(db: Database) -> None:
    db.write(lambda tx: attempts.insert(tx, "w", "a", 1, "f", "hash-1"))
    with pytest.raises(AlreadyExists, match="attempt 1"):
        db.write(lambda tx: attempts.insert(tx, "w", "a", 1, "f", "hash-2"))
    assert db.read(lambda tx: attempts.by_token(tx, "hash-2")) is None


def test_events_come_back_in_order_and_by_workspace(db: Database) -> None:
    assert db.read(events.last) == 0
    for at, workspace in enumerate("wxwxw"):
        db.write(
            lambda tx, a=at, w=workspace: events.append(tx, w, "job", str(a), "Moved", "owner", {"at": a}, at=float(a))
        )
    everything = db.read(lambda tx: events.after(tx, 0))
    assert [one.name for one in everything] == list("01234")
    assert everything[3] == events.Event(everything[3].seq, 3.0, "x", "job", "3", "Moved", "owner", {"at": 3})
    assert [one.seq for one in everything] == sorted({one.seq for one in everything})
    assert db.read(events.last) == everything[-1].seq
    rest = db.read(lambda tx: events.after(tx, everything[1].seq, "w", limit=1))
    assert [one.name for one in rest] == ["2"]


def test_a_sequence_is_never_used_again(db: Database) -> None:
    db.write(lambda tx: events.append(tx, "w", "job", "a", "Created", "owner"))
    last = db.read(events.last)
    db.write(lambda tx: workspaces.delete(tx, "w"))
    db.write(lambda tx: events.append(tx, "w", "workspace", "w", "Deleted", "owner"))
    assert db.read(events.last) > last


def test_a_secret_is_put_read_changed_and_deleted(db: Database) -> None:
    assert db.read(lambda tx: secrets.get(tx, "w", "key")) is None
    for value in ("one", "two"):
        db.write(lambda tx, v=value: secrets.put(tx, "w", "key", v))
        assert db.read(lambda tx: secrets.get(tx, "w", "key")) == value
    assert db.read(lambda tx: secrets.get(tx, "other", "key")) is None
    assert db.write(lambda tx: secrets.delete(tx, "w", "key"))
    assert not db.write(lambda tx: secrets.delete(tx, "w", "key"))
