"""A Gaussian process for small tables of numbers: smooth where trees have steps, and each feature has its own reach.

Kernel: a Matérn 5/2 of distances scaled feature by feature, beside a linear one. The reaches, the sizes of both parts
and the noise maximise the marginal likelihood (Rasmussen, Williams, "Gaussian Processes for Machine Learning", 2006,
chapters 2, 4 and 5) times a weak prior. Tests compare its answers with scikit-learn's GaussianProcessRegressor at the
same kernel. Its time grows with the cube of the rows.
"""

from __future__ import annotations

import contextlib
import time
from importlib import import_module
from typing import Any

import numpy as np

from ..arrays import Floats
from . import Lesson

__all__ = ["Process", "fit_process"]

# Rows that kernels are chosen on, at most: each step costs their cube.
_CHOSEN_ON = 700
_STEPS = 40
_ROOT5 = 5.0**0.5
# Bounds of logarithms: size of the smooth part, of the linear part, of the noise, and one over the reach of a feature.
_BOUNDS = ((-4.0, 5.0), (-9.0, 3.0), (-9.0, 1.0))
_REACH_BOUNDS = (-9.0, 3.0)
# Spread of the prior of logarithms of reaches and of the noise.
_PRIOR = 2.0
# Covariances that are held at once while many rows are answered: they should stay in the cache.
_KERNELS_AT_ONCE = 250_000
# Added to the diagonal when rounding makes a matrix indefinite.
_JITTER = 1e-6


