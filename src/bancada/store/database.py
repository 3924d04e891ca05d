"""The door to the database: open, migrate, write, read. What is stored is in the modules of nouns."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from bancada.errors import Internal, Invalid, Problem
from bancada.store import migrations
from bancada.store.connection import ConnectionLost, Connector, Dialect, Value
from bancada.store.readers import Readers
from bancada.store.transaction import Tx, marks
from bancada.store.writer import Writer

__all__ = ["Database", "Tx", "Value", "marks"]

T = TypeVar("T")

_log = logging.getLogger("bancada.store")


class Database:
    """One open database, SQLite or PostgreSQL, shared by all threads of the process.

    Writes go through one thread and are on disk when they return; reads have a connection of their own and
    see one moment of the database, at least as new as the last write that was answered.

    Example:
        >>> import tempfile
        >>> from bancada.store import workspaces
        >>> folder = tempfile.TemporaryDirectory()
        >>> database = Database.open(f"sqlite:///{folder.name}/bancada.db")
        >>> database.migrate()
        >>> database.write(lambda tx: workspaces.create(tx, {"name": "default"}))["name"]
        'default'
        >>> database.read(lambda tx: len(workspaces.list_(tx)))
        1
        >>> database.close()
        >>> folder.cleanup()
    """

    def __init__(self, connector: Connector) -> None:
        self.dialect: Dialect = connector.dialect
        self._connector = connector
        self._callbacks: list[Callable[[int], None]] = []
        self._lock = threading.Lock()
        # The greatest sequence that this process knows of; only the writer's thread and `migrate` set it.
        self._last_event = 0
        try:
            self._writer = Writer(connector.connect(writable=True), self._announce)
        except ConnectionLost as reason:
            raise Internal(f"The database cannot be opened: {reason}") from reason
        self._readers = Readers(lambda: connector.connect(writable=False))

    @classmethod
    def open(cls, url: str) -> Database:
        """Open `sqlite:///<path>` or `postgresql://user@host/name`; tables are made by `migrate`.

        Raises NotSupported when the extra for PostgreSQL is not installed, Invalid for any other address.
        """
        return cls(_connector(url))

    def write(self, act: Callable[[Tx], T]) -> T:
        """Run a function in a transaction and return its result once the commit is on disk.

        An exception from the function undoes its changes and no others, and is raised here.
        Raises StorageFull when the disk is full; the database stays usable.
        """
        if self._writer.is_current_thread():
            raise Internal("A write inside a write would wait for itself: use the transaction at hand.")
        return self._writer.submit(act).result()

    def submit(self, act: Callable[[Tx], T]) -> Future[T]:
        """Do as `write` does, without waiting. A future that is cancelled in time is not run."""
        return self._writer.submit(act)

    def read(self, act: Callable[[Tx], T]) -> T:
        """Run a function that only reads; all its statements see the same moment."""
        return self._readers.read(act)

    def on_commit(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Have a callback called after each commit that appended events or put something into the queue.

        It gets the last sequence and must be quick: it runs in the writer's thread. Commits of other
        processes are not seen, so whoever listens also polls. Returns a function that ends the
        subscription.
        """
        with self._lock:
            self._callbacks = [*self._callbacks, callback]
        return lambda: self._forget(callback)

    def migrate(self, *, backup: bool = True) -> Path | None:
        """Bring the tables to this version; return where the copy of the old database lies, if one was made.

        Raises NewerHome when a newer version wrote the database; nothing is touched then.
        """
        current = self.read(migrations.version)
        migrations.refuse_newer(current)
        copy: Path | None = None
        if backup and 0 < current < migrations.newest():
            copy = self._connector.backup(f"schema-{current}")
        self.write(migrations.apply)
        self._last_event = self.read(_last_event)
        return copy

    def close(self) -> None:
        """Finish the writes that were submitted, then close all connections."""
        self._writer.close()
        self._readers.close()

    def _announce(self, last_event: int) -> None:
        self._last_event = max(self._last_event, last_event)
        for callback in self._callbacks:
            try:
                callback(self._last_event)
            except Exception:  # The listener's own trouble must not stop the writer.
                _log.exception("A listener of commits failed.")

    def _forget(self, callback: Callable[[int], None]) -> None:
        with self._lock:
            self._callbacks = [one for one in self._callbacks if one is not callback]


def _last_event(tx: Tx) -> int:
    row = tx.one("SELECT MAX(seq) FROM events")
    return int(row[0] or 0) if row else 0


def _connector(url: str) -> Connector:
    if url.startswith("sqlite:///"):
        from bancada.store.sqlite import SqliteConnector  # Only the driver that is used is loaded.

        return SqliteConnector(Path(url.removeprefix("sqlite:///")))
    if url.startswith(("postgresql://", "postgres://")):
        from bancada.store.postgres import PostgresConnector  # An optional extra.

        return PostgresConnector(url)
    text = f"`{url.split('://')[0]}://…` is no database; use sqlite:///<path> or postgresql://user@host/name."
    raise Invalid.of([Problem("database_url", text)])
