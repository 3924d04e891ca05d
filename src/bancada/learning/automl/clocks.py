"""What fits cost: estimates from formulas, corrected by what was measured in this run. Knows no tasks."""

from __future__ import annotations

from dataclasses import dataclass, field

from .learners import LEARNERS
from .portfolio import Entry
from .problem import Problem

__all__ = ["Speeds", "rows_of_fold"]

# Weight of the newest measurement.
_NEW = 0.5
# A formula is not believed to be off by more than this; for short fits, whose time is mostly imports, by less.
_BOUNDS, _SHORT_BOUNDS, _SHORT_S = (0.05, 40.0), (0.4, 2.5), 0.3
# A machine on which work takes more than so many times its processor time is not believed in either.
_MOST_BUSY = 20.0


def rows_of_fold(problem: Problem) -> int:
    """Return the number of training rows of the first fold."""
    return len(problem.splits[0].train)


@dataclass
class Speeds:
    """How busy the machine is (seconds by the clock for each of the processor), and how far off each formula."""

    busy: float = 1.0
    _factors: dict[str, float] = field(default_factory=dict[str, float])

    def expected_s(self, entry: Entry, problem: Problem, rows: int) -> float:
        """Return the seconds by the clock that one fit is expected to take now."""
        return self._cost(entry, problem, rows) * self._factors.get(_key(entry), 1.0) * self.busy

    def learn(self, entry: Entry, problem: Problem, rows: int, seconds: float, processor_s: float) -> None:
        """Take a measurement."""
        estimate = self._cost(entry, problem, rows)
        low, high = _SHORT_BOUNDS if processor_s < _SHORT_S else _BOUNDS
        factor = min(high, max(low, processor_s / max(estimate, 1e-6)))
        known = self._factors.get(_key(entry))
        self._factors[_key(entry)] = factor if known is None else (1 - _NEW) * known + _NEW * factor
        busy = min(_MOST_BUSY, max(1.0, seconds / max(processor_s, 0.05)))
        self.busy = (1 - _NEW) * self.busy + _NEW * busy

    def _cost(self, entry: Entry, problem: Problem, rows: int) -> float:
        parameters = {**entry.parameters, "recipe": entry.prepared}
        return LEARNERS[entry.algorithm].cost(rows, max(1, problem.columns), problem.classes, parameters)


def _key(entry: Entry) -> str:
    return f"{entry.algorithm}/{entry.prepared}"
