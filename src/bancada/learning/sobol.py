"""Sobol's low-discrepancy sequence, shifted digitally by a seed. Not for choosing points of a search space.

Source: I. Sobol (1967); direction numbers of S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better
two-dimensional projections", SIAM J. Sci. Comput. 30 (2008), file new-joe-kuo-6. Without the shift the numbers are
those of `scipy.stats.qmc.Sobol(scramble=False)` in another order within each power of two (ours is the plain, not
the Gray code order); the test compares both.
"""

from __future__ import annotations

import random
from functools import cache

__all__ = ["MAX_DIMENSIONS", "sobol_point"]

# 32 bits: four thousand million points before the sequence ends, and all of them exact as floats.
_BITS = 32

# (degree, inner coefficients of the primitive polynomial as bits, initial direction numbers) of dimension 2, 3, …
_JOE_KUO: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (1, 0, (1,)),
    (2, 1, (1, 3)),
    (3, 1, (1, 3, 1)),
    (3, 2, (1, 1, 1)),
    (4, 1, (1, 1, 3, 3)),
    (4, 4, (1, 3, 5, 13)),
    (5, 2, (1, 1, 5, 5, 17)),
    (5, 4, (1, 1, 5, 5, 5)),
    (5, 7, (1, 1, 7, 11, 19)),
    (5, 11, (1, 1, 5, 1, 1)),
    (5, 13, (1, 1, 1, 3, 11)),
    (5, 14, (1, 3, 5, 5, 31)),
    (6, 1, (1, 3, 3, 9, 7, 49)),
    (6, 13, (1, 1, 1, 15, 21, 21)),
    (6, 16, (1, 3, 1, 13, 27, 49)),
    (6, 19, (1, 1, 1, 15, 7, 5)),
    (6, 22, (1, 3, 1, 15, 13, 25)),
    (6, 25, (1, 1, 5, 5, 19, 61)),
    (7, 1, (1, 3, 7, 11, 23, 15, 103)),
    (7, 4, (1, 3, 7, 13, 13, 15, 69)),
)

MAX_DIMENSIONS = len(_JOE_KUO) + 1


@cache
def _directions(dimension: int) -> tuple[int, ...]:
    """Return the direction numbers v_1 … v_32 of a dimension (from 0), each as a 32 bit fraction."""
    if dimension == 0:
        return tuple(1 << (_BITS - 1 - bit) for bit in range(_BITS))
    degree, inner, initial = _JOE_KUO[dimension - 1]
    numbers = [initial[bit] << (_BITS - 1 - bit) for bit in range(degree)]
    for bit in range(degree, _BITS):
        value = numbers[bit - degree] ^ (numbers[bit - degree] >> degree)
        for step in range(1, degree):
            if (inner >> (degree - 1 - step)) & 1:
                value ^= numbers[bit - step]
        numbers.append(value)
    return tuple(numbers)


@cache
def _shifts(seed: int, count: int) -> tuple[int, ...]:
    source = random.Random(f"sobol/{seed}")
    return tuple(source.getrandbits(_BITS) for _ in range(count))


def sobol_point(index: int, count: int, seed: int | None = None) -> list[float]:
    """Return point `index` (from 0) of the sequence in `count` dimensions, each coordinate in [0, 1).

    Without a seed the bare sequence (its first point is the origin); with one every coordinate is shifted by a
    random bit pattern (exclusive or), which keeps the sequence's evenness and takes away the origin.

    Raises ValueError for more than `MAX_DIMENSIONS` dimensions or an index of 2**32 and above.
    """
    if count > MAX_DIMENSIONS or not 0 <= index < 1 << _BITS:
        raise ValueError(f"No Sobol point {index} in {count} dimensions (at most {MAX_DIMENSIONS}).")
    shifts = (0,) * count if seed is None else _shifts(seed, count)
    return [(_coordinate(index, _directions(axis)) ^ shifts[axis]) / 2**_BITS for axis in range(count)]


def _coordinate(index: int, directions: tuple[int, ...]) -> int:
    value = 0
    for bit in range(index.bit_length()):
        if (index >> bit) & 1:
            value ^= directions[bit]
    return value
