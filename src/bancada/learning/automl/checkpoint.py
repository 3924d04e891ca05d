"""What a run leaves in its folder while it goes on: the leaderboard, the files of the best model, all candidates.

A killed run loses nothing that was said by `on_best`: `load_best` puts the model together from the folder. And it can
go on: `restored` gives its candidates back, with their predictions.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from .candidates import Candidate
from .columns import Column
from .model import Member, Model, member_of
from .observer import Row
from .problem import Problem
from .settings import SettingsError
from .worker import FoldModel

__all__ = ["TablesChanged", "load_best", "restored", "write_best", "write_candidate", "write_leaderboard"]


class TablesChanged(SettingsError):
    """A run was to go on with other tables than it had begun with."""


def write_candidate(folder: Path, candidate: Candidate) -> None:
    """Write a candidate as it is now: begun, or ended with its predictions."""
    (folder / "candidates").mkdir(exist_ok=True)
    path = folder / "candidates" / f"{candidate.number}.pkl"
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(candidate, protocol=pickle.HIGHEST_PROTOCOL))
    part.rename(path)


def restored(folder: Path, problem: Problem) -> tuple[Problem, list[Candidate]]:
    """Return the problem with the splits of the run that was cut off, and its candidates by number.

    Candidates that had not ended are begun anew. Raises TablesChanged when its rows were others.
    """
    paths = sorted((folder / "candidates").glob("*.pkl"), key=lambda one: int(one.stem))
    if not paths or not (folder / "problem.pkl").exists():
        return problem, []
    before = Problem.load(folder)
    is_same = (
        before.metric == problem.metric
        and before.labels == problem.labels
        and before.encoder.features == problem.encoder.features
        and np.array_equal(before.target, problem.target)
        and np.array_equal(before.rows.matrix, problem.rows.matrix, equal_nan=True)
    )
    if not is_same:
        raise TablesChanged("The tables are not those that the search had begun with: it cannot go on with them.")
    found: list[Candidate] = []
    for path in paths:
        candidate: Candidate = pickle.loads(path.read_bytes())
        if candidate.number != len(found):  # the rest is of no use without what stands before it
            break
        whole = replace(candidate, asked=None)
        found.append(whole if whole.state else replace(whole, fitted={}, scores={}, next_fold=0))
    return replace(problem, splits=before.splits), found


def write_leaderboard(folder: Path, rows: Sequence[Row]) -> None:
    """Write all rows so far as JSON."""
    _replace(folder / "leaderboard.json", json.dumps([asdict(row) for row in rows], default=_plain, indent=1))


def write_best(folder: Path, name: str, paths: Sequence[str], columns: Sequence[Column], target: str) -> None:
    """Write which files make the best model."""
    with open(folder / "columns.pkl", "wb") as file:
        pickle.dump(list(columns), file)
    _replace(folder / "best.json", json.dumps({"name": name, "paths": list(paths), "target": target}))


def load_best(folder: Path) -> Model:
    """Return the best model that a run had found when its folder was last written.

    Raises SettingsError when it had found none.
    """
    folder = Path(folder)
    if (folder / "model.pkl").exists():
        with open(folder / "model.pkl", "rb") as file:
            return pickle.load(file)
    if not (folder / "best.json").exists():
        raise SettingsError(f"{folder} holds no model: the run had not finished a candidate.")
    best = json.loads((folder / "best.json").read_text())
    problem = Problem.load(folder)
    parts: list[FoldModel] = []
    for path in best["paths"]:
        with open(folder / path, "rb") as file:
            parts.append(pickle.load(file))
    with open(folder / "columns.pkl", "rb") as file:
        columns: list[Column] = pickle.load(file)
    member: Member = member_of(best["name"], 1.0, parts)
    return Model(
        problem.encoder,
        columns,
        [member],
        problem.labels,
        problem.emphasis,
        problem.floor,
        target=best["target"],
    )


def _replace(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.rename(path)


def _plain(value: Any) -> Any:
    return float(value) if hasattr(value, "__float__") else str(value)
