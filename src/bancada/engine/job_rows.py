"""The table of jobs as faces show it: windows, columns, comparisons. What is selected is decided in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bancada.engine.core import Core
from bancada.engine.documents import iso_time
from bancada.engine.job_answers import ComparedJobs, JobColumn, JobColumns, JobTable, JobTableRow
from bancada.errors import Invalid, NotFound, Problem
from bancada.store import filters, job_columns, job_rows, jobs, workspaces
from bancada.store.database import Tx
from bancada.store.job_rows import Logged, Scope
from bancada.store.jobs import JobRow

__all__ = ["JobTables", "TableQuery"]

MOST_COMPARED = 200
# Words of one search; each costs a look at every job.
MOST_WORDS = 10
_KINDS = {"metric": "metrics", "parameter": "params", "tag": "tags"}


@dataclass(frozen=True)
class TableQuery:
    """What a window of the table shows. `columns` are names such as `metrics.accuracy`: only these are filled in."""

    filter: str = ""
    search: str = ""
    order_by: str = ""
    parent: str | None = None
    scope: Scope = "roots"
    archived: bool | None = False
    columns: Sequence[str] = ()
    limit: int = 100
    offset: int = 0


class JobTables:
    """Answers about many jobs at once.

    Concurrency: reads only; every method may be called from any thread.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def rows(self, workspace: str, query: TableQuery) -> JobTable:
        """Return one window of the table. Raises Invalid for a filter, an order or a column that cannot be read."""
        clauses = filters.parse_filter(query.filter, "jobs")
        orders = filters.parse_orders(_listed(query.order_by), "jobs")
        wanted = _wanted(query.columns)
        words = tuple(dict.fromkeys(query.search.split()))[:MOST_WORDS]
        now = self._core.clock.now()

        def read(tx: Tx) -> JobTable:
            _require_workspace(tx, workspace)
            found = job_rows.window(
                tx,
                workspace,
                clauses=clauses,
                words=words,
                orders=orders,
                parent=query.parent,
                scope=query.scope,
                archived=query.archived,
                now=now,
                limit=query.limit,
                offset=query.offset,
            )
            items = _shown(tx, workspace, found.rows, wanted, now)
            return {"items": items, "total": found.total, "offset": query.offset}

        return self._core.db.read(read)

    def columns(self, workspace: str, search: str = "", limit: int = 100) -> JobColumns:
        """Return the keys that could be columns and have `search` in them, most used first."""

        def read(tx: Tx) -> job_columns.Counts:
            _require_workspace(tx, workspace)
            return job_columns.counts(tx, workspace)

        found = self._core.db.read(read)
        metrics, params, tags = (_most_used(one, search) for one in (found.metrics, found.params, found.tags))
        return {
            "metrics": metrics[:limit],
            "params": params[:limit],
            "tags": tags[:limit],
            "total": {"metrics": len(metrics), "params": len(params), "tags": len(tags)},
        }

    def compare(self, workspace: str, names: Sequence[str]) -> ComparedJobs:
        """Return jobs with all that was logged to them, and the keys that differ. Raises NotFound for the first gap."""
        asked = list(dict.fromkeys(names))
        if not asked or len(asked) > MOST_COMPARED:
            text = f"names {len(asked)} jobs; name between 1 and {MOST_COMPARED}."
            raise Invalid.of([Problem("names", text)])
        now = self._core.clock.now()

        def read(tx: Tx) -> list[JobTableRow]:
            _require_workspace(tx, workspace)
            rows = job_rows.named(tx, workspace, asked)
            there = {one.name for one in rows}
            missing = next((name for name in asked if name not in there), None)
            if missing is not None:
                raise NotFound.of("job", missing, existing=jobs.recent_names(tx, workspace))
            return _shown(tx, workspace, rows, None, now)

        found = self._core.db.read(read)
        return {
            "jobs": found,
            "differing": {
                "params": _differing([one["params"] for one in found]),
                "metrics": _differing([one["metrics"] for one in found]),
                "tags": _differing([one["tags"] for one in found]),
            },
        }


