"""How the database is opened, migrated, shared and broken. What all databases do alike is in test_contracts."""

from __future__ import annotations

import re
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bancada.errors import BancadaError, Internal, Invalid, NewerHome, NotSupported, StorageFull
from bancada.store import events, migrations, secrets
from bancada.store.database import Database, Tx

Open = Callable[[str], Database]


def names(tx: Tx) -> list[str]:
    return [row[0] for row in tx.execute("SELECT name FROM secrets ORDER BY name")]


def put(name: str, value: str = "") -> Callable[[Tx], None]:
    return lambda tx: secrets.put(tx, "w", name, value)


def test_an_address_of_no_database_is_refused() -> None:
    with pytest.raises(Invalid, match="postgresql://"):
        Database.open("mysql://root@host/name")


def test_without_its_extra_postgresql_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "bancada.store.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(NotSupported, match=re.escape("bancada[postgres]")):
        Database.open("postgresql://user@host/name")


def test_a_database_server_that_is_not_there_is_one_clear_error() -> None:
    with pytest.raises(Internal, match="cannot be opened"):
        Database.open("postgresql://postgres@127.0.0.1:1/none")


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "bancada.db").write_bytes(b"This is a diary, not a database. " * 100)
    with pytest.raises(BancadaError, match="not a SQLite database"):
        Database.open(f"sqlite:///{tmp_path}/bancada.db")


def test_migrating_again_changes_nothing(database: Database) -> None:
    database.write(put("a"))
    assert database.migrate() is None
    assert database.read(migrations.version) == migrations.newest()
    assert database.read(names) == ["a"]


def test_state_survives_closing_and_opening(database_url: str, open_database: Open) -> None:
    first = open_database(database_url)
    first.migrate()
    first.write(put("a", "value"))
    first.close()
    second = open_database(database_url)
    second.migrate()
    assert second.read(lambda tx: secrets.get(tx, "w", "a")) == "value"


def test_a_newer_database_is_refused_in_one_sentence_and_left_alone(
    database: Database, database_url: str, open_database: Open
) -> None:
    newer = migrations.newest() + 5
    database.write(lambda tx: tx.execute("INSERT INTO schema_steps VALUES (?, 'future', 0)", (newer,)))
    database.close()
    again = open_database(database_url)
    with pytest.raises(NewerHome, match="upgrade Bancada") as caught:
        again.migrate()
    assert "\n" not in caught.value.message
    assert again.read(migrations.version) == newer


