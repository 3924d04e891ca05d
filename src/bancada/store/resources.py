"""Every resource that is not a job: data, environments, models, codes, components, computes, datastores,
endpoints.

One table for all kinds; what a kind's document means is the domain's business. An online deployment's name is
"<endpoint>/<deployment>".
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bancada.errors import AlreadyExists, Conflict
from bancada.store.connection import Value
from bancada.store.mapping import cursor_to_text, document, json_text, key_from_cursor
from bancada.store.transaction import Tx, marks

__all__ = ["Row", "all_of", "by_keys", "delete", "get", "latest", "names", "next_version", "page", "put", "versions"]

_COLUMNS = "workspace, kind, name, version, doc, state, revision, archived, created_at, updated_at"
_KEY = "workspace = ? AND kind = ? AND name = ? AND version = ?"
_INSERT = f"""
INSERT INTO resources ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)
ON CONFLICT (workspace, kind, name, version) DO NOTHING
"""
_UPDATE = f"""
UPDATE resources SET doc = ?, state = ?, archived = ?, updated_at = ?, revision = revision + 1
WHERE {_KEY} AND revision = ?
"""


@dataclass(frozen=True)
class Row:
    """One resource, or one version of it."""

    workspace: str
    kind: str
    name: str
    # "" where the kind has no versions. Digits by default, any text is allowed.
    version: str = ""
    doc: dict[str, Any] = field(default_factory=dict[str, Any])
    # Azure's provisioning_state.
    state: str = "Succeeded"
    # Set by the store: 1 for a new row, one more for each change.
    revision: int = 1
    archived: bool = False
    # Both set by the store when 0.
    created_at: float = 0.0
    updated_at: float = 0.0


def put(tx: Tx, row: Row, *, expect_revision: int | None = None) -> Row:
    """Insert or change a resource and return it as stored.

    `expect_revision` None overwrites what is there; 0 demands that nothing is; N demands that revision.
    Raises AlreadyExists (for 0) or Conflict (for N, also when the row is gone).
    """
    found = get(tx, row.workspace, row.kind, row.name, row.version)
    if expect_revision == 0 and found is not None:
        raise AlreadyExists(f"{_label(row)} exists already.", kind=row.kind, name=row.name, version=row.version)
    if expect_revision and (found is None or found.revision != expect_revision):
        seen = "was deleted" if found is None else f"has revision {found.revision}, not {expect_revision}"
        raise Conflict(f"{_label(row)} {seen}: read it again.", name=row.name, version=row.version)
    return _insert(tx, row) if found is None else _change(tx, row, found)


def get(tx: Tx, workspace: str, kind: str, name: str, version: str = "") -> Row | None:
    """Return one resource, archived or not, or None."""
    return _first(tx, f"WHERE {_KEY}", (workspace, kind, name, version))


def versions(tx: Tx, workspace: str, kind: str, name: str) -> list[str]:
    """Return all versions of a name, oldest first."""
    sql = "SELECT version FROM resources WHERE workspace = ? AND kind = ? AND name = ? ORDER BY id"
    return [row[0] for row in tx.execute(sql, (workspace, kind, name))]


def latest(tx: Tx, workspace: str, kind: str, name: str) -> Row | None:
    """Return the newest version that is not archived, else the newest; None for an unknown name."""
    order = "ORDER BY archived, id DESC LIMIT 1"
    return _first(tx, f"WHERE workspace = ? AND kind = ? AND name = ? {order}", (workspace, kind, name))


def next_version(tx: Tx, workspace: str, kind: str, name: str) -> str:
    """Return one more than the greatest version that is a number; "1" when there is none."""
    numbers = [int(one) for one in versions(tx, workspace, kind, name) if one.isascii() and one.isdigit()]
    return str(max(numbers, default=0) + 1)


def names(tx: Tx, workspace: str, kind: str, limit: int = 200) -> list[str]:
    """Return names of a kind, for errors that say what there is."""
    sql = "SELECT DISTINCT name FROM resources WHERE workspace = ? AND kind = ? ORDER BY name LIMIT ?"
    return [row[0] for row in tx.execute(sql, (workspace, kind, limit))]


def page(
    tx: Tx,
    workspace: str,
    kind: str,
    *,
    name: str | None = None,
    archived: bool | None = False,
    limit: int = 100,
    cursor: str | None = None,
) -> tuple[list[Row], str | None]:
    """Return resources, newest first, and the cursor of the next page (None after the last one).

    One row a name, its newest version, unless `name` is given: then all its versions. `archived` None means both.
    Raises Invalid for a cursor that was not made here.
    """
    tests, params = ["one.workspace = ?", "one.kind = ?"], list[Value]([workspace, kind])
    shown = "" if archived is None else f" AND {{}}.archived = {int(archived)}"
    if name is not None:
        tests.append("one.name = ?")
        params.append(name)
    if cursor is not None:
        tests.append("one.id < ?")
        params.append(key_from_cursor(cursor))
    newest = "" if name is not None else _is_newest(shown)
    columns = ", ".join(f"one.{column}" for column in _COLUMNS.split(", "))
    where = " AND ".join(tests) + shown.format("one") + newest
    sql = f"SELECT {columns}, one.id FROM resources one WHERE {where}"
    rows = tx.execute(f"{sql} ORDER BY one.id DESC LIMIT ?", (*params, limit + 1))
    following = cursor_to_text(rows[limit - 1][-1]) if len(rows) > limit else None
    return [_row(row[:-1]) for row in rows[:limit]], following


def all_of(tx: Tx, workspace: str | None, kind: str, *, state: str | None = None) -> list[Row]:
    """Return every row of a kind, oldest first: of one workspace, or of all. Only for kinds with few rows."""
    where, params = "WHERE kind = ?", [kind]
    for column, wanted in (("workspace", workspace), ("state", state)):
        if wanted is not None:
            where += f" AND {column} = ?"
            params.append(wanted)
    return [_row(row) for row in tx.execute(f"SELECT {_COLUMNS} FROM resources {where} ORDER BY id", params)]


def by_keys(tx: Tx, keys: Sequence[int]) -> dict[int, Row]:
    """Return rows by the database's keys, for modules that select by these; at most some thousands at once."""
    if not keys:
        return {}
    rows = tx.execute(f"SELECT id, {_COLUMNS} FROM resources WHERE id IN ({marks(len(keys))})", list(keys))
    return {int(key): _row(rest) for key, *rest in rows}


