"""What a run left, as people look for it: its artifacts, and beside them the models that MLflow 3 keeps elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bancada.store import logged_models, runs, trees
from bancada.store.database import Tx
from bancada.store.runs import LOGGED_ARTIFACTS_TAG
from bancada.store.trees import Entry

__all__ = ["find", "logged_tables", "top", "walk"]


def walk(tx: Tx, workspace: str, run: str, prefix: str = "") -> list[Entry]:
    """Return a run's files below a path; a logged model's are under `<model name>/`, the newest of a name alone."""
    clean = prefix.strip("/")
    entries = trees.walk(tx, workspace, f"runs/{run}", clean)
    head, _, rest = clean.partition("/")
    for name, root in _models(tx, workspace, run, head).items():
        inside = trees.walk(tx, workspace, root, rest)
        entries += [replace(one, path=f"{name}/{one.path}") for one in inside]
    return entries


def find(tx: Tx, workspace: str, run: str, path: str) -> Entry | None:
    """Return one file of a run or of a model that it logged."""
    entry = trees.get(tx, workspace, f"runs/{run}", path)
    head, _, rest = path.partition("/")
    if entry is not None or not rest:
        return entry
    root = _models(tx, workspace, run, head).get(head)
    return trees.get(tx, workspace, root, rest) if root else None


def logged_tables(tx: Tx, workspace: str, run: str) -> frozenset[str]:
    """Return the paths of a run's files that `mlflow.log_table` wrote: nothing in the file itself says so."""
    row = runs.find(tx, workspace, run)
    text = None if row is None else runs.tag(tx, row, LOGGED_ARTIFACTS_TAG)
    try:
        found: Any = json.loads(text or "[]")
        return frozenset(str(one["path"]) for one in found if one.get("type") == "table")
    except (ValueError, TypeError, KeyError, AttributeError):
        return frozenset()  # any client may write the tag, and anything into it


def top(tx: Tx, workspace: str, run: str) -> list[str]:
    """Return the names directly below a run: its files and folders, and its models."""
    return sorted({one.path for one in trees.list_(tx, workspace, f"runs/{run}")} | set(_models(tx, workspace, run)))


def _models(tx: Tx, workspace: str, run: str, only: str = "") -> dict[str, str]:
    """Return the artifact root of each model that hides no artifact of the run's own, by name."""
    names = [only] if only else logged_models.names_of_run(tx, workspace, run)
    taken = {one.path for one in trees.list_(tx, workspace, f"runs/{run}")} if names else set[str]()
    found = {name: logged_models.newest_named(tx, workspace, run, name) for name in names if name not in taken}
    return {name: logged_models.artifact_root(model) for name, model in found.items() if model is not None}
