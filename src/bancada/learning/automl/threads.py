"""One thread for what answers: two that wait for each other take several times as long on a busy machine.

NumPy's products of matrices start as many threads as there are cores, scikit-learn's gradient boosting does too, even
for one row. The number is one of the whole process, and is put back.
"""

from __future__ import annotations

import importlib.util
import sys
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib import import_module
from typing import Any

__all__ = ["one_thread"]

# Modules that bring libraries with threads of their own.
_BRINGING = ("scipy", "sklearn", "sklearn.ensemble", "lightgbm", "xgboost", "catboost")


def one_thread() -> AbstractContextManager[Any]:
    """Return a context in which libraries compute on one thread; where that cannot be said, they do as they like."""
    found = _controller(tuple(name in sys.modules for name in _BRINGING))
    if found is None or all(one.num_threads == 1 for one in found.lib_controllers):
        # Also within another one: what is put back is then put back by that one alone.
        return nullcontext()
    return found.limit(limits=1)


@cache
def _controller(loaded: tuple[bool, ...]) -> Any:
    """Return what sets the number of threads of the libraries that are loaded now; it comes with scikit-learn."""
    if importlib.util.find_spec("threadpoolctl") is None:
        return None
    return import_module("threadpoolctl").ThreadpoolController()
