"""How much one column says about another: correlation, correlation ratio, Cramér's V. Not for reading the columns.

Standard library only; the tests compare each measure with numpy's.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["category_shares", "correlation", "correlation_ratio", "cramers_v", "group_means"]

MOST_GROUPS = 20  # a page shows no more; they are the largest


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Return Pearson's r of pairs, -1 to 1: sum((x-mx)(y-my)) / sqrt(sum((x-mx)²) sum((y-my)²)).

    None with fewer than two pairs, or when one side is constant: nothing can be said then.
    """
    # Compared, not summed: the mean of equal numbers may be off in its last digit.
    if len(xs) < 2 or min(xs) == max(xs) or min(ys) == max(ys):
        return None
    mean_x, mean_y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    dx, dy = [x - mean_x for x in xs], [y - mean_y for y in ys]
    spread = math.sqrt(math.fsum(d * d for d in dx)) * math.sqrt(math.fsum(d * d for d in dy))
    if not spread:
        return None
    return max(-1.0, min(1.0, math.fsum(a * b for a, b in zip(dx, dy, strict=True)) / spread))


def correlation_ratio(groups: Sequence[str], values: Sequence[float]) -> float | None:
    """Return η, 0 to 1: the root of the share of the values' variance that lies between the groups.

    0: all groups have the same mean; 1: the group says the value. None with fewer than two values, or constant ones.
    """
    if len(values) < 2 or min(values) == max(values):
        return None
    mean = math.fsum(values) / len(values)
    total = math.fsum((value - mean) ** 2 for value in values)
    if not total:
        return None
    between = math.fsum(len(one) * (math.fsum(one) / len(one) - mean) ** 2 for one in _grouped(groups, values).values())
    return math.sqrt(min(1.0, between / total))


def cramers_v(xs: Sequence[str], ys: Sequence[str]) -> float | None:
    """Return Cramér's V of two categories, 0 (independent) to 1: sqrt(chi² / (n · min(rows-1, columns-1))).

    Without correction for bias, which makes it too high for many categories over few rows. None when one side has
    fewer than two categories.
    """
    rows, columns, cells = Counter(xs), Counter(ys), Counter(zip(xs, ys, strict=True))
    smaller = min(len(rows), len(columns)) - 1
    if smaller < 1:
        return None
    count = len(xs)
    # chi² = n (sum o² / (row · column) - 1): empty cells need not be looked at.
    inner = math.fsum(seen * seen / (rows[x] * columns[y]) for (x, y), seen in cells.items())
    return math.sqrt(min(1.0, max(0.0, inner - 1.0) * count / (count * smaller)))


def group_means(groups: Sequence[str], values: Sequence[float]) -> list[dict[str, Any]]:
    """Return value, count and mean of the largest groups, largest first."""
    found = sorted(_grouped(groups, values).items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"value": name, "count": len(one), "mean": math.fsum(one) / len(one)} for name, one in found[:MOST_GROUPS]]


def category_shares(groups: Sequence[str], classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return value, count and the share of each class in the largest groups, largest first."""
    counts = Counter(groups)
    common = [name for name, _ in Counter(classes).most_common(MOST_GROUPS)]
    cells = Counter(zip(groups, classes, strict=True))
    largest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_GROUPS]
    return [
        {"value": name, "count": count, "shares": {one: cells[name, one] / count for one in common}}
        for name, count in largest
    ]


def _grouped(groups: Sequence[str], values: Sequence[float]) -> Mapping[str, list[float]]:
    found: defaultdict[str, list[float]] = defaultdict(list)
    for group, value in zip(groups, values, strict=True):
        found[group].append(value)
    return found
