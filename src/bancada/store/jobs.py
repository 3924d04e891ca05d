"""Jobs, which are also MLflow runs: one row for both. Metrics, params and tags are in `tracking`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bancada.errors import AlreadyExists, Conflict, NotFound
from bancada.store.connection import Row, Value
from bancada.store.mapping import (
    cursor_to_text,
    document,
    json_text,
    key_from_cursor,
    optional_document,
    optional_json_text,
)
from bancada.store.transaction import Tx, marks

__all__ = [
    "JobRow",
    "MetricRange",
    "SlimChild",
    "by_keys",
    "children",
    "delete",
    "get",
    "insert",
    "job_row",
    "naming",
    "page",
    "recent_names",
    "slim_children",
    "trials",
    "unfinished",
    "update",
]


@dataclass(frozen=True)
class JobRow:
    """A job or a plain MLflow run."""

    workspace: str
    name: str
    # None for a run that no job made; never changes.
    type: str | None
    spec: dict[str, Any] | None
    # Azure's word. Moved by the worker only, but for plain runs, which have no other authority than their
    # client.
    status: str
    experiment_id: str
    display_name: str
    created_at: float
    parent: str | None = None
    # What an MLflow client said last (MLflow's word); shown by the MLflow face until the job is final.
    reported_status: str | None = None
    reported_start: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    attempt: int = 0
    # Grows with every change; what compare-and-set compares. 1 for a new row.
    revision: int = 1
    archived: bool = False
    # MLflow's lifecycle stage; the row and its metrics are still there.
    deleted: bool = False
    # The handler's own small state. A sweep's trial keeps its point of the search space under "params".
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    properties: dict[str, str] = field(default_factory=dict[str, str])
    error: dict[str, Any] | None = None
    user: str = ""
    # The trial's number in its sweep, or a step's place; None outside of a parent.
    index: int | None = None


@dataclass(frozen=True)
class MetricRange:
    """What a handler needs of one metric of one child."""

    latest: float
    latest_step: int
    # Both None while nothing but NaN was logged: no trial is the best one with that.
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True)
class SlimChild:
    """A child as handlers see it: a thousand of them must be cheap."""

    name: str
    index: int | None
    type: str
    status: str
    attempt: int
    revision: int
    created_at: float
    started_at: float | None
    ended_at: float | None
    state: dict[str, Any]
    metrics: dict[str, MetricRange]
    properties: dict[str, str] = field(default_factory=dict[str, str])
    error: dict[str, Any] | None = None

    @property
    def params(self) -> dict[str, Any]:
        """The trial's point of the search space, which its state keeps under that name."""
        return self.state.get("params", {})

    @property
    def best_metric(self) -> dict[str, tuple[float | None, float | None]]:
        """The least and the greatest value of each metric, NaN left out."""
        return {key: (one.minimum, one.maximum) for key, one in self.metrics.items()}


_FIXED = ("workspace", "name", "parent", "type", "experiment_id", "created_at", "trial_index")
_MUTABLE = (
    "spec",
    "status",
    "reported_status",
    "reported_start",
    "display_name",
    "started_at",
    "ended_at",
    "attempt",
    "archived",
    "deleted",
    "state",
    "properties",
    "error",
    "user_name",
)
_COLUMNS = ", ".join((*_FIXED, "revision", *_MUTABLE))
_INSERT = f"""
INSERT INTO jobs ({_COLUMNS}, experiment)
SELECT {marks(len(_FIXED) + 1 + len(_MUTABLE))}, id FROM experiments WHERE workspace = ? AND experiment_id = ?
ON CONFLICT (workspace, name) DO NOTHING
"""
_UPDATE = f"""
UPDATE jobs SET {", ".join(f"{column} = ?" for column in _MUTABLE)}, revision = revision + 1
WHERE workspace = ? AND name = ? AND revision = ? RETURNING revision
"""
# Placeholders of one statement: every database takes so many.
_KEYS_AT_ONCE = 500
# Word for word the condition of the index `jobs_unfinished`.
_UNFINISHED = "type IS NOT NULL AND status NOT IN ('Completed', 'Failed', 'Canceled')"
_SLIM = """
SELECT name, trial_index, type, status, attempt, revision, created_at, started_at, ended_at, state, properties, error
FROM jobs WHERE workspace = ? AND parent = ? AND type IS NOT NULL{since} ORDER BY trial_index, id
"""
_TRIALS = """
SELECT jobs.name, trial_index, type, status, attempt, revision, created_at, started_at, ended_at, state, properties,
  error, metrics.value, metrics.is_nan, metrics.step, metrics.minimum, metrics.maximum
FROM jobs LEFT JOIN metrics ON metrics.run = jobs.id AND metrics.key = ?
WHERE jobs.workspace = ? AND jobs.parent = ? AND trial_index > ? ORDER BY trial_index LIMIT ?
"""
_SLIM_METRICS = """
SELECT jobs.name, metrics.key, metrics.value, metrics.is_nan, metrics.step, metrics.minimum, metrics.maximum
FROM jobs JOIN metrics ON metrics.run = jobs.id WHERE jobs.workspace = ? AND jobs.parent = ?"""


