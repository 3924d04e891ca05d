"""The table of jobs: one window of the jobs that a filter, a search and a scope let through, in any order.

Not for MLflow's search of runs (`search.py`): that pages by token inside experiments, this jumps to any offset of a
workspace, counts what it shows, and speaks of jobs in our own words. Rows are numbered as they are made, so the order
of creation is that of their keys.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bancada.store import jobs
from bancada.store.conditions import Sql, compare, exists, keyed_condition, metric_value
from bancada.store.filters import Clause, Order
from bancada.store.jobs import JobRow
from bancada.store.runs import NOTE_TAG, PARENT_TAG, RUN_NAME_TAG
from bancada.store.transaction import Dialect, Tx, Value, marks

__all__ = ["Logged", "Scope", "Window", "child_counts", "experiment_names", "logged", "named", "window"]

Scope = Literal["roots", "all"]
# Placeholders of one statement: every database takes so many.
_CHUNK = 500


@dataclass(frozen=True)
class Window:
    """The rows of one window in order, and how many there are in all."""

    rows: list[JobRow]
    total: int


@dataclass(frozen=True)
class Logged:
    """What was logged to a job: latest values of metrics (NaN as such), parameters, tags."""

    metrics: dict[str, float]
    params: dict[str, str]
    tags: dict[str, str]


def window(
    tx: Tx,
    workspace: str,
    *,
    clauses: Sequence[Clause] = (),
    words: Sequence[str] = (),
    orders: Sequence[Order] = (),
    parent: str | None = None,
    scope: Scope = "roots",
    archived: bool | None = False,
    now: float,
    limit: int,
    offset: int = 0,
) -> Window:
    """Return the jobs and runs for which all clauses hold and in which every word occurs, newest first by default.

    `parent` shows its children instead of a scope. `archived` None means both kinds; deleted runs are left out.
    A missing value is last in both directions, NaN before it.
    """
    where = _scope(workspace, parent, scope, archived)
    for clause in clauses:
        where += Sql(" AND ") + _condition(workspace, clause, now)
    for word in words:
        where += Sql(" AND ") + _occurs(tx.dialect, workspace, word)
    joins, order = _order(workspace, orders, now)
    select = f"SELECT j.id FROM jobs j{joins.text} WHERE {where.text} ORDER BY {order.text}"
    given = [*joins.params, *where.params, *order.params]
    if clauses or words:
        # Deciding is what costs, so it is done once: the keys of all that match are few bytes each.
        keys = [row[0] for row in tx.execute(select, given)]
        return Window(jobs.by_keys(tx, keys[offset : offset + limit]), len(keys))
    total = tx.execute(f"SELECT COUNT(*) FROM jobs j WHERE {where.text}", where.params)[0][0]
    keys = [row[0] for row in tx.execute(f"{select} LIMIT ? OFFSET ?", [*given, limit, offset])]
    return Window(jobs.by_keys(tx, keys), total)


def named(tx: Tx, workspace: str, names: Sequence[str]) -> list[JobRow]:
    """Return the jobs of these names that are there and not deleted, in the order of the names."""
    found: dict[str, JobRow] = {}
    for at in range(0, len(names), _CHUNK):
        part = names[at : at + _CHUNK]
        keys = tx.execute(
            f"SELECT id FROM jobs WHERE workspace = ? AND deleted = 0 AND name IN ({marks(len(part))})",
            (workspace, *part),
        )
        found |= {one.name: one for one in jobs.by_keys(tx, [row[0] for row in keys])}
    return [found[name] for name in dict.fromkeys(names) if name in found]


def _scope(workspace: str, parent: str | None, scope: Scope, archived: bool | None) -> Sql:
    # Word for word the conditions of the indexes `jobs_roots` and `jobs_living`.
    text = "j.workspace = ? AND j.deleted = 0"
    params: list[Value] = [workspace]
    if parent is not None:
        text += " AND j.parent = ?"
        params.append(parent)
    elif scope == "roots":
        text += " AND j.parent IS NULL"
    if archived is not None:
        text += f" AND j.archived = {int(archived)}"
    return Sql(text, params)


# -------------------------------------------------------------------------------- clauses and orders

_STARTED = "COALESCE(j.reported_start, j.started_at)"
_EXPERIMENT = "(SELECT e.name FROM experiments e WHERE e.id = j.experiment)"
_NOTE = f"(SELECT t.value FROM tags t WHERE t.run = j.id AND t.key = '{NOTE_TAG}')"
_COLUMNS: Mapping[str, str] = {
    "name": "j.name",
    "display_name": "j.display_name",
    "status": "j.status",
    "type": "COALESCE(j.type, 'base')",
    "experiment_name": _EXPERIMENT,
    "user": "j.user_name",
    "description": _NOTE,
    "parent_job_name": "j.parent",
    "created_at": "j.created_at",
    "started_at": _STARTED,
    "ended_at": "j.ended_at",
}
# Tags that are columns of the row (see `runs.py`).
_TAG_COLUMNS: Mapping[str, str] = {RUN_NAME_TAG: "j.display_name", PARENT_TAG: "j.parent"}


def _column(key: str, now: float) -> str:
    # A number of ours, so it may stand in the text: an expression has no values of its own.
    return f"(COALESCE(j.ended_at, {now!r}) - {_STARTED})" if key == "duration" else _COLUMNS[key]


def _condition(workspace: str, clause: Clause, now: float) -> Sql:
    if clause.entity == "attribute":
        return compare(_column(clause.key, now), clause)
    if clause.entity == "tag" and clause.key in _TAG_COLUMNS:
        return compare(_TAG_COLUMNS[clause.key], clause)
    if clause.entity == "metric":
        # One walk through a part of `metrics_by_value`, instead of a look-up for each job.
        value = metric_value("f", clause)
        inside = Sql(f"{_OF_WORKSPACE.format('f')} AND f.key = ? AND ", [workspace, clause.key])
        found = inside + value
        return Sql(f"j.id IN (SELECT f.run FROM metrics f WHERE {found.text})", found.params)
    table = "params" if clause.entity == "parameter" else "tags"
    return keyed_condition(f"{table} f", "f.run = j.id", clause)


_OF_WORKSPACE = "{}.experiment IN (SELECT id FROM experiments WHERE workspace = ?)"


def _order(workspace: str, orders: Sequence[Order], now: float) -> tuple[Sql, Sql]:
    """Return the joins that the keys need, and the order, which ends in the newest first."""
    joins, terms = Sql(""), Sql("")
    for number, one in enumerate(orders):
        direction = "ASC" if one.ascending else "DESC"
        if one.entity == "attribute" and one.key == "created_at":
            return joins, terms + Sql(f"j.id {direction}")
        if one.entity == "attribute" or (one.entity == "tag" and one.key in _TAG_COLUMNS):
            column = _column(one.key, now) if one.entity == "attribute" else _TAG_COLUMNS[one.key]
            terms += Sql(f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, {column} {direction}, ")
            continue
        name = f"o{number}"
        table = {"metric": "metrics", "parameter": "params", "tag": "tags"}[one.entity]
        joins += Sql(f" LEFT JOIN {table} {name} ON {name}.run = j.id AND {name}.key = ?", [one.key])
        nan = f"WHEN {name}.is_nan = 1 THEN 1 " if one.entity == "metric" else ""
        terms += Sql(f"CASE WHEN {name}.value IS NULL THEN 2 {nan}ELSE 0 END, {name}.value {direction}, ")
    return joins, terms + Sql("j.id DESC")


# -------------------------------------------------------------------------------- free text

_SEARCHED = ("j.name", "j.display_name", "j.status", "COALESCE(j.type, 'base')")


def _occurs(dialect: Dialect, workspace: str, word: str) -> Sql:
    """Ask whether a word occurs in a job: in what it is called, its state, its description, a tag of its user's.

    Capital letters count as small ones (SQLite knows only those of ASCII as such).
    """
    wanted = word.lower() if dialect == "postgresql" else _ascii_lower(word)
    # Other than in LIKE's patterns, every letter is only itself.
    within = {"sqlite": "INSTR(LOWER({}), ?) > 0", "postgresql": "STRPOS(LOWER({}), ?) > 0"}[dialect]
    found = Sql(" OR ".join(within.format(one) for one in _SEARCHED), [wanted] * len(_SEARCHED))
    experiments = f"SELECT id FROM experiments WHERE workspace = ? AND {within.format('name')}"
    found += Sql(f" OR j.experiment IN ({experiments}) OR ", [workspace, wanted])
    user_s = f"(f.key NOT LIKE 'mlflow.%' OR f.key = '{NOTE_TAG}')"
    told = f"f.run = j.id AND {user_s} AND ({within.format('f.value')} OR {within.format('f.key')})"
    found += exists("tags f", Sql(told, [wanted, wanted]))
    return Sql("(") + found + Sql(")")


def _ascii_lower(text: str) -> str:
    return "".join(one.lower() if one.isascii() else one for one in text)


# -------------------------------------------------------------------------------- what rows show


def child_counts(tx: Tx, workspace: str, names: Sequence[str]) -> dict[str, int]:
    """Return how many children each of these jobs has; those without any are missing."""
    found: dict[str, int] = {}
    for at in range(0, len(names), _CHUNK):
        part = names[at : at + _CHUNK]
        found |= dict(
            tx.execute(
                "SELECT parent, COUNT(*) FROM jobs WHERE workspace = ? AND deleted = 0 AND parent IS NOT NULL"
                f" AND parent IN ({marks(len(part))}) GROUP BY parent",
                (workspace, *part),
            )
        )
    return found


def experiment_names(tx: Tx, workspace: str) -> dict[str, str]:
    """Return the names of all experiments of a workspace by id."""
    return dict(tx.execute("SELECT experiment_id, name FROM experiments WHERE workspace = ?", (workspace,)))


_TABLES: Mapping[str, str] = {"metric": "metrics", "parameter": "params", "tag": "tags"}


def logged(
    tx: Tx, workspace: str, names: Sequence[str], wanted: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Logged]:
    """Return what was logged to jobs, by name: the `wanted` keys of "metric", "parameter" and "tag", or everything."""
    found = {name: Logged({}, {}, {}) for name in names}
    for kind, table in _TABLES.items():
        keys = None if wanted is None else list(wanted.get(kind, ()))
        if keys == []:
            continue
        is_nan = "f.is_nan" if table == "metrics" else "0"
        narrowed = "" if keys is None else f" AND f.key IN ({marks(len(keys))})"
        for at in range(0, len(names), _CHUNK):
            part = names[at : at + _CHUNK]
            rows = tx.execute(
                f"SELECT j.name, f.key, f.value, {is_nan} FROM jobs j JOIN {table} f ON f.run = j.id"
                f" WHERE j.workspace = ? AND j.name IN ({marks(len(part))}){narrowed}",
                (workspace, *part, *(keys or ())),
            )
            for name, key, value, nan in rows:
                one = found[name]
                shown: dict[str, Any] = {"metric": one.metrics, "parameter": one.params, "tag": one.tags}[kind]
                shown[key] = math.nan if nan else value
    return found