def _require_workspace(tx: Tx, workspace: str) -> None:
    if workspaces.get(tx, workspace) is None:
        raise NotFound.of("workspace", workspace, existing=workspaces.names(tx))


def _listed(text: str) -> list[str]:
    """Return the parts of a list with commas; a comma inside quotes of any kind is a part's own."""
    parts, quote, begin = list[str](), "", 0
    for at, letter in enumerate(text):
        if letter in "`\"'":
            quote = "" if quote == letter else quote or letter
        elif letter == "," and not quote:
            parts.append(text[begin:at])
            begin = at + 1
    return [one.strip() for one in (*parts, text[begin:]) if one.strip()]


def _wanted(columns: Sequence[str]) -> Mapping[str, list[str]]:
    """Return the keys of each kind that columns such as `metrics.accuracy` name."""
    found: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    problems: list[Problem] = []
    kinds = {word: kind for kind, word in _KINDS.items()}
    for one in columns:
        word, dot, key = one.partition(".")
        if not dot or not key or word not in kinds:
            problems.append(Problem("columns", f"`{one}` is none of `metrics.<key>`, `params.<key>`, `tags.<key>`."))
            continue
        found[kinds[word]].append(key.strip("`"))
    if problems:
        raise Invalid.of(problems)
    return found


def _most_used(counts: Mapping[str, int], search: str) -> list[JobColumn]:
    words = search.lower().split()
    found = [(key, runs) for key, runs in counts.items() if all(word in key.lower() for word in words)]
    return [{"key": key, "runs": runs} for key, runs in sorted(found, key=lambda one: (-one[1], one[0]))]


def _differing(sides: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = dict.fromkeys(key for one in sides for key in one)
    # As text, for NaN is the same as NaN here.
    return sorted(key for key in keys if len({repr(one[key]) if key in one else "" for one in sides}) > 1)


# -------------------------------------------------------------------------------- rows


def _shown(
    tx: Tx, workspace: str, rows: Sequence[JobRow], wanted: Mapping[str, Sequence[str]] | None, now: float
) -> list[JobTableRow]:
    names = [one.name for one in rows]
    logged = job_rows.logged(tx, workspace, names, wanted)
    if wanted is None:
        logged = {name: replace(one, tags=_own_tags(one.tags)) for name, one in logged.items()}
    children = job_rows.child_counts(tx, workspace, names)
    experiments = job_rows.experiment_names(tx, workspace)
    return [
        _row(one, experiments.get(one.experiment_id, ""), children.get(one.name, 0), logged[one.name], now)
        for one in rows
    ]


def _own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Leave out what MLflow's clients note for themselves; whoever wants one of those names it."""
    return {key: value for key, value in tags.items() if not key.startswith("mlflow.")}


def _row(row: JobRow, experiment: str, children: int, logged: Logged, now: float) -> JobTableRow:
    shown: JobTableRow = {
        "name": row.name,
        "display_name": row.display_name,
        "type": row.type or "base",
        "status": row.status,
        "experiment_name": experiment,
        "created_at": iso_time(row.created_at),
        "user": row.user,
        "archived": row.archived,
        "children": children,
        "metrics": {**logged.metrics},
        "params": logged.params,
        "tags": logged.tags,
    }
    started = row.reported_start if row.reported_start is not None else row.started_at
    if row.parent is not None:
        shown["parent_job_name"] = row.parent
    if started is not None:
        shown["started_at"] = iso_time(started)
        shown["duration_s"] = round(max(0.0, (now if row.ended_at is None else row.ended_at) - started), 3)
    if row.ended_at is not None:
        shown["ended_at"] = iso_time(row.ended_at)
    if row.state.get("position"):
        shown["queue_position"] = int(row.state["position"])
    if row.state.get("reason"):
        shown["status_reason"] = str(row.state["reason"])
    if row.error is not None:
        shown["error"] = row.error
    return shown
