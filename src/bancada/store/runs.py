"""Runs as tracking sees them: the same rows as jobs, with metrics, params, tags, data sets and models around them.

Not for points of a metric (`points.py`), not for search (`search.py`), and never for a job's own status: only the
worker moves that; what a client says about a job is `reported_status`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bancada.domain.tracking import Metric, Param, Tag
from bancada.errors import Internal, Invalid
from bancada.store import jobs
from bancada.store.jobs import JobRow
from bancada.store.transaction import Tx, Value, marks

__all__ = [
    "LOGGED_ARTIFACTS_TAG",
    "NOTE_TAG",
    "PARENT_TAG",
    "RUN_NAME_TAG",
    "DatasetUse",
    "ModelUse",
    "ParamConflict",
    "Run",
    "RunData",
    "add_datasets",
    "add_models",
    "add_params",
    "by_keys",
    "children",
    "close_below",
    "create_plain",
    "data_of",
    "delete_tag",
    "find",
    "rename",
    "report",
    "set_deleted",
    "set_parent",
    "set_plain_status",
    "set_tags",
    "tag",
]

# Which of a run's files clients logged as tables: JSON, a list of `{path, type}`.
LOGGED_ARTIFACTS_TAG = "mlflow.loggedArtifacts"
# Two tags are columns of the row, so that there is one truth: they are shown as tags and never stored as such.
RUN_NAME_TAG = "mlflow.runName"
PARENT_TAG = "mlflow.parentRunId"
# A run's description, as MLflow's clients keep it; a job's own is written there, too.
NOTE_TAG = "mlflow.note.content"

_COLUMNS = (
    "j.id, j.name, j.parent, j.type, j.status, j.reported_status, j.experiment, j.experiment_id, j.display_name,"
    " j.created_at, j.started_at, j.ended_at, j.reported_start, j.attempt, j.deleted, j.user_name,"
    " e.artifact_location"
)
_FROM = "FROM jobs j JOIN experiments e ON e.id = j.experiment"
# 500 runs a query: their metrics, params and tags fit memory well, and every database takes so many values.
_CHUNK = 500


class ParamConflict(Invalid):
    """A parameter was logged again with another value; parameters never change."""


@dataclass(frozen=True, slots=True)
class Run:
    """One row. `type` is None for a run that no job made; only such a run's `status` follows the client."""

    key: int
    name: str
    parent: str | None
    type: str | None
    status: str
    # MLflow's word (RUNNING, FINISHED, …) as a client said it; None until it did. Always None for plain runs.
    reported_status: str | None
    experiment: int
    experiment_id: str
    display_name: str
    created_at: float
    started_at: float | None
    ended_at: float | None
    # The start that the client named for a plain run.
    reported_start: float | None
    attempt: int
    deleted: bool
    user_name: str
    # Where the experiment's user wants artifacts; empty for the server's own store.
    artifact_location: str

    @property
    def start(self) -> float:
        """When it began, as search orders it."""
        return next(at for at in (self.reported_start, self.started_at, self.created_at) if at is not None)


@dataclass(frozen=True)
class DatasetUse:
    """A data set that a run read. `schema`, `profile` and `source` are texts of the client's (JSON)."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class ModelUse:
    """A logged model that a run read or made."""

    model_id: str
    step: int = 0


@dataclass
class RunData:
    """What was logged to a run: latest metrics, params, tags, inputs, outputs; keys in order."""

    metrics: list[Metric] = field(default_factory=list[Metric])
    params: list[Param] = field(default_factory=list[Param])
    tags: list[Tag] = field(default_factory=list[Tag])
    datasets: list[DatasetUse] = field(default_factory=list[DatasetUse])
    inputs: list[ModelUse] = field(default_factory=list[ModelUse])
    outputs: list[ModelUse] = field(default_factory=list[ModelUse])


# -------------------------------------------------------------------------------- rows


def find(tx: Tx, workspace: str, name: str) -> Run | None:
    """Return a run, deleted or not."""
    row = tx.one(f"SELECT {_COLUMNS} {_FROM} WHERE j.workspace = ? AND j.name = ?", (workspace, name))
    return None if row is None else _run(row)


def by_keys(tx: Tx, keys: Sequence[int]) -> list[Run]:
    """Return the runs of these database keys, in that order."""
    found: dict[int, Run] = {}
    for at in range(0, len(keys), _CHUNK):
        part = keys[at : at + _CHUNK]
        for row in tx.execute(f"SELECT {_COLUMNS} {_FROM} WHERE j.id IN ({marks(len(part))})", part):
            found[row[0]] = _run(row)
    return [found[key] for key in keys if key in found]


def children(tx: Tx, workspace: str, parent: str) -> list[Run]:
    """Return the runs right under one, in the order they were made."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE j.workspace = ? AND j.parent = ? ORDER BY j.id", (workspace, parent)
    )
    return [_run(row) for row in rows]


