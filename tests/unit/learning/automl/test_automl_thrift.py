"""Members that cost more than they give are left out or fitted once; what they give is never given up for nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.learning.automl.thrift import too_slow, without_dear


def of_values(values):
    """Return a loss: how far the mean of the members' values is from 0."""
    return lambda weights: float(abs(np.dot(weights, values)))


def test_a_dear_member_that_gives_next_to_nothing_goes():
    weights = without_dear(np.array([0.45, 0.5, 0.05]), np.array([5.0, 5.0, 50.0]), of_values([1.0, -0.9, 0.01]))
    np.testing.assert_allclose(weights, [0.45 / 0.95, 0.5 / 0.95, 0.0])


def test_a_dear_member_that_the_mean_needs_stays():
    weights = np.array([0.5, 0.5])
    np.testing.assert_array_equal(without_dear(weights, np.array([5.0, 500.0]), of_values([1.0, -1.0])), weights)


def test_a_quick_mean_is_left_as_it_is():
    weights = np.array([0.98, 0.02])
    np.testing.assert_array_equal(without_dear(weights, np.array([9.0, 9.0]), of_values([0.0, 0.0])), weights)


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.1, 300), st.floats(-1, 1)), min_size=1, max_size=8))
def test_weights_add_up_and_the_mean_keeps_its_lead(members):
    weights, costs, values = (np.array(one) for one in zip(*members, strict=True))
    weights = weights / weights.sum()
    loss = of_values(values)
    found = without_dear(weights, costs, loss)
    assert found.sum() == pytest.approx(1.0)
    assert costs[found > 0].sum() <= costs.sum()
    best = np.abs(values).min()
    assert loss(found) <= loss(weights) + 0.05 * max(0.0, best - loss(weights)) + 1e-9


@given(st.dictionaries(st.integers(0, 50), st.floats(0.01, 500), max_size=8), st.integers(1, 8))
def test_the_slowest_are_fitted_once_until_the_rest_is_quick(costs, folds):
    found = too_slow(costs, folds)
    assert found <= set(costs)
    others = [costs[one] for one in costs.keys() - found]
    assert not found or min(costs[one] for one in found) >= max(others, default=0.0)
    if folds == 1 or sum(costs.values()) <= 12:
        assert not found
