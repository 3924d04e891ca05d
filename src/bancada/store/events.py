"""The append-only log of what happened: who did what to which resource, in the order of commits. Not metric
points.

The order holds because there is one writing transaction at a time: on SQLite by its write lock, on
PostgreSQL by the advisory lock that `postgres.PostgresConnection.begin_write` takes before anything else. A
sequence is therefore handed out and committed before the next one is handed out: whoever has seen 7 will
never be shown a new 6. Numbers may be missing (a function that failed), and are never used twice.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bancada.store.connection import Row
from bancada.store.mapping import document, json_text
from bancada.store.transaction import Tx

__all__ = ["Event", "after", "append", "last", "of_subject"]


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    seq: int
    at: float
    workspace: str
    kind: str
    name: str
    what: str
    # "owner", or the attempt whose token was used.
    who: str
    data: dict[str, Any]


def append(
    tx: Tx,
    workspace: str,
    kind: str,
    name: str,
    what: str,
    who: str,
    data: Mapping[str, Any] | None = None,
    *,
    at: float | None = None,
) -> None:
    """Write down what happened; listeners of `Database.on_commit` hear of it after the commit."""
    rows = tx.execute(
        "INSERT INTO events (at, workspace, kind, name, what, who, data) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING seq",
        (time.time() if at is None else at, workspace, kind, name, what, who, json_text(dict(data or {}))),
    )
    tx.announce(int(rows[0][0]))


def after(tx: Tx, seq: int, workspace: str | None = None, limit: int = 1000) -> list[Event]:
    """Return the events that follow a sequence, oldest first, of one workspace or of all."""
    place = "" if workspace is None else "workspace = ? AND "
    given = () if workspace is None else (workspace,)
    rows = tx.execute(
        f"SELECT seq, at, workspace, kind, name, what, who, data FROM events WHERE {place}seq > ? ORDER BY seq LIMIT ?",
        (*given, seq, limit),
    )
    return [_event(row) for row in rows]


def of_subject(tx: Tx, workspace: str, kind: str, name: str) -> list[Event]:
    """Return everything that happened to one thing, oldest first."""
    rows = tx.execute(
        "SELECT seq, at, workspace, kind, name, what, who, data FROM events"
        " WHERE workspace = ? AND kind = ? AND name = ? ORDER BY seq",
        (workspace, kind, name),
    )
    return [_event(row) for row in rows]


def last(tx: Tx) -> int:
    """Return the greatest sequence, 0 when nothing has happened."""
    row = tx.one("SELECT MAX(seq) FROM events")
    return int(row[0] or 0) if row else 0


def _event(row: Row) -> Event:
    seq, at, workspace, kind, name, what, who, data = row
    return Event(seq, at, workspace, kind, name, what, who, document(data))
