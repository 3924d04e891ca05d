"""The process that workers are forked from: it imports the libraries once and computes nothing.

A worker then starts in milliseconds, so that killing one that hangs or eats memory costs nothing but its candidate. It
is a program of its own and not `multiprocessing`, because a script that calls `fit` at its top level must not be
run again by each worker. Forking is safe: no OpenMP pool has run here, and there is one thread.

Messages come over one socket: `f` with a descriptor asks for a worker that serves that descriptor, `k` with a process
number ends a worker. When the socket closes, all workers end.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import socket
import struct
import sys
import warnings
from importlib import import_module
from multiprocessing.connection import Connection

__all__ = ["FORK", "KILL", "main", "message"]

FORK, KILL = b"f", b"k"
_MESSAGE = struct.Struct("!cq")
# Imported before the first worker is forked, and while nothing is asked: what later workers then have at once.
_FIRST = ("numpy", "lightgbm", "sklearn.linear_model")
_THEN = ("sklearn.ensemble", "catboost", "xgboost", "sklearn.neighbors", "sklearn.svm", "sklearn.calibration")
_PR_SET_PDEATHSIG = 1


def main(descriptor: int) -> None:
    """Serve one parent until it closes the socket."""
    warnings.simplefilter("ignore")
    # Ctrl-C and the end of a job are sent to all processes of a group, and are the parent's: it keeps the best so far,
    # for which it needs its workers. They end when it does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for name in _FIRST:
        _load(name)
    import_module(".worker", __package__)
    control = socket.socket(fileno=descriptor)
    children: set[int] = set()
    later = list(_THEN)
    while True:
        while later and not select.select([control], [], [], 0)[0]:
            _load(later.pop(0))
        content, descriptors, _, _ = socket.recv_fds(control, _MESSAGE.size, 1)
        _reap(children)
        if not content:
            break
        order, number = _MESSAGE.unpack(content)
        if order == FORK:
            children.add(_fork(control, descriptors[0]))
        elif number in children:
            os.kill(number, signal.SIGKILL)
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def _load(name: str) -> None:
    """Import a module if it is installed."""
    with contextlib.suppress(ImportError):
        import_module(name)


def message(order: bytes, number: int = 0) -> bytes:
    """Return the bytes of an order."""
    return _MESSAGE.pack(order, number)


def _fork(control: socket.socket, descriptor: int) -> int:
    child = os.fork()
    if child:
        os.close(descriptor)
        return child
    status = 1
    try:
        control.close()
        _end_with_parent()
        from .worker import serve

        serve(Connection(descriptor))
        status = 0
    finally:
        sys.stdout.flush()
        os._exit(status)  # the nursery's own way out must not run twice


def _end_with_parent() -> None:
    """Ask Linux to end this process with the nursery, even when that one is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _reap(children: set[int]) -> None:
    """Forget workers that have ended. Until then a number stays theirs, so that no stranger is ever killed."""
    for child in list(children):
        ended, _ = os.waitpid(child, os.WNOHANG)
        if ended:
            children.discard(child)