def insert(tx: Tx, row: JobRow) -> JobRow:
    """Add a job or run with revision 1.

    Raises AlreadyExists when the name is taken in the workspace, NotFound when its experiment does not exist.
    """
    new = replace(row, revision=1)
    params = (*_fixed(new), 1, *_mutable(new), new.workspace, new.experiment_id)
    if tx.change(_INSERT, params):
        return new
    if get(tx, new.workspace, new.name) is None:
        raise NotFound.of("experiment", new.experiment_id)
    raise AlreadyExists(f"There is a job named `{new.name}` already.", kind="job", name=new.name)


def get(tx: Tx, workspace: str, name: str) -> JobRow | None:
    """Return a job or run, also an archived or deleted one, or None."""
    row = tx.one(f"SELECT {_COLUMNS} FROM jobs WHERE workspace = ? AND name = ?", (workspace, name))
    return None if row is None else job_row(row)


def by_keys(tx: Tx, keys: Sequence[int]) -> list[JobRow]:
    """Return the rows of these database keys, in that order."""
    found: dict[int, JobRow] = {}
    for at in range(0, len(keys), _KEYS_AT_ONCE):
        part = keys[at : at + _KEYS_AT_ONCE]
        for *columns, key in tx.execute(f"SELECT {_COLUMNS}, id FROM jobs WHERE id IN ({marks(len(part))})", part):
            found[key] = job_row(tuple(columns))
    return [found[key] for key in keys if key in found]


def update(tx: Tx, row: JobRow, expect_revision: int) -> JobRow:
    """Write a changed row if nobody else changed it first, and return it with its new revision.

    Workspace, name, parent, type, experiment, creation time and index stay as they are.
    Raises Conflict when the stored revision is another one, NotFound when the row is gone.
    """
    params = (*_mutable(row), row.workspace, row.name, expect_revision)
    changed = tx.one(_UPDATE, params)
    if changed is not None:
        return replace(row, revision=int(changed[0]))
    found = get(tx, row.workspace, row.name)
    if found is None:
        raise NotFound.of("job", row.name)
    text = f"Job `{row.name}` was changed meanwhile (revision {found.revision}, not {expect_revision})."
    raise Conflict(text, kind="job", name=row.name, revision=found.revision)


def children(tx: Tx, workspace: str, parent: str) -> list[JobRow]:
    """Return a job's children, nested MLflow runs among them, by index and then by age."""
    where = "WHERE workspace = ? AND parent = ? ORDER BY trial_index NULLS LAST, id"
    return [job_row(row) for row in tx.execute(f"SELECT {_COLUMNS} FROM jobs {where}", (workspace, parent))]


def slim_children(
    tx: Tx, workspace: str, parent: str, metrics: Sequence[str] | None = None, *, from_index: int | None = None
) -> list[SlimChild]:
    """Return a job's children that are jobs, by index, with the named metrics (None: with all of them).

    With `from_index` only those that have an index, and no lower one.
    """
    since = "" if from_index is None else f" AND jobs.trial_index >= {from_index:d}"
    given: list[Value] = [workspace, parent]
    narrowed = _SLIM_METRICS + since
    if metrics is not None:
        narrowed += f" AND metrics.key IN ({marks(len(metrics))})"
        given += metrics
    logged: dict[str, dict[str, MetricRange]] = {}
    for name, key, *values in tx.execute(narrowed, given) if metrics is None or metrics else ():
        logged.setdefault(name, {})[key] = _metric_range(values)
    rows = tx.execute(_SLIM.format(since=since), (workspace, parent))
    return [_slim_child(row, logged.get(row[0], {})) for row in rows]


def trials(
    tx: Tx, workspace: str, parent: str, metric: str, *, limit: int, cursor: str | None = None
) -> tuple[list[SlimChild], str | None]:
    """Return a sweep's trials with one metric, by number, and the cursor of the next page; one query.

    Raises Invalid for a cursor that was not made here.
    """
    after = -1 if cursor is None else key_from_cursor(cursor)
    rows = tx.execute(_TRIALS, (metric, workspace, parent, after, limit + 1))
    found = [_slim_child(row[:12], {metric: _metric_range(row[12:])} if row[14] is not None else {}) for row in rows]
    following = cursor_to_text(found[limit - 1].index or 0) if len(rows) > limit else None
    return found[:limit], following


