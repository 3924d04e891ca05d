"""Who is told how a run goes, and what is told. The platform writes child runs from it, a terminal lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from .columns import Column
from .guardrails import GuardRail

__all__ = ["Observer", "Progress", "Row", "RowState", "Silent"]

# completed: scored on all folds. stopped: given up, it was hopeless or time was over. failed: `error` says why.
RowState = Literal["completed", "stopped", "failed"]


@dataclass(frozen=True)
class Row:
    """One row of the leaderboard: a candidate, or an ensemble of candidates."""

    # Number in order of proposal, from 0; ensembles follow the candidates.
    number: int
    # What a person reads: recipe and algorithm, as on Azure.
    name: str
    algorithm: str
    state: RowState
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    # The primary metric, mean over folds; None unless something was scored.
    score: float | None = None
    # Standard error of that mean over folds; None with fewer than two folds.
    error_of_score: float | None = None
    # All metrics of the task, mean over folds.
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    folds: int = 0
    # Seconds over all folds, by the clock.
    fit_s: float = 0.0
    # Seconds that predicting 1,000 rows took.
    predict_s: float = 0.0
    size_bytes: int = 0
    # Members with their weights, for ensembles.
    members: Mapping[str, float] = field(default_factory=dict[str, float])
    error: str | None = None


@dataclass(frozen=True)
class Progress:
    """Where a run stands."""

    elapsed_s: float
    budget_s: float
    finished: int
    running: int
    best: Row | None


class Observer(Protocol):
    """Is told what happens, in the thread that called `fit`. What it raises ends the run."""

    def on_data_checked(self, columns: Sequence[Column], rails: Sequence[GuardRail]) -> None:
        """Take types and guard rails: before the first model."""
        ...

    def on_candidate(self, row: Row) -> None:
        """Take a candidate that has ended, however it did."""
        ...

    def on_charts(self, row: Row, charts: Callable[[], Mapping[str, Any]]) -> None:
        """Take what makes the charts of a completed candidate or ensemble, by Azure's names.

        It costs milliseconds to tenths of a second, may be called in any thread, and is worth nothing after the run.
        """
        ...

    def on_best(self, row: Row) -> None:
        """Take a new best; `load_best(folder)` gives its model from now on."""
        ...

    def on_progress(self, progress: Progress) -> None:
        """Take where the run stands: about every second."""
        ...


class Silent:
    """An observer that does nothing: a base for those that want some of the calls."""

    def on_data_checked(self, columns: Sequence[Column], rails: Sequence[GuardRail]) -> None:
        """Do nothing."""

    def on_candidate(self, row: Row) -> None:
        """Do nothing."""

    def on_charts(self, row: Row, charts: Callable[[], Mapping[str, Any]]) -> None:
        """Do nothing."""

    def on_best(self, row: Row) -> None:
        """Do nothing."""

    def on_progress(self, progress: Progress) -> None:
        """Do nothing."""