def _run(row: tuple[Any, ...]) -> Run:
    *first, deleted, user_name, artifact_location = row
    return Run(*first, deleted=bool(deleted), user_name=user_name, artifact_location=artifact_location)


def create_plain(
    tx: Tx,
    workspace: str,
    *,
    name: str,
    experiment_id: str,
    display_name: str,
    user_name: str,
    parent: str | None,
    start: float,
    now: float,
) -> Run:
    """Insert a run that no job made; it is Running. Raises as `jobs.insert` does."""
    row = JobRow(
        workspace=workspace,
        name=name,
        type=None,
        spec=None,
        status="Running",
        experiment_id=experiment_id,
        display_name=display_name,
        created_at=now,
        parent=parent,
        reported_start=start,
        started_at=now,
        user=user_name,
    )
    jobs.insert(tx, row)
    made = find(tx, workspace, name)
    if made is None:
        raise Internal(f"Run `{name}` vanished while it was made.")
    return made


def report(tx: Tx, run: Run, status: str) -> None:
    """Note on a job's row what its client says about its state."""
    tx.notify()
    tx.change(
        "UPDATE jobs SET reported_status = ?, revision = revision + 1 WHERE id = ?",
        (status, run.key),
    )


def set_plain_status(tx: Tx, run: Run, status: str, ended_at: float | None) -> None:
    """Move a run that no job made; `ended_at` None keeps the end that it has."""
    tx.notify()
    tx.change(
        "UPDATE jobs SET status = ?, ended_at = COALESCE(?, ended_at), revision = revision + 1"
        " WHERE id = ? AND type IS NULL",
        (status, ended_at, run.key),
    )


def close_below(tx: Tx, workspace: str, name: str, status: str, *, now: float) -> int:
    """End the runs that no job made and that still run somewhere under a job or run; return how many.

    For a job whose process is gone: nobody else will ever end what its script began.
    """
    closed = 0
    for child in children(tx, workspace, name):
        if child.type is not None:
            continue
        closed += close_below(tx, workspace, child.name, status, now=now)
        if child.status == "Running":
            set_plain_status(tx, child, status, now)
            closed += 1
    return closed


def rename(tx: Tx, run: Run, display_name: str) -> None:
    """Give a run another name to show."""
    tx.change(
        "UPDATE jobs SET display_name = ?, revision = revision + 1 WHERE id = ?",
        (display_name, run.key),
    )


def set_parent(tx: Tx, run: Run, parent: str | None) -> None:
    """Put a run that no job made under another run."""
    tx.change("UPDATE jobs SET parent = ? WHERE id = ? AND type IS NULL", (parent, run.key))


def set_deleted(tx: Tx, run: Run, *, deleted: bool) -> None:
    """Delete or restore a run; nothing is erased."""
    tx.change(
        "UPDATE jobs SET deleted = ?, revision = revision + 1 WHERE id = ?",
        (int(deleted), run.key),
    )


# -------------------------------------------------------------------------------- params and tags


def add_params(tx: Tx, run: Run, params: Sequence[Param]) -> None:
    """Log parameters. The same value again is harmless. Raises ParamConflict for another one."""
    if not params:
        return
    keys = [one.key for one in params]
    logged = dict(
        tx.execute(f"SELECT key, value FROM params WHERE run = ? AND key IN ({marks(len(keys))})", (run.key, *keys))
    )
    changed = [one for one in params if logged.get(one.key, one.value) != one.value]
    if changed:
        texts = ", ".join(
            f"Param with key='{one.key}' was already logged with value='{logged[one.key]}';"
            f" attempted logging new value '{one.value}'"
            for one in changed[:5]
        )
        raise ParamConflict(f"Changing param values is not allowed. {texts} (run ID='{run.name}').")
    tx.many(
        "INSERT INTO params (run, key, value) VALUES (?, ?, ?)",
        [(run.key, one.key, one.value) for one in params if one.key not in logged],
    )


def set_tags(tx: Tx, run: Run, tags: Sequence[Tag]) -> None:
    """Set tags; the last value wins. The two tags that are columns are the caller's business."""
    tx.many(
        "INSERT INTO tags (run, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (run, key) DO UPDATE SET value = excluded.value",
        [(run.key, one.key, one.value) for one in tags],
    )


