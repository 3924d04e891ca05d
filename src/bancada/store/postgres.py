"""Connections to PostgreSQL through psycopg 3, an optional extra. The SQL is the same as on SQLite."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, LiteralString, NoReturn, TypeVar, cast

from bancada.errors import Conflict, Internal, Invalid, NotSupported, Problem, StorageFull
from bancada.store.connection import ConnectionLost, Dialect, Outcome, Retry, Row, Value

try:
    import psycopg
    from psycopg import errors as pg_errors
    from psycopg.pq import TransactionStatus
except ImportError as missing:
    raise NotSupported(
        "PostgreSQL needs the extra `postgres`: pip install 'bancada[postgres]'. "
        "Without it, leave database_url empty to use SQLite."
    ) from missing

__all__ = ["PostgresConnection", "PostgresConnector", "numbered"]

T = TypeVar("T")

# 13 brought pg_current_xact_id, by which the outcome of a commit is asked.
_OLDEST = 130_000
# 5 s in all: the old connection's server process needs a moment to notice that nobody listens.
_OUTCOME_POLLS = 50
_OUTCOME_PAUSE_S = 0.1
# Of the lock's two keys the first is a number that no other program uses on this database, the second one tells
# schemas apart.
_BEGIN_WRITE = "BEGIN; SELECT pg_advisory_xact_lock(195218138, hashtext(current_schema())), pg_current_xact_id()::text"
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


# A server that crashed may have forgotten a transaction's number altogether: then it had not committed, and asking for
# the status of a number that is not given out yet would be an error.
_OUTCOME = (
    "SELECT CASE WHEN CAST(? AS xid8) >= pg_snapshot_xmax(pg_current_snapshot()) THEN 'aborted' "
    "ELSE pg_xact_status(CAST(? AS xid8)) END"
)


class PostgresConnector:
    """Opens connections to one PostgreSQL database."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self._url = url

    def connect(self, *, writable: bool) -> PostgresConnection:
        """Open a connection. Raises ConnectionLost when the database does not answer."""
        return PostgresConnection(self._url, writable=writable)

    def backup(self, label: str) -> Path | None:
        """Make no copy: a database server has its own ways (pg_dump, point-in-time recovery)."""
        return None


