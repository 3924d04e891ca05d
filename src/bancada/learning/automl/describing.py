"""What is said about a run that has ended: what columns became, what the model is made of, scores on test data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Floats
from .candidates import Candidate, decide
from .charts import classification_charts, regression_charts
from .closing import Chosen
from .frame import frame_of, is_missing, levels_of, numbers_of, take
from .metrics import classification_scores, loss_of, regression_scores
from .model import Model
from .portfolio import Entry
from .problem import Problem
from .result import Transformation

__all__ = ["TestTask", "charts_of", "half_done", "members_of", "transformations"]


def half_done(candidates: Sequence[Candidate], problem: Problem) -> Chosen | None:
    """Return the best candidate with any finished fold: when the time was over before one had them all."""
    begun = [one for one in candidates if one.fitted]
    if not begun:
        return None
    best = min(begun, key=lambda one: (loss_of(problem.metric, one.score), one.number))
    first = sorted(best.fitted)
    # Charts need predictions in the order of the folds: only an unbroken run of folds from the first has it.
    unbroken = [fold for place, fold in enumerate(first) if fold == place]
    predicted = [best.fitted[fold].predicted for fold in unbroken]
    return Chosen(best.row(problem), {best.number: 1.0}, np.concatenate(predicted) if predicted else np.zeros(0))


# Charts of more cells (rows times classes) than this are drawn from some of the rows: a screen shows no difference.
_MOST_CELLS = 400_000


def charts_of(problem: Problem, predicted: Floats) -> dict[str, Any]:
    """Return the charts of out-of-fold predictions: of all rows in their order, or of those of the first folds."""
    positions = problem.positions()[: len(predicted)]
    most = _MOST_CELLS // max(1, problem.classes)
    if len(predicted) > most:
        some = np.random.default_rng(problem.seed).permutation(len(predicted))[:most]
        predicted, positions = predicted[some], positions[some]
    if not len(predicted):  # the time was over before a first fold was done
        return {}
    target = problem.target[positions]
    if not problem.classes:
        return regression_charts(target, np.maximum(predicted, -np.inf if problem.floor is None else problem.floor))
    decided = decide(predicted, problem.emphasis)
    return classification_charts(target.astype(np.int64), predicted, decided, problem.labels)


def members_of(chosen: Chosen | None, candidates: Sequence[Candidate]) -> list[tuple[Entry, float, int]]:
    """Return the configurations of the chosen model, their weights and rounds: what its program is made of."""
    if chosen is None:
        return []
    found: list[tuple[Entry, float, int]] = []
    for number, weight in sorted(chosen.weights.items(), key=lambda one: -one[1]):
        rounds = [one.rounds for one in candidates[number].fitted.values()]
        found.append((candidates[number].entry, weight, int(np.mean(rounds)) if rounds else 0))
    return found


def transformations(model: Model) -> list[Transformation]:
    """Return what each column went through in the models that were chosen."""
    words = {
        "native": "as it is; gaps are split on",
        "paired": "as it is, with sums, differences, products, quotients and means of the target for pairs",
        "dense": "gaps filled and marked; one column a level, or smoothed means of the target for many levels",
        "scaled": "gaps filled and marked; levels and few whole numbers as columns; scaled by quartiles, outliers bent",
        "unit": "gaps filled and marked; levels as columns; scaled between 0 and 1",
    }
    recipes = sorted({part.preparation.recipe for member in model.members for part in member.parts})
    first = {
        "date": ("year, month, day, weekday, day of the year, hour, days (those that vary)",),
        "text": ("words and pairs of words weighed by rarity (TF-IDF), 32 directions (truncated SVD), length",),
        "boolean": ("0 and 1",),
        "category": ("a code for each level",),
    }
    composed = "with the other parts of its date: days since 1970 and the day of the year"
    dates = dict.fromkeys(model.encoder.calendar or (), (composed,))
    return [
        Transformation(
            one.name,
            one.kind,
            one.reason,
            (*first.get(one.kind, ()), *dates.get(one.name, ()), *(f"{name}: {words[name]}" for name in recipes))
            if one.is_used
            else ("left out",),
        )
        for one in model.columns
    ]


@dataclass(frozen=True)
class TestTask:
    """A task for a worker: scores on rows that took no part in anything.

    Rows without a target, and of classes that the model does not know, are left out.
    """

    model: Model
    data: Any
    target: str
    # The target's lowest and highest value in training.
    bounds: tuple[float, float]
    # Whether the second of two classes was named as the positive one.
    has_positive: bool = False

    def __call__(self) -> dict[str, float]:
        """Return all metrics."""
        frame = frame_of(self.data)
        frame = take(frame, ~is_missing(frame[self.target]))
        scores = self.model.scores(self.model.encoder.encode(frame))
        if not self.model.labels:
            return regression_scores(numbers_of(frame[self.target]), scores, self.bounds)
        codes = {level: code for code, level in enumerate(levels_of(self.model.classes_))}
        truth = np.array([codes.get(level, -1) for level in levels_of(frame[self.target])], dtype=np.int64)
        known = truth >= 0
        decided = decide(scores[known], self.model.emphasis)
        return classification_scores(truth[known], scores[known], decided, has_positive=self.has_positive)
