"""Decides, when a replica starts, whether a model's exact equivalent serves in its place, and watches it afterwards.

It is admitted only if it gives the same bits as the original on the model's input example, on rows that lie on and
beside the thresholds of its trees, and on odd inputs, errors included. While it serves, now and then a call is made
with both; the first difference ends it for good. Standard library only at import, Python 3.8+.
"""

from __future__ import annotations

import logging
import math
import random
import sys
import warnings
from typing import Any, Callable, Dict, Iterable, List, Tuple, cast

from .exact_models import ExactModel, compile_model
from .exact_steps import Block, Declined, NotUnderstood
from .mlflow_batches import same_bits

__all__ = ["Verdict", "use_exact_equivalents"]

_ROWS = 1500
# Rows times trees that are tried: the start of a replica must not take seconds.
_MOST_WORK = 300_000
_CHECKED_FIRST, _CHECK_EVERY = 3, 500

logger = logging.getLogger("azmlinfsrv")


class Verdict:
    """What was found: level "L1" when a model is served by its equivalent, else "L0"; and why."""

    def __init__(self, level: str, reason: str) -> None:
        self.level = level
        self.reason = reason

    def document(self) -> Dict[str, str]:
        """Return what `deployment show` says."""
        return {"level": self.level, "level_reason": self.reason}


def use_exact_equivalents(namespaces: Iterable[Dict[str, Any]], examples: Iterable[Any] = ()) -> Verdict:
    """Let exact equivalents serve for the scikit-learn models among the globals, where the gate admits them."""
    found = _models(namespaces)
    if not found:
        return Verdict("L0", "no scikit-learn model was found in the script's globals")
    told: List[str] = []
    level = "L0"
    for name, model in found:
        try:
            exact = compile_model(model)
            rows = _admit(model, exact, list(examples))
        except NotUnderstood as reason:
            told.append("%s: %s" % (name, reason))
        except Exception as reason:  # somebody else's objects: they stay as they are
            logger.debug("`%s` has no exact equivalent", name, exc_info=reason)
            told.append("%s: it could not be tried (%s: %s)" % (name, type(reason).__name__, reason))
        else:
            _Hold(name, model).serve(exact)
            told.append("%s: exact equivalent, the same bits on %d rows" % (name, rows))
            level = "L1"
    return Verdict(level, "; ".join(told))


def _models(namespaces: Iterable[Dict[str, Any]]) -> List[Tuple[str, Any]]:
    base = getattr(sys.modules.get("sklearn.base"), "BaseEstimator", None)
    if base is None:
        return []
    found: Dict[int, Tuple[str, Any]] = {}
    for namespace in namespaces:
        for name, value in _near(namespace):
            inner = value
            if type(value).__name__ == "PyFuncModel":
                wrapper: Any = getattr(value, "_model_impl", None) or getattr(value, "_PyFuncModel__model_impl", None)
                inner = getattr(wrapper, "sklearn_model", None)
            if isinstance(inner, base) and not isinstance(inner, type) and callable(getattr(inner, "predict", None)):
                found.setdefault(id(inner), (name, inner))
    return list(found.values())


def _near(namespace: Dict[str, Any]) -> List[Tuple[str, Any]]:
    """The globals, and what lies right inside their lists, dicts and the script's own objects."""
    found: List[Tuple[str, Any]] = []
    for name, value in list(namespace.items()):
        found.append((name, value))
        if isinstance(value, dict):
            found += [("%s[%r]" % (name, key), one) for key, one in list(cast("Dict[Any, Any]", value).items())[:100]]
        elif isinstance(value, (list, tuple)):
            found += [("%s[%d]" % (name, at), one) for at, one in enumerate(cast("List[Any]", value)[:100])]
        elif value.__class__.__module__ == "entry_module":
            found += [("%s.%s" % (name, key), one) for key, one in list(getattr(value, "__dict__", {}).items())]
    return found


def _admit(model: Any, exact: ExactModel, examples: List[Any]) -> int:
    """Return how many rows were compared. Raises NotUnderstood at the first difference."""
    frames = [*examples, *_generated(exact)]
    compared = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not exact.trees:
            _settle_layout(model, exact, frames[-1])
        for frame in frames:
            for part in (frame, frame[:1], frame[1:3]):
                if not exact.trees:
                    _compare_matrix(model, exact, part)
                for method in exact.methods:
                    _compare(model, exact, method, part)
                compared += len(part)
        odd = _odd(frames[-1])
        for given in odd:
            for method in exact.methods:
                _compare(model, exact, method, given)
    return compared + len(odd)


