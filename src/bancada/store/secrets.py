"""Values that only their owner may read, such as an endpoint's keys. The database file has mode 0600."""

from __future__ import annotations

from bancada.store.transaction import Tx

__all__ = ["delete", "get", "put"]


def put(tx: Tx, workspace: str, name: str, value: str) -> None:
    """Set a secret, new or again."""
    tx.execute(
        "INSERT INTO secrets (workspace, name, value) VALUES (?, ?, ?) "
        "ON CONFLICT (workspace, name) DO UPDATE SET value = excluded.value",
        (workspace, name, value),
    )


def get(tx: Tx, workspace: str, name: str) -> str | None:
    """Return a secret, or None."""
    row = tx.one("SELECT value FROM secrets WHERE workspace = ? AND name = ?", (workspace, name))
    return None if row is None else row[0]


def delete(tx: Tx, workspace: str, name: str) -> bool:
    """Delete a secret; return whether there was one."""
    return tx.change("DELETE FROM secrets WHERE workspace = ? AND name = ?", (workspace, name)) > 0
