"""Parzen densities over places of a search space: a weighted sum of kernels, one around each observed place.

p(x) = sum_k w_k prod_d K_d(x_d | k); the last kernel is flat, it is the prior. On a numeric axis K is a normal
density cut to (0, 1) and scaled to integrate to one, as wide as the larger gap to a neighbouring observation; on a
choice every option has a share of 2/n and the observed one 1 more (then scaled), n being the number of kernels. An
axis on which an observation does not lie (its branch was not taken) is flat for it.

Source: Bergstra et al. 2011 (estimator, widths from neighbours), Falkner et al. 2018 (the product form), Watanabe
2023, "Tree-structured Parzen estimator" (what matters of it).
"""

from __future__ import annotations

import bisect
import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import cast

from bancada.learning.space import Dimension, Place, Space

__all__ = ["Parzen"]

_STANDARD = NormalDist()
# The narrowest kernel: a hundredth of the axis, and wider while there are fewer than 98 kernels, so that two
# equal observations do not pin the search.
_NARROWEST = 100


class Parzen:
    """A density fitted to places, each with its weight."""

    def __init__(self, space: Space, places: Sequence[Place], weights: Sequence[float]) -> None:
        self._space = space
        self._places = places
        total = sum(weights) + 1.0
        shares = [*(weight / total for weight in weights), 1.0 / total]
        self._log_weights = [math.log(share) for share in shares]
        self._cumulative = list(itertools.accumulate(shares))
        self._axes = [
            _fit(dimension, [place[index] for place in places]) for index, dimension in enumerate(space.dimensions)
        ]

    def log_density(self, place: Place) -> float:
        """Return log p at a place; O(kernels x axes)."""
        logs = self._log_weights
        for axis, at in zip(self._axes, place, strict=True):
            if at is not None:
                logs = axis.added(logs, at)
        top = max(logs)
        return top + math.log(sum([math.exp(log - top) for log in logs]))

    def draw(self, source: random.Random) -> Place:
        """Return a place drawn from the density; always one number per axis and one more, so draws stay aligned."""
        kernel = min(bisect.bisect_left(self._cumulative, source.random()), len(self._places))
        place: list[float | int | None] = []
        for dimension, axis in zip(self._space.dimensions, self._axes, strict=True):
            unit = source.random()
            place.append(axis.draw(kernel, unit) if self._space.is_active(dimension, place) else None)
        return tuple(place)


@dataclass(frozen=True)
class _NumericAxis:
    """log K(x) = curvature (x - centre)^2 + height, a column of each; a flat kernel has curvature and height 0."""

    centres: list[float]
    widths: list[float]
    curvatures: list[float]
    heights: list[float]

    def added(self, logs: list[float], at: float) -> list[float]:
        columns = zip(logs, self.centres, self.curvatures, self.heights, strict=True)
        return [log + curvature * (at - centre) * (at - centre) + height for log, centre, curvature, height in columns]

    def draw(self, kernel: int, unit: float) -> float:
        if self.curvatures[kernel] == 0.0:
            return unit
        centre, width = self.centres[kernel], self.widths[kernel]
        low, high = _STANDARD.cdf(-centre / width), _STANDARD.cdf((1 - centre) / width)
        # inv_cdf wants the open interval; the cut keeps the last bit from leaving the axis.
        inside = min(max(low + (high - low) * unit, 2.0**-53), 1 - 2.0**-53)
        return min(max(centre + width * _STANDARD.inv_cdf(inside), 0.0), 1.0)


@dataclass(frozen=True)
class _ChoiceAxis:
    """Per option, the log probability under each kernel."""

    table: list[list[float]]

    def added(self, logs: list[float], at: float) -> list[float]:
        return [log + probability for log, probability in zip(logs, self.table[int(at)], strict=True)]

    def draw(self, kernel: int, unit: float) -> int:
        for option, row in enumerate(self.table):
            unit -= math.exp(row[kernel])
            if unit < 0:
                return option
        return len(self.table) - 1


def _fit(dimension: Dimension, column: Sequence[float | int | None]) -> _NumericAxis | _ChoiceAxis:
    if dimension.options is not None:
        return _fit_choice(column, dimension.options)
    widths = _widths(cast("Sequence[float | None]", column), 0.5 / dimension.cells if dimension.cells else 0.0)
    shapes = [(0.0, 0.0) if at is None else _shape(at, width) for at, width in zip(column, widths, strict=True)]
    return _NumericAxis(
        [*(0.5 if at is None else at for at in column), 0.5],
        [*widths, 1.0],
        [*(curvature for curvature, _ in shapes), 0.0],
        [*(height for _, height in shapes), 0.0],
    )


def _fit_choice(column: Sequence[float | int | None], options: int) -> _ChoiceAxis:
    # Two pseudo-observations per option: one left one in 50 searches stuck on a wrong option (decision 0001).
    share = 2 / (len(column) + 1)
    scale = 1 + options * share
    flat, hit, miss = -math.log(options), math.log((1 + share) / scale), math.log(share / scale)
    return _ChoiceAxis(
        [[*(flat if at is None else hit if at == option else miss for at in column), flat] for option in range(options)]
    )


def _widths(column: Sequence[float | None], cell: float) -> list[float]:
    """Return each kernel's standard deviation: the larger gap to a neighbour or an end of the axis, within bounds."""
    order = sorted((at, index) for index, at in enumerate(column) if at is not None)
    edges = [0.0, *(at for at, _ in order), 1.0]
    narrowest = max(1 / min(_NARROWEST, 2 + len(order)), cell)
    widths = [1.0] * len(column)
    for rank, (_, index) in enumerate(order):
        gap = max(edges[rank + 1] - edges[rank], edges[rank + 2] - edges[rank + 1])
        widths[index] = max(gap, narrowest)
    return widths


def _shape(centre: float, width: float) -> tuple[float, float]:
    mass = _STANDARD.cdf((1 - centre) / width) - _STANDARD.cdf(-centre / width)
    return -0.5 / width**2, -math.log(width * math.sqrt(2 * math.pi) * mass)
