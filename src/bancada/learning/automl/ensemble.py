"""Weights for a mean of models: greedy selection with replacement on out-of-fold predictions.

Source: Caruana, Niculescu-Mizil, Crew, Ksikes, "Ensemble selection from libraries of models" (2004). Starting from the
best model, the one that lowers the loss of the mean most is added again and again; a model added twice weighs double.
The best mean on the way is kept. On few rows the selection follows their noise; as the paper proposes, it is then done
on several samples, here of half the rows, and the weights are averaged: on eight tuned sets (`bench/automl_sets.py`)
the error fell by 1 % in the mean, on one of them by 7 %. When chance has made one model look better than that mean, the
selection on all rows is mixed in, or stands alone: a mean is never worse than its best member on these rows. Direction:
lower losses are better. Tests compare a small case with all possible sums.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Rows

__all__ = ["Selection", "select", "weighted_mean"]

_ROUNDS = 40
# Members with less weight than this cost time at prediction and change next to nothing.
_LEAST_WEIGHT = 0.04
# Rounds without a gain before it ends.
_PATIENCE = 8
# Samples of half the rows, by the number of rows up to which they are taken: beyond, the noise is small.
_BAGS = ((2_000, 10), (5_000, 5))


@dataclass(frozen=True)
class Selection:
    """What a selection sees: predictions of each model for the same rows, and the loss of any mean of them."""

    predictions: Sequence[Floats]
    # loss(predictions, rows): rows are positions into the predictions.
    loss: Callable[[Floats, Rows], float]
    # When to stop, on time.monotonic(); infinity for repeatable runs.
    ends_at: float = float("inf")
    seed: int = 0

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.predictions[0])


def select(selection: Selection) -> Floats:
    """Return the weight of each model; they add up to 1."""
    inside = np.arange(selection.rows)
    bags = next((count for rows, count in _BAGS if len(inside) <= rows), 0)
    if not bags:
        return _without_small(_greedy(selection, inside))
    random = np.random.default_rng(selection.seed)
    halves = [np.sort(random.permutation(inside)[: max(1, len(inside) // 2)]) for _ in range(bags)]
    bagged: Floats = np.mean([_greedy(selection, half) for half in halves], axis=0)
    best = min(selection.loss(one, inside) for one in selection.predictions)

    def loss(weights: Floats) -> float:
        return selection.loss(weighted_mean(selection.predictions, weights), inside)

    if loss(found := _without_small(bagged)) < best:
        return found
    whole = _greedy(selection, inside)
    tried = [_without_small((bagged + whole) / 2), _without_small(whole), whole]
    return next((one for one in tried if loss(one) < best), whole)


def weighted_mean(predictions: Sequence[Floats], weights: Floats) -> Floats:
    """Return the mean of predictions by weights; models with weight 0 are not touched."""
    parts = [weight * one for weight, one in zip(weights, predictions, strict=True) if weight]
    return np.sum(parts, axis=0)


def _greedy(selection: Selection, rows: Rows) -> Floats:
    predictions = [one[rows] for one in selection.predictions]
    losses = [selection.loss(one, rows) for one in predictions]
    counts = np.zeros(len(predictions))
    first = int(np.argmin(losses))
    counts[first] = 1
    total = predictions[first].copy()
    best, best_loss, stale = counts.copy(), losses[first], 0
    for size in range(2, _ROUNDS + 1):
        if time.monotonic() > selection.ends_at:
            break
        tried = [selection.loss((total + one) / size, rows) for one in predictions]
        chosen = int(np.argmin(tried))
        counts[chosen] += 1
        total += predictions[chosen]
        if tried[chosen] < best_loss - 1e-12:
            best, best_loss, stale = counts.copy(), tried[chosen], 0
        else:
            stale += 1
            if stale >= _PATIENCE:
                break
    return best / best.sum()


def _without_small(weights: Floats) -> Floats:
    kept = np.where(weights >= min(_LEAST_WEIGHT, float(weights.max())), weights, 0.0)
    return kept / kept.sum()
