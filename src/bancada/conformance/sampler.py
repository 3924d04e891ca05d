"""The contract of a sampler as tests: subclass `SamplerContract`, override `sampler_class`, run pytest.

Not for the quality of a sampler, which depends on the function that it searches.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from typing import Any

import pytest

from bancada.domain.jobs.search_space import (
    Choice,
    LogNormal,
    LogUniform,
    Normal,
    QLogUniform,
    QNormal,
    QUniform,
    Randint,
    Uniform,
)
from bancada.errors import Invalid
from bancada.learning.samplers import Ask, Sampler, SamplerFactory, Trial
from bancada.learning.space import Space

__all__ = ["SPACES", "SamplerContract", "key", "run"]

FINITE: dict[str, Any] = {
    "depth": Choice(values=[4, 6, -1]),
    "criterion": Choice(values=["gini", "entropy"]),
    "size": Randint(upper=2),
}
NESTED: dict[str, Any] = {
    "model": Choice(
        values=[
            {"kind": "tree", "depth": Choice(values=[1, 2, 3])},
            {"kind": "line", "penalty": Randint(upper=2)},
            "none",
        ]
    )
}
CONTINUOUS: dict[str, Any] = {
    "rate": LogUniform(min_value=-9.0, max_value=0.0),
    "momentum": Uniform(min_value=0.1, max_value=0.9),
    "width": QUniform(min_value=8, max_value=64, q=8),
    "batch": QLogUniform(min_value=0.0, max_value=5.0, q=4),
    "shift": Normal(mu=3.0, sigma=2.0),
    "steps": QNormal(mu=10.0, sigma=4.0, q=2),
    "scale": LogNormal(mu=0.0, sigma=1.0),
    "activation": Choice(values=["relu", "tanh"]),
}
# Every kind of space that a sampler may meet: finite, nested, with continuous parameters.
SPACES: dict[str, dict[str, Any]] = {"finite": FINITE, "nested": NESTED, "continuous": CONTINUOUS}


class SamplerContract:
    """What every sampler holds, in each of the spaces that it accepts."""

    @pytest.fixture
    def sampler_class(self) -> SamplerFactory:
        """Return the sampler's class. Override this."""
        raise NotImplementedError

    @pytest.fixture
    def samplers(self, sampler_class: SamplerFactory) -> dict[str, Sampler]:
        """Return a sampler for each space; one that it refuses with Invalid is left out."""
        accepted = {name: made for name in SPACES if (made := _accepted(sampler_class, SPACES[name])) is not None}
        assert "finite" in accepted, "every sampler accepts a finite space"
        return accepted

    def test_points_lie_in_the_space(self, samplers: dict[str, Sampler]) -> None:
        """Every point has a value for every parameter, inside its bounds."""
        for name, sampler in samplers.items():
            space = Space(SPACES[name])
            for trial in run(sampler, 40, seed=3):
                assert trial.point.keys() == SPACES[name].keys()
                assert space.locate(trial.point) is not None, trial.point

    def test_points_are_json(self, samplers: dict[str, Sampler]) -> None:
        """A point survives the store: the sampler sees its own points again from JSON."""
        for sampler in samplers.values():
            for trial in run(sampler, 15, seed=4):
                assert json.loads(json.dumps(trial.point)) == trial.point

    def test_same_seed_gives_the_same_sequence(self, samplers: dict[str, Sampler]) -> None:
        """One at a time, a seed fixes the points."""
        for sampler in samplers.values():
            assert run(sampler, 20, seed=7) == run(sampler, 20, seed=7)

    def test_asking_again_gets_the_same_point(self, samplers: dict[str, Sampler]) -> None:
        """An ask has no side effect: a crash between asking and storing loses nothing."""
        for sampler in samplers.values():
            history = run(sampler, 12, seed=5)
            ask = Ask(seed=5, index=len(history), history=history)
            assert sampler.next_point(ask) == sampler.next_point(ask)

    def test_finite_space_is_visited_once_each_and_then_exhausted(self, samplers: dict[str, Sampler]) -> None:
        """No point twice while others are left; None when none is."""
        for sampler in samplers.values():
            if sampler.size is not None:
                history = run(sampler, sampler.size + 5, seed=1)
                assert len({key(trial.point) for trial in history}) == len(history) == sampler.size

    def test_pending_points_are_not_asked_twice(self, samplers: dict[str, Sampler]) -> None:
        """Concurrent trials get different points."""
        for sampler in samplers.values():
            history = run(sampler, 4, seed=2)
            pending: list[Mapping[str, Any]] = []
            for _ in range(min(6, (sampler.size or 10) - len(history))):
                point = sampler.next_point(Ask(2, len(history) + len(pending), history, pending))
                assert point is not None
                pending.append(point)
            assert len({key(point) for point in pending}) == len(pending)

    def test_failed_and_valueless_trials_are_borne(self, samplers: dict[str, Sampler]) -> None:
        """Trials without a value, with NaN or with an infinite one do not break the next ask."""
        odd = (None, math.nan, math.inf, -math.inf)
        for sampler in samplers.values():
            made = run(sampler, 5, seed=6)
            history = [Trial(trial.point, odd[rank % 4], "Failed") for rank, trial in enumerate(made)]
            assert sampler.next_point(Ask(6, 5, history)) is not None

    def test_asks_within_a_tenth_of_a_second_at_a_thousand_trials(self, samplers: dict[str, Sampler]) -> None:
        """The handler that asks must not hold the worker up."""
        for sampler in samplers.values():
            made = run(sampler, 30, seed=8)
            history = [made[rank % len(made)] for rank in range(1000)]
            before = time.process_time()
            sampler.next_point(Ask(8, 1000, history))
            assert time.process_time() - before < 0.1


def _accepted(sampler_class: SamplerFactory, search_space: dict[str, Any]) -> Sampler | None:
    try:
        return sampler_class.of(search_space, None)
    except Invalid:
        return None


def run(sampler: Sampler, count: int, *, seed: int) -> list[Trial]:
    """Run a sweep of up to `count` trials one after the other, scored by a fixed function of the point."""
    history: list[Trial] = []
    while len(history) < count:
        point = sampler.next_point(Ask(seed, len(history), history))
        if point is None:
            break
        history.append(Trial(point, float(sum(key(point).encode()) % 97)))
    return history


def key(point: Mapping[str, Any]) -> str:
    """Return a text that is equal for equal points only."""
    return json.dumps(point, sort_keys=True)
