"""What a database connection must offer to the rest of the store. Not for SQL: that is in the modules of
nouns.

The two implementations are `sqlite` and `postgres`. They speak the same SQL with "?" placeholders, so that
nothing above this protocol asks which database it is on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

__all__ = ["Connection", "ConnectionLost", "Connector", "Dialect", "Outcome", "Retry", "Row", "Value"]

Value = str | int | float | bytes | None
# Columns come back as the driver gives them; each module maps them to its own dataclass.
Row = tuple[Any, ...]
Dialect = Literal["sqlite", "postgresql"]
Outcome = Literal["committed", "aborted", "unknown"]


class Retry(Exception):
    """The database rolled the transaction back; it may simply be run again (a deadlock, say)."""


class ConnectionLost(Exception):
    """The connection is gone; what it had not committed is rolled back."""


class Connection(Protocol):
    """One connection, used by one thread at a time.

    Each method raises our errors: StorageFull, Invalid (a value that the database cannot hold), Conflict (a
    unique key is taken), Internal; and Retry or ConnectionLost, which only writer and readers see.
    """

    dialect: Dialect

    def execute(self, sql: str, params: Sequence[Value]) -> list[Row]:
        """Run one statement and return its rows."""
        ...

    def change(self, sql: str, params: Sequence[Value]) -> int:
        """Run one statement and return how many rows it changed."""
        ...

    def many(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        """Run one statement for each row of values and return how many rows all of them changed."""
        ...

    def begin_write(self) -> None:
        """Start a transaction that is the only writing one of the whole database until it ends."""
        ...

    def begin_read(self) -> None:
        """Start a transaction that sees one moment of the database and cannot write."""
        ...

    def commit(self) -> None:
        """Return when the transaction is on disk."""
        ...

    def rollback(self) -> None:
        """End the transaction without its changes; harmless when the database has already ended it."""
        ...

    def in_transaction(self) -> bool:
        """Say whether a transaction is open and can still be committed."""
        ...

    def commit_outcome(self) -> Outcome:
        """Say, after a ConnectionLost from `commit`, what became of the transaction."""
        ...

    def reconnect(self) -> None:
        """Open the connection again. Raises ConnectionLost when the database does not answer."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class Connector(Protocol):
    """Opens connections to one database."""

    dialect: Dialect

    def connect(self, *, writable: bool) -> Connection:
        """Open a connection; one that is not writable refuses changes."""
        ...

    def backup(self, label: str) -> Path | None:
        """Copy the database beside itself; None where the database is not a file of ours."""
        ...
