"""Samplers: which point a sweep tries next. The protocol, what it is asked with, and the table of names.

A sampler is a pure function of its space and an `Ask`: no clock, no global randomness, no memory between calls.
To add one: a file with a class, and one row in `SAMPLERS`; or, in a package of your own that is installed beside the
server, an entry point in the group `bancada.samplers`, whose name a sweep gives as its `sampling_algorithm`.
`bancada.conformance.sampler` is its contract as a test class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bancada.learning.space import Point
from bancada.plugins import load

__all__ = ["SAMPLERS", "Ask", "Point", "Sampler", "SamplerFactory", "Trial", "sampler_for"]

Goal = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Trial:
    """One trial that has ended, as a sampler sees it."""

    point: Point
    # The trial's best logged value of the primary metric; None when it logged none.
    value: float | None
    # The job's final status: Completed, Failed or Canceled.
    status: str = "Completed"


@dataclass(frozen=True)
class Ask:
    """Everything that the next point may depend on."""

    # The sweep's seed; one that the sampling algorithm names itself goes before it.
    seed: int
    # Number of the trial that the point is for, from 0. Equals the number of trials made so far.
    index: int
    # Ended trials, oldest first.
    history: Sequence[Trial] = ()
    # Points of trials that were made and have not ended.
    pending: Sequence[Point] = ()
    goal: Goal = "maximize"

    def points(self) -> list[Point]:
        """Return every point that was handed out before."""
        return [trial.point for trial in self.history] + list(self.pending)


class Sampler(Protocol):
    """Chooses points of one search space."""

    @property
    def size(self) -> int | None:
        """How many different points it can give; None when there is no end."""
        ...

    def next_point(self, ask: Ask) -> dict[str, Any] | None:
        """Return the next point, or None when every point of the space was handed out.

        The same ask gets the same point. A point that was handed out is not given again while a finite space has
        others left. With 1,000 ended trials it answers within 0.1 s.
        """
        ...


class SamplerFactory(Protocol):
    """A sampler's class, as the table names it."""

    def of(self, search_space: Mapping[str, Any], algorithm: Any) -> Sampler:
        """Return a sampler; `algorithm` is its entity (seed, rule …) or None for the defaults. Raises Invalid."""
        ...


# Names as in `sampling_algorithm: <name>`, each with its class.
SAMPLERS: dict[str, str] = {
    "random": "bancada.learning.samplers.random:RandomSampler",
    "grid": "bancada.learning.samplers.grid:GridSampler",
    "bayesian": "bancada.learning.samplers.bayesian:BayesianSampler",
}


def sampler_for(algorithm: Any, search_space: Mapping[str, Any]) -> Sampler:
    """Return the sampler of a sweep: `algorithm` is its name or its entity, `search_space` names the distributions.

    Raises Invalid when the name is unknown or the sampler refuses the space (a grid over a continuous parameter).
    """
    name = algorithm if isinstance(algorithm, str) else algorithm.type
    factory: SamplerFactory = load("bancada.samplers", SAMPLERS, name, "sampling_algorithm")
    return factory.of(search_space, None if isinstance(algorithm, str) else algorithm)
