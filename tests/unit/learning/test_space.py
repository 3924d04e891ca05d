"""Distributions have Azure's meaning and rounding; places and points are two names of one thing."""

from __future__ import annotations

import math
import random
import statistics
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bancada.domain.jobs.search_space import (
    Choice,
    LogNormal,
    LogUniform,
    Normal,
    QLogNormal,
    QLogUniform,
    QNormal,
    QUniform,
    Randint,
    Uniform,
)
from bancada.learning.laws import law_of
from bancada.learning.space import Space

UNITS = st.floats(min_value=0.0, max_value=1.0, exclude_max=True)
BOUNDS = st.tuples(st.floats(-50, 50), st.floats(0.01, 50)).map(lambda pair: (pair[0], pair[0] + pair[1]))
STEPS = st.one_of(st.integers(1, 20), st.floats(0.05, 10))


@given(UNITS, BOUNDS)
def test_uniform_stays_inside_its_bounds(unit: float, bounds: tuple[float, float]) -> None:
    value = law_of(Uniform(min_value=bounds[0], max_value=bounds[1])).value(unit)
    assert bounds[0] <= value <= bounds[1]


@given(UNITS, BOUNDS, STEPS)
def test_quniform_is_round_of_the_quotient_times_q(unit: float, bounds: tuple[float, float], q: float) -> None:
    plain = law_of(Uniform(min_value=bounds[0], max_value=bounds[1])).value(unit)
    rounded = law_of(QUniform(min_value=bounds[0], max_value=bounds[1], q=q)).value(unit)
    assert rounded == round(plain / q) * q
    assert type(rounded) is (int if isinstance(q, int) else float)


@given(UNITS, st.floats(-10, 2), st.floats(0.01, 8), STEPS)
def test_qloguniform_rounds_the_exponential(unit: float, low: float, width: float, q: float) -> None:
    plain = law_of(LogUniform(min_value=low, max_value=low + width)).value(unit)
    assert math.exp(low) <= plain * (1 + 1e-12)
    assert plain <= math.exp(low + width) * (1 + 1e-12)
    assert law_of(QLogUniform(min_value=low, max_value=low + width, q=q)).value(unit) == round(plain / q) * q


@given(UNITS, st.floats(-5, 5), st.floats(0.01, 3), STEPS)
def test_normal_kinds_share_one_quantile(unit: float, mu: float, sigma: float, q: float) -> None:
    plain = law_of(Normal(mu=mu, sigma=sigma)).value(unit)
    assert math.isfinite(plain)
    assert law_of(QNormal(mu=mu, sigma=sigma, q=q)).value(unit) == round(plain / q) * q
    raised = law_of(LogNormal(mu=mu, sigma=sigma)).value(unit)
    assert raised == math.exp(plain)
    assert law_of(QLogNormal(mu=mu, sigma=sigma, q=q)).value(unit) == round(raised / q) * q


@given(UNITS, st.integers(1, 1000))
def test_randint_is_below_upper(unit: float, upper: int) -> None:
    value = Space({"n": Randint(upper=upper)}).point([unit])["n"]
    assert isinstance(value, int)
    assert 0 <= value < upper


LAWS: list[Any] = [
    Uniform(min_value=-2, max_value=3),
    QUniform(min_value=0, max_value=11, q=3),
    QUniform(min_value=0.5, max_value=2.5, q=1),
    LogUniform(min_value=-7, max_value=1),
    QLogUniform(min_value=0, max_value=4, q=5),
    Normal(mu=1, sigma=2),
    QNormal(mu=1, sigma=2, q=0.5),
    LogNormal(mu=0, sigma=1),
    QLogNormal(mu=1, sigma=1, q=2),
    Randint(upper=7),
]


