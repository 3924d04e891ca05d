"""A small neural network in NumPy: another family's errors for the ensemble, without a library of half a gigabyte.

Three hidden layers of one width with a learnt scale before the first one, a bent line (x above 0, x / (1 - x) below:
ELU's shape without its exponential, which would be most of the time), label smoothing, Adam with a learning rate that
rises and falls along a cosine, the best epoch kept. Choices follow what the paper on RealMLP
(Holzmüller, Grinsztajn, Steinwart, 2024) found to matter most, in our own code and for seconds instead of minutes.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from . import Lesson

__all__ = ["Network", "fit_network"]

# Arrays of 32-bit floats; NumPy's types widen them at every operator, so that they are not checked.
Singles = NDArray[Any]

# Rows that go through the layers at once: what lies between two layers stays in a processor's cache.
_CHUNK = 512
_BETA1, _BETA2 = 0.9, 0.95
_BATCH = 256
# Epochs without gain, as a share of all, before giving up.
_PATIENCE = 0.35


class Network:
    """Layers as matrices."""

    def __init__(self, layers: list[Singles], classes: int, centre: float, spread: float, rounds: int) -> None:
        """Keep [scale, w1, b1, …, w4, b4]; values are centre + spread times the output."""
        self.layers = layers
        self.classes = classes
        self.centre, self.spread = centre, spread
        self.rounds = rounds

    def predict(self, x: Floats) -> Floats:
        """Return probabilities or values."""
        parts = [
            _forward(self.layers, x[at : at + _CHUNK].astype(np.float32))[-1] for at in range(0, max(1, len(x)), _CHUNK)
        ]
        out = np.concatenate(parts).astype(np.float64)
        if not self.classes:
            return out[:, 0] * self.spread + self.centre
        return _softmax(out)


def _softmax(scores: Any) -> Any:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _bent(x: Singles) -> Singles:
    found = np.minimum(x, 0)
    np.subtract(1, found, out=found)  # 1 where x is above 0
    return np.divide(x, found, out=found)


def _forward(layers: list[Singles], x: Singles) -> list[Singles]:
    """Return the input times its scale, then each layer's output."""
    found = [x * layers[0]]
    for place in range(1, len(layers), 2):
        out = found[-1] @ layers[place]
        out += layers[place + 1]
        found.append(out if place + 2 >= len(layers) else _bent(out))
    return found


