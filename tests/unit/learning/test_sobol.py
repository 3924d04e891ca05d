"""Sobol's sequence is the published one."""

from __future__ import annotations

from typing import Any

import pytest
from scipy import stats

from bancada.learning.sobol import MAX_DIMENSIONS, sobol_point


def test_first_points_of_the_literature() -> None:
    # Three dimensions, plain order (Joe and Kuo's notes list the same points in Gray code order).
    expected = [(0, 0, 0), (0.5, 0.5, 0.5), (0.25, 0.75, 0.75), (0.75, 0.25, 0.25), (0.125, 0.625, 0.375)]
    assert [tuple(sobol_point(index, 3)) for index in range(5)] == expected


@pytest.mark.parametrize("seed", [None, 1, 99])
def test_every_dimension_is_even_in_each_power_of_two(seed: int | None) -> None:
    points = [sobol_point(index, MAX_DIMENSIONS, seed) for index in range(64)]
    for axis in range(MAX_DIMENSIONS):
        assert sorted(int(point[axis] * 64) for point in points) == list(range(64))


def test_seeds_shift_the_sequence() -> None:
    assert sobol_point(3, 4, 1) != sobol_point(3, 4, 2) != sobol_point(3, 4)
    assert all(0 <= unit < 1 for unit in sobol_point(2**32 - 1, MAX_DIMENSIONS, 5))


@pytest.mark.parametrize(("index", "count"), [(0, MAX_DIMENSIONS + 1), (-1, 2), (2**32, 2)])
def test_points_that_do_not_exist_are_refused(index: int, count: int) -> None:
    with pytest.raises(ValueError, match="No Sobol point"):
        sobol_point(index, count)


def test_agrees_with_scipy() -> None:
    qmc: Any = stats.qmc
    theirs = qmc.Sobol(MAX_DIMENSIONS, scramble=False, bits=32).random(256).tolist()
    for block in (1, 2, 64, 256):
        ours = sorted(sobol_point(index, MAX_DIMENSIONS) for index in range(block))
        assert ours == sorted(theirs[:block])