@pytest.mark.parametrize("entity", LAWS, ids=lambda entity: entity.type)
@given(unit=UNITS)
def test_located_values_come_back(entity: Any, unit: float) -> None:
    space = Space({"x": entity})
    point = space.point([unit])
    place = space.locate(point)
    assert place is not None
    assert space.point(place)["x"] == pytest.approx(point["x"], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("entity", [one for one in LAWS if Space({"x": one}).size], ids=lambda entity: entity.type)
def test_counted_laws_enumerate_every_value_that_draws_give(entity: Any) -> None:
    space = Space({"x": entity})
    source = random.Random(5)
    drawn = {space.point([source.random()])["x"] for _ in range(3000)} | {
        space.point([unit])["x"] for unit in (0.0, 1.0)
    }
    listed = [space.point(space.at(rank))["x"] for rank in range(space.size or 0)]
    assert listed == sorted(set(listed))
    assert drawn <= set(listed)
    assert [space.number(space.at(rank)) for rank in range(len(listed))] == list(range(len(listed)))


# Each law, the scipy distribution that it must be (before rounding), and its q.
PEERS: list[tuple[Any, Any, float | int | None]] = [
    (Uniform(min_value=-2, max_value=4), stats.uniform(-2, 6), None),
    (LogUniform(min_value=-3, max_value=2), stats.loguniform(math.exp(-3), math.exp(2)), None),
    (Normal(mu=3, sigma=2), stats.norm(3, 2), None),
    (LogNormal(mu=0.5, sigma=0.7), stats.lognorm(0.7, scale=math.exp(0.5)), None),
    (QUniform(min_value=0, max_value=11, q=3), stats.uniform(0, 11), 3),
    (QUniform(min_value=0.5, max_value=2.5, q=0.25), stats.uniform(0.5, 2), 0.25),
    (QLogUniform(min_value=0, max_value=4, q=5), stats.loguniform(1, math.exp(4)), 5),
    (QNormal(mu=1, sigma=2, q=0.5), stats.norm(1, 2), 0.5),
    (QLogNormal(mu=1, sigma=1, q=2), stats.lognorm(1, scale=math.e), 2),
]
EVENLY = [(step + 0.5) / 20000 for step in range(20000)]


def name_of(value: Any) -> str:
    return str(getattr(value, "type", ""))


@pytest.mark.parametrize(("entity", "peer", "q"), [one for one in PEERS if one[2] is None], ids=name_of)
def test_continuous_laws_agree_with_scipy(entity: Any, peer: Any, q: None) -> None:
    law = law_of(entity)
    for unit in (1e-9, 0.001, 0.2, 0.5, 0.77, 0.999, 1 - 1e-9):
        assert law.value(unit) == pytest.approx(float(peer.ppf(unit)), rel=1e-8)
        assert law.unit(law.value(unit)) == pytest.approx(unit, rel=1e-6)
    low, high = (float(bound) for bound in peer.support())
    if math.isfinite(high):
        assert (law.value(0.0), law.value(1.0)) == pytest.approx((low, high))
    values = [law.value(unit) for unit in EVENLY]
    assert statistics.fmean(values) == pytest.approx(float(peer.mean()), rel=2e-3)
    assert statistics.pstdev(values) == pytest.approx(float(peer.std()), rel=1e-2)


@pytest.mark.parametrize(("entity", "peer", "q"), [one for one in PEERS if one[2] is not None], ids=name_of)
def test_rounded_laws_give_each_multiple_of_q_the_share_that_scipy_gives_its_cell(
    entity: Any, peer: Any, q: float
) -> None:
    law = law_of(entity)
    values = [law.value(unit) for unit in EVENLY]
    shares = {value: count / len(values) for value, count in Counter(values).items()}
    for value, share in shares.items():
        assert math.isclose(round(value / q) * q, value, abs_tol=1e-9)
        expected = float(peer.cdf(value + q / 2) - peer.cdf(value - q / 2))
        assert share == pytest.approx(expected, abs=2e-4)
        assert law.unit(value) is not None
    low, high = (float(bound) for bound in peer.support())
    assert low - q / 2 <= min(values) <= max(values) <= high + q / 2
    first, last = (round(float(peer.ppf(unit)) / q) for unit in (0.001, 0.999))
    seen = {round(value / q) for value in values}
    for cell in range(first, last + 1):
        expected = float(peer.cdf((cell + 0.5) * q) - peer.cdf((cell - 0.5) * q))
        assert cell in seen or expected < 2e-4, "no cell is missing"


def test_randint_agrees_with_scipy() -> None:
    space, peer = Space({"n": Randint(upper=7)}), stats.randint(0, 7)
    values = [space.point([unit])["n"] for unit in EVENLY]
    for value in range(7):
        assert values.count(value) / len(values) == pytest.approx(float(peer.pmf(value)), abs=1e-4)
    assert statistics.fmean(values) == pytest.approx(float(peer.mean()), rel=1e-3)
    assert statistics.pstdev(values) == pytest.approx(float(peer.std()), rel=1e-3)


def test_half_way_values_go_to_the_even_neighbour_and_cells_reach_past_the_bounds() -> None:
    assert law_of(QUniform(min_value=0, max_value=5, q=1)).value(0.5) == 2
    assert law_of(QUniform(min_value=0, max_value=11, q=3)).value(0.999) == 12


NESTED = {
    "model": Choice(
        values=[
            {"kind": "net", "rate": LogUniform(min_value=-5, max_value=0), "layers": Choice(values=[1, {"deep": 9}])},
            {"kind": "tree"},
            7,
        ]
    ),
    "size": Randint(upper=4),
}


@given(st.lists(UNITS, min_size=4, max_size=4))
def test_nested_points_come_back_from_their_places(units: list[float]) -> None:
    space = Space(NESTED)
    place = space.place(units)
    point = space.point(place)
    located = space.locate(point)
    assert located is not None
    assert [at is None for at in located] == [at is None for at in place]
    assert (point["model"] == 7 or point["model"] == {"kind": "tree"}) == (place[1] is None)


def test_points_outside_of_the_space_have_no_place() -> None:
    space = Space({"x": Uniform(min_value=0, max_value=1), "c": Choice(values=["a", 1])})
    assert space.locate({"x": 0.5, "c": "a"}) is not None
    for outside in (
        {"x": 1.5, "c": "a"},
        {"x": 0.5, "c": "b"},
        {"x": 0.5},
        {"x": "0.5", "c": "a"},
        {"x": 0.5, "c": True},
    ):
        assert space.locate(outside) is None
    assert Space({"x": LogUniform(min_value=0, max_value=1)}).locate({"x": -1.0}) is None
    assert Space({"x": QUniform(min_value=0, max_value=9, q=3)}).locate({"x": 4}) is None


@given(st.sets(st.integers(0, 59)), st.data())
def test_the_nth_unvisited_rank_is_the_nth_of_the_rest(visited: set[int], data: st.DataObject) -> None:
    space = Space({"a": Randint(upper=60)})
    rest = [rank for rank in range(60) if rank not in visited]
    if rest:
        nth = data.draw(st.integers(0, len(rest) - 1))
        assert space.nth_unvisited(sorted(visited), nth) == rest[nth]
