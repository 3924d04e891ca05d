"""Linear models: fitted by scikit-learn, kept as coefficients, so that one row costs microseconds."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..arrays import Floats
from . import Lesson

__all__ = [
    "Linear",
    "fit_elastic_net",
    "fit_lasso_lars",
    "fit_logistic",
    "fit_sgd",
    "linear_of",
    "module",
    "row_weights",
    "standardised",
]


class Linear:
    """Scores x @ coefficients + intercepts, turned into probabilities by the logistic function or softmax."""

    rounds = 0

    def __init__(self, coefficients: Floats, intercepts: Floats, classes: int, seen: Floats, middle: Floats) -> None:
        """Keep (features, outputs) and (outputs,); `middle` is the features' mean in training."""
        self.coefficients, self.intercepts = coefficients, intercepts
        self.classes = classes
        self.seen = seen.astype(np.int64)
        self.middle = middle

    def predict(self, x: Floats) -> Floats:
        """Return probabilities or values."""
        scores = x @ self.coefficients + self.intercepts
        if not self.classes:
            return scores[:, 0]
        if scores.shape[1] == 1:
            scores = np.hstack([np.zeros_like(scores), scores])
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        found = raised / raised.sum(axis=1, keepdims=True)
        if len(self.seen) == self.classes:
            return found
        whole = np.zeros((len(x), self.classes))
        whole[:, self.seen] = found
        return whole

    def contributions(self, x: Floats) -> Floats:
        """Return (rows, features + 1, outputs): coefficient times distance from the mean; the last is the mean's."""
        parts = (x - self.middle)[:, :, None] * self.coefficients
        base = np.broadcast_to(self.middle @ self.coefficients + self.intercepts, (len(x), self.coefficients.shape[1]))
        return np.concatenate([parts, base[:, None, :]], axis=1)


def linear_of(estimator: Any, lesson: Lesson, centre: float = 0.0, spread: float = 1.0) -> Linear:
    """Return the coefficients of a fitted estimator, whose target was `(y - centre) / spread`."""
    outputs = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64)).T * spread
    start = np.atleast_1d(np.asarray(estimator.intercept_, dtype=np.float64)) * spread + centre
    seen = np.asarray(estimator.classes_) if lesson.classes else np.zeros(0)
    return Linear(outputs, start, lesson.classes, seen, lesson.x.mean(axis=0))


def module() -> Any:
    """Return scikit-learn's linear models."""
    return import_module("sklearn.linear_model")  # a second to import, without types


def row_weights(lesson: Lesson) -> dict[str, Any]:
    """Return the rows' weights as an argument of `fit`; nothing when there are none."""
    return {} if lesson.weights is None else {"sample_weight": lesson.weights}


def standardised(lesson: Lesson) -> tuple[Floats, float, float]:
    """Return the target around 0 with spread 1, so that penalties mean the same on every set."""
    centre, spread = float(lesson.y.mean()), float(lesson.y.std()) or 1.0
    return (lesson.y - centre) / spread, centre, spread


def fit_logistic(lesson: Lesson) -> Linear:
    """Fit a logistic regression with a squared penalty."""
    options: dict[str, Any] = {"C": 1.0, "max_iter": 200, "tol": 1e-3, **lesson.parameters}
    model = module().LogisticRegression(**options)
    return linear_of(model.fit(lesson.x, lesson.y, **row_weights(lesson)), lesson)


def fit_elastic_net(lesson: Lesson) -> Linear:
    """Fit a linear regression with absolute and squared penalties."""
    y, centre, spread = standardised(lesson)
    options: dict[str, Any] = {"alpha": 0.001, "l1_ratio": 0.5, "max_iter": 2000, "tol": 1e-3, **lesson.parameters}
    return linear_of(module().ElasticNet(**options).fit(lesson.x, y, **row_weights(lesson)), lesson, centre, spread)


def fit_lasso_lars(lesson: Lesson) -> Linear:
    """Fit a lasso along its path. It takes no weights."""
    y, centre, spread = standardised(lesson)
    options: dict[str, Any] = {"alpha": 0.001, **lesson.parameters}
    return linear_of(module().LassoLars(**options).fit(lesson.x, y), lesson, centre, spread)


def fit_sgd(lesson: Lesson) -> Linear:
    """Fit a linear model by stochastic gradient descent: logistic loss, or squared error."""
    options: dict[str, Any] = {"alpha": 1e-4, "max_iter": 100, "tol": 1e-3, "random_state": lesson.seed}
    options |= lesson.parameters
    if lesson.classes:
        model = module().SGDClassifier(loss="log_loss", **options)
        return linear_of(model.fit(lesson.x, lesson.y, **row_weights(lesson)), lesson)
    y, centre, spread = standardised(lesson)
    model = module().SGDRegressor(**options).fit(lesson.x, y, **row_weights(lesson))
    return linear_of(model, lesson, centre, spread)
