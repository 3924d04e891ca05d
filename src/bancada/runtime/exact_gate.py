"""Decides, when a replica starts, whether a model's exact equivalent serves in its place.

It is admitted only if it gives the same bits as the original on the model's input example, on registered rows, on rows
that lie on and beside the thresholds of its trees, and on odd inputs, errors included. What it does then is in
`exact_serving`. Standard library only at import, Python 3.8+.
"""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any, Dict, Iterable, List, NamedTuple, Tuple, cast

from .exact_models import ExactModel, compile_model
from .exact_rows import generated, odd
from .exact_serving import Hold
from .exact_steps import Declined, NotUnderstood
from .mlflow_batches import same_bits
from .unasked import unasked

__all__ = ["Served", "Verdict", "admit", "use_exact_equivalents"]

_LABEL_ROWS = 300

_NO_MODEL = "no model of scikit-learn, LightGBM or XGBoost was found in the script's globals"
_NO_MODEL_OF_OURS = "the MLflow model is no object of scikit-learn, LightGBM or XGBoost"

logger = logging.getLogger("azmlinfsrv")


class Served(NamedTuple):
    """A model whose equivalent was admitted, the equivalent, what it was put on with, and the rows of the gate."""

    model: Any
    exact: ExactModel
    hold: Hold
    frames: List[Any]


class Verdict:
    """What was found: level "L1" when a model is served by its equivalent, else "L0"; and why."""

    def __init__(self, level: str, reason: str, served: Iterable[Served] = ()) -> None:
        self.level = level
        self.reason = reason
        self.served = list(served)

    def document(self) -> Dict[str, str]:
        """Return what `deployment show` says."""
        return {"level": self.level, "level_reason": self.reason}


def use_exact_equivalents(
    namespaces: Iterable[Dict[str, Any]], examples: Iterable[Any] = (), is_ours: bool = False
) -> Verdict:
    """Let exact equivalents serve for the models among the globals, where the gate admits them.

    `is_ours`: they are those of a program of ours around an MLflow model; who reads the verdict knows of no script.
    """
    found = _models(namespaces)
    if not found:
        return Verdict("L0", _NO_MODEL_OF_OURS if is_ours else _NO_MODEL)
    told: List[str] = []
    served: List[Served] = []
    given = list(examples)
    for name, model in found:
        try:
            exact = compile_model(model)
            frames, rows, where = admit(model, exact, given)
        except NotUnderstood as reason:
            told.append("%s: %s" % (name, reason))
        except Exception as reason:  # somebody else's objects: they stay as they are
            logger.debug("`%s` has no exact equivalent", name, exc_info=reason)
            told.append("%s: it could not be tried (%s: %s)" % (name, type(reason).__name__, reason))
        else:
            hold = Hold(name, model)
            hold.serve(exact)
            served.append(Served(model, exact, hold, frames))
            told.append("%s: exact equivalent (%s), the same bits on %d rows %s" % (name, exact.how, rows, where))
    return Verdict("L1" if served else "L0", "; ".join(told), served)


def _models(namespaces: Iterable[Dict[str, Any]]) -> List[Tuple[str, Any]]:
    kinds = tuple(kind for kind in (_class(*place) for place in _FOUND) if kind is not None)
    if not kinds:
        return []
    found: Dict[int, Tuple[str, Any]] = {}
    for namespace in namespaces:
        for name, value in _near(namespace):
            inner = _unwrapped(value) if type(value).__name__ == "PyFuncModel" else value
            if isinstance(inner, kinds) and not isinstance(inner, type) and callable(getattr(inner, "predict", None)):
                found.setdefault(id(inner), (name, inner))
    return list(found.values())


# XGBoost's Booster is asked with a matrix of its own kind, which nothing can read back.
_FOUND = (("sklearn.base", "BaseEstimator"), ("lightgbm.basic", "Booster"))


def _class(module: str, name: str) -> Any:
    return getattr(sys.modules.get(module), name, None)


def _unwrapped(pyfunc: Any) -> Any:
    """Return the library's object behind MLflow's."""
    wrapper: Any = getattr(pyfunc, "_model_impl", None) or getattr(pyfunc, "_PyFuncModel__model_impl", None)
    names = ("sklearn_model", "lgb_model", "xgb_model")
    return next((getattr(wrapper, name) for name in names if hasattr(wrapper, name)), None)


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


def admit(model: Any, exact: ExactModel, examples: List[Any]) -> Tuple[List[Any], int, str]:
    """Return what was compared, how many rows, and in words which. Raises NotUnderstood at the first difference.

    `model` is what has the original's methods.
    """
    made, where = generated(exact)
    frames = [*examples, *made]
    compared = 0
    with unasked(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exact.has_matrix:
            _settle_layout(model, exact, made[0])
        for at, frame in enumerate(frames):
            # Trees look at each row by itself: that few rows are like many need not be seen of every frame.
            few = (frame[:1], frame[1:3]) if not (exact.is_rowwise and at) else ()
            for part in (frame, *few):
                if exact.has_matrix:
                    _compare_matrix(model, exact, part)
                for method in exact.methods:
                    # Labels follow from the probabilities, whose every bit is compared: fewer rows do.
                    follows = method == "predict" and "predict_proba" in exact.methods
                    if not (follows and part is not frame and exact.is_rowwise):
                        _compare(model, exact, method, part[:_LABEL_ROWS] if follows else part)
                compared += len(part)
        strange = odd(made[0])
        for given in strange:
            for method in exact.methods:
                _compare(model, exact, method, given)
    return frames, compared + len(strange), where


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
