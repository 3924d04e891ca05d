"""Logged models of MLflow 3: models that a run made, before anybody registers them. Not the registry."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bancada.domain.tracking import Metric
from bancada.store import trees
from bancada.store.transaction import Tx, Value, marks

__all__ = [
    "LoggedModel",
    "ModelMetric",
    "add_metrics",
    "add_params",
    "artifact_root",
    "by_keys",
    "create",
    "delete_of_run",
    "delete_tag",
    "find",
    "names_of_run",
    "newest_named",
    "set_deleted",
    "set_status",
    "set_tags",
]

_COLUMNS = (
    "m.id, m.model_id, m.experiment, e.experiment_id, m.run, m.source_run_id, m.name, m.model_type, m.status,"
    " m.status_message, m.user_name, m.deleted, m.created_at, m.updated_at, e.artifact_location"
)
_FROM = "FROM logged_models m JOIN experiments e ON e.id = m.experiment"


@dataclass(frozen=True)
class ModelMetric:
    """The latest value of a metric of a model, for one run and one data set ('' where none was named)."""

    metric: Metric
    run_name: str
    dataset_name: str = ""
    dataset_digest: str = ""


@dataclass(frozen=True)
class LoggedModel:
    """One logged model. `status` is PENDING, READY or UPLOAD_FAILED."""

    key: int
    model_id: str
    experiment: int
    experiment_id: str
    run: int | None
    source_run_id: str | None
    name: str
    model_type: str | None
    status: str
    status_message: str | None
    user_name: str
    deleted: bool
    created_at: float
    updated_at: float
    artifact_location: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    metrics: Sequence[ModelMetric] = ()


def artifact_root(model_id: str) -> str:
    """Return the tree that holds the files of a logged model."""
    return f"logged-models/{model_id}"


def create(
    tx: Tx,
    workspace: str,
    *,
    model_id: str,
    experiment: int,
    run: int | None,
    source_run_id: str | None,
    name: str,
    model_type: str | None,
    user_name: str,
    now: float,
) -> int:
    """Insert a model that is still being uploaded (PENDING); return its database key."""
    rows = tx.execute(
        "INSERT INTO logged_models (workspace, model_id, experiment, run, source_run_id, name, model_type, status,"
        " status_message, user_name, deleted, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'PENDING', NULL, ?, 0, ?, ?) RETURNING id",
        (workspace, model_id, experiment, run, source_run_id, name, model_type, user_name, now, now),
    )
    return int(rows[0][0])


def find(tx: Tx, workspace: str, model_id: str) -> LoggedModel | None:
    """Return a model with everything logged to it, deleted or not."""
    row = tx.one("SELECT id FROM logged_models WHERE workspace = ? AND model_id = ?", (workspace, model_id))
    return None if row is None else by_keys(tx, [row[0]])[0]


def newest_named(tx: Tx, workspace: str, run: str, name: str) -> str | None:
    """Return the id of the newest model of this name that a run made and finished uploading."""
    row = tx.one(
        "SELECT m.model_id FROM logged_models m JOIN jobs j ON j.id = m.run"
        " WHERE j.workspace = ? AND j.name = ? AND m.name = ? AND m.deleted = 0"
        " ORDER BY CASE m.status WHEN 'READY' THEN 0 ELSE 1 END, m.created_at DESC, m.id DESC LIMIT 1",
        (workspace, run, name),
    )
    return None if row is None else str(row[0])


def names_of_run(tx: Tx, workspace: str, run: str) -> list[str]:
    """Return the names of the models that a run made and nobody deleted."""
    rows = tx.execute(
        "SELECT DISTINCT m.name FROM logged_models m JOIN jobs j ON j.id = m.run"
        " WHERE j.workspace = ? AND j.name = ? AND m.deleted = 0 ORDER BY m.name",
        (workspace, run),
    )
    return [str(row[0]) for row in rows]


def by_keys(tx: Tx, keys: Sequence[int]) -> list[LoggedModel]:
    """Return the models of these database keys with everything logged to them, in that order."""
    if not keys:
        return []
    inside = marks(len(keys))
    params = _pairs(tx, "logged_model_params", keys)
    tags = _pairs(tx, "logged_model_tags", keys)
    metrics = _metrics(tx, keys)
    found: dict[int, LoggedModel] = {}
    for row in tx.execute(f"SELECT {_COLUMNS} {_FROM} WHERE m.id IN ({inside})", keys):
        key = row[0]
        *first, deleted, created_at, updated_at, artifact_location = row
        found[key] = LoggedModel(
            *first,
            deleted=bool(deleted),
            created_at=created_at,
            updated_at=updated_at,
            artifact_location=artifact_location,
            params=params.get(key, {}),
            tags=tags.get(key, {}),
            metrics=tuple(metrics.get(key, ())),
        )
    return [found[key] for key in keys if key in found]


def _pairs(tx: Tx, table: str, keys: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for model, key, value in tx.execute(
        f"SELECT model, key, value FROM {table} WHERE model IN ({marks(len(keys))}) ORDER BY model, key", keys
    ):
        found.setdefault(model, {})[key] = value
    return found


def _metrics(tx: Tx, keys: Sequence[int]) -> dict[int, list[ModelMetric]]:
    found: dict[int, list[ModelMetric]] = {}
    for model, key, value, is_nan, timestamp, step, run_name, dataset_name, digest in tx.execute(
        "SELECT model, key, value, is_nan, timestamp, step, run_name, dataset_name, dataset_digest"
        f" FROM logged_model_metrics WHERE model IN ({marks(len(keys))}) ORDER BY model, key, run_name",
        keys,
    ):
        metric = Metric(key, math.nan if is_nan else value, timestamp, step)
        found.setdefault(model, []).append(ModelMetric(metric, run_name, dataset_name, digest))
    return found


def set_status(tx: Tx, model: LoggedModel, status: str, *, now: float) -> None:
    """Say how the upload went."""
    tx.change("UPDATE logged_models SET status = ?, updated_at = ? WHERE id = ?", (status, now, model.key))


def set_deleted(tx: Tx, model: LoggedModel, *, now: float) -> None:
    """Delete a model; its files stay until its workspace goes."""
    tx.change("UPDATE logged_models SET deleted = 1, updated_at = ? WHERE id = ?", (now, model.key))


def delete_of_run(tx: Tx, workspace: str, run: str) -> None:
    """Delete the models that a run logged, with their files; the run's row must still be there."""
    rows = tx.execute(
        "SELECT m.id, m.model_id FROM logged_models m JOIN jobs j ON j.id = m.run WHERE j.workspace = ? AND j.name = ?",
        (workspace, run),
    )
    for key, model_id in rows:
        trees.delete(tx, workspace, artifact_root(model_id))
        tx.execute("DELETE FROM logged_models WHERE id = ?", (key,))


