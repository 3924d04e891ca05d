"""The three samplers hold the contract; what each promises beyond it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from bancada.conformance.sampler import SPACES, SamplerContract, key, run
from bancada.domain.jobs.search_space import Choice, Normal, QNormal, QUniform, Randint, Uniform
from bancada.domain.jobs.sweep import BayesianSamplingAlgorithm, GridSamplingAlgorithm, RandomSamplingAlgorithm
from bancada.errors import Invalid
from bancada.learning.samplers import SAMPLERS, Ask, SamplerFactory, Trial, sampler_for
from bancada.learning.samplers.bayesian import BayesianSampler
from bancada.learning.samplers.grid import GridSampler
from bancada.learning.samplers.random import RandomSampler
from bancada.learning.sobol import MAX_DIMENSIONS


class TestRandomContract(SamplerContract):
    @pytest.fixture
    def sampler_class(self) -> SamplerFactory:
        return RandomSampler


class _Sobol(RandomSampler):
    @classmethod
    def of(cls, search_space: Any, algorithm: Any = None) -> RandomSampler:
        return RandomSampler.of(search_space, RandomSamplingAlgorithm(rule="sobol"))


class TestSobolContract(SamplerContract):
    @pytest.fixture
    def sampler_class(self) -> SamplerFactory:
        return _Sobol


class TestGridContract(SamplerContract):
    @pytest.fixture
    def sampler_class(self) -> SamplerFactory:
        return GridSampler


class TestBayesianContract(SamplerContract):
    @pytest.fixture
    def sampler_class(self) -> SamplerFactory:
        return BayesianSampler


@pytest.mark.parametrize("name", SAMPLERS)
def test_table_names_load(name: str) -> None:
    assert sampler_for(name, SPACES["finite"]).size == 12


def test_unknown_sampler_names_the_closest() -> None:
    with pytest.raises(Invalid, match="Did you mean `bayesian`"):
        sampler_for("bayesan", SPACES["finite"])


def test_algorithm_entities_are_accepted_and_their_seed_goes_first() -> None:
    seeded = sampler_for(RandomSamplingAlgorithm(seed=11), SPACES["continuous"])
    assert seeded.next_point(Ask(1, 0)) == seeded.next_point(Ask(2, 0))
    assert sampler_for(BayesianSamplingAlgorithm(), SPACES["finite"]).size == 12
    assert sampler_for(GridSamplingAlgorithm(), SPACES["finite"]).size == 12


def test_random_gives_the_same_points_two_at_a_time() -> None:
    sampler = sampler_for("random", SPACES["finite"])
    alone = [trial.point for trial in run(sampler, 12, seed=9)]
    history: list[Trial] = []
    pending: list[Any] = []
    for index in range(12):
        pending.append(sampler.next_point(Ask(9, index, history, pending)))
        if len(pending) == 2:
            history.append(Trial(pending.pop(0), 1.0))
    assert [trial.point for trial in history] + pending == alone


def test_grid_knows_its_size_and_varies_the_last_parameter_fastest() -> None:
    sampler = sampler_for("grid", {"a": Choice(values=[1, 2]), "b": Choice(values=["x", "y", "z"])})
    assert sampler.size == 6
    points = [trial.point for trial in run(sampler, 99, seed=0)]
    assert points == [{"a": a, "b": b} for a in (1, 2) for b in ("x", "y", "z")]


def test_grid_counts_rounded_parameters_and_nested_choices() -> None:
    space = {
        "width": QUniform(min_value=8, max_value=64, q=8),
        "model": SPACES["nested"]["model"],
        "layers": Randint(upper=3),
    }
    assert sampler_for("grid", space).size == 8 * (3 + 2 + 1) * 3


def test_grid_refuses_every_continuous_parameter_at_once() -> None:
    space = {"a": Uniform(min_value=0, max_value=1), "b": Choice(values=[1]), "c": Normal(mu=0, sigma=1)}
    with pytest.raises(Invalid) as refusal:
        sampler_for("grid", space)
    assert [problem.path for problem in refusal.value.problems] == ["search_space.a", "search_space.c"]
    assert "Use choice, or another" in str(refusal.value)


def test_grid_of_a_hundred_thousand_million_points_answers_at_once() -> None:
    sampler = sampler_for("grid", {f"p{index}": Randint(upper=10) for index in range(11)})
    assert sampler.size == 10**11
    assert sampler.next_point(Ask(0, 0)) == {f"p{index}": 0 for index in range(11)}


def test_repeated_values_of_a_choice_count_once_but_true_is_not_one() -> None:
    assert sampler_for("grid", {"a": Choice(values=[1, 1, 2])}).size == 2
    assert sampler_for("grid", {"a": Choice(values=[1, True])}).size == 2


def test_sobol_refuses_more_parameters_than_its_table_has() -> None:
    space = {f"p{index}": Uniform(min_value=0, max_value=1) for index in range(MAX_DIMENSIONS + 1)}
    with pytest.raises(Invalid, match="at most 21 parameters"):
        sampler_for(RandomSamplingAlgorithm(rule="sobol"), space)


def test_bayesian_searches_spaces_wider_than_sobols_table() -> None:
    space = {f"p{index}": Uniform(min_value=0, max_value=1) for index in range(MAX_DIMENSIONS + 5)}
    assert len(run(sampler_for("bayesian", space), 12, seed=1)) == 12


@pytest.mark.parametrize("logbase", [0, -2, 1, "ten"])
def test_bad_logbase_is_refused(logbase: Any) -> None:
    with pytest.raises(Invalid, match="no base of logarithms"):
        sampler_for(RandomSamplingAlgorithm(logbase=logbase), SPACES["continuous"])


def test_logbase_changes_the_logarithmic_kinds_only() -> None:
    tens = sampler_for(RandomSamplingAlgorithm(logbase=10), SPACES["continuous"])
    natural = sampler_for(RandomSamplingAlgorithm(logbase="e"), SPACES["continuous"])
    ten, other = tens.next_point(Ask(5, 0)), natural.next_point(Ask(5, 0))
    assert ten is not None
    assert other is not None
    changed = {name for name in ten if ten[name] != other[name]}
    assert {"rate", "scale"} <= changed <= {"rate", "scale", "batch"}


def test_pending_points_push_the_next_one_away() -> None:
    sampler = sampler_for("bayesian", {"x": Uniform(min_value=0, max_value=1)})
    history = [Trial({"x": step / 20}, -abs(step / 20 - 0.5)) for step in range(21)]
    pending: list[Any] = []
    for index in range(8):
        pending.append(sampler.next_point(Ask(1, 21 + index, history, pending)))
    drawn = sorted(point["x"] for point in pending)
    assert min(right - left for left, right in itertools.pairwise(drawn)) > 1e-4


def test_bayesian_follows_the_goal() -> None:
    sampler = sampler_for("bayesian", {"x": Uniform(min_value=0, max_value=1)})
    history = [Trial({"x": step / 20}, step / 20) for step in range(21)]
    up = [sampler.next_point(Ask(seed, 21, history, goal="maximize")) for seed in range(9)]
    down = [sampler.next_point(Ask(seed, 21, history, goal="minimize")) for seed in range(9)]
    assert sum(point["x"] > 0.65 for point in up if point) >= 7
    assert sum(point["x"] < 0.35 for point in down if point) >= 7


def test_cancelled_trials_say_nothing_and_foreign_points_are_left_out() -> None:
    sampler = sampler_for("bayesian", SPACES["continuous"])
    history = run(sampler, 15, seed=1)
    noise = [Trial(history[0].point, None, "Canceled"), Trial({"other": 1}, 5.0)]
    assert sampler.next_point(Ask(1, 15, history)) == sampler.next_point(Ask(1, 15, [*history, *noise]))


def test_a_space_without_parameters_has_one_point() -> None:
    for name in SAMPLERS:
        assert [key(trial.point) for trial in run(sampler_for(name, {}), 5, seed=1)] == ["{}"]


ROUNDED: dict[str, Any] = {"n": QNormal(mu=0, sigma=3, q=1), "kind": Choice(values=["a", "b"])}
MIXED: dict[str, Any] = {
    "model": Choice(values=[{"kind": "net", "rate": Uniform(min_value=0, max_value=1)}, {"kind": "tree"}, "none"]),
    "depth": Choice(values=[1, 2]),
}


@pytest.mark.parametrize("space", [ROUNDED, MIXED], ids=["rounded", "mixed"])
@pytest.mark.parametrize("known", [0, 4, 14])
@pytest.mark.parametrize("seed", range(4))
def test_bayesian_asks_no_point_twice_where_a_space_without_end_repeats_itself(
    space: dict[str, Any], known: int, seed: int
) -> None:
    sampler = BayesianSampler.of(space)
    # Good where it is likeliest to draw again: the middle of the bell, the options without further parameters.
    history: list[Trial] = []
    for _ in range(known):
        point = sampler.next_point(Ask(seed, len(history), history))
        assert point is not None
        history.append(Trial(point, -abs(point["n"]) if "n" in point else float(point["depth"])))
    pending: list[Any] = []
    for _ in range(6):
        pending.append(sampler.next_point(Ask(seed, len(history) + len(pending), history, pending)))
    handed_out = [key(one) for one in [*(trial.point for trial in history), *pending]]
    assert len(set(handed_out)) == len(handed_out)
