"""The model that a run gives: predicts tables, pickles, and needs of ours only this folder.

It takes what `frame_of` takes: a DataFrame, records, columns. Of the columns it was trained with, those that are used
must be there; others are ignored. Predictions of targets that never were negative in training are never negative.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import Floats, Objects
from .candidates import decide
from .columns import Column
from .featurize.encode import Encoded, Encoder
from .featurize.prepare import Preparation
from .frame import frame_of, is_missing
from .learners import Learned
from .learners.boosting import Boosted, joined
from .learners.catboost import Cat
from .threads import one_thread
from .worker import FoldModel

__all__ = ["Member", "Model", "member_of"]


@dataclass
class Member:
    """One model of the mean: the mean of its folds' models, or the one fitted on all rows."""

    name: str
    weight: float
    parts: list[FoldModel]

    def predict(self, rows: Encoded, cache: dict[Any, Any]) -> Floats:
        """Return probabilities or values; features of a preparation are made once for all members."""
        found = [_answer(part, rows, cache) for part in self.parts]
        return found[0] if len(found) == 1 else np.mean(found, axis=0)


@dataclass
class Model:
    """A fitted model of a table."""

    encoder: Encoder
    columns: Sequence[Column]
    members: list[Member]
    # Names of the classes in the order of probabilities; empty for regression.
    labels: tuple[Any, ...] = ()
    # Factors of the probabilities before the most likely class is taken (norm_macro_recall); None: none.
    emphasis: Floats | None = None
    # Predictions are not lower; None: no bound.
    floor: float | None = None
    # How members are combined when it is not their mean (stacking).
    stack: Learned | None = None
    stack_scale: tuple[float, float] = (0.0, 1.0)
    target: str = ""

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return "classification" if self.labels else "regression"

    @property
    def classes_(self) -> Objects:
        """The classes in the order of `predict_proba`, by scikit-learn's name."""
        found = np.empty(len(self.labels), dtype=object)
        found[:] = list(self.labels)
        return found

    @property
    def feature_names(self) -> list[str]:
        """The columns that a table has to have."""
        return self.encoder.names

    def predict(self, data: Any) -> Objects:
        """Return a class or a value for each row."""
        scores = self.scores(self.encoder.encode(data))
        if not self.labels:
            return scores
        return np.asarray(self.labels)[decide(scores, self.emphasis)]

    def predict_proba(self, data: Any) -> Floats:
        """Return probabilities, a column for each of `classes_`. Raises TypeError for regression."""
        if not self.labels:
            raise TypeError("The model predicts numbers: it has no probabilities. Use predict().")
        return self.scores(self.encoder.encode(data))

    def scores(self, rows: Encoded) -> Floats:
        """Return probabilities or values of encoded rows."""
        with one_thread():
            found = self._combined(rows)
        return found if self.floor is None else np.maximum(found, self.floor)

    def _combined(self, rows: Encoded) -> Floats:
        cache: dict[Any, Any] = {}
        parts = [member.predict(rows, cache) for member in self.members]
        if self.stack is not None:
            return self.stack.predict(stacked(parts, len(self.labels), self.stack_scale))
        if len(parts) == 1:
            return parts[0]
        return np.sum([member.weight * part for member, part in zip(self.members, parts, strict=True)], axis=0)

    def notes(self, data: Any) -> list[str]:
        """Return what is unusual about rows: values outside of the training range, levels never seen."""
        frame = frame_of(data, self.encoder.names)
        rows = self.encoder.encode(frame)
        found: list[str] = []
        for one in self.encoder.columns:
            places = [n for n, feature in enumerate(self.encoder.features) if feature.source == one.name]
            if one.kind == "numeric" and one.lowest is not None and one.highest is not None:
                found += _range_note(one, rows.matrix[:, places[0]])
            elif one.kind == "category":
                unknown = np.isnan(rows.matrix[:, places[0]]) & ~is_missing(frame[one.name])
                if unknown.any():
                    found.append(f"`{one.name}` has levels that were not seen in training, in {_rows(unknown)}.")
        return found

    def save(self, path: Path) -> None:
        """Write a pickle."""
        with open(path, "wb") as file:
            pickle.dump(self, file, protocol=pickle.HIGHEST_PROTOCOL)


def stacked(parts: Sequence[Floats], classes: int, scale: tuple[float, float]) -> Floats:
    """Return the features of a stack: log odds of each member's classes (of two, the second), or scaled values."""
    if not classes:
        return np.column_stack([(part - scale[0]) / scale[1] for part in parts])
    columns: list[Floats] = []
    for part in parts:
        sure = np.clip(part if classes > 2 else part[:, 1:], 1e-5, 1 - 1e-5)
        columns.append(np.log(sure / (1 - sure)))
    return np.hstack(columns)


def member_of(name: str, weight: float, parts: Sequence[FoldModel]) -> Member:
    """Return a member whose parts are as few as can be: LightGBM models over the same features become one."""
    first = parts[0]
    if len(parts) > 1 and first.preparation.is_plain and all(isinstance(one.learned, Boosted) for one in parts):
        whole = joined([one.learned for one in parts if isinstance(one.learned, Boosted)])
        return Member(name, weight, [FoldModel(first.preparation, whole, whole.rounds)])
    return Member(name, weight, list(parts))


def _answer(part: FoldModel, rows: Encoded, cache: dict[Any, Any]) -> Floats:
    x = _features(part.preparation, rows, cache)
    if not isinstance(part.learned, Cat):
        return part.learned.predict(x)
    key = (id(part.preparation), part.learned.categorical)
    if key not in cache:
        cache[key] = part.learned.pool(x)
    return part.learned.answer(cache[key])


def _features(preparation: Preparation, rows: Encoded, cache: dict[Any, Any]) -> Floats:
    key = id(preparation)
    if key not in cache:
        cache[key] = preparation.transform(rows)
    return cache[key]


def _range_note(one: Column, cells: Floats) -> list[str]:
    low, high = one.lowest or 0.0, one.highest or 0.0
    with np.errstate(invalid="ignore"):
        outside = (cells < low) | (cells > high)
    if not outside.any():
        return []
    example = cells[outside][0]
    return [f"`{one.name}` is {example:g} in {_rows(outside)}; training had {low:g} to {high:g}."]


def _rows(chosen: Any) -> str:
    """Count the rows of a mask, in words."""
    count = int(chosen.sum())
    return "1 row" if count == 1 else f"{count} rows"
