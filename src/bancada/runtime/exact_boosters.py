"""LightGBM and XGBoost without what surrounds them: their own predictor, called with the matrix and one thread.

Their compiled predictors are fast on few rows; what costs is the way there (frames, names, checks, threads). The sums
are their own, in their own order, so that the bits are, too. Standard library only at import, 3.8+.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Callable, Dict, Iterable, List, Set, Tuple

from .exact_ensembles import Equivalent, Function
from .exact_steps import Declined, NotUnderstood

__all__ = ["lightgbm_booster", "lightgbm_model", "xgboost_booster", "xgboost_model"]

# Above this a whole number is rounded twice on its way through a double to a float.
_WHOLE = float(1 << 53)


def lightgbm_booster(model: Any) -> Equivalent:
    """Return the equivalent of a LightGBM Booster. Raises NotUnderstood."""
    if getattr(model, "pandas_categorical", None):
        raise NotUnderstood("it knows columns of pandas categories")
    own = _own(model, "predict")

    def function(matrix: Any) -> Any:
        return own(matrix, num_threads=1)

    limits, trees = _lightgbm_limits(model.model_to_string())
    how = "LightGBM's own predictor, called with the matrix and one thread"
    return Equivalent({"predict": function}, limits, trees, takes_nan=True, how=how)


def _own(model: Any, name: str) -> Callable[..., Any]:
    """Return the class's method, whatever was put onto the object."""
    kind: Any = model.__class__
    return getattr(kind, name).__get__(model, kind)


def _lightgbm_limits(text: str) -> Tuple[Dict[int, Any], int]:
    """Return the thresholds that a model's text names, and its number of trees."""
    features: List[str] = []
    limits: List[str] = []
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name == "split_feature":
            features.append(value)
        elif name == "threshold":
            limits.append(value)
    pairs = (pair for one, other in zip(features, limits) for pair in zip(one.split(), other.split()))
    return _by_column((int(feature), float(limit)) for feature, limit in pairs), len(limits)


def _by_column(pairs: Iterable[Tuple[int, float]]) -> Dict[int, Any]:
    numpy: Any = sys.modules["numpy"]
    found: Dict[int, Set[float]] = {}
    for feature, limit in pairs:
        found.setdefault(feature, set()).add(limit)
    return {feature: numpy.array(sorted(ones)) for feature, ones in found.items()}


def lightgbm_model(model: Any) -> Equivalent:
    """Return the equivalent of LightGBM's scikit-learn model. Raises NotUnderstood."""
    found = lightgbm_booster(model.booster_)
    ask = found.functions["predict"]
    if callable(getattr(model, "objective", None)):
        raise NotUnderstood("its objective is a function of the user's")
    if not hasattr(model.__class__, "predict_proba"):
        return found
    classes = model._le.classes_
    many = int(model.n_classes_) > 2
    numpy: Any = sys.modules["numpy"]

    def sure(matrix: Any) -> Any:
        result = ask(matrix)
        return result if many else numpy.vstack((1.0 - result, result)).transpose()

    def predict(matrix: Any) -> Any:
        return classes.take(numpy.argmax(sure(matrix), axis=1), axis=0)

    return found._replace(functions={"predict": predict, "predict_proba": sure})


def xgboost_booster(model: Any) -> Equivalent:
    """Return the equivalent of an XGBoost Booster that is asked about a matrix. Raises NotUnderstood."""
    return _xgboost_equivalent(model, (0, 0))


def _xgboost_equivalent(booster: Any, rounds: Any) -> Equivalent:
    limits, trees = _xgboost_limits(booster)
    how = "XGBoost's own predictor, in place, called with the matrix and one thread"
    return Equivalent({"predict": _xgboost(booster, rounds)}, limits, trees, takes_nan=True, how=how)


def _xgboost_limits(booster: Any) -> Tuple[Dict[int, Any], int]:
    """Return the thresholds of a model's trees, and how many trees there are."""
    gradient = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]
    trees: List[Any] = gradient.get("gbtree", gradient)["model"]["trees"]
    numpy: Any = sys.modules["numpy"]
    nodes = ((tree, at) for tree in trees for at, left in enumerate(tree["left_children"]) if left >= 0)
    # Saved with as many digits as single precision needs, which is what it compares in.
    pairs = ((int(tree["split_indices"][at]), float(numpy.float32(tree["split_conditions"][at]))) for tree, at in nodes)
    return _by_column(pairs), len(trees)


def _xgboost(booster: Any, rounds: Any) -> Function:
    types: Any = getattr(booster, "feature_types", None) or ()
    if "c" in types:
        raise NotUnderstood("it splits by categories")
    if json.loads(booster.save_config())["learner"]["gradient_booster"]["name"] == "gblinear":
        raise NotUnderstood("it is no model of trees")
    booster.set_param({"nthread": 1})
    own = _own(booster, "inplace_predict")
    numpy: Any = sys.modules["numpy"]

    def ask(matrix: Any) -> Any:
        if numpy.nanmax(abs(matrix), initial=0.0) > _WHOLE:
            raise Declined
        return own(matrix, iteration_range=rounds, validate_features=False)

    return ask


def xgboost_model(model: Any) -> Equivalent:
    """Return the equivalent of XGBoost's scikit-learn model. Raises NotUnderstood."""
    if model.missing == model.missing:
        raise NotUnderstood("it takes %r for missing" % model.missing)
    if callable(model.objective) or model.objective == "multi:softmax":
        raise NotUnderstood("its objective is `%s`" % model.objective)
    if not model._can_use_inplace_predict():
        raise NotUnderstood("it is no model of trees")
    rounds = model._get_iteration_range(None)
    found = _xgboost_equivalent(model.get_booster(), rounds)
    if not hasattr(model.__class__, "predict_proba"):
        return found
    return found._replace(functions=_labels(model, found.functions["predict"]))


def _labels(model: Any, ask: Function) -> Dict[str, Function]:
    numpy: Any = sys.modules["numpy"]
    classes = numpy.asarray(model.classes_)
    kinds = len(classes)

    def sure(matrix: Any) -> Any:
        found = ask(matrix)
        if found.ndim == 2 and found.shape[1] == kinds:
            return found
        if found.ndim != 1 or kinds != 2:
            raise Declined
        return numpy.vstack((1.0 - found, found)).transpose()

    def predict(matrix: Any) -> Any:
        found = ask(matrix)
        if found.ndim == 2 and found.shape[1] == kinds:
            return classes[numpy.argmax(found, axis=1)]
        if found.ndim != 1 or kinds != 2:
            raise Declined
        return classes[(found > 0.5).astype(int)]

    return {"predict": predict, "predict_proba": sure}