def test_the_database_is_copied_before_a_migration(
    tmp_path: Path, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(f"sqlite:///{tmp_path}/bancada.db")
    assert database.migrate() is None
    database.write(put("a"))
    old, new = migrations.newest(), migrations.newest() + 1
    steps = (*migrations.steps(), migrations.Step(new, "more", "CREATE TABLE more (name TEXT NOT NULL);"))
    monkeypatch.setattr(migrations, "steps", lambda: steps)
    copy = database.migrate()
    assert database.read(migrations.version) == new
    assert copy is not None
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    before = open_database(f"sqlite:///{copy}")
    assert before.read(migrations.version) == old
    assert before.read(names) == ["a"]


def test_a_failing_migration_leaves_the_database_as_it_was(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    database.write(put("a"))
    old = migrations.newest()
    bad = migrations.Step(old + 1, "bad", "CREATE TABLE half (name TEXT NOT NULL); CREATE NONSENSE;")
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "steps", lambda: (migrations.Step(old, "now", ""), bad))
        with pytest.raises(BancadaError):
            database.migrate()
    assert database.read(migrations.version) == old
    with pytest.raises(BancadaError):
        database.read(lambda tx: tx.execute("SELECT * FROM half"))
    assert database.read(names) == ["a"]


def test_only_the_owner_may_read_the_file(tmp_path: Path, open_database: Open) -> None:
    database = open_database(f"sqlite:///{tmp_path}/deep/home/bancada.db")
    database.migrate()
    database.write(put("key", "secret"))
    files = list((tmp_path / "deep" / "home").iterdir())
    assert {path.name for path in files} >= {"bancada.db", "bancada.db-wal"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_sqlite_commits_reach_the_disk(tmp_path: Path, open_database: Open) -> None:
    database = open_database(f"sqlite:///{tmp_path}/bancada.db")
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert {name: database.write(lambda tx, n=name: tx.execute(f"PRAGMA {n}"))[0][0] for name in wanted} == wanted


def test_postgresql_commits_reach_the_disk(postgres_url: str, open_database: Open) -> None:
    database = open_database(postgres_url)
    assert database.write(lambda tx: tx.execute("SHOW synchronous_commit")) == [("on",)]


def test_two_processes_on_one_database_lose_nothing_and_agree_on_the_order_of_events(
    database: Database, database_url: str, open_database: Open
) -> None:
    # Two `Database` objects stand for two processes: they share nothing but the database.
    sides = [database, open_database(database_url)]
    database.write(put("counter", "0"))
    stop = threading.Event()
    seen: list[int] = []

    def work(side: Database) -> None:
        def step(tx: Tx) -> None:
            secrets.put(tx, "w", "counter", str(int(secrets.get(tx, "w", "counter") or 0) + 1))
            events.append(tx, "w", "job", "a", "Counted", "owner")

        for _ in range(50):
            side.write(step)

    def follow() -> None:
        # Always asks for what is after the last one seen: an event that appeared late would be missed for ever.
        while not stop.is_set() or database.read(lambda tx: events.last(tx)) > (seen[-1] if seen else 0):
            last = seen[-1] if seen else 0
            seen.extend(event.seq for event in database.read(lambda tx, at=last: events.after(tx, at)))

    threads = [threading.Thread(target=work, args=(side,)) for side in sides for _ in range(2)]
    follower = threading.Thread(target=follow)
    for thread in [*threads, follower]:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    follower.join()
    assert database.read(lambda tx: secrets.get(tx, "w", "counter")) == "200"
    assert len(seen) == 200
    assert seen == sorted(set(seen))


def test_a_full_database_file_is_storage_full_and_the_rest_goes_on(tmp_path: Path, open_database: Open) -> None:
    database = open_database(f"sqlite:///{tmp_path}/bancada.db")
    database.migrate()
    pages = database.write(lambda tx: tx.execute("PRAGMA page_count"))[0][0]
    database.write(lambda tx: tx.execute(f"PRAGMA max_page_count = {pages + 20}"))
    gate = threading.Event()
    blocker = database.submit(lambda tx: gate.wait(60))
    small, big = database.submit(put("small")), database.submit(put("big", "x" * 1_000_000))
    after = database.submit(put("after"))
    gate.set()
    blocker.result()
    assert isinstance(big.exception(), StorageFull)
    assert (small.exception(), after.exception()) == (None, None)
    assert database.read(names) == ["after", "small"]


def test_a_full_disk_is_storage_full_and_the_server_stays_usable(small_disk: Path, open_database: Open) -> None:
    database = open_database(f"sqlite:///{small_disk}/bancada.db")
    database.migrate()
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 1_000_000)
    acknowledged: list[str] = []

    def fill() -> None:
        for number in range(1000):
            database.write(put(f"{number:04}", "x" * 10_000))
            acknowledged.append(f"{number:04}")

    with pytest.raises(StorageFull, match="make room"):
        fill()
    assert acknowledged
    assert database.read(names) == acknowledged
    with pytest.raises(StorageFull):
        database.write(put("still full", "x" * 100_000))
    ballast.unlink()
    database.write(put("room again"))
    assert database.read(names) == [*acknowledged, "room again"]
    database.close()
    again = open_database(f"sqlite:///{small_disk}/bancada.db")
    assert again.read(names) == [*acknowledged, "room again"]
