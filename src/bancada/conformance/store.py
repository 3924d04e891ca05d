"""The contract of a database as tests: subclass `DatabaseContract`, override `database`, run pytest.

What a third connector (`store.connection.Connector`) must do before anything is built on it. Not for what the modules
of nouns store; their tests run on each database, too.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from bancada.errors import BancadaError, Internal, Invalid
from bancada.store import events, secrets
from bancada.store.database import Database
from bancada.store.transaction import Tx, marks

__all__ = ["DatabaseContract"]


class _Wrong(Exception):
    """What a caller's function raises."""


def _put(name: str, value: str = "") -> Any:
    return lambda tx: secrets.put(tx, "w", name, value)  # pyright: ignore[reportUnknownLambdaType, reportUnknownVariableType, reportUnknownArgumentType]


def _names(tx: Tx) -> list[str]:
    return [row[0] for row in tx.execute("SELECT name FROM secrets WHERE workspace = 'w' ORDER BY name")]


class DatabaseContract:
    """What every database does alike. Override the fixture `database`: an empty, migrated one, closed afterwards."""

    @pytest.fixture
    def database(self) -> Iterator[Database]:
        """Give a migrated, empty database."""
        raise NotImplementedError

    def test_a_write_is_seen_by_the_next_read(self, database: Database) -> None:
        """What was answered is there, for every reader."""
        for number in range(20):
            database.write(_put(f"{number:02}"))
            assert len(database.read(_names)) == number + 1

    def test_a_write_returns_what_its_function_returns(self, database: Database) -> None:
        """Results travel through the writer's thread as they are."""
        result = object()
        assert database.write(lambda tx: result) is result
        assert database.submit(lambda tx: result).result() is result

    def test_a_failing_function_undoes_its_own_changes_and_no_others(self, database: Database) -> None:
        """Each function is a savepoint, also when many share a commit."""

        def fail(tx: Tx) -> None:
            _put("undone")(tx)
            raise _Wrong

        gate = threading.Event()
        blocker = database.submit(lambda tx: gate.wait(10))
        together: list[Future[Any]] = []
        for number in range(10):
            together += [database.submit(_put(f"kept-{number}")), database.submit(fail)]
        gate.set()
        blocker.result()
        assert [isinstance(one.exception(), _Wrong) for one in together] == [False, True] * 10
        assert database.read(_names) == [f"kept-{number}" for number in range(10)]

    def test_a_statement_that_the_database_refuses_fails_its_function_only(self, database: Database) -> None:
        """Also on a database that ends the transaction at the first error."""

        def fail(tx: Tx) -> None:
            _put("undone")(tx)
            tx.execute("SELECT nothing FROM nowhere")

        gate = threading.Event()
        blocker = database.submit(lambda tx: gate.wait(10))
        together = [database.submit(act) for act in (_put("before"), fail, _put("after"))]
        gate.set()
        blocker.result()
        assert isinstance(together[1].exception(), Internal)
        assert database.read(_names) == ["after", "before"]

    def test_a_taken_key_is_an_error_of_ours(self, database: Database) -> None:
        """No driver's exception gets out."""
        insert = "INSERT INTO secrets (workspace, name, value) VALUES ('w', 'a', '')"
        database.write(lambda tx: tx.execute(insert))
        with pytest.raises(BancadaError):
            database.write(lambda tx: tx.execute(insert))

    def test_writes_of_many_threads_are_all_there(self, database: Database) -> None:
        """Nothing is lost between threads, and none waits for ever."""

        def write(thread: int) -> None:
            for number in range(25):
                database.write(_put(f"{thread}-{number:02}"))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(database.read(_names)) == 200

    def test_a_function_sees_no_other_writer(self, database: Database) -> None:
        """Reading and then writing in one function is free of races."""
        database.write(_put("counter", "0"))

        def increment(tx: Tx) -> None:
            secrets.put(tx, "w", "counter", str(int(secrets.get(tx, "w", "counter") or 0) + 1))

        futures = [database.submit(increment) for _ in range(100)]
        for future in futures:
            future.result()
        assert database.read(lambda tx: secrets.get(tx, "w", "counter")) == "100"

    def test_a_read_sees_one_moment(self, database: Database) -> None:
        """All statements of one function see the same state, whatever is written meanwhile."""
        database.write(_put("a"))

        def look_twice(tx: Tx) -> tuple[list[str], list[str]]:
            first = _names(tx)
            database.write(_put("b"))
            return first, _names(tx)

        assert database.read(look_twice) == (["a"], ["a"])
        assert database.read(_names) == ["a", "b"]

    def test_a_read_cannot_write(self, database: Database) -> None:
        """The database refuses, and the connection is good afterwards."""
        with pytest.raises(BancadaError):
            database.read(_put("a"))
        assert database.read(_names) == []

    def test_a_reader_does_not_hold_up_the_writer(self, database: Database) -> None:
        """Writes go on while a long read is open."""
        inside, leave = threading.Event(), threading.Event()

        def linger(tx: Tx) -> list[str]:
            before = _names(tx)
            inside.set()
            leave.wait(10)
            return before

        results: list[list[str]] = []
        thread = threading.Thread(target=lambda: results.append(database.read(linger)))
        thread.start()
        assert inside.wait(10)
        database.write(_put("a"))
        leave.set()
        thread.join()
        assert results == [[]]

    def test_values_come_back_as_they_went_in(self, database: Database) -> None:
        """Infinity, the ends of 64 bit, tiny numbers, empty and wide text, NULL."""
        numbers = [math.inf, -math.inf, 0.1, 5e-324, 1.7976931348623157e308]
        texts = ["", "\U0001f600 é \n\t'\"?%s$1\\", "x" * 100_000]

        def store(tx: Tx) -> list[Any]:
            tx.execute("INSERT INTO queue_tokens (only_row, last) VALUES (2, ?), (3, ?)", (2**63 - 1, -(2**63)))
            for at, number in enumerate(numbers):
                tx.execute(
                    "INSERT INTO metric_points (metric, step, timestamp, value, is_nan) VALUES (1, ?, 0, ?, ?)",
                    (at, number, False),
                )
            for at, text in enumerate(texts):
                tx.execute("INSERT INTO secrets (workspace, name, value) VALUES ('t', ?, ?)", (str(at), text))
            tx.execute(
                "INSERT INTO attempts (workspace, job, number, launch_folder, token_hash, created_at, ended_at) "
                "VALUES ('w', 'j', 1, '', '', ?, ?)",
                (1, None),
            )
            return [tx.execute("SELECT created_at, ended_at, exit FROM attempts"), tx.one("SELECT 1 WHERE 1 = 2")]

        assert database.write(store) == [[(1.0, None, None)], None]
        assert database.read(lambda tx: tx.execute("SELECT last FROM queue_tokens WHERE only_row > 1 ORDER BY 1")) == [
            (-(2**63),),
            (2**63 - 1,),
        ]
        found = [
            row[0] for row in database.read(lambda tx: tx.execute("SELECT value FROM metric_points ORDER BY step"))
        ]
        assert [repr(one) for one in found] == [repr(one) for one in numbers]
        assert [secrets_row[0] for secrets_row in database.read(_texts)] == texts

    @pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 2**200, "\ud800"])
    def test_a_value_that_it_cannot_hold_is_refused(self, database: Database, value: Any) -> None:
        """With an error that is the caller's, and the database stays usable."""
        column = "last" if isinstance(value, int) else "only_row"
        sql = f"UPDATE queue_tokens SET {column} = ?"
        if isinstance(value, str):
            sql = "INSERT INTO secrets (workspace, name, value) VALUES ('w', 'a', ?)"
        with pytest.raises(Invalid):
            database.write(lambda tx: tx.execute(sql, (value,)))
        database.write(_put("b"))
        assert database.read(_names) == ["b"]

    def test_text_sorts_by_bytes_and_like_knows_capitals(self, database: Database) -> None:
        """The same order everywhere, which cursors and listings rest on."""
        words = ["B", "_", "a", "a-b", "a/b", "a0", "b", "é", "\U0001f600"]
        for word in reversed(words):
            database.write(_put(word))
        assert database.read(_names) == words
        like = "SELECT name FROM secrets WHERE name LIKE ? ESCAPE '\\' ORDER BY name"
        assert database.read(lambda tx: tx.execute(like, ("a%",))) == [("a",), ("a-b",), ("a/b",), ("a0",)]
        assert database.read(lambda tx: tx.execute(like, ("\\_%",))) == [("_",)]

    def test_many_rows_are_counted_only_when_they_are_new(self, database: Database) -> None:
        """What makes repeated points harmless and countable."""
        sql = "INSERT INTO secrets (workspace, name, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        rows = [("w", str(number), "") for number in range(1200)]
        assert database.write(lambda tx: tx.many(sql, rows)) == 1200
        assert database.write(lambda tx: tx.many(sql, [*rows, ("w", "new", "")])) == 1
        assert database.write(lambda tx: tx.many(sql, [])) == 0
        wanted = [str(number) for number in range(1000)]
        listed = f"SELECT COUNT(*) FROM secrets WHERE name IN ({marks(1000)})"
        assert database.read(lambda tx: tx.one(listed, wanted)) == (1000,)

    def test_listeners_hear_of_events_after_they_can_be_read(self, database: Database) -> None:
        """With the last sequence, once a commit, and not of what was undone."""
        heard: list[tuple[int, int]] = []
        forget = database.on_commit(lambda seq: heard.append((seq, len(database.read(lambda tx: events.after(tx, 0))))))

        def append_and_fail(tx: Tx) -> None:
            events.append(tx, "w", "job", "a", "Undone", "owner")
            raise _Wrong

        database.write(lambda tx: events.append(tx, "w", "job", "a", "Created", "owner"))
        database.write(_put("no event"))
        with pytest.raises(_Wrong):
            database.write(append_and_fail)
        database.write(lambda tx: tx.notify())
        # Heard in the writer's thread after the answer: one more write and its own notice are behind the others.
        database.write(lambda tx: None)
        first = database.read(lambda tx: events.after(tx, 0))[0].seq
        assert heard == [(first, 1), (first, 1)]
        forget()
        database.write(lambda tx: tx.notify())
        database.write(lambda tx: None)
        assert len(heard) == 2

    def test_a_failing_listener_does_not_stop_the_writer(self, database: Database) -> None:
        """Its trouble is logged; the next listener and the next write go on."""
        heard: list[int] = []
        database.on_commit(lambda seq: [][seq + 1])  # pyright: ignore[reportUnknownLambdaType]
        database.on_commit(heard.append)
        database.write(lambda tx: tx.notify())
        database.write(lambda tx: None)
        assert len(heard) == 1

    def test_a_cancelled_write_is_not_run(self, database: Database) -> None:
        """A request that was given up before its turn leaves nothing."""
        gate = threading.Event()
        blocker = database.submit(lambda tx: gate.wait(10))
        future = database.submit(_put("a"))
        assert future.cancel()
        gate.set()
        blocker.result()
        database.write(_put("b"))
        assert database.read(_names) == ["b"]

    def test_a_write_inside_a_write_is_refused(self, database: Database) -> None:
        """Instead of waiting for itself for ever."""
        with pytest.raises(Internal, match="inside a write"):
            database.write(lambda tx: database.write(_put("a")))

    def test_closing_finishes_what_was_submitted_and_refuses_the_rest(self, database: Database) -> None:
        """And may be done twice."""
        futures = [database.submit(_put(str(number))) for number in range(50)]
        database.close()
        assert all(future.exception() is None for future in futures)
        database.close()
        with pytest.raises(Internal, match="closed"):
            database.write(_put("a"))
        with pytest.raises(Internal, match="closed"):
            database.read(_names)


def _texts(tx: Tx) -> list[tuple[str]]:
    return [(row[0],) for row in tx.execute("SELECT value FROM secrets WHERE workspace = 't' ORDER BY name")]
