"""Pollers: what a `begin_…` call gives back while the server is still at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["LROPoller"]

T = TypeVar("T")
R = TypeVar("R")

Say = Callable[[str], None]


class LROPoller(Generic[T]):
    """Watches one long-running operation until it is final.

    Concurrency: one thread per poller; all methods may be called from any thread.
    run does the watching: it is given a function to tell the status with, and returns the result or raises.
    must_finish keeps the interpreter from exiting before the operation was carried out (deletions).
    """

    def __init__(self, run: Callable[[Say], T], *, name: str = "operation", must_finish: bool = False) -> None:
        self._status = "InProgress"
        self._result: T | None = None
        self._error: BaseException | None = None
        self._over = threading.Event()
        self._guard = threading.Lock()
        self._callbacks: list[Callable[[LROPoller[T]], Any]] = []
        self._thread = threading.Thread(target=self._watch, args=(run,), name=f"bancada-{name}", daemon=not must_finish)
        self._thread.start()

    @staticmethod
    def finished(result: R) -> LROPoller[R]:
        """Return the poller of an operation that is over already."""
        poller: LROPoller[R] = LROPoller(lambda say: result, name="finished")
        poller._over.wait()
        return poller

    def _watch(self, run: Callable[[Say], T]) -> None:
        try:
            self._result = run(self._say)
            self._status = "Succeeded"
        except BaseException as reason:  # handed to whoever asks for the result
            self._error = reason
            self._status = "Failed"
        with self._guard:
            self._over.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback(self)

    def _say(self, status: str) -> None:
        self._status = status

    def status(self) -> str:
        """Return `InProgress` (or what the server says it does), `Succeeded` or `Failed`."""
        return self._status

    def done(self) -> bool:
        """Tell whether the operation is over, well or not."""
        return self._over.is_set()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the operation is over, or for so many seconds. Raises what the operation failed with."""
        # In short turns, so that Ctrl-C is seen at once on every system.
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._over.wait(0.2 if deadline is None else max(min(0.2, deadline - time.monotonic()), 0)):
            if deadline is not None and time.monotonic() >= deadline:
                return
        if self._error is not None:
            raise self._error

    def result(self, timeout: float | None = None) -> T:
        """Return the result, waiting for it. Raises what the operation failed with; TimeoutError when time is over."""
        self.wait(timeout)
        if not self.done():
            raise TimeoutError(f"The operation is still {self._status} after {timeout} s.")
        return self._result  # pyright: ignore[reportReturnType] - set when over without an error

    def add_done_callback(self, func: Callable[[LROPoller[T]], Any]) -> None:
        """Call `func(poller)` when the operation is over; at once when it is over already."""
        with self._guard:
            if not self._over.is_set():
                self._callbacks.append(func)
                return
        func(self)

    def remove_done_callback(self, func: Callable[[LROPoller[T]], Any]) -> None:
        """Forget a callback."""
        with self._guard:
            self._callbacks.remove(func)

    def polling_method(self) -> LROPoller[T]:
        """Return what watches: this poller itself."""
        return self

    def __repr__(self) -> str:
        return f"<LROPoller: {self._status}>"
