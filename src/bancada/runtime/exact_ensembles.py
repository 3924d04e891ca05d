"""Exact equivalents of scikit-learn's ensembles of trees: what they do with a matrix, without their machinery.

The walk is `exact_trees`'; leaves are added up in the order of the originals. What comes after the sum (the link
function, labels) is done by the original class's own methods, on a copy of the object that is given the sum.
Standard library only at import, 3.8+.
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from .exact_steps import Declined, NotUnderstood
from .exact_trees import Grove, Ranks, Table, limits_of

__all__ = ["Equivalent", "Function", "boosting", "forest", "histogram_boosting"]

Function = Callable[[Any], Any]


class Equivalent(NamedTuple):
    """Functions of a matrix that give what a model's methods give, and what the gate must know of the model."""

    functions: Dict[str, Function]
    limits: Dict[int, Any]  # thresholds of its trees by column, each once: where the gate looks
    trees: int = 0
    takes_nan: bool = False
    rowwise: bool = True  # whether a row's answer depends on that row alone
    how: str = ""


def forest(model: Any) -> Equivalent:
    """Return the equivalent of a random forest or of extra trees. Raises NotUnderstood."""
    trees = [one.tree_ for one in model.estimators_]
    classes: Any = getattr(model, "classes_", None)
    tables = [_table(one, _shares(one.value[:, 0, :]) if classes is not None else one.value[:, 0, :1]) for one in trees]
    count = len(trees)
    try:
        sums: Callable[[Any, Any], Any] = Grove(tables, int(model.n_features_in_)).sums
        how = "its %d trees joined" % count
    except NotUnderstood:
        sums, how = _one_by_one(trees, tables), "its %d trees one by one" % count
    narrow = _as_trees_take_it()

    def mean(matrix: Any) -> Any:
        total = sums(narrow(matrix), 0.0)
        total /= count
        return total

    if classes is None:
        return Equivalent({"predict": _then(mean, _first_column)}, limits_of(tables), count, how=how)
    numpy: Any = sys.modules["numpy"]

    def predict(matrix: Any) -> Any:
        return classes.take(numpy.argmax(mean(matrix), axis=1), axis=0)

    return Equivalent({"predict": predict, "predict_proba": mean}, limits_of(tables), count, how=how)


def _table(tree: Any, values: Any) -> Table:
    # Forests may be trained on NaN from scikit-learn 1.4 on; such input goes to the original.
    return Table(tree.feature, tree.threshold, tree.children_left, tree.children_right, values)


def _shares(values: Any) -> Any:
    """Return a classifier's leaves as shares. Until scikit-learn 1.2 trees hold numbers of samples."""
    whole = values.sum(axis=1)
    if bool((abs(whole - 1) < 1e-9).all()):
        return values
    whole[whole == 0.0] = 1.0
    return values / whole[:, None]


def _one_by_one(trees: List[Any], tables: List[Table]) -> Callable[[Any, Any], Any]:
    numpy: Any = sys.modules["numpy"]

    def sums(matrix: Any, first: Any) -> Any:
        total = numpy.full((len(matrix), tables[0].values.shape[1]), first)
        for tree, table in zip(trees, tables):
            total += table.values.take(tree.apply(matrix), axis=0)
        return total

    return sums


def _as_trees_take_it() -> Function:
    numpy: Any = sys.modules["numpy"]
    largest = float(numpy.finfo(numpy.float32).max)

    def narrow(matrix: Any) -> Any:
        if not abs(matrix).max() <= largest:
            raise Declined
        return matrix.astype(numpy.float32)

    return narrow


def boosting(model: Any) -> Equivalent:
    """Return the equivalent of gradient boosting. Raises NotUnderstood."""
    numpy: Any = sys.modules["numpy"]
    outputs = int(model.estimators_.shape[1])
    plain = isinstance(model.init_, str) or str(type(model.init_).__module__) == "sklearn.dummy"
    if not plain:
        raise NotUnderstood("it begins with the predictions of `%s`" % type(model.init_).__name__)
    trees = [one.tree_ for one in model.estimators_.ravel()]
    tables = [_table(one, one.value[:, 0, :1] * model.learning_rate) for one in trees]
    features = int(model.n_features_in_)
    grove = Grove(tables, features)
    first = model._raw_predict_init(numpy.zeros((1, features), numpy.float32))[0]
    narrow = _as_trees_take_it()

    def raw(matrix: Any) -> Any:
        return grove.sums(narrow(matrix), first, outputs)

    how = "its %d trees joined" % len(trees)
    if getattr(model, "classes_", None) is None:
        return Equivalent({"predict": _then(raw, _first_column)}, limits_of(tables), len(trees), how=how)
    finish = _finishers(model, "decision_function", ("predict", "predict_proba"))

    def decision(matrix: Any) -> Any:
        found = raw(matrix)
        return found[:, 0] if outputs == 1 else found

    functions = {name: _then(decision, one) for name, one in finish.items()}
    return Equivalent(functions, limits_of(tables), len(trees), how=how)


def histogram_boosting(model: Any) -> Equivalent:
    """Return the equivalent of histogram gradient boosting without categories. Raises NotUnderstood."""
    numpy: Any = sys.modules["numpy"]
    outputs = len(model._predictors[0])
    nodes = [one.nodes for stage in model._predictors for one in stage]
    if any(bool(one["is_categorical"].any()) for one in nodes):
        raise NotUnderstood("it splits by categories")
    tables = [_histogram_table(one) for one in nodes]
    ranks = Ranks(tables)
    grove = Grove([ranks.of_table(one) for one in tables], int(model.n_features_in_))
    first = numpy.asarray(model._baseline_prediction).ravel()

    def raw(matrix: Any) -> Any:
        # Columns lie together, as in the original's sum.
        return numpy.asfortranarray(grove.sums(ranks.of_matrix(matrix), first, outputs))

    names = [name for name in ("predict", "predict_proba") if callable(getattr(model, name, None))]
    finish = _finishers(model, "_raw_predict", names)
    functions = {name: _then(raw, one) for name, one in finish.items()}
    how = "its %d trees joined" % len(nodes)
    return Equivalent(functions, limits_of(tables), len(nodes), takes_nan=True, how=how)


def _histogram_table(nodes: Any) -> Table:
    numpy: Any = sys.modules["numpy"]
    leaf = nodes["is_leaf"].astype(bool)
    left, right = (numpy.where(leaf, -1, nodes[side].astype(numpy.int64)) for side in ("left", "right"))
    values = nodes["value"].astype(numpy.float64)[:, None]
    feature = nodes["feature_idx"].astype(numpy.int64)
    return Table(feature, nodes["num_threshold"], left, right, values, nodes["missing_go_to_left"].astype(bool))


def _finishers(model: Any, source: str, names: Any) -> Dict[str, Function]:
    """Return the class's own methods, on a copy of the model whose method `source` returns what they are given."""
    kind: Any = model.__class__
    shell: Any = object.__new__(kind)
    shell.__dict__.update(vars(model))
    shell.__dict__[source] = _itself
    return {name: _method(kind, name, shell) for name in names}


def _itself(given: Any, n_threads: Any = None) -> Any:
    return given


def _first_column(matrix: Any) -> Any:
    return matrix[:, 0]


def _method(kind: Any, name: str, shell: Any) -> Function:
    found: Optional[Any] = getattr(kind, name, None)
    if found is None:
        raise NotUnderstood("`%s` has no `%s`" % (kind.__name__, name))
    return found.__get__(shell, kind)


def _then(first: Function, second: Function) -> Function:
    return lambda matrix: second(first(matrix))
