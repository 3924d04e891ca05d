"""Candidates of a run: a configuration, what its folds gave so far, and its row of the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .arrays import Codes, Floats, Rows
from .metrics import classification_scores, loss_of, regression_scores, score_of
from .observer import Row, RowState
from .portfolio import Entry
from .problem import Problem
from .worker import Fitted

__all__ = ["Candidate", "decide", "finished", "metrics_of", "name_of", "primary_of"]

# Scores of more cells (rows times classes) than this are taken from some of the rows, but for the primary metric.
_MOST_CELLS = 400_000

_RECIPE_NAMES = {
    "native": "NativeGaps",
    "paired": "PairedFeatures",
    "dense": "FilledGaps",
    "scaled": "RobustScaler",
    "unit": "MinMaxScaler",
}


@dataclass
class Candidate:
    """One configuration on its way through the folds."""

    number: int
    entry: Entry
    folds: int
    fitted: dict[int, Fitted] = field(default_factory=dict[int, Fitted])
    # The primary metric by fold.
    scores: dict[int, float] = field(default_factory=dict[int, float])
    state: RowState | None = None
    error: str | None = None
    # The next fold to start.
    next_fold: int = 0
    # Which search asked for it, and under which number; None: the portfolio.
    asked: tuple[int, int] | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all folds are there."""
        return len(self.fitted) == self.folds

    @property
    def score(self) -> float:
        """The mean of the primary metric over the folds that are there; NaN without any."""
        return float(np.mean(_by_fold(self.scores))) if self.scores else float("nan")

    def path(self, fold: int | None) -> str:
        """Return where the model of a fold is written, in the run's folder."""
        return f"models/{self.number}_{'all' if fold is None else fold}.pkl"

    def predicted(self) -> Floats:
        """Return the out-of-fold predictions, fold after fold."""
        return np.concatenate([self.fitted[fold].predicted for fold in range(self.folds)])

    def row(self, problem: Problem) -> Row:
        """Return the row of the leaderboard."""
        rounds = [one.rounds for one in self.fitted.values()]
        parameters = {**self.entry.parameters, "recipe": self.entry.prepared}
        if any(rounds):
            parameters["rounds"] = int(np.mean(rounds))
        return Row(
            self.number,
            name_of(self.entry),
            self.entry.algorithm,
            self.state or "stopped",
            parameters,
            self.score if self.scores else None,
            _error_of_mean(_by_fold(self.scores)),
            metrics_of(problem, {fold: one.predicted for fold, one in self.fitted.items()}) if self.is_complete else {},
            len(self.fitted),
            sum(one.fit_s for one in self.fitted.values()),
            float(np.mean([one.predict_s for one in self.fitted.values()])) if self.fitted else 0.0,
            sum(one.size_bytes for one in self.fitted.values()),
            error=self.error,
        )


def name_of(entry: Entry) -> str:
    """Return what a person reads: the features' recipe and the algorithm, as on Azure."""
    return f"{_RECIPE_NAMES[entry.prepared]}, {entry.algorithm}"


def decide(predicted: Floats, emphasis: Floats | None) -> Codes:
    """Return the class of each row: the most likely one, after the emphasis that the metric asks for."""
    return (predicted if emphasis is None else predicted * emphasis).argmax(axis=1)


def primary_of(problem: Problem, predicted: Floats, rows: Rows) -> float:
    """Return the primary metric of predictions for some rows."""
    weights = None if problem.weights is None else problem.weights[rows]
    if not problem.classes:
        return score_of(problem.metric, problem.target[rows], predicted, bounds=problem.bounds, weights=weights)
    truth = problem.target[rows].astype(np.int64)
    decided = decide(predicted, problem.emphasis)
    return score_of(problem.metric, truth, predicted, decided=decided, weights=weights)


def metrics_of(problem: Problem, by_fold: dict[int, Floats]) -> dict[str, float]:
    """Return all metrics, averaged over folds (as Azure does), without those that are not defined in any fold."""
    found: dict[str, list[float]] = {}
    for fold, predicted in sorted(by_fold.items(), key=lambda one: one[0]):
        rows = problem.splits[fold].valid
        for name, value in _all(problem, predicted, rows).items():
            if np.isfinite(value):
                found.setdefault(name, []).append(value)
    return {name: float(np.mean(values)) for name, values in found.items()}


def finished(candidates: Sequence[Candidate], metric: str) -> list[Candidate]:
    """Return complete candidates, best first; ties keep the older one in front."""
    complete = [one for one in candidates if one.state == "completed"]
    return sorted(complete, key=lambda one: (loss_of(metric, one.score), one.number))


def _all(problem: Problem, predicted: Floats, rows: Rows) -> dict[str, float]:
    primary = primary_of(problem, predicted, rows)
    most = _MOST_CELLS // max(1, problem.classes)
    if len(rows) > most:
        some = np.random.default_rng(problem.seed).permutation(len(rows))[:most]
        predicted, rows = predicted[some], rows[some]
    weights = None if problem.weights is None else problem.weights[rows]
    if problem.classes:
        truth = problem.target[rows].astype(np.int64)
        decided = decide(predicted, problem.emphasis)
        scores = classification_scores(truth, predicted, decided, weights, has_positive=problem.has_positive)
    else:
        scores = regression_scores(problem.target[rows], predicted, problem.bounds, weights)
    return {**scores, problem.metric: primary}


def _by_fold(values: Mapping[int, float]) -> list[float]:
    """Return values in the order of folds, not of arrival: a sum's last digit depends on it."""
    return [values[fold] for fold in sorted(values)]


def _error_of_mean(values: list[float]) -> float | None:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
