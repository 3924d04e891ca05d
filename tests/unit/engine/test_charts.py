"""Thinning keeps what a chart shows, and packing loses nothing."""

from __future__ import annotations

import math
import struct
from array import array

from hypothesis import given
from hypothesis import strategies as st

from bancada.engine.charts import packed, thinned, unpacked
from bancada.store.series import Points


def series(values):
    count = len(values)
    steps = array("d", map(float, range(count)))
    return Points(steps, array("d", (one * 2 for one in steps)), array("d", values))


anything = st.lists(st.floats(allow_nan=True, width=64), max_size=300)


@given(anything, st.integers(1, 60))
def test_thinned_points_are_few_in_order_and_hold_both_ends_and_all_extremes(values, most):
    points = series(values)
    found = thinned(points, most)
    assert len(found) <= max(most, 1)
    assert found.steps.tolist() == sorted(set(found.steps))
    for step, time, value in zip(found.steps, found.times, found.values, strict=True):
        assert time == step * 2
        assert repr(value) == repr(points.values[int(step)])
    if values and most >= 2:
        assert (found.steps[0], found.steps[-1]) == (0, len(values) - 1)
    numbers = [one for one in values if not math.isnan(one)]
    if numbers and most >= 4:
        assert min(numbers) in found.values
        assert max(numbers) in found.values


@given(anything)
def test_few_points_or_a_wish_for_all_change_nothing(values):
    points = series(values)
    assert thinned(points, 0) is points
    assert thinned(points, len(values) or 1) is points


def test_one_spike_among_many_points_survives():
    values = [0.0] * 100_000
    values[70_001] = 5.0
    assert max(thinned(series(values), 2000).values) == 5.0


@given(anything)
def test_packed_points_are_little_endian_triples(values):
    data = packed(series(values))
    found = list(struct.iter_unpack("<3d", data))
    assert [repr(one[2]) for one in found] == [repr(one) for one in values]
    assert [one[:2] for one in found] == [(float(at), at * 2.0) for at in range(len(values))]


def test_unpacked_steps_are_whole_numbers():
    assert unpacked(series([0.5]), 7) == {"steps": [0], "times": [0.0], "values": [0.5], "total": 7}