def page(
    tx: Tx,
    workspace: str,
    *,
    parent: str | None = None,
    archived: bool | None = False,
    experiment_id: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> tuple[list[JobRow], str | None]:
    """Return jobs and runs, newest first, and the cursor of the next page (None after the last one).

    Without `parent` only those that have none. `archived` None means both kinds. Deleted runs are left out.
    Raises Invalid for a cursor that was not made here.
    """
    tests, params = ["workspace = ?", "deleted = 0"], list[Value]([workspace])
    if parent is None:
        tests.append("parent IS NULL")
    else:
        tests.append("parent = ?")
        params.append(parent)
    if archived is not None:
        tests.append(f"archived = {int(archived)}")
    if experiment_id is not None:
        tests.append("experiment = (SELECT id FROM experiments WHERE workspace = ? AND experiment_id = ?)")
        params += [workspace, experiment_id]
    if cursor is not None:
        tests.append("id < ?")
        params.append(key_from_cursor(cursor))
    sql = f"SELECT {_COLUMNS}, id FROM jobs WHERE {' AND '.join(tests)} ORDER BY id DESC LIMIT ?"
    rows = tx.execute(sql, (*params, limit + 1))
    following = cursor_to_text(rows[limit - 1][-1]) if len(rows) > limit else None
    return [job_row(row[:-1]) for row in rows[:limit]], following


def naming(tx: Tx, workspace: str, reference: str, *, limit: int) -> list[JobRow]:
    """Return the newest jobs whose document has a text, such as the reference of an asset, as one of its values.

    Children are left out: they have what their parent has. Every document of the workspace is looked at.
    """
    value = json_text(reference)
    pattern = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    sql = f"""
    SELECT {_COLUMNS} FROM jobs
    WHERE workspace = ? AND deleted = 0 AND parent IS NULL AND spec LIKE ? ESCAPE '\\'
    ORDER BY id DESC LIMIT ?"""
    rows = [job_row(row) for row in tx.execute(sql, (workspace, f"%{pattern}%", limit))]
    # SQLite's LIKE takes `heart` for `Heart`.
    return [row for row in rows if value in json_text(row.spec)]


def unfinished(tx: Tx) -> list[JobRow]:
    """Return the jobs of all workspaces that have not ended, oldest first; no plain runs."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM jobs WHERE {_UNFINISHED} ORDER BY id")
    return [job_row(row) for row in rows]


def recent_names(tx: Tx, workspace: str, limit: int = 200) -> list[str]:
    """Return the newest names, for errors that say what there is."""
    sql = "SELECT name FROM jobs WHERE workspace = ? AND parent IS NULL AND deleted = 0 ORDER BY id DESC LIMIT ?"
    return [row[0] for row in tx.execute(sql, (workspace, limit))]


def delete(tx: Tx, workspace: str, name: str) -> bool:
    """Delete a row with its metrics, params, tags, attempts and queue entry.

    Its files are trees, see `trees.delete`. Children stay: delete them first. Returns whether there was
    a row.
    """
    row = tx.one("SELECT id FROM jobs WHERE workspace = ? AND name = ?", (workspace, name))
    if row is None:
        return False
    tx.execute("DELETE FROM metric_points WHERE metric IN (SELECT id FROM metrics WHERE run = ?)", row)
    tx.execute("DELETE FROM attempts WHERE workspace = ? AND job = ?", (workspace, name))
    tx.execute("DELETE FROM queue WHERE workspace = ? AND kind = 'job' AND name = ?", (workspace, name))
    return tx.change("DELETE FROM jobs WHERE id = ?", row) > 0


def job_row(row: Row) -> JobRow:
    """Map the columns of a row as the queries of this module name them."""
    workspace, name, parent, type_, experiment_id, created_at, index, revision, *rest = row
    spec, status, reported_status, reported_start, display_name, started_at, ended_at, attempt, *rest = rest
    archived, deleted, state, properties, error, user = rest
    return JobRow(
        workspace=workspace,
        name=name,
        parent=parent,
        type=type_,
        spec=optional_document(spec),
        status=status,
        reported_status=reported_status,
        reported_start=reported_start,
        experiment_id=experiment_id,
        display_name=display_name,
        created_at=created_at,
        started_at=started_at,
        ended_at=ended_at,
        attempt=attempt,
        revision=revision,
        archived=bool(archived),
        deleted=bool(deleted),
        state=document(state),
        properties=document(properties),
        error=optional_document(error),
        user=user,
        index=index,
    )


def _fixed(row: JobRow) -> tuple[Value, ...]:
    return (row.workspace, row.name, row.parent, row.type, row.experiment_id, row.created_at, row.index)


def _mutable(row: JobRow) -> tuple[Value, ...]:
    return (
        optional_json_text(row.spec),
        row.status,
        row.reported_status,
        row.reported_start,
        row.display_name,
        row.started_at,
        row.ended_at,
        row.attempt,
        row.archived,
        row.deleted,
        json_text(row.state),
        json_text(row.properties),
        optional_json_text(row.error),
        row.user,
    )


def _slim_child(row: Row, metrics: dict[str, MetricRange]) -> SlimChild:
    name, index, type_, status, attempt, revision, created_at, started_at, ended_at, state, properties, error = row
    return SlimChild(
        name=name,
        index=index,
        type=type_,
        status=status,
        attempt=attempt,
        revision=revision,
        created_at=created_at,
        started_at=started_at,
        ended_at=ended_at,
        state=document(state),
        metrics=metrics,
        properties=document(properties),
        error=optional_document(error),
    )


def _metric_range(values: Sequence[Any]) -> MetricRange:
    latest, is_nan, step, minimum, maximum = values
    return MetricRange(float("nan") if is_nan else latest, step, minimum, maximum)
