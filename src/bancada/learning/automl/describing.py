"""What is said about a run that has ended: what columns became, what the model is made of, scores on test data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .candidates import Candidate, decide
from .closing import Chosen
from .frame import frame_of, is_missing, levels_of, numbers_of, take
from .metrics import classification_scores, loss_of, regression_scores
from .model import Model
from .portfolio import Entry
from .problem import Problem
from .result import Transformation
from .settings import Settings, SettingsError

__all__ = ["half_done", "members_of", "test_metrics", "transformations"]


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
    return [
        Transformation(
            one.name,
            one.kind,
            one.reason,
            (*first.get(one.kind, ()), *(f"{name}: {words[name]}" for name in recipes))
            if one.is_used
            else ("left out",),
        )
        for one in model.columns
    ]


def test_metrics(model: Model, data: Any, settings: Settings, problem: Problem) -> dict[str, float]:
    """Return scores on rows that took no part in anything, but for those without a target or of an unknown class."""
    frame = frame_of(data)
    name = settings.target_column_name
    if name not in frame:
        raise SettingsError(f"The test data have no column `{name}` to compare predictions with.")
    frame = take(frame, ~is_missing(frame[name]))
    scores = model.scores(model.encoder.encode(frame))
    if not problem.classes:
        return regression_scores(numbers_of(frame[name]), scores, problem.span)
    codes = {level: code for code, level in enumerate(levels_of(model.classes_))}
    truth = np.array([codes.get(level, -1) for level in levels_of(frame[name])], dtype=np.int64)
    known = truth >= 0
    return classification_scores(truth[known], scores[known], decide(scores[known], problem.emphasis))
