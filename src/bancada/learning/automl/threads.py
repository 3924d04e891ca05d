"""One thread for what answers: two that wait for each other take several times as long on a busy machine.

NumPy's products of matrices start as many threads as there are cores, scikit-learn's gradient boosting does too, even
for one row. What a person has chosen is put back afterwards.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

__all__ = ["one_thread"]

# Modules that bring libraries with threads of their own.
_BRINGING = ("scipy", "sklearn", "sklearn.ensemble", "lightgbm", "xgboost", "catboost")


@contextmanager
def one_thread() -> Generator[None]:
    """Let libraries compute on one thread inside; where that cannot be said, they do as they like.

    Concurrency: any number of threads may be inside. OpenMP keeps a number for each of them; that of BLAS is one of the
    whole process: the first one in sets it, the last one out puts it back.
    """
    libraries = _libraries(tuple(name in sys.modules for name in _BRINGING))
    own = _single([one for one in libraries if one.user_api == "openmp"])
    _SHARED.enter([one for one in libraries if one.user_api == "blas"])
    try:
        yield
    finally:
        _SHARED.leave()
        _set(own)


class _Shared:
    """The numbers that all threads share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before: list[tuple[Any, int]] = []

    def enter(self, libraries: list[Any]) -> None:
        """Set all to 1, unless somebody has."""
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._before = _single(libraries)

    def leave(self) -> None:
        """Put all back, unless somebody is still inside."""
        with self._lock:
            self._inside -= 1
            if not self._inside:
                _set(self._before)


_SHARED = _Shared()


def _single(libraries: list[Any]) -> list[tuple[Any, int]]:
    """Let libraries compute on one thread; return those that had more, with their numbers."""
    before = [(one, one.num_threads) for one in libraries if one.num_threads != 1]
    _set([(one, 1) for one, _ in before])
    return before


def _set(before: list[tuple[Any, int]]) -> None:
    for one, count in before:
        # Newer versions let only one thread set OpenBLAS's number, as long as it lives. Here any may: who is inside is
        # counted.
        free: Any = getattr(one, "clear_controlling_thread", None)
        if free is not None:
            free(force=True)
        one.set_num_threads(count)
        if free is not None:
            free(force=True)


@cache
def _libraries(loaded: tuple[bool, ...]) -> list[Any]:
    """Return the loaded libraries whose threads can be set; what sets them comes with scikit-learn."""
    if importlib.util.find_spec("threadpoolctl") is None:
        return []
    return list(import_module("threadpoolctl").ThreadpoolController().lib_controllers)
