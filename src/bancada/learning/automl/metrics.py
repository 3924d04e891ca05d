"""Azure's metrics of classification and regression. Formulas only; which rows they see is decided elsewhere.

Source: Azure ML's page on evaluating AutoML experiments, whose definitions are scikit-learn's with these marks:
normalised errors are divided by the range of the target, R2 is cut off below at -1, macro recall is rescaled so that
chance is 0, averages over classes take the classes that occur in the truth, and binary ones are of the second of two
classes alone. Tests compare each with scikit-learn or SciPy. A metric that is not defined for the rows (one class only,
a constant) is NaN. All take row weights or None.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Codes, Floats

__all__ = ["METRICS", "Metric", "classification_scores", "is_better", "loss_of", "regression_scores", "score_of"]

# The lowest and the highest value of the target.
Bounds = tuple[float, float]


@dataclass(frozen=True)
class Metric:
    """One metric: its task, its direction and its best and worst sensible values."""

    name: str
    # "classification", "regression", or "binary": of two classes, one of which is named as the positive one.
    task: str
    higher_is_better: bool
    # Classification: f(truth as codes, probabilities, decisions, weights); regression: f(y, predicted, bounds, weights)
    compute: Callable[..., float]
    # The value of a perfect model; `loss_of` measures the distance to it.
    perfect: float


def loss_of(name: str, value: float) -> float:
    """Return a score as a loss: 0 is perfect, lower is better, NaN is infinitely bad."""
    metric = METRICS[name]
    if not np.isfinite(value):
        return float("inf")
    return metric.perfect - value if metric.higher_is_better else value - metric.perfect


def is_better(name: str, value: float, other: float) -> bool:
    """Tell whether a score beats another one; NaN never beats."""
    return loss_of(name, value) < loss_of(name, other)


def score_of(
    name: str,
    truth: Any,
    predicted: Floats,
    *,
    decided: Codes | None = None,
    bounds: Bounds = (0.0, 1.0),
    weights: Floats | None = None,
) -> float:
    """Return one metric. `predicted` holds probabilities (rows, classes) or values; `bounds` are the target's."""
    metric = METRICS[name]
    if metric.task == "regression":
        return metric.compute(truth, predicted, bounds, weights)
    return metric.compute(truth, predicted, predicted.argmax(axis=1) if decided is None else decided, weights)


def classification_scores(
    truth: Codes,
    predicted: Floats,
    decided: Codes | None = None,
    weights: Floats | None = None,
    *,
    has_positive: bool = False,
) -> dict[str, float]:
    """Return all metrics of classification for rows with known classes; `has_positive` adds those of the second one."""
    found = _all("classification", truth, predicted, decided, (0.0, 1.0), weights)
    return found | _all("binary", truth, predicted, decided, (0.0, 1.0), weights) if has_positive else found


def regression_scores(
    truth: Floats, predicted: Floats, bounds: Bounds, weights: Floats | None = None
) -> dict[str, float]:
    """Return all metrics of regression; `bounds` are the target's lowest and highest value over all of the data."""
    return _all("regression", truth, predicted, None, bounds, weights)


def _all(task: str, truth: Any, predicted: Any, decided: Any, bounds: Any, weights: Any) -> dict[str, float]:
    names = (name for name, metric in METRICS.items() if metric.task == task)
    return {name: score_of(name, truth, predicted, decided=decided, bounds=bounds, weights=weights) for name in names}


# ---- classification -----------------------------------------------------------------------------------------------


def _weights(count: int, weights: Floats | None) -> Floats:
    return np.ones(count) if weights is None else weights


def _auc(positive: Any, score: Floats, weights: Floats) -> float:
    """Return the share of pairs (positive, negative) in the right order; ties count half. NaN with one class only."""
    order = np.argsort(score, kind="stable")
    score, positive, weights = score[order], positive[order], weights[order]
    starts = np.flatnonzero(np.r_[True, np.diff(score) > 0])
    good = np.add.reduceat(weights * positive, starts)
    bad = np.add.reduceat(weights * ~positive, starts)
    total = good.sum() * bad.sum()
    return float((good * (np.cumsum(bad) - bad / 2)).sum() / total) if total > 0 else float("nan")