def _settle_layout(model: Any, exact: ExactModel, frame: Any) -> None:
    """Lay the matrix out as the original does: linear algebra adds in another order over another layout."""
    flags: Any = model[:-1].transform(frame).flags
    exact.reader.by_columns = bool(flags.f_contiguous and not flags.c_contiguous)


def _compare_matrix(model: Any, exact: ExactModel, given: Any) -> None:
    """The last step is called as it is, so it is enough, and needed, that it gets the very same matrix."""
    try:
        matrix = exact.reader(given)
    except Declined:
        return
    original: Any = model[:-1].transform(given)
    same = same_bits(matrix, original)
    if not same or matrix.strides != original.strides and min(matrix.shape) > 1:
        raise NotUnderstood("the matrix for the last step differs from the original's")


def _compare(model: Any, exact: ExactModel, method: str, given: Any) -> None:
    try:
        answer = exact.call(method, given)
    except Declined:
        return
    try:
        original = getattr(model, method)(given)
    except Exception as reason:
        raise NotUnderstood("the original refuses what the equivalent takes: %s" % reason) from None
    if not same_bits(answer, original):
        raise NotUnderstood("%s differs from the original's" % method)


def _generated(exact: ExactModel) -> List[Any]:
    """Rows on and beside thresholds, as floats and as whole numbers, in the form that the model was fitted on."""
    draw = random.Random(0)
    rows = min(_ROWS, max(100, _MOST_WORK // max(1, len(exact.trees))))
    limits = _thresholds(exact)
    columns: Dict[Any, List[Any]] = {}
    start = 0
    for block in exact.reader.blocks:
        for at, name in enumerate(block.columns):
            if block.categories is not None:
                columns[name] = [draw.choice(list(block.categories[at])) for _ in range(rows)]
            else:
                columns[name] = _numbers(draw, block, at, limits.get(start + at, []), rows)
        start += _width(block)
    whole = {name: [round(one) if isinstance(one, float) else one for one in ones] for name, ones in columns.items()}
    return [_in_form(exact, columns), _in_form(exact, whole)]


def _width(block: Block) -> int:
    if block.categories is None or not block.one_hot:
        return len(block.columns)
    return sum(len(one) for one in block.categories)


def _thresholds(exact: ExactModel) -> Dict[int, List[float]]:
    found: Dict[int, List[float]] = {}
    for tree in exact.trees:
        for feature, threshold in zip(tree.feature.tolist(), tree.threshold.tolist()):
            if feature >= 0:
                found.setdefault(feature, []).append(threshold)
    return found


def _numbers(draw: random.Random, block: Block, at: int, limits: List[float], rows: int) -> List[float]:
    centre, width = float(block.centre[at]), float(block.width[at])
    scaled = bool(block.changes)
    values: List[float] = []
    for _ in range(rows):
        if not limits or draw.random() < 0.2:
            values.append(centre + width * draw.gauss(0, 1.5))
            continue
        # The threshold in the column's own numbers, then the floats around it, in single and in double precision.
        near = draw.choice(limits)
        raw = near * width + centre if scaled else near
        step = draw.choice((0.0, 1e-16, -1e-16, 2e-16, -2e-16, 6e-8, -6e-8, 1.2e-7, -1.2e-7, 1e-3, -1e-3))
        values.append(raw + step * max(abs(raw), 1e-300))
    return [one if math.isfinite(one) else 0.0 for one in values]


def _in_form(exact: ExactModel, columns: Dict[Any, List[Any]]) -> Any:
    reader = exact.reader
    if reader.names is None:
        return reader.numpy.array([columns[at] for at in range(len(columns))]).T.copy()
    pandas: Any = sys.modules.get("pandas")
    if pandas is None:
        raise NotUnderstood("the model was fitted on named columns, and pandas is not imported")
    frame = pandas.DataFrame(columns)
    for name in reader.names:
        if name not in columns:
            frame[name] = 0  # columns that no step looks at
    return frame[reader.names]


def _odd(frame: Any) -> List[Any]:
    """Inputs that the original refuses or reads in its own way."""
    few = frame[:2]
    found: List[Any] = [frame[:0]]
    if not hasattr(frame, "columns"):
        bad = few.astype("float64")
        bad[0, 0] = float("nan")
        return [*found, bad, few.tolist(), few[:, ::-1], few.astype("float32"), few[0]]
    first, last = frame.columns[0], frame.columns[-1]
    found += [few.drop(columns=[first]), few[list(frame.columns)[::-1]], few.assign(unknown=1)]
    for name in (first, last):
        for value in (float("nan"), None, "zzz", True, 10**30):
            changed = few.copy()
            changed[name] = [value, *few[name].tolist()[1:]]
            found.append(changed)
    return [*found, few.astype(object), few.to_numpy(), few.to_dict(orient="records")]


class _Served:
    """Stands for one method of one model."""

    def __init__(self, hold: "_Hold", exact: ExactModel, method: str) -> None:
        self._hold, self._exact, self._method = hold, exact, method
        self._original: Callable[..., Any] = getattr(hold.model, method)
        self._calls = 0

    def __call__(self, X: Any, *values: Any, **params: Any) -> Any:  # noqa: N803  # scikit-learn's name for it
        if values or params:
            return self._original(X, *values, **params)
        try:
            answer = self._exact.call(self._method, X)
        except Declined:
            return self._original(X)
        self._calls += 1
        if self._calls <= _CHECKED_FIRST or self._calls % _CHECK_EVERY == 0:
            original = self._original(X)
            if not same_bits(answer, original):
                self._hold.withdraw("its exact equivalent gave another answer")
            return original
        return answer


class _Fitting:
    """Stands for a method that changes a fitted object: what was compiled of it is not true any more."""

    def __init__(self, hold: "_Hold", owner: Any, method: str) -> None:
        self._hold, self._owner, self._method = hold, owner, method

    def __call__(self, *values: Any, **params: Any) -> Any:
        self._hold.withdraw("%s() was called" % self._method)
        return getattr(self._owner, self._method)(*values, **params)


class _CleanState:
    """Stands for `__getstate__`: a pickle or a copy of the object has none of this."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    def __call__(self) -> Any:
        owner = self._owner
        of_class: Any = getattr(cast("Any", type(owner)), "__getstate__", None)
        state: Dict[str, Any] = of_class(owner) if of_class is not None else dict(cast("Dict[str, Any]", vars(owner)))
        return {name: value for name, value in state.items() if not isinstance(value, _OURS)}


_OURS = (_Served, _Fitting, _CleanState)
_CHANGING = ("fit", "partial_fit", "fit_predict", "fit_transform", "set_params")


class _Hold:
    """What was put onto one model and its steps; `withdraw` takes all of it away."""

    def __init__(self, name: str, model: Any) -> None:
        self.name, self.model = name, model
        self._owners: List[Any] = []

    def serve(self, exact: ExactModel) -> None:
        """Let the equivalent stand for the model's methods."""
        served = {method: _Served(self, exact, method) for method in exact.methods}
        for owner in _inside(self.model):
            self._owners.append(owner)
            for method in _CHANGING:
                if callable(getattr(owner, method, None)):
                    owner.__dict__[method] = _Fitting(self, owner, method)
            owner.__dict__["__getstate__"] = _CleanState(owner)
        self.model.__dict__.update(served)

    def withdraw(self, reason: str) -> None:
        """Let the original serve again, for good."""
        logger.warning("`%s` is served by the original object from now on: %s", self.name, reason)
        for owner in self._owners:
            values = cast("Dict[str, Any]", vars(owner))
            for name, value in list(values.items()):
                if isinstance(value, _OURS):
                    del owner.__dict__[name]


def _inside(model: Any) -> List[Any]:
    """The model and every step below it that has a life of its own."""
    found: List[Any] = [model]
    for owner in found:
        pairs: List[Any] = [*getattr(owner, "steps", ()), *getattr(owner, "transformers_", ())]
        for pair in pairs:
            if hasattr(pair[1], "get_params") and not any(pair[1] is one for one in found):
                found.append(pair[1])
    return found
