"""What a replica writes to its log: the script's prints and one line for each request.

Lines have the form of Azure's inference server; a `logging.json` beside the script replaces it. Standard
library only, Python 3.8+.
"""

from __future__ import annotations

import builtins
import json
import logging
import os
import sys
import time
from typing import Any, Iterator

from .scoring_settings import ScoringSettings

__all__ = ["AccessLog", "configure_logging", "log_model_files"]

_FORMAT = "%(asctime)s %(levelname).1s [%(process)d] %(name)s - %(message)s"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# The tree of a model folder can be long; upstream stops there too.
_TREE_LINES = 200

logger = logging.getLogger("azmlinfsrv")
_plain_print = builtins.print


def configure_logging(settings: ScoringSettings) -> "AccessLog":
    """Set up the loggers, send `print()` through them, buffer by lines; return the request log."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(line_buffering=True)
    custom = _apply_user_config(settings)
    if not custom:
        _apply_default_config(settings.log_level)
    builtins.print = _print_to_log
    return AccessLog(direct=not custom and logger.isEnabledFor(logging.INFO))


def log_model_files(settings: ScoringSettings) -> None:
    """List the files below AZUREML_MODEL_DIR: a wrong path in init() is the most common mistake."""
    if not (settings.model_dir and os.path.isdir(settings.model_dir)):
        logger.info("AZUREML_MODEL_DIR is %r, which is no folder.", settings.model_dir)
        return
    logger.info("Files below AZUREML_MODEL_DIR:")
    for number, line in enumerate(_tree(settings.model_dir)):
        if number >= _TREE_LINES:
            logger.info("(more files; the first %d lines are shown)", _TREE_LINES)
            return
        logger.info(line)


class AccessLog:
    """One line for each request: method, path, status, milliseconds, length."""

    def __init__(self, direct: bool) -> None:
        # Our own format is written without the logging module, which would cost more than a fast run().
        self._direct = direct
        self._process = "I [%d] azmlinfsrv - " % os.getpid()
        self._second = -1
        self._stamp = ""

    def write(self, method: str, path: str, status: int, elapsed_ms: float, length: Any) -> None:
        """Write the line of one answered request."""
        if not self._direct:
            logger.info("%s %s %s %.3fms %s", method, path, status, elapsed_ms, length)
            return
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now))
        head = "%s,%03d %s" % (self._stamp, (now % 1) * 1000, self._process)
        sys.stdout.write("%s%s %s %s %.3fms %s\n" % (head, method, path, status, elapsed_ms, length))


def _apply_user_config(settings: ScoringSettings) -> bool:
    beside = os.path.dirname(os.path.join(settings.app_root, settings.entry_script))
    for folder in (settings.app_root, beside):
        path = os.path.join(folder, "logging.json")
        if os.path.isfile(path):
            import logging.config  # costs a start, and few scripts bring such a file

            with open(path, encoding="utf-8") as stream:
                logging.config.dictConfig(json.load(stream))
            logger.info("The log is set up by %s", path)
            return True
    return False


def _apply_default_config(level: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    formatter = logging.Formatter(_FORMAT)
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(level if level in _LEVELS else logging.INFO)


def _print_to_log(*values: Any, sep: Any = " ", end: Any = "\n", file: Any = None, flush: bool = False) -> None:
    if file is not None and file is not sys.stdout:
        _plain_print(*values, sep=sep, end=end, file=file, flush=flush)
        return
    text = (" " if sep is None else sep).join(map(str, values))
    logging.getLogger("azmlinfsrv.print").info("%s", text)


def _tree(path: str, depth: int = 0) -> Iterator[str]:
    name = "    " * depth + os.path.basename(os.path.normpath(path))
    if not os.path.isdir(path):
        yield name
        return
    yield name + os.sep
    for child in sorted(os.listdir(path)):
        yield from _tree(os.path.join(path, child), depth + 1)