def _average_precision(positive: Any, score: Floats, weights: Floats) -> float:
    """Return the mean precision over steps of recall, without interpolation. NaN without a positive row."""
    order = np.argsort(-score, kind="stable")
    score, positive, weights = score[order], positive[order], weights[order]
    ends = np.flatnonzero(np.r_[np.diff(score) < 0, True])
    good, seen = np.cumsum(weights * positive)[ends], np.cumsum(weights)[ends]
    if good[-1] <= 0:
        return float("nan")
    return float((np.diff(good, prepend=0.0) * good / np.maximum(seen, 1e-300)).sum() / good[-1])


def _over_classes(kind: str, one: Callable[[Any, Floats, Floats], float]) -> Callable[..., float]:
    """Return a metric that averages a one-against-rest score over the classes that occur."""

    def compute(truth: Codes, p: Floats, decided: Codes, weights: Floats | None) -> float:
        w = _weights(len(truth), weights)
        if kind == "micro":
            labels = np.array(range(p.shape[1]), dtype=np.int64)
            hot: Any = np.equal(truth[:, None], labels)
            return one(hot.ravel(), p.ravel(), np.repeat(w, p.shape[1]))
        present = np.unique(truth)
        # Two classes mirror each other, so that the sorting needs to be done once.
        single = p.shape[1] == 2 and one is _auc
        scores = [one(truth == label, p[:, label], w) for label in (present[:1] if single else present)]
        shares = [w[truth == label].sum() for label in present] if kind == "weighted" and not single else None
        return float(np.average(scores, weights=shares))

    return compute


def _confusion(truth: Codes, decided: Codes, weights: Floats | None, count: int) -> Floats:
    w = _weights(len(truth), weights)
    found = np.bincount(truth * count + decided, weights=w, minlength=count * count)
    return found.reshape(count, count).astype(np.float64)


def _by_class(part: str, kind: str) -> Callable[..., float]:
    """Return recall, precision or F1, averaged; a class without predictions has precision 0."""

    def compute(truth: Codes, p: Floats, decided: Codes, weights: Floats | None) -> float:
        table = _confusion(truth, decided, weights, p.shape[1])
        hits, real, said = np.diag(table), table.sum(axis=1), table.sum(axis=0)
        if kind == "micro":
            return float(hits.sum() / table.sum())
        below = {"recall": real, "precision": said, "f1": (real + said) / 2}[part]
        each = np.divide(hits, below, out=np.zeros_like(hits), where=below > 0)
        taken = (real + said) > 0
        if kind == "weighted":
            return float((each * real).sum() / real.sum())
        return float(each[taken].mean())

    return compute


def _of_positive(part: str) -> Callable[..., float]:
    """Return recall, precision or F1 of the second of two classes; 0 where nothing is to be found."""

    def compute(truth: Codes, p: Floats, decided: Codes, weights: Floats | None) -> float:
        table = _confusion(truth, decided, weights, 2)
        real, said = table[1].sum(), table[:, 1].sum()
        below = {"recall": real, "precision": said, "f1": (real + said) / 2}[part]
        return float(table[1, 1] / below) if below > 0 else 0.0

    return compute


def _ranking_positive(one: Callable[[Any, Floats, Floats], float]) -> Callable[..., float]:
    """Return a score of the order that the second class's probabilities make."""

    def compute(truth: Codes, p: Floats, decided: Codes, weights: Floats | None) -> float:
        return one(truth == 1, p[:, 1], _weights(len(truth), weights))

    return compute


def _balanced(truth: Codes, p: Floats, decided: Codes, weights: Floats | None) -> float:
    """Return recall, averaged over the classes that occur."""
    table = _confusion(truth, decided, weights, p.shape[1])
    real = table.sum(axis=1)
    return float((np.diag(table)[real > 0] / real[real > 0]).mean())


