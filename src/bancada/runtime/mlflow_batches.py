"""Scoring several requests by one call of the model, where that changes no bit of any answer.

No timer is involved: what waits when the replica becomes free is taken together, so a lone request pays nothing.
Whether a model allows it is not believed but tried when the replica starts, on the input example, varied rows and
several sizes; and while it serves, now and then one request of a batch is scored alone and compared. Standard
library only at import, Python 3.8+.
"""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .mlflow_forms import BadInput, ModelRequest, Values, parse_request
from .mlflow_model import ServedModel
from .unasked import unasked

__all__ = ["LARGEST", "Batches", "same_bits"]

LARGEST = 64
# More rows than this are not put together: one request must not wait for a second's work of others.
_MOST_ROWS = 4096
# Libraries whose models answer each row by itself; others (forecasts, say) may look at the rows beside it.
_ROWWISE = frozenset(["sklearn", "lightgbm", "xgboost", "catboost"])
_TRIED_ROWS = 48
_TRIED_SIZES = (1, 1, 1, 2, 3, 7, 8, 9, 16)
_BIG = 2000
_CHECK_EVERY = 200  # batches

logger = logging.getLogger("azmlinfsrv")


# MLflow's type of a column → what JSON must have there for a request to be put together with others.
_PLAIN: Dict[str, Tuple[type, ...]] = {
    "integer": (int,),
    "long": (int,),
    "float": (int, float, type(None)),
    "double": (int, float, type(None)),
    "string": (str, type(None)),
    "boolean": (bool,),
}


class _Part(NamedTuple):
    text: str
    form: str
    values: Values


class Batches:
    """What may be scored together for one model, and what has been scored ahead."""

    def __init__(self, model: ServedModel) -> None:
        self._model = model
        self._ready: Dict[str, Tuple[str, Any]] = {}
        self._count = 0
        self.largest = 1
        self.reason = "not tried yet"
        self.direct: Any = None
        # Per method: whether its predictions were found to be the same alone and together.
        self._exact: Dict[str, bool] = {}

    def admit(self, direct: Any = None) -> None:
        """Try the model; afterwards `largest` says how many requests may come at a time, `reason` why.

        `direct` is the way from JSON values to an exact equivalent, where there is one.
        """
        self.direct = direct
        if direct is not None and direct.is_rowwise:
            self.largest, self.reason = LARGEST, "the exact equivalent looks at each row by itself"
            return
        self.reason = self._obstacle()
        if self.reason:
            return
        self.largest = LARGEST
        self.reason = "the predictions of single rows and of batches are the same bits"

    def _obstacle(self) -> str:
        if not _ROWWISE.intersection(self._model.flavors):
            return "models of this flavor may look at several rows together"
        if self._model.columns is None:
            return "the model has no signature with named columns"
        example = self._model.example()
        if example is None or not len(example):
            return "the model has no input example to try it on"
        try:
            if not self._is_exact("", example):
                return "scored together, rows get other predictions than alone"
        except Exception as reason:  # the model's own code, on rows that nobody asked for
            logger.info("The model was not tried with batches", exc_info=reason)
            return "the model could not be tried: %s" % reason
        return ""

    def _is_exact(self, method: str, example: Any = None) -> bool:
        if method not in self._exact:
            frame = self._model.example() if example is None else example
            with unasked():
                self._exact[method] = self._try(method, _varied(frame))
        return self._exact[method]

    def _try(self, method: str, frame: Any) -> bool:
        together = self._predict(frame, method)
        if together is None or len(together) != len(frame):
            return False
        start = 0
        for size in _TRIED_SIZES:
            if start + size > len(frame):
                break
            alone = self._predict(frame.iloc[start : start + size].reset_index(drop=True), method)
            if not same_bits(alone, together[start : start + size]):
                return False
            start += size
        times = _BIG // len(frame) + 1
        order = list(range(len(frame))) * times
        big = self._predict(frame.iloc[order].reset_index(drop=True), method)
        return all(same_bits(big[at : at + len(frame)], together) for at in range(0, len(order), len(frame)))

    def _predict(self, frame: Any, method: str) -> Any:
        return self._model.predict(frame, {}, method)

    def take(self, text: str) -> Optional[Tuple[str, Any]]:
        """Return form and predictions made ahead for a request's text; None when there are none."""
        return self._ready.get(text)

    def prepare(self, texts: List[str]) -> None:
        """Score requests that allow it together, those with the same text once; the others are left to `run()`."""
        self._ready = {}
        if self.largest == 1 or len(texts) < 2:
            return
        groups: Dict[Tuple[str, str, Tuple[str, ...]], List[_Part]] = {}
        asked = Counter(texts)
        for text in asked:
            request = _read(text)
            if request is not None and request.values.columns:
                key = (request.method, json.dumps(request.params), tuple(request.values.columns))
                groups.setdefault(key, []).append(_Part(text, request.form, request.values))
        for (method, params, columns), parts in groups.items():
            if sum(asked[part.text] for part in parts) > 1 and params == "{}":
                left = [part for part in self._direct(method, parts) if self._is_plain(part.values)]
                self._score(method, list(columns), left)

    def _is_plain(self, values: Values) -> bool:
        """Tell whether every value has its column's type: beside others, it will not be read otherwise than alone."""
        if values.kind != "rows" or not values.columns:
            return False
        kinds = dict(self._model.columns or ())
        types = [_PLAIN.get(kinds[name], ()) if name in kinds else (object,) for name in values.columns]
        return all(type(one) in allowed or object in allowed for row in values.data for one, allowed in zip(row, types))

    def _direct(self, method: str, parts: List[_Part]) -> List[_Part]:
        """Let the exact equivalent answer what it can; return what is left."""
        if self.direct is None or not self.direct.is_rowwise:
            return parts
        if sum(len(part.values.data) for part in parts) <= _MOST_ROWS and self._all_direct(method, parts):
            return []
        # One among them is not for it: each is asked for by itself.
        return [part for part in parts if not self._all_direct(method, [part])]

    def _all_direct(self, method: str, parts: List[_Part]) -> bool:
        if not all(part.values.data for part in parts):
            return False
        rows = [row for part in parts for row in part.values.data]
        found = self.direct.predict(Values("rows", rows, parts[0].values.columns), method)
        if found is None:
            return False
        start = 0
        for part in parts:
            end = start + len(part.values.data)
            self._ready[part.text] = part.form, self.direct.checked(part.values, method, found[start:end])
            start = end
        return True

    def _score(self, method: str, columns: List[str], parts: List[_Part]) -> None:
        rows: List[Any] = []
        taken: List[Tuple[_Part, int]] = []
        for part in parts:
            if part.values.data and len(rows) + len(part.values.data) <= _MOST_ROWS:
                taken.append((part, len(rows)))
                rows.extend(part.values.data)
        try:
            if not taken or not self._is_exact(method):
                return
            found = self._model.predict(self._model.to_input(Values("rows", rows, columns)), {}, method)
        except Exception as reason:  # one bad request among them: each is scored, and refused, by itself
            logger.debug("A batch could not be scored: %s", reason)
            return
        if found is None or len(found) != len(rows):
            self._stop("a batch of %d rows got %s predictions" % (len(rows), "no" if found is None else len(found)))
            return
        for part, start in taken:
            self._ready[part.text] = part.form, found[start : start + len(part.values.data)]
        self._count += 1
        if self._count % _CHECK_EVERY == 1:
            self._check(method, random.choice(taken)[0])

    def _check(self, method: str, part: _Part) -> None:
        alone = self._model.predict(self._model.to_input(part.values), {}, method)
        if not same_bits(alone, self._ready[part.text][1]):
            self._ready = {}
            self._stop("a request got other predictions in a batch than alone")

    def _stop(self, reason: str) -> None:
        logger.error("Requests are scored one by one from now on: %s", reason)
        self.largest, self.reason = 1, reason


