"""Predicting for rows that nobody asked for: what a model logs about them would mislead who reads the log.

Standard library only, Python 3.8+.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import Any, Generator, List

__all__ = ["unasked"]


@contextlib.contextmanager
def unasked() -> "Generator[None, None, None]":
    """Keep what this thread logs inside a `with`, below errors, out of the log; other threads are heard."""
    mine = threading.get_ident()

    def is_heard(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR or threading.get_ident() != mine

    handlers = _handlers()
    for handler in handlers:
        handler.addFilter(is_heard)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(is_heard)


def _handlers() -> List[Any]:
    """Every handler of any logger: a filter of a logger is not asked about what its children log."""
    found: List[Any] = [*logging.root.handlers]
    for one in list(logging.root.manager.loggerDict.values()):
        found += [handler for handler in getattr(one, "handlers", ()) if handler not in found]
    return found if logging.lastResort is None else [*found, logging.lastResort]
