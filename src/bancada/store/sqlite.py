"""Connections to SQLite: write-ahead log, every commit on disk before it returns."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from bancada.errors import BancadaError, Conflict, Internal, Invalid, Problem, StorageFull
from bancada.store.connection import Dialect, Outcome, Row, Value
from bancada.store.reflink import storage_errors

__all__ = ["SqliteConnection", "SqliteConnector"]

T = TypeVar("T")

# RETURNING came with 3.35, which every CPython from 3.11 on is built with or above in practice.
_OLDEST = (3, 35, 0)
# 10 s: longer than any write of ours; only a second process (a backup, a shell) can hold the lock at all.
_BUSY_MS = 10_000
# Text of a few hundred statements; the default of 128 is below what a busy server uses.
_STATEMENTS = 512
# Below this much free space an I/O error is taken for what it nearly always is then: a full disk.
_FULL_BYTES = 4 * 1024 * 1024

_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_MS}",
    "PRAGMA journal_mode = WAL",
    # FULL: a commit returns when the log is on disk. The next two make that true on macOS and do nothing
    # elsewhere.
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -8000",
    # After a long reader let the log grow, give the disk back.
    "PRAGMA journal_size_limit = 67108864",
    # As on PostgreSQL.
    "PRAGMA case_sensitive_like = ON",
)


class SqliteConnector:
    """Opens connections to one SQLite file; makes the file with mode 0600 when there is none."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        if sqlite3.sqlite_version_info < _OLDEST:
            wanted = ".".join(str(part) for part in _OLDEST)
            raise Internal(f"This Python has SQLite {sqlite3.sqlite_version}; Bancada needs {wanted} or newer.")
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Endpoint keys are in it: nobody else may read it. SQLite gives its log files the same mode.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as reason:
            raise Internal(f"The database `{path}` cannot be opened: {reason.strerror}.") from reason

    def connect(self, *, writable: bool) -> SqliteConnection:
        """Open a connection; one that is not writable refuses changes."""
        return SqliteConnection(self.path, writable=writable)

    def backup(self, label: str) -> Path:
        """Copy the database as it is at one moment to `<file>.<label>`, over an older copy."""
        target = self.path.with_name(f"{self.path.name}.{label}")
        draft = target.with_name(f"{target.name}.part")
        draft.unlink(missing_ok=True)
        source = self.connect(writable=False)
        try:
            with storage_errors(draft):
                os.close(os.open(draft, os.O_RDWR | os.O_CREAT, 0o600))
                source.copy_to(draft)
                os.replace(draft, target)
        finally:
            source.close()
            draft.unlink(missing_ok=True)
        return target


class SqliteConnection:
    """One connection to SQLite. Transactions are opened and ended here and nowhere else."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, *, writable: bool) -> None:
        self._path = path
        self._writable = writable
        self._raw = self._open()

    def execute(self, sql: str, params: Sequence[Value]) -> list[Row]:
        """Run one statement and return its rows."""
        return self._guarded(lambda: self._raw.execute(sql, params).fetchall())

    def change(self, sql: str, params: Sequence[Value]) -> int:
        """Run one statement and return how many rows it changed."""
        return self._guarded(lambda: self._raw.execute(sql, params).rowcount)

    def many(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        """Run one statement for each row of values and return how many rows all of them changed."""
        return self._guarded(lambda: self._raw.executemany(sql, rows).rowcount)

    def begin_write(self) -> None:
        """Take the database's write lock."""
        self._command("BEGIN IMMEDIATE")

    def begin_read(self) -> None:
        """Start a snapshot (it is taken at the first statement)."""
        self._command("BEGIN")

    def commit(self) -> None:
        """Return when the log is on disk."""
        self._command("COMMIT")

    def rollback(self) -> None:
        """End the transaction without its changes; after some errors SQLite has done so by itself."""
        if self._raw.in_transaction:
            self._command("ROLLBACK")

    def in_transaction(self) -> bool:
        """Say whether SQLite still has the transaction open."""
        return self._raw.in_transaction

    def commit_outcome(self) -> Outcome:
        """A file cannot hang up: never asked."""
        return "unknown"

    def reconnect(self) -> None:
        """Open the file again."""
        self._raw.close()
        self._raw = self._open()

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()

    def copy_to(self, path: Path) -> None:
        """Copy the database to an empty file and bring that to the disk."""
        target = sqlite3.connect(path)
        try:
            self._guarded(lambda: self._raw.backup(target))
        finally:
            target.close()
        with path.open("rb") as written:
            os.fsync(written.fileno())

    def _open(self) -> sqlite3.Connection:
        def connected() -> sqlite3.Connection:
            # One thread at a time uses a connection, but not always the same one.
            raw = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
            )
            for pragma in _PRAGMAS:
                raw.execute(pragma)
            if not self._writable:
                raw.execute("PRAGMA query_only = ON")
            return raw

        return self._guarded(connected)

    def _command(self, sql: str) -> None:
        self._guarded(lambda: self._raw.execute(sql))

    def _guarded(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as reason:
            self._fail(reason)

    def _fail(self, reason: Exception) -> NoReturn:
        raise _translated(reason, self._path) from reason


def _translated(reason: Exception, path: Path) -> BancadaError:
    if isinstance(reason, (OverflowError, UnicodeEncodeError)):
        return Invalid.of([Problem("", f"the database cannot hold a value: {reason}.")])
    code: Any = getattr(reason, "sqlite_errorcode", None) or 0
    if code & 0xFF == sqlite3.SQLITE_FULL or (code & 0xFF == sqlite3.SQLITE_IOERR and _is_full(path)):
        return StorageFull(f"The disk that holds `{path}` is full: make room, then try again.", path=str(path))
    if code == sqlite3.SQLITE_TOOBIG:
        return Invalid.of([Problem("", "the database cannot hold a value of that size.")])
    if code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
        return Conflict(f"A row with this key exists already ({reason}).")
    if code & 0xFF == sqlite3.SQLITE_NOTADB:
        return Invalid.of([Problem("database_url", f"`{path}` is not a SQLite database.")])
    return Internal(f"The database refused a statement: {reason}.")


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _FULL_BYTES
    except OSError:
        return False
