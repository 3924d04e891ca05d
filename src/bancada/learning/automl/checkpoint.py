"""What a run leaves in its folder while it goes on: the leaderboard so far, and which files make the best model.

A killed run loses nothing that was said by `on_best`: `load_best` puts the model together from the folder.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .columns import Column
from .model import Member, Model, member_of
from .observer import Row
from .problem import Problem
from .settings import SettingsError
from .worker import FoldModel

__all__ = ["load_best", "write_best", "write_leaderboard"]


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
