"""Bayesian sampling: a tree-structured Parzen estimator. Why our own: docs/decisions/0001-own-tpe.md.

The best 15 % of the trials (at most 25) give one density, weighted by rank; the others give a second one. Of some
draws from the first, the place where the quotient of both is largest is next. Trials without a value (failed, or
NaN) count as worst; pending ones too ("constant liar"), so that concurrent trials spread. The goal says whether
higher is better; ties keep the older trial in front. Before ten values are known, Sobol's sequence spreads points.
What was handed out is not drawn again, also where a space without end repeats itself (rounded kinds, an option
without parameters of its own), as long as the draws hold anything else.
Quality is compared with Optuna's `TPESampler` and with random sampling in tests/unit/learning.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bancada.learning.parzen import Parzen
from bancada.learning.samplers import Ask
from bancada.learning.samplers.random import draw_unvisited
from bancada.learning.sobol import MAX_DIMENSIONS, sobol_point
from bancada.learning.space import Place, Space

__all__ = ["BayesianSampler"]

# Values before the densities are trusted: as Optuna and Hyperopt (there 10 and 20) have it.
_STARTUP = 10
# Places compared per ask; 12 and 48 were no better on the test functions (docs/decisions/0001-own-tpe.md).
_CANDIDATES = 24
_GOOD_SHARE, _MOST_GOOD = 0.15, 25
# The worst trials beyond this many say little and cost time: 480 kernels keep an ask under 0.1 s at 20 parameters.
_MOST_BAD = 480
# Draws before a finite space's unvisited points are counted out.
_DRAWS = 16


@dataclass(frozen=True)
class BayesianSampler:
    """Asks where good trials are dense and others are not."""

    space: Space
    seed: int | None = None

    @property
    def size(self) -> int | None:
        """The number of points of a finite space, else None."""
        return self.space.size

    @classmethod
    def of(cls, search_space: Mapping[str, Any], algorithm: Any = None) -> BayesianSampler:
        """Return the sampler. Every space is accepted."""
        return cls(Space(search_space), getattr(algorithm, "seed", None))

    def next_point(self, ask: Ask) -> dict[str, Any] | None:
        """Return the most promising of the candidates; None when a finite space has no point left."""
        seed = ask.seed if self.seed is None else self.seed
        source = random.Random(f"bayesian/{seed}/{ask.index}")
        visited = None if self.size is None else self.space.visited(ask.points())
        if visited is not None and len(visited) >= (self.size or 0):
            return None
        valued, worst = self._ranked(ask)
        if len(valued) < _STARTUP:
            return self._spread(seed, ask, visited)
        count = min(math.ceil(_GOOD_SHARE * len(valued)), _MOST_GOOD)
        others = valued[count:] + worst
        good = Parzen(self.space, valued[:count], [2 * (count - rank) / (count + 1) for rank in range(count)])
        rest = Parzen(self.space, others := _thinned(others, _MOST_BAD), [1.0] * len(others))
        candidates = self._candidates(good, source, visited, ask)
        return self.space.point(max(candidates, key=lambda place: good.log_density(place) - rest.log_density(place)))

    def _ranked(self, ask: Ask) -> tuple[list[Place], list[Place]]:
        """Return the places of trials with a value, best first, and of all others."""
        sign = -1 if ask.goal == "maximize" else 1
        valued: list[tuple[float, Place]] = []
        others: list[Place] = []
        for trial in ask.history:
            place = self.space.locate(trial.point)
            if place is None:
                continue
            if trial.value is not None and not math.isnan(trial.value):
                valued.append((sign * trial.value, place))
            elif trial.status != "Canceled":
                others.append(place)
        pending = (self.space.locate(point) for point in ask.pending)
        valued.sort(key=lambda one: one[0])
        return [place for _, place in valued], others + [place for place in pending if place is not None]

    def _spread(self, seed: int, ask: Ask, visited: Sequence[int] | None) -> dict[str, Any] | None:
        count = len(self.space.dimensions)
        if count <= MAX_DIMENSIONS:
            draws = [sobol_point(ask.index + step, count, seed) for step in range(_DRAWS)]
        else:
            source = random.Random(f"{seed}/{ask.index}")
            draws = [[source.random() for _ in range(count)] for _ in range(_DRAWS)]
        if visited is None:
            places = [self.space.place(draw) for draw in draws]
            return self.space.point((self._fresh(places, ask) or places)[0])
        return draw_unvisited(self.space, visited, draws)

    def _fresh(self, places: Iterable[Place | None], ask: Ask) -> list[Place]:
        """Return the places whose points were not handed out yet."""
        seen = {_key(point) for point in ask.points()}
        return [place for place in places if place is not None and _key(self.space.point(place)) not in seen]

    def _candidates(self, good: Parzen, source: random.Random, visited: Sequence[int] | None, ask: Ask) -> list[Place]:
        """Return places drawn from the good density, rounded to real values, not handed out yet if there are such."""
        drawn = (self.space.locate(self.space.point(good.draw(source))) for _ in range(_CANDIDATES))
        places = [place for place in drawn if place is not None]
        if visited is None:
            # The good density may have no other point left: then some from anywhere.
            anywhere = ([source.random() for _ in self.space.dimensions] for _ in range(_CANDIDATES))
            elsewhere = (self.space.locate(self.space.point(self.space.place(one))) for one in anywhere)
            return self._fresh(places, ask) or self._fresh(elsewhere, ask) or places
        seen = set(visited)
        fresh = [place for place in places if self.space.number(place) not in seen]
        return fresh or self._leftovers(source, visited)

    def _leftovers(self, source: random.Random, visited: Sequence[int]) -> list[Place]:
        left = (self.size or 0) - len(visited)
        picks = range(left) if left <= _CANDIDATES else [source.randrange(left) for _ in range(_CANDIDATES)]
        return [self.space.at(self.space.nth_unvisited(visited, pick)) for pick in picks]


def _thinned(places: list[Place], most: int) -> list[Place]:
    """Return at most `most` of the places, evenly taken, the last (pending) ones always among them."""
    step = max(1.0, len(places) / most)
    return [places[-1 - int(rank * step)] for rank in range(min(most, len(places)))]


def _key(point: Mapping[str, Any]) -> str:
    return json.dumps(point, sort_keys=True)
