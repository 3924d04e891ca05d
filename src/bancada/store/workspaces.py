"""Workspaces: the first part of every key. Deleting one deletes every row of it; its files go with
`ArtifactStore`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from bancada.errors import AlreadyExists, NotFound
from bancada.store.mapping import document, json_text
from bancada.store.transaction import Tx

__all__ = ["DEFAULT_EXPERIMENT_ID", "create", "delete", "get", "list_", "names", "revision", "update"]

# MLflow clients that were told no experiment send "0".
DEFAULT_EXPERIMENT_ID = "0"

# What hangs on other rows of the workspace without a column of its own, children first.
_OWNED = (
    "DELETE FROM metric_points WHERE metric IN (SELECT metrics.id FROM metrics "
    "JOIN jobs ON jobs.id = metrics.run WHERE jobs.workspace = ?)",
    "DELETE FROM logged_models WHERE workspace = ?",
)
# Tables with the column `workspace`, in an order that foreign keys allow; their own children go by cascade.
# A test compares this list with the tables that there are.
TABLES = (
    "jobs",
    "experiments",
    "resources",
    "registered_models",
    "model_tags",
    "model_aliases",
    "queue",
    "attempts",
    "events",
    "trees",
    "secrets",
)


def create(tx: Tx, doc: Mapping[str, Any]) -> dict[str, Any]:
    """Create the workspace `doc["name"]` with its default experiment and return its document.

    Raises AlreadyExists.
    """
    name, now = str(doc["name"]), time.time()
    added = tx.change(
        "INSERT INTO workspaces (name, doc, revision, created_at, updated_at) VALUES (?, ?, 1, ?, ?) "
        "ON CONFLICT (name) DO NOTHING",
        (name, json_text(dict(doc)), now, now),
    )
    if not added:
        raise AlreadyExists(f"There is a workspace named `{name}` already.", kind="workspace", name=name)
    tx.execute(
        "INSERT INTO experiments "
        "(workspace, experiment_id, name, artifact_location, deleted, created_at, updated_at) "
        "VALUES (?, ?, 'Default', '', 0, ?, ?)",
        (name, DEFAULT_EXPERIMENT_ID, now, now),
    )
    return dict(doc)


def get(tx: Tx, name: str) -> dict[str, Any] | None:
    """Return a workspace's document, or None."""
    row = tx.one("SELECT doc FROM workspaces WHERE name = ?", (name,))
    return None if row is None else document(row[0])


def revision(tx: Tx, name: str) -> int:
    """Return how often a workspace was written; 0 when there is none."""
    row = tx.one("SELECT revision FROM workspaces WHERE name = ?", (name,))
    return 0 if row is None else int(row[0])


def list_(tx: Tx) -> list[dict[str, Any]]:
    """Return all workspaces' documents by name."""
    return [document(row[0]) for row in tx.execute("SELECT doc FROM workspaces ORDER BY name")]


def names(tx: Tx) -> list[str]:
    """Return all names in order."""
    return [row[0] for row in tx.execute("SELECT name FROM workspaces ORDER BY name")]


def update(tx: Tx, name: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    """Replace a workspace's document. Raises NotFound."""
    sql = "UPDATE workspaces SET doc = ?, updated_at = ?, revision = revision + 1 WHERE name = ?"
    if not tx.change(sql, (json_text(dict(doc)), time.time(), name)):
        raise NotFound.of("workspace", name, existing=names(tx))
    return dict(doc)


def delete(tx: Tx, name: str) -> bool:
    """Delete a workspace and every row of it; return whether there was one."""
    for statement in _OWNED:
        tx.execute(statement, (name,))
    for table in TABLES:
        tx.execute(f"DELETE FROM {table} WHERE workspace = ?", (name,))
    return tx.change("DELETE FROM workspaces WHERE name = ?", (name,)) > 0
