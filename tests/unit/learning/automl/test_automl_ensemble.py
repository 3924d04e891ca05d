"""Greedy selection against all possible sums, and folds."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bancada.learning.automl.ensemble import Selection, select, weighted_mean
from bancada.learning.automl.folds import given_splits, holdout, k_folds, monte_carlo, twins_of, validation_positions
from bancada.learning.automl.settings import SettingsError


def problem(models: int, seed: int, rows: int = 2000):
    random = np.random.default_rng(seed)
    truth = random.normal(0, 1, rows)
    return truth, [truth + random.normal(0, 0.4 + 0.2 * n, rows) for n in range(models)]


def squared(truth):
    return lambda predicted, rows: float(np.mean((truth[rows] - predicted) ** 2))


@pytest.mark.parametrize("seed", range(4))
def test_selection_comes_within_a_hundredth_of_the_best_of_all_sums(seed):
    truth, predictions = problem(3, seed)
    loss, everything = squared(truth), np.arange(len(truth))
    weights = select(Selection(predictions, loss, seed=seed))
    found = loss(weighted_mean(predictions, weights), everything)
    sums = (
        np.mean([predictions[n] for n in chosen], axis=0)
        for size in range(1, 11)
        for chosen in combinations_with_replacement(range(3), size)
    )
    assert found <= 1.01 * min(loss(one, everything) for one in sums)


def test_a_single_good_model_stays_alone():
    truth, _ = problem(1, 0)
    random = np.random.default_rng(1)
    weights = select(Selection([truth + 5 + random.normal(0, 1, 2000), truth.copy()], squared(truth)))
    np.testing.assert_array_equal(weights, [0.0, 1.0])


def test_few_rows_are_bagged_and_the_weights_add_up_to_one():
    truth, predictions = problem(5, 3, rows=60)
    weights = select(Selection(predictions, squared(truth)))
    assert weights.sum() == pytest.approx(1.0)
    assert (weights[weights > 0] >= 0.06).all()


@pytest.mark.parametrize("seed", range(12))
def test_a_mean_is_not_worse_than_the_model_that_chance_made_look_best(seed):
    """Few rows, models that are as good as each other: one of them looks better than it is."""
    random = np.random.default_rng(seed)
    truth = random.normal(0, 1, 30)
    predictions = [truth + random.normal(0, 1, 30) for _ in range(10)]
    loss, everything = squared(truth), np.arange(30)
    weights = select(Selection(predictions, loss, seed=seed))
    assert loss(weighted_mean(predictions, weights), everything) <= min(loss(one, everything) for one in predictions)
    assert weights.sum() == pytest.approx(1.0)


def test_when_the_time_is_over_the_best_model_is_the_answer():
    truth, predictions = problem(4, 2)
    weights = select(Selection(predictions, squared(truth), ends_at=0.0))
    np.testing.assert_array_equal(weights, [1, 0, 0, 0])


@given(st.integers(20, 200), st.integers(2, 8), st.integers(0, 3), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_folds_predict_every_row_once_and_keep_equal_rows_together(rows, folds, classes, seed):
    random = np.random.default_rng(seed)
    target = random.integers(0, classes, rows).astype(float) if classes > 1 else random.normal(0, 1, rows)
    matrix = random.integers(0, 4, (rows, 2)).astype(float)
    twins = twins_of(matrix, {})
    splits = k_folds(target, classes if classes > 1 else 0, folds, seed, twins)
    np.testing.assert_array_equal(np.sort(validation_positions(splits)), np.arange(rows))
    for split in splits:
        assert not set(split.train) & set(split.valid)
        inside = {tuple(row) for row in matrix[split.valid]}
        assert not inside & {tuple(row) for row in matrix[split.train]}


def test_folds_spread_classes_evenly():
    target = np.r_[np.zeros(80), np.ones(16)]
    for split in k_folds(target, 2, 8, seed=0):
        assert target[split.valid].sum() == 2


def test_rows_without_equals_have_no_twins():
    assert twins_of(np.array([[1.0, np.nan], [1.0, 2.0]]), {}) is None
    np.testing.assert_array_equal(twins_of(np.array([[1.0, np.nan], [1.0, np.nan]]), {}), [0, 0])
    texts = {"note": np.array(["a", "b"], dtype=object)}
    assert twins_of(np.array([[1.0], [1.0]]), texts) is None


@pytest.mark.parametrize(("size", "rows"), [(0.1, 10), (0.25, 25), (0.4, 40), (0.7, 70), (0.001, 1)])
def test_a_hold_out_has_the_asked_size(size, rows):
    (split,) = holdout(np.arange(100.0), 0, size, seed=1)
    assert len(split.valid) == rows
    assert sorted([*split.train, *split.valid]) == list(range(100))


@given(st.integers(20, 200), st.floats(0.05, 0.8), st.integers(0, 3), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_random_hold_outs_are_drawn_anew_each_time_and_keep_equal_rows_together(rows, size, classes, seed):
    random = np.random.default_rng(seed)
    target = random.integers(0, classes, rows).astype(float) if classes > 1 else random.normal(0, 1, rows)
    matrix = random.integers(0, 6, (rows, 2)).astype(float)
    options = (target, classes if classes > 1 else 0, 4, size, seed, twins_of(matrix, {}))
    splits = monte_carlo(*options)
    assert len(splits) == 4
    for split, again in zip(splits, monte_carlo(*options), strict=True):
        np.testing.assert_array_equal(split.valid, again.valid)
        assert len(split.train)
        assert len(split.valid)
        assert sorted([*split.train, *split.valid]) == list(range(rows))
        inside = {tuple(row) for row in matrix[split.valid]}
        assert not inside & {tuple(row) for row in matrix[split.train]}
    assert len({tuple(split.valid) for split in splits}) > 1


def test_random_hold_outs_keep_the_shares_of_classes_and_reach_rare_ones():
    target = np.r_[np.zeros(160), np.ones(36), np.full(4, 2.0)]
    splits = monte_carlo(target, 3, 12, 0.25, seed=0)
    for split in splits:
        assert len(split.valid) == 50
        np.testing.assert_allclose(np.bincount(target[split.valid].astype(int), minlength=3), [40, 9, 1], atol=1)
    # A row may be held out several times, or never.
    times = np.bincount(validation_positions(splits), minlength=200)
    assert times.min() < 2
    assert times.max() > 4


def test_a_hold_out_of_everything_is_refused():
    with pytest.raises(SettingsError, match="leaves fewer than 2 of 10 rows"):
        holdout(np.arange(10.0), 0, 0.9, seed=1)


def test_given_splits_train_on_ones():
    (split,) = given_splits([np.array([True, False, True])])
    np.testing.assert_array_equal(split.train, [0, 2])
    with pytest.raises(SettingsError, match="Column 1 of cv_split_column_names has only one value"):
        given_splits([np.array([True, True])])
