"""The pool of reading connections. Not for writing; see `writer`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from bancada.errors import BancadaError, Internal, ServerUnreachable
from bancada.store.connection import Connection, ConnectionLost, Retry
from bancada.store.transaction import Tx

__all__ = ["Readers"]

T = TypeVar("T")

# Kept open between reads. More threads than that may read at once; their connections are closed afterwards.
_IDLE = 8
# One for a connection that died while it was idle, one for the answer, one to spare.
_ATTEMPTS = 3


class Readers:
    """Lends each read a connection of its own, the most recently used first (its caches are warm).

    Concurrency: any number of threads may read at the same time; none waits for another or for the writer.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    def read(self, act: Callable[[Tx], T]) -> T:
        """Run a function on one moment of the database and return what it returns."""
        for attempt in range(_ATTEMPTS):
            connection = self._borrow()
            try:
                return self._once(connection, act)
            except (ConnectionLost, Retry) as reason:
                self._drop_idle()
                if attempt == _ATTEMPTS - 1:
                    raise ServerUnreachable(f"The database does not answer: {reason}") from reason
        raise AssertionError("unreachable: the last attempt returns or raises")

    def close(self) -> None:
        """Close the idle connections; those on loan are closed when they come back."""
        with self._lock:
            self._closed = True
        self._drop_idle()

    def _once(self, connection: Connection, act: Callable[[Tx], T]) -> T:
        try:
            connection.begin_read()
            result = act(Tx(connection))
            # Nothing to keep, and a rollback cannot wait for the disk.
            connection.rollback()
        except (ConnectionLost, Retry):
            connection.close()
            raise
        except BaseException:
            self._end(connection)
            raise
        self._give_back(connection)
        return result

    def _end(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except (BancadaError, ConnectionLost):
            connection.close()
        else:
            self._give_back(connection)

    def _borrow(self) -> Connection:
        with self._lock:
            if self._closed:
                raise Internal("The database is closed.")
            if self._idle:
                return self._idle.pop()
        try:
            return self._connect()
        except ConnectionLost as reason:
            raise ServerUnreachable(f"The database does not answer: {reason}") from reason

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < _IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def _drop_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
