"""Grid sampling: every combination once, the last parameter varying fastest. Not for continuous parameters.

Counts whatever can be counted (choice, randint, bounded rounded kinds); a sweep's text may only have choices, as in
Azure ML: the domain sees to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bancada.errors import Invalid, Problem
from bancada.learning.samplers import Ask
from bancada.learning.space import Space

__all__ = ["GridSampler"]


@dataclass(frozen=True)
class GridSampler:
    """Walks through a finite space in order. Trials that other samplers made are not made again."""

    space: Space
    size: int

    @classmethod
    def of(cls, search_space: Mapping[str, Any], algorithm: Any = None) -> GridSampler:
        """Return the sampler. Raises Invalid with every parameter that cannot be counted, all at once."""
        problems = [
            Problem(f"search_space.{name}", _refusal(parameter))
            for name, parameter in search_space.items()
            if Space({name: parameter}).size is None
        ]
        if problems:
            raise Invalid.of(problems)
        space = Space(search_space)
        return cls(space, space.size or 0)

    def next_point(self, ask: Ask) -> dict[str, Any] | None:
        """Return the first combination that was not handed out yet; None when all were."""
        visited = self.space.visited(ask.points())
        if len(visited) >= self.size:
            return None
        return self.space.point(self.space.at(self.space.nth_unvisited(visited, 0)))


def _refusal(parameter: Any) -> str:
    return (
        f"`{parameter.type}` has no end of values, a grid needs countable ones. "
        "Use choice, or another sampling_algorithm (random, bayesian)."
    )
