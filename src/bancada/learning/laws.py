"""The distributions of numeric parameters, with Azure's rounding, as maps between (0, 1) and values.

Azure's meaning (and ours): `uniform` min + (max - min) u; `normal` mu + sigma z; `loguniform` and `lognormal`
exp of those (min, max, mu and sigma are logarithms; another base can be set for random sampling); the `q…` kinds
round(x / q) * q in Python's arithmetic, so that an integer q gives integers, halves go to the even neighbour and the
outermost cells may reach past min and max by half a q; `randint` an integer in [0, upper).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol

from bancada.domain.jobs.search_space import (
    LogNormal,
    LogUniform,
    Normal,
    QLogNormal,
    QLogUniform,
    QNormal,
    QUniform,
    Uniform,
)

__all__ = ["Curve", "Integers", "Law", "law_of"]

_STANDARD = NormalDist()
# The open interval (0, 1) in floats: a normal's quantile is infinite at its ends.
_LOWEST, _HIGHEST = 2.0**-53, 1.0 - 2.0**-53


class Law(Protocol):
    """How a number in (0, 1) becomes a value, and back."""

    @property
    def count(self) -> int | None:
        """How many values there are; None when they cannot be counted."""
        ...

    def value(self, unit: float) -> float | int:
        """Return the value whose share of the distribution below it is `unit`, rounded as the kind asks."""
        ...

    def unit(self, value: Any) -> float | None:
        """Return the middle of the numbers in (0, 1) that give this value; None for what is no value here."""
        ...

    def rank(self, unit: float) -> int:
        """Return which value (from 0, ascending) a number gives. Only with a count."""
        ...

    def at(self, rank: int) -> float:
        """Return a number that gives the value of this rank. Only with a count."""
        ...


@dataclass(frozen=True)
class Integers:
    """`randint`: 0 … upper - 1, equally likely."""

    upper: int

    @property
    def count(self) -> int:
        """The number of integers."""
        return self.upper

    def value(self, unit: float) -> int:
        """Return the integer at a number in [0, 1)."""
        return min(int(unit * self.upper), self.upper - 1)

    def unit(self, value: Any) -> float | None:
        """Return the middle of the integer's cell."""
        if not _is_number(value) or value != int(value) or not 0 <= value < self.upper:
            return None
        return (int(value) + 0.5) / self.upper

    def rank(self, unit: float) -> int:
        """Return the integer itself."""
        return self.value(unit)

    def at(self, rank: int) -> float:
        """Return the middle of the integer's cell."""
        return (rank + 0.5) / self.upper


@dataclass(frozen=True)
class Curve:
    """A continuous distribution, perhaps exponentiated (`base`), perhaps rounded to multiples of `q`."""

    # Uniform: its bounds. Normal: mean and standard deviation.
    first: float
    second: float
    is_normal: bool
    base: float | None = None
    q: float | int | None = None

    @property
    def count(self) -> int | None:
        """The number of cells of a bounded, rounded kind; 1 when both bounds are equal."""
        if self.is_normal:
            return None
        if self.q is None:
            return 1 if self.first == self.second else None
        return self._cell(self.second) - self._cell(self.first) + 1

    def value(self, unit: float) -> float | int:
        """Return the quantile, exponentiated and rounded as the kind asks."""
        raised = self._raise(self._quantile(unit))
        return raised if self.q is None else round(raised / self.q) * self.q

    def unit(self, value: Any) -> float | None:
        """Return the value's share of the distribution (rounded kinds: the middle of its cell)."""
        if not _is_number(value) or not math.isfinite(value):
            return None
        if self.q is None:
            return self._share_of(value)
        cell = round(value / self.q)
        if not math.isclose(cell * self.q, value, rel_tol=1e-9, abs_tol=1e-12):
            return None
        return self._middle(cell)

    def rank(self, unit: float) -> int:
        """Return the cell's place among the cells."""
        if self.q is None:
            return 0
        return self._cell(self._quantile(unit)) - self._cell(self.first)

    def at(self, rank: int) -> float:
        """Return the middle of the cell of this rank."""
        middle = None if self.q is None else self._middle(self._cell(self.first) + rank)
        return 0.5 if middle is None else middle

    def _quantile(self, unit: float) -> float:
        inside = min(max(unit, _LOWEST), _HIGHEST)
        if self.is_normal:
            return self.first + self.second * _STANDARD.inv_cdf(inside)
        # Both ends stay reachable in exact arithmetic, and rounding never leaves the bounds.
        return min(max(self.first + (self.second - self.first) * unit, self.first), self.second)

    def _share(self, position: float) -> float:
        if self.is_normal:
            # erfc keeps its digits in the lower tail, where NormalDist.cdf loses them.
            share = 0.5 * math.erfc((self.first - position) / (self.second * math.sqrt(2)))
            return min(max(share, _LOWEST), _HIGHEST)
        if self.first == self.second:
            return 0.5
        return min(max((position - self.first) / (self.second - self.first), 0.0), 1.0)

    def _share_of(self, value: float) -> float | None:
        position = self._lower(value)
        if position is None:
            return None
        slack = 1e-9 * max(1.0, abs(self.first), abs(self.second))
        if not self.is_normal and not self.first - slack <= position <= self.second + slack:
            return None
        return self._share(position)

    def _middle(self, cell: int) -> float | None:
        """Return the middle of a cell in (0, 1), cut at the bounds; None when it lies outside of them."""
        if not self.is_normal and not self._cell(self.first) <= cell <= self._cell(self.second):
            return None
        low, high = (self._lower((cell + side) * (self.q or 1)) for side in (-0.5, 0.5))
        if high is None:
            return None
        return ((0.0 if low is None else self._share(low)) + self._share(high)) / 2

    def _cell(self, position: float) -> int:
        return round(self._raise(position) / (self.q or 1))

    def _raise(self, position: float) -> float:
        if self.base is None:
            return position
        return math.exp(position) if self.base == math.e else self.base**position

    def _lower(self, value: float) -> float | None:
        """Return the logarithm where the kind has one; None for values that have none."""
        if self.base is None:
            return value
        if value <= 0:
            return None
        return math.log(value) if self.base == math.e else math.log(value, self.base)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# Which kinds take the logarithm's road, and which round: the table that `law_of` reads.
_UNIFORM: dict[type, tuple[bool, bool]] = {
    Uniform: (False, False),
    LogUniform: (True, False),
    QUniform: (False, True),
    QLogUniform: (True, True),
}
_NORMAL: dict[type, tuple[bool, bool]] = {
    Normal: (False, False),
    LogNormal: (True, False),
    QNormal: (False, True),
    QLogNormal: (True, True),
}


def law_of(entity: Any, base: float = math.e) -> Curve:
    """Return the law of a continuous distribution; `base` replaces e in its logarithmic kinds.

    Raises TypeError for what is no distribution.
    """
    for kind, (is_log, is_rounded) in _UNIFORM.items():
        if type(entity) is kind:
            q = entity.q if is_rounded else None
            return Curve(entity.min_value, entity.max_value, False, base if is_log else None, q)
    for kind, (is_log, is_rounded) in _NORMAL.items():
        if type(entity) is kind:
            q = entity.q if is_rounded else None
            return Curve(entity.mu, entity.sigma, True, base if is_log else None, q)
    raise TypeError(f"{type(entity).__name__} is not a distribution.")