def tag(tx: Tx, run: Run, key: str) -> str | None:
    """Return one stored tag."""
    row = tx.one("SELECT value FROM tags WHERE run = ? AND key = ?", (run.key, key))
    return None if row is None else str(row[0])


def delete_tag(tx: Tx, run: Run, key: str) -> bool:
    """Delete a tag; say whether there was one."""
    return tx.change("DELETE FROM tags WHERE run = ? AND key = ?", (run.key, key)) > 0


# -------------------------------------------------------------------------------- data sets and models


def add_datasets(tx: Tx, run: Run, uses: Sequence[DatasetUse]) -> None:
    """Note the data sets that a run read. A data set is one per experiment, name and digest; the first use stays."""
    for use in uses:
        tx.change(
            "INSERT INTO datasets (experiment, name, digest, source_type, source, schema, profile)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (experiment, name, digest) DO NOTHING",
            (run.experiment, use.name, use.digest, use.source_type, use.source, use.schema, use.profile),
        )
        row = tx.one(
            "SELECT id FROM datasets WHERE experiment = ? AND name = ? AND digest = ?",
            (run.experiment, use.name, use.digest),
        )
        if row is not None:
            tx.change(
                "INSERT INTO run_datasets (run, dataset, tags) VALUES (?, ?, ?) ON CONFLICT (run, dataset) DO NOTHING",
                (run.key, row[0], json.dumps(dict(use.tags), sort_keys=True)),
            )


def add_models(tx: Tx, run: Run, direction: str, uses: Sequence[ModelUse]) -> None:
    """Note the logged models that a run read (direction 'input') or made ('output'); again is harmless."""
    tx.many(
        "INSERT INTO run_models (run, direction, model_id, step) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (run, direction, model_id, step) DO NOTHING",
        [(run.key, direction, one.model_id, one.step) for one in uses],
    )


# -------------------------------------------------------------------------------- everything at once


def data_of(tx: Tx, runs: Sequence[Run]) -> dict[int, RunData]:
    """Return what was logged to runs, by database key."""
    found = {one.key: RunData() for one in runs}
    for at in range(0, len(runs), _CHUNK):
        keys: list[Value] = [one.key for one in runs[at : at + _CHUNK]]
        _add_values(tx, found, keys)
        _add_uses(tx, found, keys)
    for one in runs:
        found[one.key].tags = _with_columns(one, found[one.key].tags)
    return found


def _add_values(tx: Tx, found: Mapping[int, RunData], keys: Sequence[Value]) -> None:
    inside = f"run IN ({marks(len(keys))})"
    for run, key, value, is_nan, timestamp, step in tx.execute(
        f"SELECT run, key, value, is_nan, timestamp, step FROM metrics WHERE {inside} ORDER BY run, key", keys
    ):
        found[run].metrics.append(Metric(key, math.nan if is_nan else value, timestamp, step))
    for run, key, value in tx.execute(f"SELECT run, key, value FROM params WHERE {inside} ORDER BY run, key", keys):
        found[run].params.append(Param(key, value))
    for run, key, value in tx.execute(f"SELECT run, key, value FROM tags WHERE {inside} ORDER BY run, key", keys):
        found[run].tags.append(Tag(key, value))


def _add_uses(tx: Tx, found: Mapping[int, RunData], keys: Sequence[Value]) -> None:
    inside = f"IN ({marks(len(keys))})"
    for row in tx.execute(
        "SELECT r.run, d.name, d.digest, d.source_type, d.source, d.schema, d.profile, r.tags"
        f" FROM run_datasets r JOIN datasets d ON d.id = r.dataset WHERE r.run {inside} ORDER BY r.run, r.dataset",
        keys,
    ):
        run, *fields, tags = row
        found[run].datasets.append(DatasetUse(*fields, tags=json.loads(tags)))
    for run, direction, model_id, step in tx.execute(
        f"SELECT run, direction, model_id, step FROM run_models WHERE run {inside}", keys
    ):
        uses = found[run].inputs if direction == "input" else found[run].outputs
        uses.append(ModelUse(model_id, step))


def _with_columns(run: Run, stored: list[Tag]) -> list[Tag]:
    tags = [Tag(RUN_NAME_TAG, run.display_name)] if run.display_name else []
    if run.parent is not None:
        tags.append(Tag(PARENT_TAG, run.parent))
    shown = {one.key for one in tags}
    return sorted([*tags, *(one for one in stored if one.key not in shown)], key=lambda one: one.key)