def _norm_macro_recall(truth: Codes, p: Floats, decided: Codes, weights: Floats | None) -> float:
    """(recall - r) / (1 - r), with r = 1 / number of classes: 0 is chance, 1 is perfect."""
    chance = 1 / p.shape[1]
    return (_balanced(truth, p, decided, weights) - chance) / (1 - chance)


def _accuracy(truth: Codes, p: Floats, decided: Codes, weights: Floats | None) -> float:
    return float(np.average(truth == decided, weights=weights))


def _weighted_accuracy(truth: Codes, p: Floats, decided: Codes, weights: Floats | None) -> float:
    """Accuracy in which a row weighs as much as its class has rows."""
    sizes = np.bincount(truth, minlength=p.shape[1]).astype(float)[truth]
    return float(np.average(truth == decided, weights=sizes * _weights(len(truth), weights)))


def _log_loss(truth: Codes, p: Floats, decided: Codes, weights: Floats | None) -> float:
    """Mean of -ln p(true class), natural logarithm, probabilities kept off 0 as scikit-learn does."""
    tiny = np.finfo(p.dtype).eps
    sure = np.clip(p, tiny, 1 - tiny)
    right = sure[np.arange(len(truth)), truth] / sure.sum(axis=1)
    return float(np.average(-np.log(right), weights=weights))


def _matthews(truth: Codes, p: Floats, decided: Codes, weights: Floats | None) -> float:
    """The correlation of truth and decisions over all classes; 0 when either is constant."""
    table = _confusion(truth, decided, weights, p.shape[1])
    real, said, total = table.sum(axis=1), table.sum(axis=0), table.sum()
    above = np.trace(table) * total - real @ said
    below = (total**2 - said @ said) * (total**2 - real @ real)
    return float(above / np.sqrt(below)) if below > 0 else 0.0


# ---- regression ---------------------------------------------------------------------------------------------------


def _mse(y: Floats, p: Floats, weights: Floats | None) -> float:
    return float(np.average((y - p) ** 2, weights=weights))


def _rmse(y: Floats, p: Floats, bounds: Bounds, weights: Floats | None) -> float:
    return float(np.sqrt(_mse(y, p, weights)))


def _mae(y: Floats, p: Floats, bounds: Bounds, weights: Floats | None) -> float:
    return float(np.average(np.abs(y - p), weights=weights))


def _median_error(y: Floats, p: Floats, bounds: Bounds, weights: Floats | None) -> float:
    """The (weighted) median of absolute errors."""
    errors = np.abs(y - p)
    if weights is None:
        return float(np.median(errors))
    order = np.argsort(errors)
    total = np.cumsum(weights[order])
    return float(errors[order][np.searchsorted(total, total[-1] / 2)])


def _mape(y: Floats, p: Floats, bounds: Bounds, weights: Floats | None) -> float:
    """Mean of |error / truth| in percent, over rows whose truth is not 0; NaN when there is none."""
    real = y != 0
    if not real.any():
        return float("nan")
    return float(100 * np.average(np.abs((y - p)[real] / y[real]), weights=None if weights is None else weights[real]))


def _rmsle(y: Floats, p: Floats, bounds: Bounds, weights: Floats | None) -> float:
    """The root of the mean squared difference of ln(1 + value); NaN when a value is -1 or less."""
    if min(y.min(), p.min()) <= -1:
        return float("nan")
    return float(np.sqrt(np.average((np.log1p(y) - np.log1p(p)) ** 2, weights=weights)))


def _r2(y: Floats, p: Floats, bounds: Bounds, weights: Floats | None) -> float:
    """1 - squared error / variance, not below -1 (Azure's cut). NaN for a constant target."""
    spread = _mse(y, np.full_like(y, np.average(y, weights=weights)), weights)
    return max(-1.0, 1 - _mse(y, p, weights) / spread) if spread > 0 else float("nan")


