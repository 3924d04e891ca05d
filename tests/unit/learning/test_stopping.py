"""Stopping rules against hand-made curves and an independent spelling of each formula."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.domain.jobs.sweep import BanditPolicy, MedianStoppingPolicy, TruncationSelectionPolicy
from bancada.learning.stopping import Curve, decide


def curves(*values: tuple[float, ...], running: int | None = None) -> list[Curve]:
    """Return curves named t0, t1 …, the first `running` of them (all when None) still running."""
    return [Curve(f"t{rank}", one, running is None or rank < running) for rank, one in enumerate(values)]


def stopped(policy: Any, goal: Any, given_curves: list[Curve]) -> list[str]:
    return [verdict.trial for verdict in decide(policy, goal, given_curves)]


def test_bandit_factor_example_of_the_documentation() -> None:
    # Best 0.8 and slack_factor 0.2, maximizing: below 0.8 / 1.2 = 0.666… is stopped.
    policy = BanditPolicy(slack_factor=0.2)
    assert stopped(policy, "maximize", curves((0.8,), (0.67,), (0.66,))) == ["t2"]


def test_bandit_amount_example_of_the_documentation() -> None:
    policy = BanditPolicy(slack_amount=0.2)
    assert stopped(policy, "maximize", curves((0.8,), (0.61,), (0.59,))) == ["t2"]


def test_bandit_minimizing_multiplies() -> None:
    assert stopped(BanditPolicy(slack_factor=0.5), "minimize", curves((2.0,), (2.9,), (3.1,))) == ["t2"]
    assert stopped(BanditPolicy(slack_amount=0.5), "minimize", curves((2.0,), (2.4,), (2.6,))) == ["t2"]


@given(
    st.lists(st.floats(-100, 100), min_size=2, max_size=8),
    st.floats(0.01, 3),
    st.sampled_from(["maximize", "minimize"]),
)
def test_bandit_never_stops_the_best(values: list[float], slack: float, goal: Any) -> None:
    best = max(values) if goal == "maximize" else min(values)
    given_curves = curves(*((value,) for value in values))
    for policy in (BanditPolicy(slack_factor=slack), BanditPolicy(slack_amount=slack)):
        names = stopped(policy, goal, given_curves)
        assert not any(curve.values[0] == best for curve in given_curves if curve.trial in names)


def test_bandit_compares_best_so_far_at_the_same_interval() -> None:
    # t1 is at interval 2: the later 0.9 of t0 does not count against it; its own early best does.
    policy = BanditPolicy(slack_amount=0.1)
    assert stopped(policy, "maximize", curves((0.5, 0.5, 0.9), (0.45, 0.1))) == []


def test_median_example() -> None:
    # Averages up to interval 2: 0.5, 0.6, 0.2; median 0.5; t2's best 0.3 is below it.
    policy = MedianStoppingPolicy(evaluation_interval=2)
    verdicts = decide(policy, "maximize", curves((0.4, 0.6), (0.6, 0.6), (0.1, 0.3)))
    assert [(one.trial, one.interval, one.value, one.limit) for one in verdicts] == [("t2", 2, 0.3, 0.5)]
    assert verdicts[0].reason == "median_stopping: at interval 2 it had 0.3, below the limit of 0.5."


@given(st.lists(st.lists(st.floats(-10, 10), min_size=3, max_size=3), min_size=2, max_size=7))
def test_median_agrees_with_an_independent_spelling(values: list[list[float]]) -> None:
    averages = sorted(math.fsum(one) / 3 for one in values)
    middle = len(averages) // 2
    median = averages[middle] if len(averages) % 2 else (averages[middle - 1] + averages[middle]) / 2
    expected = [f"t{rank}" for rank, one in enumerate(values) if min(one) > median]
    names = stopped(MedianStoppingPolicy(), "minimize", curves(*(tuple(one) for one in values)))
    near = {f"t{rank}" for rank, one in enumerate(values) if math.isclose(min(one), median, abs_tol=1e-9)}
    assert set(names) - near == set(expected) - near


def test_truncation_stops_the_lowest_share_rounded_down() -> None:
    ten = curves(*((float(value),) for value in range(10)))
    assert stopped(TruncationSelectionPolicy(truncation_percentage=20), "maximize", ten) == ["t0", "t1"]
    assert stopped(TruncationSelectionPolicy(truncation_percentage=25), "minimize", ten) == ["t8", "t9"]
    assert stopped(TruncationSelectionPolicy(truncation_percentage=20), "maximize", ten[:4]) == []


def test_truncation_uses_the_value_at_the_interval_and_keeps_ties() -> None:
    policy = TruncationSelectionPolicy(truncation_percentage=50, evaluation_interval=2)
    assert stopped(policy, "maximize", curves((0.9, 0.1), (0.0, 0.5))) == ["t0"]
    assert stopped(policy, "maximize", curves((0.9, 0.3), (0.0, 0.3))) == []


@pytest.mark.parametrize(
    ("interval", "delay", "length", "applies_at"),
    [(0, 0, 3, 3), (1, 5, 4, None), (1, 5, 5, 5), (2, 0, 5, 4), (2, 5, 5, None), (2, 5, 6, 6), (3, 0, 2, None)],
)
def test_intervals_and_delay(interval: int, delay: int, length: int, applies_at: int | None) -> None:
    policy = BanditPolicy(slack_amount=0.1, evaluation_interval=interval, delay_evaluation=delay)
    verdicts = decide(policy, "maximize", curves((0.0,) * length, (1.0,) * length))
    assert [one.interval for one in verdicts] == ([] if applies_at is None else [applies_at])


def test_only_running_trials_are_stopped_and_never_alone() -> None:
    policy = BanditPolicy(slack_amount=0.1)
    assert stopped(policy, "maximize", curves((1.0,), (0.0,), running=1)) == []
    assert stopped(policy, "maximize", curves((0.0,), (1.0,), running=1)) == ["t0"]
    assert stopped(policy, "maximize", curves((0.0,))) == []
    # The other one has not come as far.
    assert stopped(policy, "maximize", curves((0.0, 0.0), (1.0,))) == []


def test_nan_is_worse_than_every_number() -> None:
    for policy in (
        BanditPolicy(slack_amount=5),
        MedianStoppingPolicy(),
        TruncationSelectionPolicy(truncation_percentage=34),
    ):
        for goal in ("maximize", "minimize"):
            assert stopped(policy, goal, curves((1.0,), (math.nan,), (2.0,)))[:1] == ["t1"]


def test_no_policy_stops_nobody() -> None:
    assert decide(None, "maximize", curves((0.0,), (1.0,))) == []