class PostgresConnection:
    """One connection to PostgreSQL. Transactions are opened and ended here and nowhere else."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str, *, writable: bool) -> None:
        self._url = url
        self._writable = writable
        # The number of the last writing transaction, by which its outcome can be asked after a lost
        # connection.
        self._transaction: str | None = None
        self._raw = self._open()

    def execute(self, sql: str, params: Sequence[Value]) -> list[Row]:
        """Run one statement and return its rows."""
        return self._guarded(lambda: self._rows(sql, params))

    def change(self, sql: str, params: Sequence[Value]) -> int:
        """Run one statement and return how many rows it changed."""
        return self._guarded(lambda: self._raw.execute(numbered(sql), _plain(params)).rowcount)

    def many(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        """Run one statement for each row of values, in one round trip; return how many rows changed."""

        def run() -> int:
            with self._raw.cursor() as cursor:
                cursor.executemany(numbered(sql), [_plain(row) for row in rows])
                return cursor.rowcount

        return self._guarded(run)

    def begin_write(self) -> None:
        """Start a transaction and wait until it is the only writing one, also across processes."""
        self._transaction = self._guarded(self._begin_write)

    def begin_read(self) -> None:
        """Start a snapshot that refuses changes."""
        self._command(_BEGIN_READ)

    def commit(self) -> None:
        """Return when the transaction is on the server's disk."""
        self._command("COMMIT")

    def rollback(self) -> None:
        """End the transaction without its changes."""
        if self._raw.info.transaction_status != TransactionStatus.IDLE and not self._raw.closed:
            self._command("ROLLBACK")

    def in_transaction(self) -> bool:
        """Say whether the transaction is open; after a failed statement a savepoint can still revive it."""
        return self._raw.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    def commit_outcome(self) -> Outcome:
        """Ask the server, on a new connection, what became of the last writing transaction."""
        known: dict[Any, Outcome] = {"committed": "committed", "aborted": "aborted"}
        for _ in range(_OUTCOME_POLLS):
            status: Any = self.execute(_OUTCOME, (self._transaction, self._transaction))[0][0]
            if status != "in progress":
                return known.get(status, "unknown")
            time.sleep(_OUTCOME_PAUSE_S)
        return "unknown"

    def reconnect(self) -> None:
        """Open the connection again. Raises ConnectionLost when the database does not answer."""
        self._raw.close()
        self._raw = self._open()

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()

    def _open(self) -> psycopg.Connection[Row]:
        def connected() -> psycopg.Connection[Row]:
            raw = psycopg.connect(
                self._url, autocommit=True, cursor_factory=psycopg.RawCursor, application_name="bancada"
            )
            if raw.info.server_version < _OLDEST:
                raw.close()
                raise NotSupported("Bancada needs PostgreSQL 13 or newer.", found=raw.info.server_version)
            # Whatever the server's default is: an answered write is on disk.
            raw.execute("SET synchronous_commit = on" if self._writable else "SET default_transaction_read_only = on")
            return raw

        return self._guarded(connected)

    def _begin_write(self) -> str:
        # Two statements in one round trip, which is why they cannot be prepared.
        cursor = self._raw.execute(_BEGIN_WRITE, prepare=False)
        cursor.nextset()
        row = cursor.fetchone()
        return str(row[1]) if row else ""

    def _rows(self, sql: str, params: Sequence[Value]) -> list[Row]:
        cursor = self._raw.execute(numbered(sql), _plain(params))
        return cursor.fetchall() if cursor.description else []

    def _command(self, sql: LiteralString) -> None:
        self._guarded(lambda: self._raw.execute(sql))

    def _guarded(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except (psycopg.Error, UnicodeEncodeError, OverflowError) as reason:
            self._fail(reason)

    def _fail(self, reason: Exception) -> NoReturn:
        raise _translated(reason) from reason


@lru_cache(maxsize=1024)
def numbered(sql: str) -> LiteralString:
    """Return SQL with "?" outside of quotes turned into $1, $2 and so on."""
    parts = sql.split("'")
    number = 0
    for at in range(0, len(parts), 2):
        pieces = parts[at].split("?")
        text = pieces[0]
        for piece in pieces[1:]:
            number += 1
            text += f"${number}{piece}"
        parts[at] = text
    # All SQL is our own text; values only ever travel as parameters.
    return cast(LiteralString, "'".join(parts))


def _plain(params: Sequence[Value]) -> list[Value]:
    # SQLite takes a truth value as a number; PostgreSQL would insist on a boolean column.
    return [int(one) if isinstance(one, bool) else one for one in params]


def _translated(reason: Exception) -> Exception:
    if isinstance(reason, (UnicodeEncodeError, OverflowError)):
        return Invalid.of([Problem("", f"the database cannot hold a value: {reason}.")])
    table: list[tuple[tuple[type[Exception], ...], Exception]] = [
        ((pg_errors.SerializationFailure, pg_errors.DeadlockDetected), Retry(str(reason))),
        ((pg_errors.DiskFull,), StorageFull("The disk of the database is full: make room, then try again.")),
        ((pg_errors.UniqueViolation,), Conflict(f"A row with this key exists already ({reason}).")),
        ((pg_errors.IntegrityError,), Internal(f"The database refused a statement: {reason}")),
        ((psycopg.DataError,), Invalid.of([Problem("", f"the database cannot hold a value: {reason}.")])),
        # Interface errors come from a connection that is closed already.
        ((psycopg.OperationalError, psycopg.InterfaceError), ConnectionLost(str(reason).strip())),
    ]
    for kinds, error in table:
        if isinstance(reason, kinds):
            return error
    return Internal(f"The database refused a statement: {reason}")