def _explained_variance(y: Floats, p: Floats, bounds: Bounds, weights: Floats | None) -> float:
    """1 - variance of errors / variance of the target. NaN for a constant target."""
    error = y - p
    spread = np.average((y - np.average(y, weights=weights)) ** 2, weights=weights)
    noise = np.average((error - np.average(error, weights=weights)) ** 2, weights=weights)
    return float(1 - noise / spread) if spread > 0 else float("nan")


def _ranks(values: Floats) -> Floats:
    """Return ranks from 1; ties share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[place]


def _spearman(y: Floats, p: Floats, bounds: Bounds, weights: Floats | None) -> float:
    """The correlation of ranks, without weights. NaN when either side is constant."""
    a, b = _ranks(y), _ranks(p)
    a, b = a - a.mean(), b - b.mean()
    below = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b / below) if below > 0 else float("nan")


def _normalized(one: Callable[..., float], name: str) -> Callable[..., float]:
    """Return a metric divided by the target's range, of logarithms by that of ln(1 + value), as Azure does.

    A range of 0 leaves it as it is, and so does one of logarithms that there are none of.
    """
    is_logarithmic = "log" in name

    def compute(y: Floats, p: Floats, bounds: Bounds, weights: Floats | None) -> float:
        low, high = bounds
        if is_logarithmic:
            low, high = (math.log1p(low), math.log1p(high)) if low > -1 else (0.0, 0.0)
        return one(y, p, bounds, weights) / (high - low or 1.0)

    return compute


def _classification() -> list[Metric]:
    task = "classification"
    kinds = ("macro", "micro", "weighted")
    found = [Metric(f"AUC_{kind}", task, True, _over_classes(kind, _auc), 1.0) for kind in kinds]
    found += [
        Metric(f"average_precision_score_{kind}", task, True, _over_classes(kind, _average_precision), 1.0)
        for kind in kinds
    ]
    for part, name in (("f1", "f1_score"), ("precision", "precision_score"), ("recall", "recall_score")):
        found += [Metric(f"{name}_{kind}", task, True, _by_class(part, kind), 1.0) for kind in kinds]
    return [
        *found,
        Metric("accuracy", task, True, _accuracy, 1.0),
        Metric("balanced_accuracy", task, True, _balanced, 1.0),
        Metric("norm_macro_recall", task, True, _norm_macro_recall, 1.0),
        Metric("weighted_accuracy", task, True, _weighted_accuracy, 1.0),
        Metric("matthews_correlation", task, True, _matthews, 1.0),
        Metric("log_loss", task, False, _log_loss, 0.0),
    ]


def _binary() -> list[Metric]:
    parts = (("f1", "f1_score"), ("precision", "precision_score"), ("recall", "recall_score"))
    return [
        Metric("AUC_binary", "binary", True, _ranking_positive(_auc), 1.0),
        Metric("average_precision_score_binary", "binary", True, _ranking_positive(_average_precision), 1.0),
        *(Metric(f"{name}_binary", "binary", True, _of_positive(part), 1.0) for part, name in parts),
    ]


def _regression() -> list[Metric]:
    errors: dict[str, Callable[..., float]] = {
        "root_mean_squared_error": _rmse,
        "mean_absolute_error": _mae,
        "median_absolute_error": _median_error,
        "root_mean_squared_log_error": _rmsle,
    }
    task = "regression"
    found = [Metric(name, task, False, one, 0.0) for name, one in errors.items()]
    found += [Metric(f"normalized_{name}", task, False, _normalized(one, name), 0.0) for name, one in errors.items()]
    return [
        *found,
        Metric("mean_absolute_percentage_error", task, False, _mape, 0.0),
        Metric("r2_score", task, True, _r2, 1.0),
        Metric("explained_variance", task, True, _explained_variance, 1.0),
        Metric("spearman_correlation", task, True, _spearman, 1.0),
    ]


# Every metric that a row of the leaderboard shows, by Azure's name.
METRICS: dict[str, Metric] = {one.name: one for one in (*_classification(), *_binary(), *_regression())}
