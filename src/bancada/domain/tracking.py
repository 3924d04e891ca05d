"""The small values of tracking that jobs, engine and the MLflow face share: metrics, params, tags.

Not the run: a job's row is the run; its status in MLflow's words comes from `lifecycle.to_mlflow`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Metric", "Param", "Tag", "better"]


class Metric(NamedTuple):
    """One point of a metric. timestamp in ms since the epoch, as in MLflow; value may be NaN or infinite.

    A tuple: a request may have a thousand, and a frozen dataclass takes three times as long to make.
    """

    key: str
    value: float
    timestamp: int = 0
    step: int = 0


@dataclass(frozen=True)
class Param:
    """A parameter of a run; it never changes once logged."""

    key: str
    value: str


@dataclass(frozen=True)
class Tag:
    """A tag of a run, model or experiment; the last value wins."""

    key: str
    value: str


def better(goal: str, one: float, other: float) -> bool:
    """Tell whether `one` is strictly better than `other` for the goal; NaN is worse than anything."""
    if math.isnan(one):
        return False
    if math.isnan(other):
        return True
    return one > other if goal == "maximize" else one < other
