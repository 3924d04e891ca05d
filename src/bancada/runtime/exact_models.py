"""Faster equivalents of fitted scikit-learn models, bit for bit: plain steps, and forests without their machinery.

scikit-learn spends milliseconds around a request's arithmetic on checks, frames and thread pools. Here the steps
are arithmetic (`exact_steps`), and a forest is a loop over its trees' own `predict`; any other last step is called
as it is, with the matrix. Which model gets one is decided by `exact_gate`. Standard library only at import, 3.8+.
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List, Optional

from .exact_steps import Block, Declined, NotUnderstood, Reader, compile_reader

__all__ = ["METHODS", "ExactModel", "compile_model"]

METHODS = ("predict", "predict_proba")
_FORESTS = {
    "RandomForestClassifier": True,
    "ExtraTreesClassifier": True,
    "RandomForestRegressor": False,
    "ExtraTreesRegressor": False,
}

Function = Callable[[Any], Any]


class ExactModel:
    """Functions that give what the original's methods give, or raise Declined."""

    def __init__(self, reader: Reader, functions: Dict[str, Function], trees: List[Any]) -> None:
        self.reader = reader
        self.trees = trees  # of a forest, for the gate's rows
        self._functions = functions

    @property
    def methods(self) -> List[str]:
        """The methods that it has."""
        return list(self._functions)

    def call(self, method: str, given: Any) -> Any:
        """Return the predictions. Raises Declined, or whatever the last step raises."""
        return self._functions[method](self.reader(given))


def compile_model(model: Any) -> ExactModel:
    """Return the equivalent of a fitted Pipeline or forest. Raises NotUnderstood, or anything over odd attributes."""
    if not str(type(model).__module__).startswith("sklearn."):
        raise NotUnderstood("`%s` is not scikit-learn's" % type(model).__name__)
    if type(model).__name__ == "Pipeline":
        steps = [step for _, step in model.steps]
        last = steps[-1]
        reader = compile_reader(steps[:-1]) if len(steps) > 1 else _bare(last)
    else:
        last = model
        reader = _bare(last)
    if not hasattr(last, "predict") or getattr(last, "n_outputs_", 1) != 1:
        raise NotUnderstood("the last step is no model with one output")
    is_classifier = _FORESTS.get(type(last).__name__)
    if is_classifier is None or not str(type(last).__module__).startswith("sklearn.ensemble"):
        if reader.after == [] and not any(one.changes or one.categories for one in reader.blocks):
            raise NotUnderstood("there is no exact equivalent of `%s`" % type(last).__name__)
        functions = {name: getattr(last, name) for name in METHODS if callable(getattr(last, name, None))}
        return ExactModel(reader, functions, [])
    functions = _classifier(last, reader) if is_classifier else _regressor(last, reader)
    return ExactModel(reader, functions, [one.tree_ for one in last.estimators_])


def _bare(model: Any) -> Reader:
    if type(model).__name__ not in _FORESTS:
        raise NotUnderstood("there is no exact equivalent of `%s`" % type(model).__name__)
    names: Any = getattr(model, "feature_names_in_", None)
    count = int(model.n_features_in_)
    listed: Optional[List[str]] = None if names is None else [str(one) for one in names]
    columns: List[Any] = list(listed) if listed is not None else list(range(count))
    return Reader([Block(columns, None, False, [], [0.0] * count, [10.0] * count)], listed, [], False)


def _as_trees_take_it(reader: Reader) -> Function:
    numpy = reader.numpy
    largest = float(numpy.finfo(numpy.float32).max)

    def narrow(matrix: Any) -> Any:
        if abs(matrix).max() > largest:
            raise Declined
        return matrix.astype(numpy.float32)

    return narrow


def _classifier(forest: Any, reader: Reader) -> Dict[str, Function]:
    numpy: Any = sys.modules["numpy"]
    predicts = [one.tree_.predict for one in forest.estimators_]
    classes = forest.classes_
    count, kinds = len(predicts), len(classes)
    narrow = _as_trees_take_it(reader)
    # Until scikit-learn 1.2 trees hold numbers of samples, from 1.3 on shares.
    shares = bool((abs(forest.estimators_[0].tree_.value.sum(axis=2) - 1) < 1e-9).all())

    def predict_proba(matrix: Any) -> Any:
        narrowed = narrow(matrix)
        total = numpy.zeros((len(narrowed), kinds))
        for predict in predicts:
            one = predict(narrowed)[:, :kinds]
            if not shares:
                whole = one.sum(axis=1)[:, None]
                whole[whole == 0.0] = 1.0
                one /= whole
            total += one
        total /= count
        return total

    def predict(matrix: Any) -> Any:
        return classes.take(numpy.argmax(predict_proba(matrix), axis=1), axis=0)

    return {"predict": predict, "predict_proba": predict_proba}


def _regressor(forest: Any, reader: Reader) -> Dict[str, Function]:
    numpy: Any = sys.modules["numpy"]
    predicts = [one.tree_.predict for one in forest.estimators_]
    narrow = _as_trees_take_it(reader)

    def predict(matrix: Any) -> Any:
        narrowed = narrow(matrix)
        total = numpy.zeros(len(narrowed))
        for one in predicts:
            total += one(narrowed)[:, 0]
        total /= len(predicts)
        return total

    return {"predict": predict}
