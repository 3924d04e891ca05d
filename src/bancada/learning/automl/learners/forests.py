"""Trees of scikit-learn: one, a random forest, extremely random trees, and gradient boosting."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..arrays import Codes, Floats
from . import Lesson
from .estimators import Estimated, fitted

__all__ = ["Forest", "fit_extra_trees", "fit_gradient_boosting", "fit_random_forest", "fit_tree"]

# Many rows walk down some of the trees at a time: trees of so many nodes, and so many walks (a row on a tree), fit into
# a processor's cache; so many numbers are read at the leaves.
_NODES, _WALKS, _NUMBERS = 130_000, 100_000, 1_000_000
# Levels after which rows that have arrived at a leaf are left out.
_LEVELS = 3


class Forest:
    """Trees as arrays, walked by many rows and trees at once.

    scikit-learn calls each tree by itself, which costs 5 ms for one row and 100 trees; here it is 0.2 ms. Features
    are compared as 32-bit floats, as scikit-learn does, so that the answers are the same.
    """

    rounds = 0

    def __init__(self, trees: list[Any], classes: int, seen: Codes) -> None:
        """Take the `tree_` of each estimator; `seen` are the classes that occurred in training."""
        parts = [_nodes(tree) for tree in trees]
        # By tree the number of its first node, its root, and last the number of all nodes.
        self.starts = np.cumsum([0] + [tree.node_count for tree in trees]).astype(np.int32)
        self.split = np.concatenate([one[0] for one in parts])
        self.threshold = np.concatenate([one[1] for one in parts])
        # The right child follows the left one. A leaf is its own child: rows that have arrived stay.
        self.child = np.concatenate([one[2] + start for one, start in zip(parts, self.starts, strict=False)])
        self.depth = max(int(tree.max_depth) for tree in trees)
        values = np.concatenate([one[3] for one in parts])
        # Shares of classes need no more than seven digits, and forests are large.
        self.values = (values / values.sum(axis=1, keepdims=True)).astype(np.float32) if classes else values
        self.classes, self.seen = classes, seen

    def predict(self, x: Floats) -> Floats:
        """Return probabilities or values: the mean over trees."""
        singles: Any = np.ascontiguousarray(x, dtype=np.float32)
        found = np.zeros((len(x), self.values.shape[1]))
        trees = len(self.starts) - 1
        some = trees if len(x) == 1 else max(1, _NODES * trees // int(self.starts[-1]))
        for first in range(0, trees, some):
            roots = self.starts[first : min(first + some, trees)]
            rows = max(1, min(_WALKS, _NUMBERS // found.shape[1]) // len(roots))
            for start in range(0, len(x), rows):
                found[start : start + rows] += self._walk(singles[start : start + rows], roots)
        found /= trees
        if not self.classes:
            return found[:, 0]
        whole = np.zeros((len(x), self.classes))
        whole[:, self.seen] = found
        return whole

    def _walk(self, x: Any, roots: Any) -> Floats:
        """Return the sum of some trees' values for each row."""
        cells = x.ravel()
        row: Any = np.repeat(np.arange(len(x), dtype=np.int64) * x.shape[1], len(roots))
        node: Any = np.tile(roots, len(x))
        leaf, walking = node, None  # None: all
        for level in range(1, self.depth + 1):
            after = self.child.take(node)
            after += cells.take(row + self.split.take(node)) > self.threshold.take(node)
            if level % _LEVELS == 0:
                moved = np.flatnonzero(after != node)
                if walking is None:
                    leaf, walking = after, moved
                else:
                    leaf[walking] = after
                    walking = walking[moved]
                after, row = after[moved], row[moved]
            node = after
        if walking is None:
            leaf = node
        else:
            leaf[walking] = node
        return self.values.take(leaf, axis=0).reshape(len(x), len(roots), -1).sum(axis=1, dtype=np.float64)


def _nodes(tree: Any) -> tuple[Any, Any, Any, Any]:
    """Return a tree's columns, thresholds, left children and values, by nodes numbered so that siblings are pairs."""
    inner = np.flatnonzero(tree.children_left >= 0)
    left = 1 + 2 * np.arange(len(inner))
    number = np.zeros(tree.node_count, dtype=np.int64)
    number[tree.children_left[inner]] = left
    number[tree.children_right[inner]] = left + 1
    split = np.zeros(tree.node_count, dtype=np.int32)
    split[number[inner]] = tree.feature[inner]
    threshold = np.full(tree.node_count, np.inf, dtype=np.float32)
    threshold[number[inner]] = _below(tree.threshold[inner])
    child = np.arange(tree.node_count, dtype=np.int32)
    child[number[inner]] = left
    values = np.empty((tree.node_count, tree.value.shape[2]))
    values[number] = tree.value[:, 0, :]
    return split, threshold, child, values


def _below(thresholds: Floats) -> Any:
    """Return 32-bit floats that are not above the thresholds: a 32-bit feature is above both or above neither."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


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
