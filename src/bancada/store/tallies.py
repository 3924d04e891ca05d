"""Counts and sums over a whole workspace: what pages show at a glance. Each is one query. Not for single things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bancada.store import resources
from bancada.store.connection import Value
from bancada.store.resources import Row
from bancada.store.transaction import Tx

__all__ = ["NameRow", "NameWindow", "attempt_seconds", "jobs_by_status", "jobs_using", "names_by_kind", "newest_rows"]

# Word for word what the index `jobs_roots` holds.
_ROOTS = "workspace = ? AND parent IS NULL AND deleted = 0 AND archived = 0"


def jobs_by_status(tx: Tx, workspace: str) -> dict[str, int]:
    """Return how many jobs there are by status: no children, nothing archived or deleted, no plain runs."""
    sql = f"SELECT status, COUNT(*) FROM jobs WHERE {_ROOTS} AND type IS NOT NULL GROUP BY status"
    return {status: int(count) for status, count in tx.execute(sql, (workspace,))}


def jobs_using(tx: Tx, workspace: str, environment: str) -> int:
    """Return how many jobs name an environment (`azureml:name:version`), trials left out."""
    sql = f"SELECT COUNT(*) FROM jobs WHERE {_ROOTS} AND spec LIKE ? ESCAPE '\\'"
    quoted = environment.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    row = tx.one(sql, (workspace, f'%"environment":"{quoted}"%'))
    return int(row[0]) if row else 0


def attempt_seconds(tx: Tx, workspace: str, now: float) -> float:
    """Return the seconds of all attempts of a workspace's jobs together; those that run count until now."""
    sql = "SELECT SUM(COALESCE(ended_at, ?) - created_at) FROM attempts WHERE workspace = ?"
    row = tx.one(sql, (now, workspace))
    return float(row[0] or 0.0) if row else 0.0


def names_by_kind(tx: Tx, workspace: str) -> dict[str, int]:
    """Return how many names each kind of resource has; archived ones count, they take room too."""
    sql = "SELECT kind, COUNT(DISTINCT name) FROM resources WHERE workspace = ? GROUP BY kind"
    return {kind: int(count) for kind, count in tx.execute(sql, (workspace,))}


@dataclass(frozen=True)
class NameRow:
    """One name of a versioned kind: its newest version, how many there are, when the first was made."""

    latest: Row
    versions: int
    created_at: float


@dataclass(frozen=True)
class NameWindow:
    """A window of names, newest first, and how many there are in all."""

    rows: Sequence[NameRow]
    total: int


def newest_rows(
    tx: Tx,
    workspace: str,
    kind: str,
    *,
    words: Sequence[str] = (),
    archived: bool | None = False,
    limit: int,
    offset: int,
) -> NameWindow:
    """Return names with all the words in them (letter case aside), those with the newest versions first.

    `archived` says which versions count; None means both kinds.
    """
    where, params = "workspace = ? AND kind = ?", list[Value]([workspace, kind])
    if archived is not None:
        where += f" AND archived = {int(archived)}"
    for word in words:
        where += " AND LOWER(name) LIKE ? ESCAPE '\\'"
        quoted = word.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        params.append(f"%{quoted}%")
    total = tx.one(f"SELECT COUNT(DISTINCT name) FROM resources WHERE {where}", params)
    grouped = f"SELECT MAX(id), COUNT(*), MIN(created_at) FROM resources WHERE {where} GROUP BY name"
    found = tx.execute(f"{grouped} ORDER BY 1 DESC LIMIT ? OFFSET ?", (*params, limit, offset))
    rows = resources.by_keys(tx, [int(key) for key, _, _ in found])
    return NameWindow(
        [NameRow(rows[key], int(count), made) for key, count, made in found], int(total[0]) if total else 0
    )
