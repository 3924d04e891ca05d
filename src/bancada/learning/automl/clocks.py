"""What fits cost: estimates from formulas, corrected by what was measured in this run. Knows no tasks."""

from __future__ import annotations

from dataclasses import dataclass, field

from .learners import LEARNERS
from .portfolio import Entry
from .problem import Problem

__all__ = ["Speeds", "rows_of_fold"]

# Weight of the newest measurement of a family.
_NEW = 0.5
# A formula is not believed to be off by more than this.
_BOUNDS = (0.05, 40.0)


def rows_of_fold(problem: Problem) -> int:
    """Return the number of training rows of the first fold."""
    return len(problem.splits[0].train)


@dataclass
class Speeds:
    """The ratio of measured to estimated seconds, by family; for a family not seen yet, that of all others."""

    _ratios: dict[str, float] = field(default_factory=dict[str, float])

    def expected_s(self, entry: Entry, problem: Problem, rows: int) -> float:
        """Return the seconds that one fit is expected to take here."""
        parameters = {**entry.parameters, "recipe": entry.prepared}
        cost = LEARNERS[entry.algorithm].cost(rows, max(1, problem.columns), problem.classes, parameters)
        return cost * self._ratio(self._key(entry))

    def learn(self, entry: Entry, problem: Problem, rows: int, seconds: float) -> None:
        """Take a measurement."""
        key = self._key(entry)
        estimate = self.expected_s(entry, problem, rows) / self._ratio(key)
        ratio = min(_BOUNDS[1], max(_BOUNDS[0], seconds / max(estimate, 1e-6)))
        self._ratios[key] = ratio if key not in self._ratios else (1 - _NEW) * self._ratios[key] + _NEW * ratio

    def _ratio(self, key: str) -> float:
        if key in self._ratios:
            return self._ratios[key]
        seen = sorted(self._ratios.values())
        return seen[len(seen) // 2] if seen else 1.0

    def _key(self, entry: Entry) -> str:
        return f"{entry.algorithm}/{entry.prepared}"
