"""Every metric against scikit-learn's or SciPy's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as independent

from bancada.learning.automl.metrics import (
    METRICS,
    classification_scores,
    is_better,
    loss_of,
    regression_scores,
    score_of,
)

AVERAGES = ("macro", "micro", "weighted")


def problem(classes: int, seed: int, rows: int = 200):
    """Return truth, probabilities with ties, and weights."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes, rows)
    truth[:classes] = np.arange(classes)
    scores = random.random((rows, classes)).round(1) + 0.05 + 0.7 * (truth[:, None] == np.arange(classes))
    if classes == 2:
        # In sixteenths p and 1 - p are exact, so that ties of one class are ties of the other one.
        first = np.clip(np.round(8 + 4 * (truth == 0) - 4 * random.random(rows)), 1, 15) / 16
        scores = np.column_stack([first, 1 - first])
    return truth, scores / scores.sum(axis=1, keepdims=True), random.integers(1, 4, rows).astype(float)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_of_classification_are_scikit_learns(classes, weighted):
    truth, p, weights = problem(classes, seed=classes)
    w = weights if weighted else None
    found = classification_scores(truth, p, weights=w)
    decided = p.argmax(axis=1)
    hot = truth[:, None] == np.arange(classes)
    expected = {
        "accuracy": independent.accuracy_score(truth, decided, sample_weight=w),
        "balanced_accuracy": independent.balanced_accuracy_score(truth, decided, sample_weight=w),
        "matthews_correlation": independent.matthews_corrcoef(truth, decided, sample_weight=w),
        "log_loss": independent.log_loss(truth, p, sample_weight=w),
    }
    for average in AVERAGES:
        expected[f"AUC_{average}"] = independent.roc_auc_score(hot, p, average=average, sample_weight=w)
        expected[f"average_precision_score_{average}"] = independent.average_precision_score(
            hot, p, average=average, sample_weight=w
        )
        for name in ("precision", "recall", "f1"):
            score = getattr(independent, f"{name}_score")
            expected[f"{name}_score_{average}"] = score(
                truth, decided, average=average, sample_weight=w, zero_division=0
            )
    recall = independent.recall_score(truth, decided, average="macro", sample_weight=w)
    expected["norm_macro_recall"] = (recall - 1 / classes) / (1 - 1 / classes)
    sizes = np.bincount(truth)[truth] * (1 if w is None else w)
    expected["weighted_accuracy"] = independent.accuracy_score(truth, decided, sample_weight=sizes)
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_of_a_positive_label_are_scikit_learns(weighted):
    truth, p, weights = problem(2, seed=2)
    truth[:40] = 0
    w = weights if weighted else None
    plain = classification_scores(truth, p, weights=w)
    found = classification_scores(truth, p, weights=w, has_positive=True)
    decided, options = p.argmax(axis=1), {"sample_weight": w}
    expected = {
        "AUC_binary": independent.roc_auc_score(truth, p[:, 1], **options),
        "average_precision_score_binary": independent.average_precision_score(truth, p[:, 1], **options),
        "f1_score_binary": independent.f1_score(truth, decided, **options),
        "precision_score_binary": independent.precision_score(truth, decided, **options),
        "recall_score_binary": independent.recall_score(truth, decided, **options),
    }
    assert found == plain | {name: pytest.approx(value, abs=1e-9) for name, value in expected.items()}
    assert expected["f1_score_binary"] != pytest.approx(found["f1_score_weighted"], abs=0.01)
    nobody = classification_scores(truth, p, np.zeros(len(truth), dtype=np.int64), has_positive=True)
    assert (nobody["precision_score_binary"], nobody["f1_score_binary"]) == (0.0, 0.0)


@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_of_regression_are_scikit_learns_and_scipys(weighted):
    random = np.random.default_rng(4)
    y = random.gamma(2.0, 3.0, 300).round(1)
    p = np.maximum(0, y + random.normal(0, 2, 300)).round(1)
    w = random.integers(1, 4, 300).astype(float) if weighted else None
    bounds, span = (0.5, 30.5), 30.0
    found = regression_scores(y, p, bounds, w)
    rmse = independent.root_mean_squared_error(y, p, sample_weight=w)
    mae = independent.mean_absolute_error(y, p, sample_weight=w)
    rmsle = independent.root_mean_squared_log_error(y, p, sample_weight=w)
    real = y != 0
    expected = {
        "root_mean_squared_error": rmse,
        "normalized_root_mean_squared_error": rmse / span,
        "mean_absolute_error": mae,
        "normalized_mean_absolute_error": mae / span,
        "root_mean_squared_log_error": rmsle,
        "normalized_root_mean_squared_log_error": rmsle / (np.log(31.5) - np.log(1.5)),
        "mean_absolute_percentage_error": 100
        * independent.mean_absolute_percentage_error(y[real], p[real], sample_weight=None if w is None else w[real]),
        "r2_score": independent.r2_score(y, p, sample_weight=w),
        "explained_variance": independent.explained_variance_score(y, p, sample_weight=w),
        "spearman_correlation": stats.spearmanr(y, p).statistic,
    }
    if w is None:
        expected["median_absolute_error"] = independent.median_absolute_error(y, p)
        expected["normalized_median_absolute_error"] = expected["median_absolute_error"] / span
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name
    assert set(expected) >= set(found) - {"median_absolute_error", "normalized_median_absolute_error"}


def test_a_class_that_does_not_occur_in_the_truth_is_left_out_of_averages():
    truth, p, _ = problem(3, seed=1)
    kept = truth != 2
    found = score_of("AUC_weighted", truth[kept], p[kept])
    hot = truth[kept][:, None] == np.arange(2)
    assert found == pytest.approx(independent.roc_auc_score(hot, p[kept][:, :2], average="weighted"))


def test_what_is_not_defined_is_nan_and_never_wins():
    one_class = np.zeros(5, dtype=np.int64)
    assert np.isnan(score_of("AUC_weighted", one_class, np.full((5, 2), 0.5)))
    constant = np.ones(5)
    assert np.isnan(score_of("r2_score", constant, constant))
    assert np.isnan(score_of("spearman_correlation", np.arange(5.0), constant))
    assert not is_better("r2_score", float("nan"), 0.1)
    assert is_better("r2_score", -0.5, float("nan"))


def test_r2_is_cut_off_at_minus_one_as_azure_does():
    y = np.array([1.0, 2.0, 3.0])
    assert score_of("r2_score", y, 100 * y) == -1.0


def test_a_range_of_nought_leaves_errors_as_they_are():
    y = np.array([2.0, 2.0])
    assert score_of("normalized_mean_absolute_error", y, y + 1, bounds=(2.0, 2.0)) == 1.0


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=50)
def test_a_better_score_has_the_lower_loss(a, b):
    for name in ("accuracy", "log_loss", "normalized_root_mean_squared_error", "r2_score"):
        higher = METRICS[name].higher_is_better
        assert is_better(name, a, b) == (a > b if higher else a < b) or loss_of(name, a) == loss_of(name, b)
