"""What a model may cost where it answers: members whose part is small beside their time are left out or fitted once.

Costs are microseconds for a row, of many, on one core, by formula (`learners.costs.answering`), so that they repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from .arrays import Floats

__all__ = ["AS_GOOD_HALVED", "AS_GOOD_ONCE", "too_slow", "without_dear"]

# An ensemble may cost so much before it is looked for members that are not worth their time ...
_DEAR_US = 20.0
# ... and leaving these out may take so much of what it gains over its best member.
_MOST_LOST = 0.05
# Members of these families lose nothing when they are fitted once on all rows instead of being means over folds: on
# nine tuned sets (`bench/automl_sets.py`) ensembles whose LightGBM models were fitted once from 40 microseconds on had
# 0.999 times the error in the mean, while networks and CatBoost fitted once were clearly worse.
AS_GOOD_ONCE = ("LightGBM", "XGBoostClassifier", "XGBoostRegressor")
# Those that there was no time to fit once are means of half of their folds: of forests, too, that is more trees still.
AS_GOOD_HALVED = (*AS_GOOD_ONCE, "RandomForest", "ExtremeRandomTrees")
# Both stay means over all folds as long as they take no more than this together.
_MEANS_US = 12.0


def without_dear(weights: Floats, costs: Floats, loss: Callable[[Floats], float]) -> Floats:
    """Return the weights of a mean without the members that cost more than they give; they add up to 1.

    `loss(weights)` is that of the mean of these weights. While the members together cost too much, the one goes whose
    going costs least for the time that it saves, unless the mean then lost too much of its lead over its best member.
    """
    best = min(loss(np.eye(len(weights))[place]) for place in np.flatnonzero(weights))
    now = loss(weights)
    most = now + _MOST_LOST * max(0.0, best - now)
    while costs[weights > 0].sum() > _DEAR_US and (weights > 0).sum() > 1:
        tried = {int(place): _without(weights, int(place)) for place in np.flatnonzero(weights)}
        losses = {place: loss(one) for place, one in tried.items()}
        allowed = [place for place in tried if losses[place] <= most]
        if not allowed:
            break
        weights = tried[min(allowed, key=lambda place: (losses[place] - now) / costs[place])]
    return weights


def too_slow(costs: Mapping[int, float], divisor: int) -> set[int]:
    """Return the members that are to be made quicker, slowest first, until all of them are quick enough together.

    `costs` has the members that lose nothing by it, each as a mean over its folds. `divisor` is what one gains: the
    number of folds when it is fitted once on all rows, 2 when it is the mean of half of its folds.
    """
    left, found = dict(costs), set[int]()
    while divisor > 1 and len(found) < len(left) and sum(left.values()) > _MEANS_US:
        slowest = max(left.keys() - found, key=lambda number: left[number])
        found.add(slowest)
        left[slowest] /= divisor
    return found


def _without(weights: Floats, place: int) -> Floats:
    left = weights.copy()
    left[place] = 0.0
    return left / left.sum()
