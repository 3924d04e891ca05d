"""What one column says about another, compared with numpy's sums."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bancada.learning.association import category_shares, correlation, correlation_ratio, cramers_v, group_means

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
LETTERS = st.sampled_from("abcd")


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=60))
@example([(float(x == 4), 103.062) for x in range(5)])
def test_correlation_is_numpys(pairs: list[tuple[float, float]]):
    xs, ys = np.array([x for x, _ in pairs]), np.array([y for _, y in pairs])
    found = correlation(list(xs), list(ys))
    if len(set(xs)) == 1 or len(set(ys)) == 1:
        assert found is None
        return
    assert found == pytest.approx(np.corrcoef(xs, ys)[0, 1], abs=1e-6)


@given(st.lists(st.tuples(LETTERS, NUMBERS), min_size=2, max_size=60))
@example([("ab"[x == 4], 103.062) for x in range(5)])
def test_correlation_ratio_is_the_root_of_numpys_share_of_variance(pairs: list[tuple[str, float]]):
    groups, values = np.array([group for group, _ in pairs]), np.array([value for _, value in pairs])
    found = correlation_ratio(list(groups), list(values))
    if len(set(values)) == 1:
        assert found is None
        return
    within = sum(values[groups == one].var() * (groups == one).sum() for one in set(groups))
    assert found == pytest.approx(np.sqrt(max(0.0, 1 - within / (values.var() * len(values)))), abs=1e-5)


@given(st.lists(st.tuples(LETTERS, st.sampled_from("xyz")), min_size=2, max_size=80))
def test_cramers_v_is_that_of_numpys_expected_counts(pairs: list[tuple[str, str]]):
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    found = cramers_v(xs, ys)
    rows, columns = sorted(set(xs)), sorted(set(ys))
    if min(len(rows), len(columns)) < 2:
        assert found is None
        return
    table = np.array([[sum(1 for pair in pairs if pair == (row, one)) for one in columns] for row in rows], float)
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    chi2 = ((table - expected) ** 2 / expected).sum()
    assert found == pytest.approx(np.sqrt(chi2 / (table.sum() * (min(table.shape) - 1))), abs=1e-6)


def test_two_classes_make_the_ratio_the_correlation():
    random.seed(3)
    classes = [random.randint(0, 1) for _ in range(200)]
    values = [random.gauss(2.0 * one, 1.0) for one in classes]
    ratio = correlation_ratio([str(one) for one in classes], values)
    assert ratio == pytest.approx(abs(correlation([float(one) for one in classes], values) or 0.0))


def test_a_group_that_says_the_value_scores_one_and_an_independent_one_zero():
    assert correlation_ratio(["a", "b", "a", "b"], [1.0, 2.0, 1.0, 2.0]) == 1.0
    assert correlation_ratio(["a", "b", "a", "b"], [1.0, 1.0, 2.0, 2.0]) == 0.0
    assert cramers_v(["a", "b", "a", "b"], ["x", "y", "x", "y"]) == 1.0
    assert cramers_v(["a", "b", "a", "b"], ["x", "x", "y", "y"]) == 0.0


def test_groups_come_largest_first_with_means_and_shares():
    means: list[dict[str, Any]] = group_means(["b", "a", "b"], [1.0, 5.0, 3.0])
    assert means == [{"value": "b", "count": 2, "mean": 2.0}, {"value": "a", "count": 1, "mean": 5.0}]
    shares = category_shares(["b", "a", "b"], ["yes", "yes", "no"])
    assert shares[0] == {"value": "b", "count": 2, "shares": {"yes": 0.5, "no": 0.5}}
    assert len(group_means([str(at) for at in range(100)], [1.0] * 100)) == 20
