"""Early termination: which running trials a sweep should stop. Pure functions of the curves logged so far.

Intervals are counted in logged values of the primary metric: the k-th value is interval k. A policy applies at every
multiple of `evaluation_interval` (0 counts as 1) from `delay_evaluation` on; a trial is judged at the latest such
interval that it reached, against all other trials (running, ended or stopped) that reached it too. A trial is never
stopped without another one to compare with. NaN is worse than every number. Values that equal a limit are kept.

Source: Azure ML's documentation, "Tune hyperparameters: early termination policy". To add a rule: a function and one
row in `POLICIES`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bancada.domain.jobs.sweep import BanditPolicy, MedianStoppingPolicy, TruncationSelectionPolicy

__all__ = ["POLICIES", "Curve", "Verdict", "bandit", "decide", "median_stopping", "truncation_selection"]

Goal = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Curve:
    """The primary metric of one trial, in the order in which it was logged."""

    trial: str
    values: tuple[float, ...]
    is_running: bool


@dataclass(frozen=True)
class Verdict:
    """That a trial shall be stopped, with the numbers that decided."""

    trial: str
    interval: int
    # What the trial had, and what it should have had (at least when maximizing, at most when minimizing).
    value: float
    limit: float
    reason: str


# A rule gets its policy, the judged trial's and the others' values up to the interval, higher being better,
# and returns (the trial's figure, the limit it missed), or None to let the trial run.
Rule = Callable[[Any, Sequence[float], Sequence[Sequence[float]]], tuple[float, float] | None]


def decide(policy: Any, goal: Goal, curves: Sequence[Curve]) -> list[Verdict]:
    """Return the running trials that the policy (an `early_termination` entity) stops now; empty without a policy."""
    if policy is None:
        return []
    rule = POLICIES[policy.type]
    sign = 1.0 if goal == "maximize" else -1.0
    signed = {curve.trial: [_signed(value, sign) for value in curve.values] for curve in curves}
    verdicts: list[Verdict] = []
    for curve in curves:
        interval = _interval(policy, len(curve.values)) if curve.is_running else 0
        others = [values[:interval] for trial, values in signed.items() if trial != curve.trial]
        others = [values for values in others if len(values) == interval]
        if interval == 0 or not others:
            continue
        missed = rule(policy, signed[curve.trial][:interval], others)
        if missed is not None:
            figures = sign * missed[0], sign * missed[1]
            verdicts.append(_verdict(policy, curve.trial, interval, figures, goal))
    return verdicts


def bandit(policy: BanditPolicy, own: Sequence[float], others: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """Miss the limit when the best value lies outside the slack of the best trial's best value.

    Maximizing, with best B: limit B / (1 + slack_factor), or B - slack_amount; minimizing: B * (1 + slack_factor),
    or B + slack_amount. Where the factor's formula would ask for more than B itself (a B below 0), the other of the
    two formulas is used, so that the best trial is never outside of its own slack.
    """
    best, value = max(max(values) for values in [own, *others]), max(own)
    if policy.slack_factor:
        # Higher is better here: minimizing arrives with its sign changed, so that B > 0 means "maximizing".
        limit = best / (1 + policy.slack_factor) if best > 0 else best * (1 + policy.slack_factor)
    else:
        limit = best - policy.slack_amount
    return (value, limit) if value < limit else None


def median_stopping(
    policy: MedianStoppingPolicy, own: Sequence[float], others: Sequence[Sequence[float]]
) -> tuple[float, float] | None:
    """Miss the limit when the best value is below the median of all trials' averages up to the interval."""
    limit = statistics.median(_average(values) for values in [own, *others])
    return (max(own), limit) if max(own) < limit else None


def truncation_selection(
    policy: TruncationSelectionPolicy, own: Sequence[float], others: Sequence[Sequence[float]]
) -> tuple[float, float] | None:
    """Miss the limit when the value at the interval is among the lowest `truncation_percentage` percent.

    The number of lowest trials is rounded down; the limit is the worst value that stays. Ties stay.
    """
    reached = sorted(values[-1] for values in [own, *others])
    dropped = len(reached) * policy.truncation_percentage // 100
    return (own[-1], reached[dropped]) if own[-1] < reached[dropped] else None


POLICIES: dict[str, Rule] = {
    "bandit": bandit,
    "median_stopping": median_stopping,
    "truncation_selection": truncation_selection,
}


def _average(values: Sequence[float]) -> float:
    return -math.inf if -math.inf in values else statistics.fmean(values)


def _interval(policy: Any, reached: int) -> int:
    """Return the latest interval at which the policy applies to a trial with so many values; 0 when there is none."""
    step = policy.evaluation_interval or 1
    interval = reached - reached % step
    return interval if interval >= max(policy.delay_evaluation, 1) else 0


def _signed(value: float, sign: float) -> float:
    return -math.inf if math.isnan(value) else sign * value


def _verdict(policy: Any, trial: str, interval: int, figures: tuple[float, float], goal: Goal) -> Verdict:
    value, limit = figures
    side = "below" if goal == "maximize" else "above"
    reason = f"{policy.type}: at interval {interval} it had {value:.6g}, {side} the limit of {limit:.6g}."
    return Verdict(trial, interval, value, limit, reason)
