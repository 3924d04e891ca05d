"""Which parameters decided how good a trial was: PED-ANOVA, in plain Python.

For each parameter the distribution of its values among the best tenth of the trials is compared with that among all
of them, by the Pearson divergence D = Σ q (p / q - 1)² over 50 cells (or the options of a choice): a parameter
whose good values are like all its values decided nothing (D = 0). Shares sum to 1; larger is more important.
Densities are kernel estimates with Scott's width on prior quantiles, so that each of Azure's distributions is one
case, with a flat prior of one trial's weight.

Only ended trials with a finite value count. Fewer than `LEAST_TRIALS` give an empty answer, equal values and a
parameter that never varied 0. A parameter of a nested choice is judged among the trials that had it, weighted by
their share.

Source: Watanabe, Bansal, Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary
Subspaces", IJCAI 2023. Compared with Optuna's `PedAnovaImportanceEvaluator` in tests/unit/learning.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bancada.learning.samplers import Trial
from bancada.learning.space import Dimension, Place, Space

__all__ = ["LEAST_TRIALS", "importance"]

# Below this the best tenth is one or two trials, and every answer is chance.
LEAST_TRIALS = 4
_BEST_SHARE = 0.1
_LEAST_BEST = 2
_CELLS = 50
# 90 % of a kernel of this width stay in its own cell: narrower ones would only add rounding errors.
_LEAST_WIDTH = 0.5 / 1.64
_TINY = 1e-12


def importance(
    search_space: Mapping[str, Any], trials: Sequence[Trial], goal: Literal["minimize", "maximize"]
) -> dict[str, float]:
    """Return each parameter's share of the importance, largest first; nested ones by path (`model[1].depth`)."""
    space = Space(search_space)
    sign = -1.0 if goal == "maximize" else 1.0
    losses: list[tuple[float, Place]] = []
    for one in trials:
        place = space.locate(one.point)
        if place is not None and one.value is not None and math.isfinite(one.value):
            losses.append((sign * one.value, place))
    if len(losses) < LEAST_TRIALS:
        return {}
    cutoff = _cutoff([loss for loss, _ in losses])
    best = [place for loss, place in losses if loss <= cutoff]
    shares = {
        dimension.path: _divergence(dimension, index, best, [place for _, place in losses])
        for index, dimension in enumerate(space.dimensions)
    }
    total = sum(shares.values())
    ordered = sorted(shares.items(), key=lambda one: -one[1])
    return {path: share / total if total > 0 else 0.0 for path, share in ordered}


def _cutoff(losses: list[float]) -> float:
    """Return the worst loss of the best tenth; more than a tenth when several trials have it."""
    ordered = sorted(losses)
    return max(ordered[_LEAST_BEST - 1], ordered[math.ceil(_BEST_SHARE * len(ordered)) - 1])


def _divergence(dimension: Dimension, index: int, best: Sequence[Place], every: Sequence[Place]) -> float:
    cells = dimension.options or min(dimension.cells or _CELLS, _CELLS)
    among_best, among_all = _counts(best, index, cells, dimension), _counts(every, index, cells, dimension)
    if cells < 2 or sum(count > 0 for count in among_all) < 2 or not any(among_best):
        return 0.0
    density = _of_options if dimension.options else _of_cells
    tops, alls = density(among_best), density(among_all)
    distance = sum(q * (p / q - 1) ** 2 for p, q in zip(tops, alls, strict=True))
    return distance * sum(among_best) / len(best)


def _counts(places: Sequence[Place], index: int, cells: int, dimension: Dimension) -> list[int]:
    counts = [0] * cells
    for place in places:
        at = place[index]
        if at is not None:
            cell = int(at) if dimension.options else min(int(at * cells), cells - 1)
            counts[cell] += 1
    return counts


def _of_options(counts: Sequence[int]) -> list[float]:
    """Return each option's share, with one trial spread evenly over all."""
    total = sum(counts) + 1
    return [(count + 1 / len(counts)) / total + _TINY for count in counts]


def _of_cells(counts: Sequence[int]) -> list[float]:
    """Return each cell's share: a mixture of normal kernels at the trials' cells, with a flat one of one trial."""
    width = max(_scott(counts), _LEAST_WIDTH)
    cells = range(len(counts))
    density = [1 / len(counts)] * len(counts)
    for centre, count in enumerate(counts):
        if count == 0:
            continue
        kernel = [_normal(cell + 0.5 - centre, width) - _normal(cell - 0.5 - centre, width) for cell in cells]
        inside = sum(kernel)
        density = [one + count * part / inside for one, part in zip(density, kernel, strict=True)]
    return [one / (sum(counts) + 1) + _TINY for one in density]


def _scott(counts: Sequence[int]) -> float:
    """Return Scott's width of a kernel, in cells; the smaller of both measures of spread, against outliers."""
    total = sum(counts)
    mean = sum(cell * count for cell, count in enumerate(counts)) / total
    spread = math.sqrt(sum(count * (cell - mean) ** 2 for cell, count in enumerate(counts)) / max(1, total - 1))
    middle_half = _quantile(counts, total * 3 // 4) - _quantile(counts, total // 4)
    return 1.059 * min(middle_half / 1.34, spread) * total**-0.2


def _quantile(counts: Sequence[int], rank: int) -> int:
    """Return the cell in which the trial of this rank (from 0, ascending) lies."""
    seen = 0
    for cell, count in enumerate(counts):
        seen += count
        if seen > rank:
            return cell
    return max(cell for cell, count in enumerate(counts) if count)


def _normal(distance: float, width: float) -> float:
    return 0.5 * math.erfc(-distance / (width * math.sqrt(2)))
