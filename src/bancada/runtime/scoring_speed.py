"""Exact speed-ups of a loaded script: parallel estimators are told to use one thread.

A request of a few rows pays more for starting threads than for the arithmetic (a forest with `n_jobs=2`
answers 8 to 11 times slower, LightGBM on its default of all cores up to 90 times), and a model that was trained with
`n_jobs=-1` keeps that in its pickle. The result is the same bits.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Dict, Iterable, List, Optional, Sequence, Set, Tuple, cast

__all__ = ["use_one_thread"]

# How deep below a global an estimator may lie (pipeline → column transformer → list → tuple → estimator is
# 5), and how many objects are looked at: a forest of thousands of trees must not make the start slow.
_DEPTH = 8
_OBJECTS = 5000

logger = logging.getLogger("azmlinfsrv")


def use_one_thread(namespaces: Iterable[Dict[str, Any]]) -> List[str]:
    """Set `n_jobs=1` on every scikit-learn estimator that the script's globals reach; return what changed.

    Fitted parts are reached too (`transformers_`, `best_estimator_`), not only the parameters. Does nothing
    when the script did not import scikit-learn.
    """
    base = getattr(sys.modules.get("sklearn.base"), "BaseEstimator", None)
    if base is None:
        return []
    changed: List[str] = []
    walk = _Walk(base, changed)
    for namespace in namespaces:
        for name, value in list(namespace.items()):
            if not name.startswith("__"):
                walk.visit(value, name, _DEPTH)
    if changed:
        logger.info("Set n_jobs=1 on %s: one request is served faster by one thread.", ", ".join(changed))
    return changed


class _Walk:
    def __init__(self, base: type, changed: List[str]) -> None:
        self._base = base
        self._changed = changed
        self._seen: Set[int] = set()

    def visit(self, value: Any, place: str, depth: int) -> None:
        if depth == 0 or id(value) in self._seen or len(self._seen) > _OBJECTS:
            return
        if isinstance(value, self._base):
            self._limit(value, place)
        elif type(value).__name__ == "Booster" and _package(value) == "xgboost":
            value.set_param({"nthread": 1})
        inside = self._parts(value)
        if inside is None:
            return
        self._seen.add(id(value))
        for name, part in inside:
            if not isinstance(part, (str, bytes, int, float, type, type(None))):
                self.visit(part, "%s.%s" % (place, name), depth - 1)

    def _parts(self, value: Any) -> Optional[List[Tuple[Any, Any]]]:
        if isinstance(value, self._base) or _is_wrapper(value):
            return list(cast("Dict[str, Any]", vars(value)).items())
        if isinstance(value, dict):
            return list(cast("Dict[Any, Any]", value).items())
        if isinstance(value, (list, tuple)):
            return list(enumerate(cast("Sequence[Any]", value)))
        return None

    def _limit(self, estimator: Any, place: str) -> None:
        try:
            found = estimator.get_params(deep=True)
            # LightGBM and XGBoost take None for all cores.
            quiet = (1,) if _package(estimator) in ("lightgbm", "xgboost") else (None, 1)
            wrong = {
                name: 1
                for name, value in found.items()
                if (name == "n_jobs" or name.endswith("__n_jobs"))
                and value not in (quiet if name == "n_jobs" else (None, 1))
            }
            if wrong:
                estimator.set_params(**wrong)
                self._changed.extend("%s.%s" % (place, name) for name in wrong)
            if _package(estimator) == "xgboost":
                estimator.get_booster().set_param({"nthread": 1})
            if type(estimator).__name__.startswith("HistGradientBoosting"):
                _limit_openmp()
        except Exception as reason:  # somebody else's estimator: it stays as it is
            logger.debug("n_jobs of %s was left alone: %s", place, reason)


def _package(value: Any) -> str:
    return str(type(value).__module__).partition(".")[0]


def _limit_openmp() -> None:
    """Histogram boosting has no `n_jobs`: it takes as many threads as OpenMP gives, and shares the rows out."""
    threadpoolctl: Any = sys.modules.get("threadpoolctl")  # scikit-learn brings it along
    if threadpoolctl is not None:
        threadpoolctl.threadpool_limits(limits=1, user_api="openmp")


def _is_wrapper(value: Any) -> bool:
    """Tell whether an object may hold estimators: MLflow's wrappers, and the script's own classes."""
    module: str = getattr(value, "__module__", "") or ""
    return hasattr(value, "__dict__") and (module == "entry_module" or module.split(".")[0] == "mlflow")