def set_tags(tx: Tx, model: int, tags: Mapping[str, str]) -> None:
    """Set tags; the last value wins."""
    _put_pairs(tx, "logged_model_tags", model, tags)


def add_params(tx: Tx, model: int, params: Mapping[str, str]) -> None:
    """Log parameters; the last value wins (the client never sends one twice)."""
    _put_pairs(tx, "logged_model_params", model, params)


def _put_pairs(tx: Tx, table: str, model: int, pairs: Mapping[str, str]) -> None:
    tx.many(
        f"INSERT INTO {table} (model, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (model, key) DO UPDATE SET value = excluded.value",
        [(model, key, value) for key, value in pairs.items()],
    )


def delete_tag(tx: Tx, model: LoggedModel, key: str) -> bool:
    """Delete a tag; say whether there was one."""
    return tx.change("DELETE FROM logged_model_tags WHERE model = ? AND key = ?", (model.key, key)) > 0


_NEWER = (
    "(excluded.step, excluded.timestamp, excluded.value)"
    " > (logged_model_metrics.step, logged_model_metrics.timestamp, logged_model_metrics.value)"
)


def add_metrics(tx: Tx, workspace: str, metrics: Mapping[str, Sequence[ModelMetric]]) -> None:
    """Keep the latest values of metrics by model id; ids that are not of this workspace are left out."""
    if not metrics:
        return
    ids = list(metrics)
    rows: list[tuple[Value, ...]] = []
    for model_id, key, experiment in tx.execute(
        f"SELECT model_id, id, experiment FROM logged_models WHERE workspace = ? AND model_id IN ({marks(len(ids))})",
        (workspace, *ids),
    ):
        rows.extend(_metric_row(key, experiment, one) for one in metrics[model_id])
    tx.many(
        "INSERT INTO logged_model_metrics (model, key, run_name, dataset_name, dataset_digest, experiment, value,"
        " is_nan, step, timestamp) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (model, key, run_name, dataset_name, dataset_digest) DO UPDATE SET"
        " value = excluded.value, is_nan = excluded.is_nan, step = excluded.step, timestamp = excluded.timestamp"
        f" WHERE {_NEWER}",
        rows,
    )


def _metric_row(model: int, experiment: int, one: ModelMetric) -> tuple[Value, ...]:
    is_nan = math.isnan(one.metric.value)
    value = 0.0 if is_nan else one.metric.value
    place = (model, one.metric.key, one.run_name, one.dataset_name, one.dataset_digest)
    return (*place, experiment, value, int(is_nan), one.metric.step, one.metric.timestamp)
