"""Faster equivalents of fitted models, bit for bit: a reader of the input, and functions of the matrix that it makes.

Which model has one is the table `_KINDS`; another last step of a pipeline is called as it is, with the matrix, which
saves what scikit-learn does around it. Which model gets one is decided by `exact_gate`. Standard library only, 3.8+.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

from .exact_boosters import lightgbm_booster, lightgbm_model, xgboost_booster, xgboost_model
from .exact_ensembles import Equivalent, boosting, forest, histogram_boosting
from .exact_steps import Block, NotUnderstood, Reader, compile_reader

__all__ = ["METHODS", "ExactModel", "compile_model"]

METHODS = ("predict", "predict_proba")

# (the class's top package, its name) → what makes its equivalent.
_KINDS: Dict[Tuple[str, str], Callable[[Any], Equivalent]] = {
    ("sklearn", "RandomForestClassifier"): forest,
    ("sklearn", "RandomForestRegressor"): forest,
    ("sklearn", "ExtraTreesClassifier"): forest,
    ("sklearn", "ExtraTreesRegressor"): forest,
    ("sklearn", "GradientBoostingClassifier"): boosting,
    ("sklearn", "GradientBoostingRegressor"): boosting,
    ("sklearn", "HistGradientBoostingClassifier"): histogram_boosting,
    ("sklearn", "HistGradientBoostingRegressor"): histogram_boosting,
    ("lightgbm", "LGBMClassifier"): lightgbm_model,
    ("lightgbm", "LGBMRegressor"): lightgbm_model,
    ("lightgbm", "LGBMRanker"): lightgbm_model,
    ("lightgbm", "Booster"): lightgbm_booster,
    ("xgboost", "XGBClassifier"): xgboost_model,
    ("xgboost", "XGBRegressor"): xgboost_model,
    ("xgboost", "XGBRanker"): xgboost_model,
    ("xgboost", "XGBRFClassifier"): xgboost_model,
    ("xgboost", "XGBRFRegressor"): xgboost_model,
    ("xgboost", "Booster"): xgboost_booster,
}


class ExactModel:
    """Functions that give what the original's methods give, or raise Declined."""

    def __init__(self, reader: Reader, found: Equivalent, *, has_matrix: bool) -> None:
        self.reader = reader
        self.limits = found.limits
        self.trees = found.trees
        self.how = found.how
        self.is_rowwise = found.rowwise
        # Whether the original's last step is called as it is: then the matrix must be the very same.
        self.has_matrix = has_matrix
        self._functions = found.functions

    @property
    def methods(self) -> List[str]:
        """The methods that it has."""
        return list(self._functions)

    def call(self, method: str, given: Any) -> Any:
        """Return the predictions. Raises Declined, or whatever the last step raises."""
        return self._functions[method](self.reader(given))

    def of_matrix(self, method: str, matrix: Any) -> Any:
        """Return the predictions for a matrix that the reader made. Raises Declined."""
        return self._functions[method](matrix)


def compile_model(model: Any) -> ExactModel:
    """Return the equivalent of a fitted model. Raises NotUnderstood, or anything over odd attributes."""
    if _place(model) == ("sklearn", "Pipeline"):
        steps = [step for _, step in model.steps]
        last = steps[-1]
        reader = compile_reader(steps[:-1]) if len(steps) > 1 else _bare(last)
    else:
        last = model
        reader = _bare(last)
    if not hasattr(last, "predict") or getattr(last, "n_outputs_", 1) != 1:
        raise NotUnderstood("the last step is no model with one output")
    make = _KINDS.get(_place(last))
    if make is None:
        return ExactModel(reader, _as_it_is(last, reader), has_matrix=True)
    found = make(last)
    reader.takes_nan = found.takes_nan
    return ExactModel(reader, found, has_matrix=False)


def _place(model: Any) -> Tuple[str, str]:
    return str(type(model).__module__).partition(".")[0], type(model).__name__


def _as_it_is(last: Any, reader: Reader) -> Equivalent:
    if not reader.after and not any(one.changes or one.categories for one in reader.blocks):
        raise NotUnderstood("there is no exact equivalent of `%s`" % type(last).__name__)
    functions = {name: getattr(last, name) for name in METHODS if callable(getattr(last, name, None))}
    # Linear algebra may add in another order over more rows.
    return Equivalent(functions, {}, rowwise=False, how="its steps as arithmetic, `%s` as it is" % type(last).__name__)


def _bare(model: Any) -> Reader:
    if _place(model) not in _KINDS:
        raise NotUnderstood("there is no exact equivalent of `%s`" % type(model).__name__)
    names, count = _names_and_count(model)
    columns: List[Any] = list(names) if names is not None else list(range(count))
    return Reader([Block(columns, None, False, [], [0.0] * count, [10.0] * count)], names, [], False)


def _names_and_count(model: Any) -> Tuple[Optional[List[str]], int]:
    package, kind = _place(model)
    if package == "sklearn":
        names, count = getattr(model, "feature_names_in_", None), int(model.n_features_in_)
    elif package == "lightgbm":
        booster = model if kind == "Booster" else model.booster_
        names, count = booster.feature_name(), int(booster.num_feature())
        # What LightGBM calls the columns of an array.
        names = None if names == ["Column_%d" % at for at in range(count)] else names
    else:
        booster = model if kind == "Booster" else model.get_booster()
        names, count = booster.feature_names, int(booster.num_features())
    return (None if names is None else [str(one) for one in names]), count
