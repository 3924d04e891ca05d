"""What a run gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .columns import Column
from .explain import Explanation
from .guardrails import GuardRail
from .model import Model
from .observer import Row
from .settings import Settings

__all__ = ["Result", "Transformation"]


@dataclass(frozen=True)
class Transformation:
    """What one column became, for the summary of data transformations."""

    column: str
    kind: str
    reason: str
    # Steps that the best model's features of it went through, in words.
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """A finished run."""

    settings: Settings
    model: Model
    # Candidates and ensembles, best first; failed and stopped ones last.
    leaderboard: Sequence[Row]
    best: Row | None
    columns: Sequence[Column]
    guard_rails: Sequence[GuardRail]
    transformations: Sequence[Transformation]
    # Scores on given test data, by metric.
    test_metrics: Mapping[str, float]
    explanation: Explanation | None
    # Charts by Azure's names ("confusion_matrix", "residuals" …), as plain data.
    charts: Mapping[str, Any]
    # A program that trains the best model again, to read and edit.
    code: str
    # Why the search ended, and how long the whole took.
    reason: str
    elapsed_s: float
    # (seconds since the start, best score) whenever it got better.
    learning_curve: Sequence[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    @property
    def ensemble(self) -> Mapping[str, float]:
        """The best model's members with their weights; one alone when it is no ensemble."""
        if self.best is None:
            return {}
        return dict(self.best.members) or {f"{self.best.number} {self.best.name}": 1.0}
