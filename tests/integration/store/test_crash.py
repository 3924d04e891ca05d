"""What was answered is there after `kill -9`, of us or of the database server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bancada
from bancada.store import secrets
from bancada.store.connection import ConnectionLost
from bancada.store.database import Database, Tx
from bancada.store.postgres import PostgresConnection
from bancada.store.writer import Writer

Open = Callable[[str], Database]

# Four threads write without a pause and say each number once it was answered.
_VICTIM = """
import os, sys, threading
from bancada.store import secrets
from bancada.store.database import Database

database = Database.open(sys.argv[1])

def work(thread):
    for number in range(1_000_000):
        name = f"{thread}-{number}"
        database.write(lambda tx: secrets.put(tx, "w", name, "x" * 100))
        os.write(1, f"{name}\\n".encode())

for thread in range(4):
    threading.Thread(target=work, args=(thread,)).start()
"""


def _names(tx: Tx) -> set[str]:
    return {row[0] for row in tx.execute("SELECT name FROM secrets")}


def test_everything_acknowledged_survives_kill_9(database: Database, database_url: str, open_database: Open) -> None:
    database.close()
    environment = {**os.environ, "PYTHONPATH": str(Path(bancada.__file__).parents[1])}
    victim = subprocess.Popen([sys.executable, "-c", _VICTIM, database_url], stdout=subprocess.PIPE, env=environment)
    assert victim.stdout is not None
    acknowledged: list[str] = []
    # Until all four threads are at work: one may begin late on a loaded machine.
    while len(acknowledged) < 400 or {name.split("-")[0] for name in acknowledged} != {"0", "1", "2", "3"}:
        line = victim.stdout.readline().decode()
        assert line, "it ended by itself"
        acknowledged.append(line.strip())
    assert victim.poll() is None
    victim.send_signal(signal.SIGKILL)
    rest = victim.stdout.read().decode()
    assert victim.wait() == -signal.SIGKILL
    victim.stdout.close()
    # Only whole lines: the last one may have been cut off by the signal.
    acknowledged += rest.splitlines()[: rest.count("\n")]

    survivor = open_database(database_url)
    found = survivor.read(_names)
    # It was in the middle of its work: none of the four threads was near its end.
    assert len(found) < 1_000_000
    assert set(acknowledged) <= found
    # Each thread has at most one write on its way that was not answered.
    assert len(found - set(acknowledged)) <= 4
    survivor.write(lambda tx: secrets.put(tx, "w", "after", ""))
    assert "after" in survivor.read(_names)


class _Unlucky(PostgresConnection):
    """A connection that is cut once, at a chosen moment of a commit."""

    cut: str = ""

    def commit(self) -> None:
        cut, self.cut = self.cut, ""
        if cut == "before":
            self._raw.close()
        super().commit()
        if cut == "after":
            self._raw.close()
            raise ConnectionLost("cut")


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_connection_lost_in_a_commit_neither_loses_nor_doubles_a_write(
    postgres_url: str, open_database: Open, cut: str
) -> None:
    database = open_database(postgres_url)
    database.migrate()
    connection = _Unlucky(postgres_url, writable=True)
    writer = Writer(connection, lambda seq: None)

    def count(tx: Tx) -> None:
        secrets.put(tx, "w", "counter", str(int(secrets.get(tx, "w", "counter") or 0) + 1))

    writer.submit(count).result()
    connection.cut = cut
    writer.submit(count).result()
    writer.submit(count).result()
    writer.close()
    assert connection.cut == ""
    assert database.read(lambda tx: secrets.get(tx, "w", "counter")) == "3"


def test_connections_that_the_server_ends_are_opened_again(postgres_url: str, open_database: Open) -> None:
    database = open_database(postgres_url)
    database.migrate()
    end_all = (
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE application_name = 'bancada' AND pid <> pg_backend_pid()"
    )
    other = open_database(postgres_url)
    for number in range(3):
        database.write(lambda tx, n=number: secrets.put(tx, "w", str(n), ""))
        assert database.read(lambda tx: len(_names(tx))) == number + 1
        ended = other.write(lambda tx: tx.one(end_all))
        assert ended is not None
        assert ended[0] >= 2


def test_a_transaction_whose_connection_dies_is_run_again(postgres_url: str, open_database: Open) -> None:
    database = open_database(postgres_url)
    database.migrate()
    runs: list[int] = []

    def die_once(tx: Tx) -> None:
        runs.append(1)
        secrets.put(tx, "w", str(len(runs)), "")
        if len(runs) == 1:
            tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    database.write(die_once)
    assert len(runs) == 2
    assert database.read(_names) == {"2"}


def test_a_database_server_that_crashes_and_comes_back_loses_nothing(mortal_server: Any, open_database: Open) -> None:
    database = open_database(mortal_server.get_uri())
    database.migrate()
    acknowledged: list[str] = []
    failed: list[BaseException] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            name = str(len(acknowledged))
            try:
                database.write(lambda tx, n=name: secrets.put(tx, "w", n, ""))
            except Exception as reason:
                failed.append(reason)
                return
            acknowledged.append(name)

    thread = threading.Thread(target=work)
    thread.start()
    while len(acknowledged) < 100:
        time.sleep(0.01)
    before = len(acknowledged)
    pid_file = Path(mortal_server.pgdata) / "postmaster.pid"
    # SIGQUIT is the server's own crash: every process ends at once, the next start recovers from the log. (After a
    # SIGKILL its package would not start it again where nobody reaps orphans, as in many containers.)
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
    while pid_file.exists():
        time.sleep(0.01)
    mortal_server.ensure_postgres_running()
    deadline = time.monotonic() + 180
    while len(acknowledged) < before + 100 and not failed and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    thread.join()
    assert not failed
    assert len(acknowledged) >= before + 100
    assert set(acknowledged) <= database.read(_names)
    database.close()
