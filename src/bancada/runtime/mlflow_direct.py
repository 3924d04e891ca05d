"""From a request's JSON values straight to the matrix of an exact equivalent: no frame, no schema machinery.

It takes only what MLflow would take as it is: every column of the signature, each value of the column's own type.
Everything else is declined, and goes the way through pandas and MLflow, which decides. Admitted by a gate of its own,
watched by sampled checks. Standard library only at import, Python 3.8+.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from .exact_gate import Served, admit
from .exact_models import compile_model
from .exact_serving import CHECK_EVERY, CHECKED_FIRST, Hold
from .exact_steps import Declined, NotUnderstood
from .mlflow_batches import same_bits
from .mlflow_forms import Values
from .mlflow_model import ServedModel
from .unasked import unasked

__all__ = ["Direct", "make_direct", "served_booster"]

logger = logging.getLogger("azmlinfsrv")

_LARGEST_INT = 1 << 53  # beyond it a double is not the integer any more
# Rows of the gate that are sent through as requests, in sizes like those of requests. What the equivalent makes of the
# matrix was tried before, on all of them.
_TRIED_SIZES = (1, 31, 200)

# MLflow's type of a column → the types of JSON values that it takes as they are, and numpy's name for the array.
_TYPES: Dict[str, Tuple[Set[type], str]] = {
    "double": ({int, float}, "float64"),
    "long": ({int}, "int64"),
    "integer": ({int}, "int64"),
    "string": ({str}, "object"),
}
_INT32 = 1 << 31


def make_direct(model: ServedModel, served: Served) -> "Direct":
    """Return the direct way for a model, tried on the gate's rows. Raises NotUnderstood."""
    direct = Direct(model, served)
    direct.admit()
    return direct


def served_booster(model: ServedModel, examples: List[Any]) -> Served:
    """Return the equivalent of XGBoost's own Booster, which only a program without a script can hand a matrix.

    Raises NotUnderstood.
    """
    exact = compile_model(model.raw)
    frames, _, _ = admit(model.wrapper, exact, examples)
    return Served(model.raw, exact, Hold("model", model.raw), frames)


class Direct:
    """Predicts for values of requests; `predict` says None for those that are not for it."""

    def __init__(self, model: ServedModel, served: Served) -> None:
        self._model, self._served = model, served
        self._exact = served.exact
        self._numpy: Any = sys.modules["numpy"]
        if model.columns is None:
            raise NotUnderstood("the model has no signature with named columns")
        unknown = sorted({kind for _, kind in model.columns} - set(_TYPES))
        if unknown:
            raise NotUnderstood("the signature has columns of type %s" % ", ".join(unknown))
        self._kinds = dict(model.columns)
        self._names = [name for name, _ in model.columns]
        self._check_reader()
        self._default = model.default_method
        self.is_rowwise = self._exact.is_rowwise
        self._calls = 0
        self.is_active = True

    def _check_reader(self) -> None:
        reader = self._exact.reader
        known = reader.names
        if known is None:
            # Fitted on an array: MLflow hands a frame over, whose columns count by their places.
            raise NotUnderstood("the model was fitted without column names")
        if known != self._names and not (reader.any_order and set(known) <= set(self._names)):
            raise NotUnderstood("the signature's columns are not the model's")

    def admit(self) -> None:
        """Compare with MLflow's own way on the gate's rows. Raises NotUnderstood."""
        tried = 0
        for frame in self._served.frames:
            start = 0
            for size in _TRIED_SIZES:
                part = frame[start : start + size]
                if len(part):
                    with unasked():
                        tried += self._try(part)
                start += size
        if not tried:
            raise NotUnderstood("none of the gate's rows can be sent as a request")

    def _try(self, frame: Any) -> int:
        for name in self._names:
            if name not in frame.columns:
                frame = frame.assign(**{name: 0})
        document = json.loads(json.dumps(_rows(frame[self._names], self._kinds)))
        values = Values("rows", document, list(self._names))
        for method in ("", *self._exact.methods) if len(frame) == _TRIED_SIZES[0] else ("",):
            found = self.predict(values, method)
            if found is not None and not same_bits(found, self._original(values, method)):
                raise NotUnderstood("straight from JSON the model says something else")
        return len(frame) if self.predict(values, "") is not None else 0

    def _original(self, values: Values, method: str) -> Any:
        with self._served.hold.paused():
            return self._model.predict(self._model.to_input(values), {}, method)

    def predict(self, values: Values, method: str) -> Any:
        """Return the predictions for a request's values; None when it is not for this way."""
        method = self._default if method in ("", "predict") else method
        if not self.is_active or method not in self._exact.methods or values.kind != "rows" or not values.data:
            return None
        columns = values.columns or []
        if len(columns) != len(self._names) or set(columns) != set(self._kinds):
            return None
        try:
            # Every column is looked at, also those that no step reads: MLflow would refuse a wrong one.
            arrays = {name: self._array(name, one) for name, one in zip(columns, zip(*values.data))}
            matrix = self._exact.reader.read(arrays.__getitem__, len(values.data))
            return self._exact.of_matrix(method, matrix)
        except Declined:
            return None

    def _array(self, name: str, column: Tuple[Any, ...]) -> Any:
        kind = self._kinds[name]
        allowed, dtype = _TYPES[kind]
        found = set(map(type, column))
        if not found <= allowed:
            # Only among numbers: pandas makes a column of nothing but null an object.
            if kind != "double" or not found <= {int, float, type(None)} or found == {type(None)}:
                raise Declined
            return self._numpy.array([float("nan") if one is None else one for one in column], dtype)
        try:
            array = self._numpy.array(column, dtype)
        except OverflowError:
            raise Declined from None
        if int in found and not abs(array).max() < (_INT32 if kind == "integer" else _LARGEST_INT):
            raise Declined
        return array

    def checked(self, values: Values, method: str, found: Any) -> Any:
        """Now and then ask the original too, and return its answer; the first difference ends this way."""
        self._calls += 1
        if self._calls > CHECKED_FIRST and self._calls % CHECK_EVERY:
            return found
        original = self._original(values, method)
        if not same_bits(found, original):
            self.is_active = False
            self._served.hold.withdraw("straight from JSON its exact equivalent gave another answer")
        return original


def _rows(frame: Any, kinds: Dict[str, str]) -> List[List[Any]]:
    """Return a frame's rows as JSON values of the signature's types."""
    columns = [list(map(_caster(kinds[name]), frame[name].tolist())) for name in frame.columns]
    return [list(row) for row in zip(*columns)]


def _caster(kind: str) -> Callable[[Any], Any]:
    if kind == "string":
        return str
    return _whole if kind in ("long", "integer") else _number


def _whole(value: Any) -> Any:
    return int(value) if value == value else None


def _number(value: Any) -> Optional[Any]:
    return value if value == value else None
