"""Experiments: what runs are grouped by. Not their runs (`runs.py`) and not their search (`search.py`)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bancada.errors import AlreadyExists, NotFound
from bancada.store.transaction import Tx, marks

__all__ = [
    "DATASET_SUMMARIES",
    "DatasetSummary",
    "Experiment",
    "by_keys",
    "by_name",
    "create",
    "dataset_summaries",
    "delete_tag",
    "ensure",
    "get",
    "keys_of",
    "rename",
    "set_deleted",
    "set_tag",
]

_COLUMNS = "e.id, e.experiment_id, e.name, e.artifact_location, e.deleted, e.created_at, e.updated_at"

# MLflow's own limit of one answer.
DATASET_SUMMARIES = 1000
# The tag of a use that says what the data set was for (training, evaluation).
_CONTEXT = "mlflow.data.context"


@dataclass(frozen=True)
class Experiment:
    """One experiment. `key` is the database's, `experiment_id` the protocol's (unique in a workspace)."""

    key: int
    experiment_id: str
    name: str
    # Empty: artifacts go through the server. Else the place that the user gave, which clients write to themselves.
    artifact_location: str
    deleted: bool
    created_at: float
    updated_at: float
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class DatasetSummary:
    """One data set that runs of an experiment read, in one context ('' when none was given)."""

    experiment_id: str
    name: str
    digest: str
    context: str


def create(
    tx: Tx,
    workspace: str,
    name: str,
    *,
    artifact_location: str = "",
    tags: Mapping[str, str] | None = None,
    now: float | None = None,
) -> str:
    """Create an experiment and return its id, a number in text that is one above the workspace's highest.

    Raises AlreadyExists when the name is taken, by a deleted experiment too; NotFound without the workspace.
    """
    existing = by_name(tx, workspace, name)
    if existing is not None:
        deleted = " It is deleted; restore it, or choose another name." if existing.deleted else ""
        raise AlreadyExists(f"Experiment '{name}' already exists.{deleted}", kind="experiment", name=name)
    if tx.one("SELECT 1 FROM workspaces WHERE name = ?", (workspace,)) is None:
        raise NotFound.of("workspace", workspace)
    at = time.time() if now is None else now
    experiment_id = _next_id(tx, workspace)
    rows = tx.execute(
        "INSERT INTO experiments (workspace, experiment_id, name, artifact_location, deleted, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, 0, ?, ?) RETURNING id",
        (workspace, experiment_id, name, artifact_location, at, at),
    )
    tx.many(
        "INSERT INTO experiment_tags (experiment, key, value) VALUES (?, ?, ?)",
        [(rows[0][0], key, value) for key, value in (tags or {}).items()],
    )
    return experiment_id


def _next_id(tx: Tx, workspace: str) -> str:
    rows = tx.execute("SELECT experiment_id FROM experiments WHERE workspace = ?", (workspace,))
    # 18 digits: what fits a 64-bit number; ids of other kinds may have been brought in from elsewhere.
    numbers = [int(text) for (text,) in rows if text.isdecimal() and len(text) <= 18]
    return str(max(numbers, default=0) + 1)


def ensure(tx: Tx, workspace: str, name: str, *, now: float | None = None) -> str:
    """Return the id of the experiment of this name; create it, or restore it from deletion, when needed."""
    existing = by_name(tx, workspace, name)
    if existing is None:
        return create(tx, workspace, name, now=now)
    if existing.deleted:
        set_deleted(tx, existing.key, deleted=False, now=time.time() if now is None else now, with_runs=False)
    return existing.experiment_id


def get(tx: Tx, workspace: str, experiment_id: str) -> Experiment | None:
    """Return an experiment with its tags, deleted or not."""
    return _one(tx, "e.workspace = ? AND e.experiment_id = ?", workspace, experiment_id)


def by_name(tx: Tx, workspace: str, name: str) -> Experiment | None:
    """Return the experiment of this name with its tags, deleted or not."""
    return _one(tx, "e.workspace = ? AND e.name = ?", workspace, name)


def _one(tx: Tx, where: str, *params: str) -> Experiment | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM experiments e WHERE {where}", params)
    return None if row is None else by_keys(tx, [row[0]])[0]


def by_keys(tx: Tx, keys: Sequence[int]) -> list[Experiment]:
    """Return the experiments of these database keys with their tags, in that order."""
    if not keys:
        return []
    rows = tx.execute(f"SELECT {_COLUMNS} FROM experiments e WHERE e.id IN ({marks(len(keys))})", keys)
    tags: dict[int, dict[str, str]] = {}
    for key, name, value in tx.execute(
        f"SELECT experiment, key, value FROM experiment_tags WHERE experiment IN ({marks(len(keys))})"
        " ORDER BY experiment, key",
        keys,
    ):
        tags.setdefault(key, {})[name] = value
    found = {
        row[0]: Experiment(row[0], row[1], row[2], row[3], bool(row[4]), row[5], row[6], tags.get(row[0], {}))
        for row in rows
    }
    return [found[key] for key in keys if key in found]


def keys_of(tx: Tx, workspace: str, experiment_ids: Sequence[str]) -> list[int]:
    """Return the database keys of those experiments that exist."""
    if not experiment_ids:
        return []
    rows = tx.execute(
        f"SELECT id FROM experiments WHERE workspace = ? AND experiment_id IN ({marks(len(experiment_ids))})",
        (workspace, *experiment_ids),
    )
    return [row[0] for row in rows]


def rename(tx: Tx, workspace: str, key: int, name: str, *, now: float) -> None:
    """Give an experiment a new name. Raises AlreadyExists."""
    existing = by_name(tx, workspace, name)
    if existing is not None and existing.key != key:
        raise AlreadyExists(f"Experiment '{name}' already exists.", kind="experiment", name=name)
    tx.change("UPDATE experiments SET name = ?, updated_at = ? WHERE id = ?", (name, now, key))


def set_deleted(tx: Tx, key: int, *, deleted: bool, now: float, with_runs: bool = True) -> None:
    """Delete an experiment with its runs, or restore both. Nothing is erased."""
    tx.change("UPDATE experiments SET deleted = ?, updated_at = ? WHERE id = ?", (int(deleted), now, key))
    if with_runs:
        tx.change(
            "UPDATE jobs SET deleted = ?, revision = revision + 1 WHERE experiment = ? AND deleted <> ?",
            (int(deleted), key, int(deleted)),
        )


def set_tag(tx: Tx, key: int, name: str, value: str) -> None:
    """Set a tag; the last value wins."""
    tx.change(
        "INSERT INTO experiment_tags (experiment, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value",
        (key, name, value),
    )


def delete_tag(tx: Tx, key: int, name: str) -> bool:
    """Delete a tag; say whether there was one."""
    return tx.change("DELETE FROM experiment_tags WHERE experiment = ? AND key = ?", (key, name)) > 0


def dataset_summaries(tx: Tx, workspace: str, experiment_ids: Sequence[str]) -> list[DatasetSummary]:
    """Return the distinct (data set, context) pairs of experiments, at most DATASET_SUMMARIES."""
    keys = keys_of(tx, workspace, experiment_ids)
    if not keys:
        return []
    rows = tx.execute(
        "SELECT DISTINCT e.experiment_id, d.name, d.digest, r.tags FROM datasets d"
        " JOIN experiments e ON e.id = d.experiment JOIN run_datasets r ON r.dataset = d.id"
        f" WHERE d.experiment IN ({marks(len(keys))}) ORDER BY e.experiment_id, d.name, d.digest",
        keys,
    )
    found = {DatasetSummary(row[0], row[1], row[2], str(json.loads(row[3]).get(_CONTEXT, ""))) for row in rows}
    ordered = sorted(found, key=lambda one: (one.experiment_id, one.name, one.digest, one.context))
    return ordered[:DATASET_SUMMARIES]
