"""The transaction that every function of the store works on."""

from __future__ import annotations

from collections.abc import Sequence

from bancada.store.connection import Connection, Dialect, Row, Value

__all__ = ["Tx", "marks"]


def marks(count: int) -> str:
    """Return `count` placeholders for an IN list.

    Example:
        >>> marks(3)
        '?, ?, ?'
    """
    return ", ".join("?" * count)


class Tx:
    """One function's view of the database, inside a transaction that somebody else opens and ends.

    A function may run twice (after a lost connection or a deadlock), so it must have no effect outside the
    database. An exception rolls back exactly this function's changes. A database error must not be caught
    and survived inside the function: PostgreSQL has ended the transaction by then. Use `ON CONFLICT`
    instead.
    """

    __slots__ = ("_connection", "dialect", "last_event", "wants_notice")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect: Dialect = connection.dialect
        # Written by `announce`; read by the writer after the commit.
        self.last_event = 0
        self.wants_notice = False

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement with "?" placeholders and return its rows, if it has any."""
        return self._connection.execute(sql, params)

    def one(self, sql: str, params: Sequence[Value] = ()) -> Row | None:
        """Return the first row, or None."""
        rows = self._connection.execute(sql, params)
        return rows[0] if rows else None

    def change(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run one statement and return how many rows it changed."""
        return self._connection.change(sql, params)

    def many(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        """Run one statement for each row of values; return how many rows were changed in all."""
        return self._connection.many(sql, rows) if rows else 0

    def notify(self) -> None:
        """Have the callbacks of `Database.on_commit` called after the commit, even without an event."""
        self.wants_notice = True

    def announce(self, sequence: int) -> None:
        """Remember the sequence of an event that this transaction appended. Only `events` calls this."""
        self.last_event = sequence
        self.wants_notice = True