def _backward(layers: list[Singles], x: Singles, outs: list[Singles], slope: Singles) -> list[Singles]:
    """Return the slopes of the loss by each of the layers."""
    slopes: list[Singles] = [np.zeros(0, dtype=np.float32)] * len(layers)
    for place in range(len(layers) - 2, 0, -2):
        before = outs[(place - 1) // 2]
        slopes[place] = before.T @ slope
        slopes[place + 1] = slope.sum(axis=0)
        slope = slope @ layers[place].T
        if place > 1:
            # The slope from the output f: 1 above 0, (1 + f) squared below.
            slope = slope * (1 + np.minimum(before, 0)) ** 2
    slopes[0] = (slope * x).sum(axis=0)
    return slopes


def _start(inputs: int, width: int, outputs: int, random: np.random.Generator) -> list[Singles]:
    sizes = [inputs, width, width, width, outputs]
    layers = [np.ones(inputs, dtype=np.float32)]
    for before, after in pairwise(sizes):
        layers.append((random.standard_normal((before, after)) * 1.3 / np.sqrt(before)).astype(np.float32))
        layers.append(np.zeros(after, dtype=np.float32))
    layers[-2] *= 0.1  # near 0 at the start: the first steps learn, not unlearn
    return layers


class _Adam:
    def __init__(self, layers: list[Singles], decay: float) -> None:
        self._first = [np.zeros_like(one) for one in layers]
        self._second = [np.zeros_like(one) for one in layers]
        self._decay = decay
        self._steps = 0

    def step(self, layers: list[Singles], slopes: list[Singles], rate: float) -> None:
        """Move all layers; the input's scale six times as fast, as it has few numbers and much to say."""
        self._steps += 1
        one, two = 1 - _BETA1**self._steps, 1 - _BETA2**self._steps
        for place, slope in enumerate(slopes):
            first, second = self._first[place], self._second[place]
            first += (1 - _BETA1) * (slope - first)
            second += (1 - _BETA2) * (slope * slope - second)
            speed = rate * (6 if place == 0 else 1)
            if layers[place].ndim == 2:
                layers[place] *= 1 - speed * self._decay
            layers[place] -= speed * (first / one) / (np.sqrt(second / two) + 1e-8)


def fit_network(lesson: Lesson) -> Network:
    """Train for some epochs, fewer when the seconds are over; keep the epoch that was best on the validation rows."""
    random = np.random.default_rng(lesson.seed)
    width, epochs = int(lesson.parameters.get("width", 128)), int(lesson.parameters.get("epochs", 64))
    top, decay = float(lesson.parameters.get("learning_rate", 0.01)), float(lesson.parameters.get("decay", 0.02))
    drop = float(lesson.parameters.get("dropout", 0.1))
    centre, spread = (0.0, 1.0) if lesson.classes else (float(lesson.y.mean()), float(lesson.y.std()) or 1.0)
    x = lesson.x.astype(np.float32)
    goal = _goal(lesson.y, lesson.classes, centre, spread, float(lesson.parameters.get("smoothing", 0.05)))
    weights = np.ones(len(x)) if lesson.weights is None else lesson.weights / lesson.weights.mean()
    layers = _start(x.shape[1], width, goal.shape[1], random)
    adam = _Adam(layers, decay)
    best, best_loss, best_epoch = [one.copy() for one in layers], float("inf"), 0
    started, batches = time.monotonic(), max(1, len(x) // _BATCH)
    total = lesson.rounds or epochs
    for epoch in range(total):
        if lesson.seconds is not None and epoch == 1:
            # The cosine has to come down to 0 within the time, so the number of epochs is settled once.
            total = max(2, min(total, int(lesson.seconds / max(time.monotonic() - started, 1e-6))))
        if epoch >= total:
            break
        for number, rows in enumerate(np.array_split(random.permutation(len(x)), batches)):
            progress = (epoch + number / batches) / total
            rate = top * min(1.0, 10 * (progress + 0.01)) * 0.5 * (1 + np.cos(np.pi * progress))
            keep = (random.random((len(rows), x.shape[1]), dtype=np.float32) >= drop) / np.float32(1 - drop)
            _learn(layers, adam, x[rows] * keep, goal[rows], weights[rows], bool(lesson.classes), float(rate))
        if lesson.valid is None or lesson.rounds:
            best, best_epoch = layers, epoch
            continue
        loss = _loss(layers, lesson, centre, spread)
        if loss < best_loss:
            best, best_loss, best_epoch = [one.copy() for one in layers], loss, epoch
        elif epoch - best_epoch > _PATIENCE * total:
            break
    return Network(best, lesson.classes, centre, spread, best_epoch + 1)


def _goal(y: Floats, classes: int, centre: float, spread: float, smoothing: float) -> Singles:
    if not classes:
        return ((y - centre) / spread)[:, None].astype(np.float32)
    hot = y[:, None] == np.arange(classes)
    return (hot * (1 - smoothing) + smoothing / classes).astype(np.float32)


def _learn(
    layers: list[Singles], adam: _Adam, x: Singles, goal: Singles, weights: Floats, classifies: bool, rate: float
) -> None:
    outs = _forward(layers, x)
    found = _softmax(outs[-1]) if classifies else outs[-1]
    slope = (found - goal) * (weights / len(x))[:, None].astype(np.float32)
    adam.step(layers, _backward(layers, x, outs, slope.astype(np.float32)), rate)


def _loss(layers: list[Singles], lesson: Lesson, centre: float, spread: float) -> float:
    """Return the loss on the validation rows: cross entropy, absolute or squared error."""
    assert lesson.valid is not None
    x, y, weights = lesson.valid
    found = Network(layers, lesson.classes, centre, spread, 0).predict(x)
    if lesson.classes:
        right = found[np.arange(len(y)), y.astype(np.int64)]
        return float(np.average(-np.log(np.maximum(right, 1e-12)), weights=weights))
    errors = np.abs(found - y) if "absolute" in lesson.metric else (found - y) ** 2
    return float(np.average(errors, weights=weights))
