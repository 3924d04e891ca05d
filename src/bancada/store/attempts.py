"""One row for each start of a job's process: its folder, the hash of its token, its end. Not the process
itself.

The token's hash is the fence: whoever writes with the token of an attempt that the job has left behind is
refused.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bancada.errors import AlreadyExists
from bancada.store.connection import Row, Value
from bancada.store.mapping import json_text, optional_document
from bancada.store.transaction import Tx

__all__ = ["Attempt", "by_token", "end", "get", "insert", "list_", "open_"]

_COLUMNS = "workspace, job, number, launch_folder, created_at, ended_at, exit"


@dataclass(frozen=True)
class Attempt:
    """One start of a job's process."""

    workspace: str
    job: str
    number: int
    launch_folder: str
    created_at: float
    # Set together with `exit`, when the worker has seen the end; None while it may be running.
    ended_at: float | None = None
    exit: dict[str, Any] | None = None


def insert(
    tx: Tx,
    workspace: str,
    job: str,
    number: int,
    launch_folder: str,
    token_hash: str,
    *,
    at: float | None = None,
) -> Attempt:
    """Record an attempt before its process is started. Raises AlreadyExists for a number that was used."""
    created_at = time.time() if at is None else at
    added = tx.change(
        "INSERT INTO attempts (workspace, job, number, launch_folder, token_hash, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (workspace, job, number) DO NOTHING",
        (workspace, job, number, launch_folder, token_hash, created_at),
    )
    if not added:
        raise AlreadyExists(f"Job `{job}` has an attempt {number} already.", kind="attempt", name=f"{job}.{number}")
    return Attempt(workspace, job, number, launch_folder, created_at)


def get(tx: Tx, workspace: str, job: str, number: int) -> Attempt | None:
    """Return one attempt, or None."""
    return _first(tx, "WHERE workspace = ? AND job = ? AND number = ?", (workspace, job, number))


def by_token(tx: Tx, token_hash: str) -> Attempt | None:
    """Return the attempt that a token belongs to, ended or not, or None for a token that was never given."""
    return _first(tx, "WHERE token_hash = ?", (token_hash,))


def open_(tx: Tx) -> list[Attempt]:
    """Return the attempts of all workspaces whose end was not recorded yet, oldest first."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM attempts WHERE ended_at IS NULL ORDER BY created_at, job, number")
    return [_attempt(row) for row in rows]


def list_(tx: Tx, workspace: str, job: str) -> list[Attempt]:
    """Return a job's attempts, first to last."""
    where = "WHERE workspace = ? AND job = ? ORDER BY number"
    return [_attempt(row) for row in tx.execute(f"SELECT {_COLUMNS} FROM attempts {where}", (workspace, job))]


def end(tx: Tx, workspace: str, job: str, number: int, exit_doc: Mapping[str, Any], *, at: float | None = None) -> bool:
    """Record how an attempt ended; False when that was recorded before (the first account stands)."""
    changed = tx.change(
        "UPDATE attempts SET ended_at = ?, exit = ? "
        "WHERE workspace = ? AND job = ? AND number = ? AND ended_at IS NULL",
        (time.time() if at is None else at, json_text(dict(exit_doc)), workspace, job, number),
    )
    return changed > 0


def _first(tx: Tx, where: str, params: tuple[Value, ...]) -> Attempt | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM attempts {where}", params)
    return None if row is None else _attempt(row)


def _attempt(row: Row) -> Attempt:
    workspace, job, number, launch_folder, created_at, ended_at, exit_text = row
    return Attempt(workspace, job, number, launch_folder, created_at, ended_at, optional_document(exit_text))
