"""The one writer: takes every waiting function into one commit. Not for reading; see `readers`.

One thread with one connection, on both databases. Each function runs in a savepoint, so that a failing one
costs its neighbours nothing; the commit that makes them durable is shared, and only after it do the callers
get their answers. A function therefore never sees a concurrent writer, and events are numbered in the order
of commits.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from bancada.errors import BancadaError, Internal, ServerUnreachable
from bancada.store.connection import Connection, ConnectionLost, Retry
from bancada.store.transaction import Tx

__all__ = ["Writer"]

T = TypeVar("T")

_log = logging.getLogger("bancada.store")

# 128: far above the number of requests in flight, and PostgreSQL keeps that many savepoints cheaply.
_GROUP = 128
# How often a group is run again when the database itself undid it (deadlock, lost connection).
_ATTEMPTS = 5
# 30 s: a database server that restarts is back by then; the callers wait that long and then hear about it.
_RECONNECT_S = 30.0


@dataclass(frozen=True)
class _Write:
    act: Callable[[Tx], Any]
    future: Future[Any]


@dataclass
class _Done:
    write: _Write
    result: Any = None
    error: BaseException | None = None
    last_event: int = 0
    wants_notice: bool = False

    def answer(self) -> None:
        """Give the caller what its function gave."""
        if self.error is None:
            self.write.future.set_result(self.result)
        else:
            self.write.future.set_exception(self.error)


class _Undone(Exception):
    """The whole transaction is gone, and with it what earlier functions of the group did."""


class Writer:
    """Runs functions one after the other on one connection and commits them in groups.

    Concurrency: `submit` may be called from any thread, also from callbacks; `close` once.
    """

    def __init__(self, connection: Connection, announce: Callable[[int], None]) -> None:
        self._connection = connection
        # Called after a commit that appended events or asked for a notice, with the last sequence (0: no
        # event).
        self._announce = announce
        self._waiting: SimpleQueue[_Write | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="bancada-store-writer", daemon=True)
        self._thread.start()

    def submit(self, act: Callable[[Tx], T]) -> Future[T]:
        """Queue a function; the future is done when its commit is on disk."""
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise Internal("The database is closed.")
            self._waiting.put(_Write(act, future))
        return future

    def is_current_thread(self) -> bool:
        """Say whether the caller runs inside the writer (where waiting for a write would wait for ever)."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Finish what was submitted, then stop and close the connection."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            group, is_last = self._next_group()
            if group:
                self._commit_group(group)
            if is_last:
                break
        self._connection.close()

    def _next_group(self) -> tuple[list[_Write], bool]:
        first = self._waiting.get()
        group: list[_Write] = []
        with contextlib.suppress(Empty):
            while first is not None:
                if first.future.set_running_or_notify_cancel():
                    group.append(first)
                if len(group) == _GROUP:
                    return group, False
                first = self._waiting.get_nowait()
        return group, first is None

    def _commit_group(self, group: list[_Write]) -> None:
        try:
            done = self._durable(group)
        except Exception as reason:  # Whatever it is, each caller must hear of it and the writer must live on.
            # Alone, the innocent go through. Not when the database is away: each would wait for it anew,
            # and what it did with the group may be unknown.
            if len(group) > 1 and not isinstance(reason, ServerUnreachable):
                for one in group:
                    self._commit_group([one])
                return
            error = reason if isinstance(reason, BancadaError) else Internal(f"The database failed: {reason}")
            done = [_Done(group[0], error=error)]
        for one in done:
            one.answer()
        if any(one.wants_notice for one in done):
            self._announce(max(one.last_event for one in done))

    def _durable(self, group: list[_Write]) -> list[_Done]:
        for attempt in range(_ATTEMPTS):
            try:
                return self._attempt(group)
            except Retry as reason:
                _log.info("The database undid a transaction (%s); running it again.", reason)
                # Another process was in the way: give it a growing moment.
                time.sleep(0.01 * 2**attempt)
            except ConnectionLost as reason:
                _log.warning("The connection to the database was lost (%s); connecting again.", reason)
                self._reconnect()
        raise Internal(f"The database undid a transaction {_ATTEMPTS} times; try again.")

    def _attempt(self, group: list[_Write]) -> list[_Done]:
        self._connection.begin_write()
        try:
            done = [self._one(write) for write in group]
        except BaseException:
            self._abandon()
            raise
        try:
            self._connection.commit()
        except ConnectionLost:
            self._reconnect()
            outcome = self._connection.commit_outcome()
            if outcome == "aborted":
                raise
            if outcome == "unknown":
                text = "The connection to the database was lost in a commit that may be in force."
                raise ServerUnreachable(text) from None
        except BaseException:
            self._abandon()
            raise
        return done

    def _one(self, write: _Write) -> _Done:
        self._connection.execute("SAVEPOINT one", ())
        tx = Tx(self._connection)
        try:
            result = write.act(tx)
        except (Retry, ConnectionLost):
            raise
        except BaseException as reason:  # The function's own error, its caller's business.
            if not self._connection.in_transaction():
                raise _undone(reason) from reason
            self._connection.execute("ROLLBACK TO SAVEPOINT one", ())
            self._connection.execute("RELEASE SAVEPOINT one", ())
            return _Done(write, error=reason)
        self._connection.execute("RELEASE SAVEPOINT one", ())
        return _Done(write, result, None, tx.last_event, tx.wants_notice)

    def _abandon(self) -> None:
        try:
            self._connection.rollback()
        except (BancadaError, ConnectionLost) as reason:
            _log.warning("A rollback failed (%s); connecting again.", reason)
            self._reconnect()

    def _reconnect(self) -> None:
        until = time.monotonic() + _RECONNECT_S
        pause = 0.05
        while True:
            try:
                self._connection.reconnect()
                return
            except ConnectionLost as reason:
                if time.monotonic() + pause > until:
                    raise ServerUnreachable(f"The database does not answer: {reason}") from reason
            time.sleep(pause)
            pause = min(pause * 2, 2.0)


def _undone(reason: BaseException) -> BaseException:
    return reason if isinstance(reason, BancadaError) else _Undone(str(reason))