def _read(text: str) -> Optional[ModelRequest]:
    try:
        return parse_request(text)
    except BadInput:
        return None


def _varied(frame: Any) -> Any:
    """Return rows like the example's: values of a column from any row, numbers changed a little or a lot."""
    source = random.Random(0)
    columns: Dict[str, List[Any]] = {}
    for name in frame.columns:
        values = frame[name].tolist()
        columns[name] = [_near(source, source.choice(values)) for _ in range(_TRIED_ROWS)]
    varied = frame.iloc[[0] * _TRIED_ROWS].reset_index(drop=True)
    for name, values in columns.items():
        kind = frame[name].dtype
        try:
            varied[name] = type(frame[name])(values).astype(kind)
        except (ValueError, TypeError):
            varied[name] = [source.choice(frame[name].tolist()) for _ in range(_TRIED_ROWS)]
    return varied


def _near(source: random.Random, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    changed = value * source.choice((1, 1, 0.5, 0.9, 1.1, 2, 1 + source.gauss(0, 0.3))) + source.choice((0, 0, 1))
    return round(changed) if isinstance(value, int) else changed


def same_bits(left: Any, right: Any) -> bool:
    """Tell whether two predictions are the same to the last bit, type included."""
    if type(left) is not type(right):
        return False
    if hasattr(left, "columns"):
        return list(left.columns) == list(right.columns) and all(
            same_bits(left[name].to_numpy(), right[name].to_numpy()) for name in left.columns
        )
    if hasattr(left, "to_numpy"):
        left, right = left.to_numpy(), right.to_numpy()
    if hasattr(left, "tobytes"):
        if left.dtype != right.dtype or left.shape != right.shape:
            return False
        if left.dtype == object:
            return left.tolist() == right.tolist()
        return left.tobytes() == right.tobytes()
    return bool(left == right)
