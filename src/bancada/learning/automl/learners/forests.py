"""Trees of scikit-learn: one, a random forest, extremely random trees, and gradient boosting."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..arrays import Codes, Floats
from . import Lesson
from .estimators import Estimated, fitted

__all__ = ["Forest", "fit_extra_trees", "fit_gradient_boosting", "fit_random_forest", "fit_tree"]

# Rows that walk down all trees at once: small enough for a processor's cache.
_CHUNK = 512


class Forest:
    """Trees as arrays, walked by all rows and all trees at once.

    scikit-learn calls each tree by itself, which costs 5 ms for one row and 100 trees; here it is 0.3 ms. Features
    are compared as 32-bit floats, as scikit-learn does, so that the answers are the same.
    """

    rounds = 0

    def __init__(self, trees: list[Any], classes: int, seen: Codes) -> None:
        """Take the `tree_` of each estimator; `seen` are the classes that occurred in training."""
        starts = np.cumsum([0] + [tree.node_count for tree in trees])
        self.roots = starts[:-1].astype(np.int32)
        inner = [tree.children_left >= 0 for tree in trees]
        self.split = np.concatenate([np.where(ok, tree.feature, 0) for tree, ok in zip(trees, inner, strict=True)])
        self.split = self.split.astype(np.int32)
        self.threshold = np.concatenate([tree.threshold for tree in trees])
        # A leaf is its own child: rows that have arrived stay.
        self.children = np.concatenate([_children(tree, start) for tree, start in zip(trees, starts[:-1], strict=True)])
        self.depth = max(int(tree.max_depth) for tree in trees)
        values = np.concatenate([tree.value[:, 0, :] for tree in trees])
        # Shares of classes need no more than seven digits, and forests are large.
        self.values = (values / values.sum(axis=1, keepdims=True)).astype(np.float32) if classes else values
        self.classes, self.seen = classes, seen

    def predict(self, x: Floats) -> Floats:
        """Return probabilities or values: the mean over trees."""
        singles = x.astype(np.float32)
        parts = [self._walk(singles[start : start + _CHUNK]) for start in range(0, len(x), _CHUNK)]
        found = np.concatenate(parts) if parts else np.zeros((0, self.values.shape[1]))
        if not self.classes:
            return found[:, 0]
        whole = np.zeros((len(x), self.classes))
        whole[:, self.seen] = found
        return whole

    def _walk(self, x: Any) -> Floats:
        flat = np.ascontiguousarray(x).ravel()
        row = np.repeat(np.arange(len(x), dtype=np.int64) * x.shape[1], len(self.roots))
        node = np.tile(self.roots, len(x))
        for _ in range(self.depth):
            right = flat.take(row + self.split.take(node)) > self.threshold.take(node)
            node = self.children.take(2 * node + right)
        return self.values.take(node, axis=0).reshape(len(x), len(self.roots), -1).mean(axis=1)


def _children(tree: Any, start: int) -> Any:
    count: int = tree.node_count
    both: Any = np.array([tree.children_left, tree.children_right])
    sides: Any = np.where(both >= 0, both, np.arange(count)) + start
    return sides.T.astype(np.int32).ravel()


def _ensemble() -> Any:
    return import_module("sklearn.ensemble")  # a second to import, without types


def _kind(lesson: Lesson) -> str:
    return "Classifier" if lesson.classes else "Regressor"


def _forest(name: str, lesson: Lesson) -> Forest:
    options: dict[str, Any] = {"n_estimators": 100, "n_jobs": 1, "random_state": lesson.seed, **lesson.parameters}
    forest = fitted(getattr(_ensemble(), name + _kind(lesson))(**options), lesson).estimator
    return _arrays([one.tree_ for one in forest.estimators_], forest, lesson)


def _arrays(trees: list[Any], estimator: Any, lesson: Lesson) -> Forest:
    seen = np.asarray(estimator.classes_, dtype=np.int64) if lesson.classes else np.zeros(1, dtype=np.int64)
    return Forest(trees, lesson.classes, seen)


def fit_random_forest(lesson: Lesson) -> Forest:
    """Fit a random forest; parameters are scikit-learn's."""
    return _forest("RandomForest", lesson)


def fit_extra_trees(lesson: Lesson) -> Forest:
    """Fit extremely random trees; parameters are scikit-learn's."""
    return _forest("ExtraTrees", lesson)


def fit_gradient_boosting(lesson: Lesson) -> Estimated:
    """Fit scikit-learn's gradient boosting over histograms."""
    options: dict[str, Any] = {"random_state": lesson.seed, "early_stopping": False, **lesson.parameters}
    return fitted(getattr(_ensemble(), "HistGradientBoosting" + _kind(lesson))(**options), lesson, is_parallel=True)


def fit_tree(lesson: Lesson) -> Forest:
    """Fit one tree."""
    module: Any = import_module("sklearn.tree")
    options: dict[str, Any] = {"random_state": lesson.seed, **lesson.parameters}
    tree = fitted(getattr(module, "DecisionTree" + _kind(lesson))(**options), lesson).estimator
    return _arrays([tree.tree_], tree, lesson)
