"""LightGBM: training that stops by itself and by the clock, and one model made of the models of all folds."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from ..arrays import Floats
from . import Lesson

__all__ = ["Boosted", "fit_lightgbm", "joined"]

_MOST_ROUNDS = 4000
# Rounds after which the clock is looked at for the first time.
_FIRST_LOOK = 10
# Rounds that a model of this learning rate needs, times the learning rate: most sets lie between 4 and 20.
_ROUNDS_TIMES_RATE = 10.0
_HIGHEST_RATE = 0.3
# Many rows are answered by blocks of trees: LightGBM takes each row through all trees, and those of eight folds do not
# fit into a processor's cache. Blocks that do take a third of the time (2,400 trees of 64 leaves, 10,000 rows).
_BLOCK_TREES, _MANY_ROWS = 100, 512
# Objectives whose raw score is the logarithm of the answer.
_LOGARITHMIC = ("poisson", "tweedie", "gamma")


class Boosted:
    """A boosted model as LightGBM's text: LightGBM reads it when it predicts for the first time.

    It may be several models, one after the other: its raw score is then their mean.
    """

    def __init__(self, text: str, classes: int, rounds: int, objective: str, parts: int = 1) -> None:
        """Keep a model; `objective` says how a raw score becomes an answer."""
        self.text = text
        self.classes = classes
        self.rounds = rounds
        self.objective = objective
        self.parts = parts
        self._booster: Any = None

    @property
    def booster(self) -> Any:
        """LightGBM's own object."""
        if self._booster is None:
            lightgbm: Any = import_module("lightgbm")  # heavy, without types
            self._booster = lightgbm.Booster(model_str=self.text)
        return self._booster

    def __getstate__(self) -> dict[str, Any]:
        """Leave LightGBM's object out."""
        return {**self.__dict__, "_booster": None}

    def predict(self, x: Floats) -> Floats:
        """Return probabilities or values."""
        raw = self._raw(x) / self.parts
        if self.classes == 2:
            found = 1 / (1 + np.exp(-raw))
            return np.column_stack([1 - found, found])
        if self.classes:
            raised = np.exp(raw - raw.max(axis=1, keepdims=True))
            return raised / raised.sum(axis=1, keepdims=True)
        return np.exp(raw) if self.objective in _LOGARITHMIC else raw

    def _raw(self, x: Floats) -> Floats:
        """Return the sum over all trees, of each class where there are more than two."""
        booster, each = self.booster, self.classes if self.classes > 2 else 1
        count: int = booster.num_trees() // each
        block = count if len(x) < _MANY_ROWS else max(1, _BLOCK_TREES // each)
        options: dict[str, Any] = {"raw_score": True, "num_threads": 1, "validate_features": False}
        total: Any = 0.0
        for start in range(0, count, block):
            total = total + booster.predict(x, start_iteration=start, num_iteration=block, **options)
        return np.asarray(total, dtype=np.float64).reshape((len(x), each) if each > 1 else len(x))

    def contributions(self, x: Floats) -> Floats:
        """Return (rows, features + 1, outputs): shares of the raw score, the last one its mean. Exact (Tree SHAP)."""
        found: Any = self.booster.predict(x, num_threads=1, pred_contrib=True)
        outputs = self.classes if self.classes > 2 else 1
        return np.asarray(found).reshape(len(x), outputs, -1).transpose(0, 2, 1) / self.parts


def fit_lightgbm(lesson: Lesson) -> Boosted:
    """Boost until the validation rows get no better, the rounds are done, or the seconds are over."""
    lightgbm: Any = import_module("lightgbm")  # heavy, without types
    data_options = {"verbosity": -1, "feature_pre_filter": False, "num_threads": 1}
    categorical = list(lesson.categorical)
    data = lightgbm.Dataset(
        lesson.x,
        lesson.y,
        weight=lesson.weights,
        categorical_feature=categorical,
        params=data_options,
        free_raw_data=False,
    )
    options = _options(lesson)
    booster = lightgbm.Booster(options, data)
    if lesson.valid is not None:
        x, y, weights = lesson.valid
        booster.add_valid(lightgbm.Dataset(x, y, weight=weights, reference=data, params=data_options), "valid")
    rounds = _boost(booster, lesson, options["learning_rate"])
    booster.free_dataset()
    return Boosted(booster.model_to_string(rounds), lesson.classes, rounds, options["objective"])


def _options(lesson: Lesson) -> dict[str, Any]:
    options: dict[str, Any] = {"learning_rate": 0.05, "num_leaves": 31, "verbosity": -1, "num_threads": 1}
    # LightGBM would try both ways and take the faster one by the clock, which does not repeat.
    way = "force_col_wise" if lesson.x.shape[1] > 150 else "force_row_wise"
    options |= {"seed": lesson.seed, "deterministic": True, way: True}
    given = {name: value for name, value in lesson.parameters.items() if name not in ("rounds", "recipe")}
    if lesson.classes == 0:
        options |= {"objective": "regression", "metric": "l1" if "absolute" in lesson.metric else "l2"}
    elif lesson.classes == 2:
        options |= {"objective": "binary", "metric": "binary_logloss"}
    else:
        options |= {"objective": "multiclass", "metric": "multi_logloss", "num_class": lesson.classes}
    options |= given
    if float(options.get("bagging_fraction", 1.0)) < 1.0:
        options.setdefault("bagging_freq", 1)
    # A leaf of more rows than a third of the set cannot split once.
    least = int(options.get("min_data_in_leaf", 20))
    options["min_data_in_leaf"] = max(1, min(least, len(lesson.x) // 10))
    return options


def _boost(booster: Any, lesson: Lesson, rate: float) -> int:
    """Run rounds; return the number of the best one."""
    most = lesson.rounds or int(lesson.parameters.get("rounds", _MOST_ROUNDS))
    watches = lesson.valid is not None and lesson.rounds is None
    best, best_loss, patience = most, float("inf"), _patience(rate)
    started = time.monotonic()
    for number in range(1, most + 1):
        if booster.update():  # no split is left that gains anything
            return max(1, number - 1) if not watches else max(1, min(best, number - 1))
        if watches:
            loss = booster.eval_valid()[0][2]
            if loss < best_loss:
                best, best_loss = number, loss
            elif number - best >= patience:
                return best
        if lesson.seconds is None:
            continue
        spent = time.monotonic() - started
        if spent > lesson.seconds:
            return best if watches else number
        if number == _FIRST_LOOK and lesson.rounds is None:
            faster = _rate_that_fits(rate, spent / number, lesson.seconds)
            if faster > rate:
                rate, patience = faster, _patience(faster)
                booster.reset_parameter({"learning_rate": rate})
    return best if watches and np.isfinite(best_loss) else most


def _patience(rate: float) -> int:
    """Rounds without gain before giving up: slower learners are given more."""
    return int(min(120, max(20, 3 / rate)))


def _rate_that_fits(rate: float, seconds_a_round: float, seconds: float) -> float:
    """Return a learning rate high enough for the rounds that fit."""
    fitting = max(1.0, seconds / max(seconds_a_round, 1e-9))
    return min(_HIGHEST_RATE, max(rate, _ROUNDS_TIMES_RATE / fitting))


def joined(models: Sequence[Boosted]) -> Boosted:
    """Return one model whose raw score is the mean of the models' raw scores.

    The models must have the same features. One call then stands for many, and its contributions stay exact. It is done
    on LightGBM's text: trees are renumbered, and the line of tree sizes, which is optional, is dropped.
    """
    first = models[0]
    head = re.sub(r"^tree_sizes=.*\n", "", first.text[: first.text.index("Tree=0")], flags=re.MULTILINE)
    tail = first.text[first.text.index("end of trees") :]
    bodies = (one.text[one.text.index("Tree=0") : one.text.index("end of trees")] for one in models)
    trees = [tree for body in bodies for tree in re.split(r"Tree=\d+\n", body)[1:]]
    text = head + "".join(f"Tree={number}\n{tree}" for number, tree in enumerate(trees)) + tail
    rounds = sum(one.rounds for one in models)
    return Boosted(text, first.classes, rounds, first.objective, sum(one.parts for one in models))
