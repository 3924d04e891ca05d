"""Random sampling: independent draws, or Sobol's evenly spread ones (`rule: sobol`)."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bancada.errors import Invalid, Problem
from bancada.learning.samplers import Ask
from bancada.learning.sobol import MAX_DIMENSIONS, sobol_point
from bancada.learning.space import Space

__all__ = ["RandomSampler", "draw_unvisited"]

# Draws by the distributions before a finite space's unvisited points are counted out: enough that points of
# unequal weight keep their weights while most of the space is unvisited.
_DRAWS = 16


@dataclass(frozen=True)
class RandomSampler:
    """Draws each point from the distributions; in a finite space without putting back."""

    space: Space
    rule: str = "random"
    seed: int | None = None

    @property
    def size(self) -> int | None:
        """The number of points of a finite space, else None."""
        return self.space.size

    @classmethod
    def of(cls, search_space: Mapping[str, Any], algorithm: Any = None) -> RandomSampler:
        """Return the sampler. Raises Invalid for more parameters than Sobol's table has and for a bad logbase."""
        rule = str(getattr(algorithm, "rule", None) or "random").lower()
        space = Space(search_space, base=_base(getattr(algorithm, "logbase", None)))
        if rule == "sobol" and len(space.dimensions) > MAX_DIMENSIONS:
            message = (
                f"`rule: sobol` spreads at most {MAX_DIMENSIONS} parameters (nested ones counted), "
                f"this space has {len(space.dimensions)}. Use `rule: random`."
            )
            raise Invalid.of([Problem("sampling_algorithm.rule", message)])
        return cls(space, rule, getattr(algorithm, "seed", None))

    def next_point(self, ask: Ask) -> dict[str, Any] | None:
        """Return draw number `ask.index`; None when a finite space has no point left."""
        seed = ask.seed if self.seed is None else self.seed
        if self.rule == "sobol":
            count = len(self.space.dimensions)
            draws = [sobol_point(ask.index + step, count, seed) for step in range(self._tries())]
        else:
            source = random.Random(f"{seed}/{ask.index}")
            draws = [[source.random() for _ in self.space.dimensions] for _ in range(self._tries())]
        if self.space.size is None:
            return self.space.point(self.space.place(draws[0]))
        return draw_unvisited(self.space, self.space.visited(ask.points()), draws)

    def _tries(self) -> int:
        return 1 if self.space.size is None else _DRAWS


def draw_unvisited(space: Space, visited: Sequence[int], draws: Sequence[Sequence[float]]) -> dict[str, Any] | None:
    """Return the first of the draws that is unvisited, else an unvisited point chosen by the last draw's share.

    `visited` are ranks, sorted. None when every point of the (finite) space is visited.
    """
    left = (space.size or 0) - len(visited)
    if left <= 0:
        return None
    seen = set(visited)
    for units in draws:
        place = space.place(units)
        if space.number(place) not in seen:
            return space.point(place)
    # The whole draw as one number: its first coordinates already lost every draw, so the last decides.
    share = draws[-1][-1] if draws[-1] else 0.0
    return space.point(space.at(space.nth_unvisited(visited, min(int(share * left), left - 1))))


def _base(logbase: float | str | None) -> float:
    if logbase is None or str(logbase).strip().lower() == "e":
        return math.e
    try:
        base = float(logbase)
    except ValueError:
        base = math.nan
    if base > 0 and base != 1 and math.isfinite(base):
        return base
    message = f"`{logbase}` is no base of logarithms. Use a positive number other than 1, or `e`."
    raise Invalid.of([Problem("sampling_algorithm.logbase", message)])
