"""What shall be looked at, and when: one row a subject, claimed under a lease. Not what to do with it: see
handlers.

A subject is in the queue at most once. Putting it again wakes it: it is due at the earlier of the two
times, or, while somebody has it, it stays in the queue after `done`. Each claim gets a fencing number that
no claim had before; a claim whose lease was taken away can no longer finish or put back anything.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bancada.store.connection import Row, Value
from bancada.store.transaction import Tx

__all__ = [
    "Claim",
    "Subject",
    "claim",
    "count",
    "done",
    "next_due",
    "put",
    "release",
    "remove",
    "renew",
    "requeue_expired",
]

_HELD = "workspace = ? AND kind = ? AND name = ? AND token = ? AND owner IS NOT NULL"
_READY = (
    "SELECT workspace, kind, name, claims FROM queue "
    "WHERE owner IS NULL AND priority = ? AND due_at <= ? ORDER BY due_at LIMIT ?"
)
_PUT = """
INSERT INTO queue (workspace, kind, name, due_at, priority, owner, lease_until, token, claims, woken)
VALUES (?, ?, ?, ?, ?, NULL, NULL, 0, 0, 0)
ON CONFLICT (workspace, kind, name) DO UPDATE SET
  due_at = CASE
    WHEN queue.owner IS NOT NULL AND queue.woken = 0 THEN excluded.due_at
    WHEN excluded.due_at < queue.due_at THEN excluded.due_at
    ELSE queue.due_at END,
  priority = CASE WHEN excluded.priority > queue.priority THEN excluded.priority ELSE queue.priority END,
  woken = CASE WHEN queue.owner IS NULL THEN 0 ELSE 1 END
"""


class Subject(NamedTuple):
    """What is queued. Kinds: job, deployment, build, compute, workspace."""

    workspace: str
    kind: str
    name: str


@dataclass(frozen=True)
class Claim:
    """A subject that somebody has until the lease ends."""

    subject: Subject
    # The fence: greater than that of every earlier claim of anything.
    token: int
    # How often the subject was claimed since it was put, this time included.
    claims: int = 1


def put(tx: Tx, subject: Sequence[str], *, due_at: float | None = None, priority: int = 0) -> None:
    """Queue a subject, or wake it. Greater priorities go first; waking never lowers one."""
    workspace, kind, name = subject
    due = time.time() if due_at is None else due_at
    tx.execute(_PUT, (workspace, kind, name, due, priority))
    tx.notify()


def claim(tx: Tx, owner: str, lease_s: float, now: float, limit: int) -> list[Claim]:
    """Take up to `limit` subjects that are due and that nobody has: by priority, then by time."""
    rows = _ready(tx, now, limit)
    if not rows:
        return []
    first = _tokens(tx, len(rows))
    claims = [Claim(Subject(*row[:3]), first + at, int(row[3]) + 1) for at, row in enumerate(rows)]
    tx.many(
        "UPDATE queue SET owner = ?, lease_until = ?, token = ?, claims = claims + 1, woken = 0 "
        "WHERE workspace = ? AND kind = ? AND name = ?",
        [(owner, now + lease_s, one.token, *one.subject) for one in claims],
    )
    return claims


def done(tx: Tx, claim: Claim) -> bool:
    """Take a subject out of the queue unless it was woken meanwhile; False when the lease was lost."""
    if tx.change(f"DELETE FROM queue WHERE {_HELD} AND woken = 0", _key(claim)):
        return True
    freed = tx.change(f"UPDATE queue SET owner = NULL, lease_until = NULL, woken = 0 WHERE {_HELD}", _key(claim))
    if freed:
        tx.notify()
    return freed > 0


def release(tx: Tx, claim: Claim, due_at: float) -> bool:
    """Put a subject back for later, or for the time it was woken for; False when the lease was lost."""
    freed = tx.change(
        "UPDATE queue SET owner = NULL, lease_until = NULL, woken = 0, "
        f"due_at = CASE WHEN woken = 1 AND due_at < ? THEN due_at ELSE ? END WHERE {_HELD}",
        (due_at, due_at, *_key(claim)),
    )
    if freed:
        tx.notify()
    return freed > 0


def renew(tx: Tx, claim: Claim, lease_s: float, now: float) -> bool:
    """Keep a subject for longer; False when the lease was lost."""
    return tx.change(f"UPDATE queue SET lease_until = ? WHERE {_HELD}", (now + lease_s, *_key(claim))) > 0


def requeue_expired(tx: Tx, now: float, *, everyone: bool = False) -> int:
    """Make due what has a lease that ended (at start, `everyone`: any lease); return how many."""
    ended, params = ("", ()) if everyone else ("AND lease_until <= ?", (now,))
    return tx.change(
        "UPDATE queue SET owner = NULL, lease_until = NULL, woken = 0, "
        f"due_at = CASE WHEN due_at < ? THEN due_at ELSE ? END WHERE owner IS NOT NULL {ended}",
        (now, now, *params),
    )


def next_due(tx: Tx) -> float | None:
    """Return when there is next something to claim or a lease to end; None for an empty queue."""
    row = tx.one(
        "SELECT (SELECT MIN(due_at) FROM queue WHERE owner IS NULL), "
        "(SELECT MIN(lease_until) FROM queue WHERE owner IS NOT NULL)"
    )
    times = [at for at in row or () if at is not None]
    return min(times) if times else None


def remove(tx: Tx, subject: Sequence[str]) -> bool:
    """Take a subject out, whoever has it; return whether it was in."""
    return tx.change("DELETE FROM queue WHERE workspace = ? AND kind = ? AND name = ?", tuple(subject)) > 0


def count(tx: Tx) -> int:
    """Return how many subjects are in the queue."""
    row = tx.one("SELECT COUNT(*) FROM queue")
    return int(row[0]) if row else 0


def _ready(tx: Tx, now: float, limit: int) -> list[Row]:
    # One short range of the index for each priority in use (a handful), so that a hundred thousand subjects
    # that are not due, or all due, cost nothing.
    row = tx.one("SELECT MIN(due_at) FROM queue WHERE owner IS NULL")
    if row is None or row[0] is None or row[0] > now:
        return []
    ready: list[Row] = []
    top = tx.one("SELECT MAX(priority) FROM queue WHERE owner IS NULL")
    while top is not None and top[0] is not None and len(ready) < limit:
        ready += tx.execute(_READY, (top[0], now, limit - len(ready)))
        top = tx.one("SELECT MAX(priority) FROM queue WHERE owner IS NULL AND priority < ?", (top[0],))
    return ready


def _tokens(tx: Tx, count: int) -> int:
    row = tx.one("UPDATE queue_tokens SET last = last + ? WHERE only_row = 1 RETURNING last", (count,))
    return int(row[0]) - count + 1 if row else 1


def _key(claim: Claim) -> tuple[Value, ...]:
    return (*claim.subject, claim.token)