class Process:
    """What was learnt: training rows and a weight for each; an answer is one product of kernels and weights.

    A target may be learnt as its square root or logarithm. The mean of what is turned back is not what the mean is
    turned back to; `smear` corrects that by the errors that each training row would have without itself.
    """

    rounds = 0

    def __init__(self, x: Floats, dual: Floats, kernel: Kernel, scale: tuple[float, float], turn: str) -> None:
        """Take the rows (rows, features), their weights (rows,), the kernel, centre and spread, and the turn."""
        self.kernel, self.dual = kernel, dual
        # Rows and their squares as distances need them; the linear part needs no more than two sums over the rows.
        self.near = x * kernel.reaches
        self.squares = (self.near * self.near).sum(axis=1)
        self.straight, self.total = dual @ x, float(dual.sum())
        self.centre, self.spread = scale
        self.turn = turn
        self.smear = 0.0
        # Values turned are not believed beyond: a linear part far outside of the training rows would overflow.
        self.highest = float("inf")

    def predict(self, x: Floats) -> Floats:
        """Return values."""
        raw = self._raw(x)
        raw = np.minimum(raw, self.highest)
        if self.turn == "sqrt":
            return np.maximum(raw, 0.0) ** 2 + self.smear
        return np.exp(raw) * self.smear if self.turn == "log" else raw

    def _raw(self, x: Floats) -> Floats:
        """Return values before they are turned back: `Kernel.between` times the weights, in half of the time or less.

        32-bit numbers would not do: where there is little noise, weights are large and of both signs.
        """
        step = max(1, _KERNELS_AT_ONCE // max(1, len(self.near)))
        smooth = np.empty(len(x))
        for start in range(0, len(x), step):
            part = x[start : start + step] * self.kernel.reaches
            smooth[start : start + step] = _matern(_squares(part, self.near, self.squares)) @ self.dual
        straight = self.kernel.linear / x.shape[1] * (x @ self.straight + self.total)
        return (self.kernel.size * smooth + straight) * self.spread + self.centre


class Kernel:
    """Sizes and reaches. `reaches` holds one over the length of each feature."""

    def __init__(self, logarithms: Floats) -> None:
        """Take logarithms: size, linear size, noise, then one over the reach of each feature."""
        self.size, self.linear, self.noise = np.exp(logarithms[:3]).tolist()
        self.reaches = np.exp(logarithms[3:])

    def between(self, a: Floats, b: Floats) -> Floats:
        """Return covariances (rows of a, rows of b), without noise."""
        smooth = _matern(_squares(a * self.reaches, b * self.reaches))
        return self.size * smooth + self.linear / a.shape[1] * (a @ b.T + 1.0)


def fit_process(lesson: Lesson) -> Process:
    """Choose a kernel on at most 700 rows, then weigh all rows with it."""
    x, y, weights = lesson.x, lesson.y, lesson.weights
    if weights is not None and bool((weights <= 0).any()):
        kept = weights > 0
        x, y, weights = x[kept], y[kept], weights[kept]
    turn = str(lesson.parameters.get("target", "none"))
    turned = np.sqrt(np.maximum(y, 0.0)) if turn == "sqrt" else np.log(y) if turn == "log" else y
    centre, spread = float(turned.mean()), float(turned.std()) or 1.0
    z = (turned - centre) / spread
    # A row of half the weight has twice the noise.
    noises = np.ones(len(z)) if weights is None else weights.mean() / weights
    some = np.random.default_rng(lesson.seed).permutation(len(z))[:_CHOSEN_ON]
    kernel = Kernel(_Choice(x[some], z[some], noises[some], lesson.seconds).best())
    dual, errors = _weighed(kernel, x, z, noises)
    process = Process(x, dual, kernel, (centre, spread), turn)
    if turn != "none":
        process.highest = float(2 * turned.max() - turned.min())
    if turn == "sqrt":
        process.smear = float(np.mean((errors * spread) ** 2))
    elif turn == "log":
        process.smear = float(np.mean(np.exp(np.clip(errors * spread, -3.0, 3.0))))
    return process


def _weighed(kernel: Kernel, x: Floats, z: Floats, noises: Floats) -> tuple[Floats, Floats]:
    """Return the weight of each row, and the error that it would have if it were left out."""
    inverse, _ = _inverted(kernel.between(x, x), kernel.noise * noises)
    dual = inverse @ z
    return dual, dual / np.diag(inverse)


def _inverted(covariances: Floats, noises: Floats) -> tuple[Floats, float]:
    """Return the inverse of covariances with noise on the diagonal, and half the logarithm of their determinant."""
    lapack: Any = import_module("scipy.linalg.lapack")
    matrix = covariances + np.diag(noises)
    factor, info = lapack.dpotrf(matrix, lower=1)
    if info:
        factor, info = lapack.dpotrf(matrix + _JITTER * len(matrix) * np.eye(len(matrix)), lower=1)
    if info:
        raise ValueError("the rows are too alike for a Gaussian process")
    half, _ = lapack.dpotri(factor, lower=1)
    lower: Floats = np.tril(half)
    return lower + np.tril(half, -1).T, float(np.log(np.diag(factor)).sum())


class _TimeOver(Exception):
    """The seconds for choosing a kernel are over; the best one so far is kept."""


class _Choice:
    """The kernel of the highest likelihood."""

    def __init__(self, x: Floats, z: Floats, noises: Floats, seconds: float | None) -> None:
        self.x, self.z, self.noises = x, z, noises
        # Weighing all rows and predicting take their part.
        self.ends_at = float("inf") if seconds is None else time.monotonic() + 0.6 * seconds
        columns = x.shape[1]
        self.start = np.concatenate([[0.0, np.log(0.1), np.log(0.1)], np.full(columns, -np.log(2 * columns**0.5))])
        self.found, self.least = self.start, float("inf")

    def best(self) -> Floats:
        """Return logarithms of the kernel's parameters."""
        optimize: Any = import_module("scipy.optimize")
        bounds = [*_BOUNDS, *([_REACH_BOUNDS] * self.x.shape[1])]
        with contextlib.suppress(_TimeOver):
            optimize.minimize(
                self._loss, self.start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _STEPS}
            )
        return self.found

    def _loss(self, now: Floats) -> tuple[float, Floats]:
        """Return minus the logarithm of likelihood and prior, and its slopes."""
        if time.monotonic() > self.ends_at:
            raise _TimeOver
        kernel, x, columns = Kernel(now), self.x, self.x.shape[1]
        squares = _squares(x * kernel.reaches, x * kernel.reaches)
        by_square = _matern_slope(squares)
        smooth = _matern(squares)
        straight = kernel.linear / columns * (x @ x.T + 1.0)
        try:
            inverse, half = _inverted(kernel.size * smooth + straight, kernel.noise * self.noises)
        except ValueError:
            return 1e10, np.zeros_like(now)
        dual = inverse @ self.z
        off = (now[2:] - self.start[2:]) / _PRIOR
        loss = 0.5 * float(self.z @ dual) + half + 0.5 * float(off @ off)
        if loss < self.least:
            self.found, self.least = now.copy(), loss
        outer = 0.5 * (inverse - np.outer(dual, dual))
        pull = kernel.size * outer * by_square
        # The sum over pairs of pull times the squared difference of a feature, for all features at once.
        spreads = 2 * ((pull.sum(axis=1)[:, None] * x * x).sum(axis=0) - (x * (pull @ x)).sum(axis=0))
        slopes = np.concatenate(
            [
                [
                    kernel.size * float((outer * smooth).sum()),
                    float((outer * straight).sum()),
                    kernel.noise * float((np.diag(outer) * self.noises).sum()),
                ],
                2 * kernel.reaches**2 * spreads,
            ]
        )
        slopes[2:] += off / _PRIOR
        return loss, slopes


def _squares(a: Floats, b: Floats, of_b: Floats | None = None) -> Floats:
    """Return squared distances between all rows; `of_b` are the squares of b's rows where they are known."""
    found = a @ b.T
    found *= -2.0
    found += (a * a).sum(axis=1)[:, None]
    found += (b * b).sum(axis=1) if of_b is None else of_b
    return np.maximum(found, 0.0, out=found)


def _matern(squares: Floats) -> Floats:
    """Return the Matérn kernel of smoothness 5/2 at squared distances, written over them."""
    distances = _ROOT5 * np.sqrt(squares)
    found = squares
    found *= 5 / 3
    found += distances
    found += 1.0
    found *= np.exp(np.negative(distances, out=distances), out=distances)
    return found


def _matern_slope(squares: Floats) -> Floats:
    """Return the slope of `_matern` by the squared distance."""
    distances = _ROOT5 * np.sqrt(squares)
    return -5 / 6 * (1 + distances) * np.exp(-distances)
