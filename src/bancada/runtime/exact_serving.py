"""Puts an exact equivalent in the place of a model's methods, watches it there, and takes it away again.

Nothing here decides whether it may serve: that is `exact_gate`. Standard library only, Python 3.8+.
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any, Callable, Dict, Generator, List, cast

from .exact_models import ExactModel
from .exact_steps import Declined
from .mlflow_batches import same_bits

__all__ = ["CHECKED_FIRST", "CHECK_EVERY", "Hold"]

# Shadow checks: the first calls, then one in so many, are made with the original too.
CHECKED_FIRST, CHECK_EVERY = 3, 500

logger = logging.getLogger("azmlinfsrv")


class _Served:
    """Stands for one method of one model."""

    def __init__(self, hold: "Hold", exact: ExactModel, method: str) -> None:
        self._hold, self._exact, self._method = hold, exact, method
        self._original: Callable[..., Any] = getattr(hold.model, method)
        self._calls = 0

    def __call__(self, X: Any, *values: Any, **params: Any) -> Any:  # noqa: N803  # scikit-learn's name for it
        if values or params or self._hold.is_paused:
            return self._original(X, *values, **params)
        try:
            answer = self._exact.call(self._method, X)
        except Declined:
            return self._original(X)
        self._calls += 1
        if self._calls <= CHECKED_FIRST or self._calls % CHECK_EVERY == 0:
            original = self._original(X)
            if not same_bits(answer, original):
                self._hold.withdraw("its exact equivalent gave another answer")
            return original
        return answer


class _Fitting:
    """Stands for a method that changes a fitted object: what was compiled of it is not true any more."""

    def __init__(self, hold: "Hold", owner: Any, method: str) -> None:
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
_CHANGING = (
    *("fit", "partial_fit", "fit_predict", "fit_transform", "set_params", "load_model"),
    *("update", "rollback_one_iter", "reset_parameter", "set_leaf_output", "refit"),  # LightGBM's Booster
)


class Hold:
    """What was put onto one model and its steps; `withdraw` takes all of it away."""

    def __init__(self, name: str, model: Any) -> None:
        self.name, self.model = name, model
        self._owners: List[Any] = []
        self.is_paused = False

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

    @contextlib.contextmanager
    def paused(self) -> "Generator[None, None, None]":
        """Let the original answer inside a `with`."""
        self.is_paused = True
        try:
            yield
        finally:
            self.is_paused = False

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
