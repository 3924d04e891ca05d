"""What the engine itself needs of tracking, by a run's name. The protocol's needs are in `runs` and `points`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bancada.domain.tracking import Metric, Param, Tag
from bancada.errors import NotFound
from bancada.store import points, runs
from bancada.store.transaction import Tx

__all__ = ["RunSummary", "delete_tags", "log_batch", "run_summary", "set_tags"]


class RunSummary(NamedTuple):
    """What was logged to a run, by key; metrics with their latest value."""

    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]


def set_tags(tx: Tx, workspace: str, run: str, tags: Mapping[str, str]) -> None:
    """Set tags of a run; the name's tag renames it. Raises NotFound."""
    log_batch(tx, workspace, run, tags=tags)


def delete_tags(tx: Tx, workspace: str, run: str, keys: Sequence[str]) -> None:
    """Delete tags of a run; those that it has not are no error. Raises NotFound for the run."""
    row = runs.find(tx, workspace, run)
    if row is None:
        raise NotFound.of("run", run)
    for key in keys:
        runs.delete_tag(tx, row, key)


def log_batch(
    tx: Tx,
    workspace: str,
    run: str,
    *,
    metrics: list[Metric] | None = None,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Log for a job that has no process of its own (a sweep its best value, for example). Raises NotFound."""
    row = runs.find(tx, workspace, run)
    if row is None:
        raise NotFound.of("run", run)
    named = dict(tags or {})
    name = named.pop(runs.RUN_NAME_TAG, None)
    if name:
        runs.rename(tx, row, name)
    runs.add_params(tx, row, [Param(key, value) for key, value in (params or {}).items()])
    points.write(tx, row.key, row.experiment, metrics or [])
    runs.set_tags(tx, row, [Tag(key, value) for key, value in named.items()])


def run_summary(tx: Tx, workspace: str, run: str) -> RunSummary:
    """Return what was logged to a run; empty when there is no such run."""
    row = runs.find(tx, workspace, run)
    if row is None:
        return RunSummary({}, {}, {})
    data = runs.data_of(tx, [row])[row.key]
    return RunSummary(
        metrics={one.key: one.value for one in data.metrics},
        params={one.key: one.value for one in data.params},
        tags={one.key: one.value for one in data.tags},
    )