def delete(tx: Tx, workspace: str, kind: str, name: str, version: str | None = None) -> int:
    """Delete one version ("" for a kind without); None: the name with all. Return how many."""
    test, params = (
        (_KEY, (workspace, kind, name, version))
        if version is not None
        else (
            "workspace = ? AND kind = ? AND name = ?",
            (workspace, kind, name),
        )
    )
    return tx.change(f"DELETE FROM resources WHERE {test}", params)


def _is_newest(shown: str) -> str:
    return (
        " AND NOT EXISTS (SELECT 1 FROM resources later WHERE later.workspace = one.workspace "
        f"AND later.kind = one.kind AND later.name = one.name AND later.id > one.id{shown.format('later')})"
    )


def _insert(tx: Tx, row: Row) -> Row:
    now = time.time()
    new = replace(row, revision=1, created_at=row.created_at or now, updated_at=row.updated_at or row.created_at or now)
    key = (new.workspace, new.kind, new.name, new.version)
    tx.execute(_INSERT, (*key, json_text(new.doc), new.state, new.archived, new.created_at, new.updated_at))
    return new


def _change(tx: Tx, row: Row, found: Row) -> Row:
    changed_at = row.updated_at if row.updated_at > found.updated_at else time.time()
    new = replace(row, revision=found.revision + 1, created_at=found.created_at, updated_at=changed_at)
    key = (new.workspace, new.kind, new.name, new.version)
    tx.execute(_UPDATE, (json_text(new.doc), new.state, new.archived, new.updated_at, *key, found.revision))
    return new


def _label(row: Row) -> str:
    version = f" version {row.version}" if row.version else ""
    return f"`{row.name}`{version} of {row.kind}"


def _first(tx: Tx, where: str, params: tuple[Value, ...]) -> Row | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM resources {where}", params)
    return None if row is None else _row(row)


def _row(row: Sequence[Any]) -> Row:
    workspace, kind, name, version, doc, state, revision, archived, created_at, updated_at = row
    return Row(workspace, kind, name, version, document(doc), state, revision, bool(archived), created_at, updated_at)
