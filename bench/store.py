"""What the store adds to a bare commit: writes, claims and reads a second, as ratios taken in one run.

    python bench/store.py                                  SQLite
    python bench/store.py --postgres postgresql://…        and a PostgreSQL server (an empty schema of its own)

"bare" is the least that can be done: one thread, the driver itself, one INSERT and one commit that waits for the disk.
Ratios above 1 come from group commit: several threads share one wait for the disk.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bancada.store import jobs, queue, secrets, workspaces
from bancada.store.database import Database, Tx

# Rounds alternate between the bare driver and the store, so that a busy machine or disk slows both alike.
ROUNDS = 6
ROUND_S = 0.4
TRIALS = 1000

Act = Callable[[int, int], object]


class Side:
    """One thing to measure: an act, done again and again by some threads, round by round."""

    def __init__(self, name: str, act: Act, threads: int = 1) -> None:
        self.name, self.act, self.threads = name, act, threads
        self.counts = [0] * threads
        self.seconds = 0.0

    def turn(self) -> None:
        """Run for one round."""
        start = time.perf_counter()
        running = [threading.Thread(target=self._work, args=(thread, start)) for thread in range(self.threads)]
        for one in running:
            one.start()
        for one in running:
            one.join()
        self.seconds += time.perf_counter() - start

    def rate(self) -> float:
        """Return how often a second the act was done."""
        return sum(self.counts) / self.seconds

    def _work(self, thread: int, start: float) -> None:
        while time.perf_counter() - start < ROUND_S:
            self.act(thread, self.counts[thread])
            self.counts[thread] += 1


def bare_sqlite(folder: Path) -> Act:
    """Return one commit of the driver alone, with the settings that the store uses."""
    raw = sqlite3.connect(folder / "bare.db", isolation_level=None, check_same_thread=False)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("CREATE TABLE secrets (workspace TEXT, name TEXT, value TEXT, PRIMARY KEY (workspace, name))")
    sql = "INSERT INTO secrets VALUES ('w', ?, 'value')"
    return lambda thread, number: raw.execute(sql, (str(number),))


def bare_postgres(dsn: str) -> Act:
    """Return one commit of the driver alone."""
    import psycopg

    raw = psycopg.connect(dsn, autocommit=True)
    raw.execute("DROP TABLE IF EXISTS bancada_bench")
    raw.execute("CREATE TABLE bancada_bench (name TEXT PRIMARY KEY, value TEXT)")
    return lambda thread, number: raw.execute("INSERT INTO bancada_bench VALUES (%s, 'value')", (str(number),))


def write(database: Database) -> Act:
    """One small row a commit."""
    return lambda thread, number: database.write(lambda tx: secrets.put(tx, "w", f"{thread}-{number}", "value"))


def claim_and_finish(database: Database) -> Act:
    """Put a subject, claim one, finish it: three commits, as the worker makes them."""

    def turn(thread: int, number: int) -> None:
        database.write(lambda tx: queue.put(tx, ("w", "job", f"{thread}-{number}"), due_at=0.0))
        for one in database.write(lambda tx: queue.claim(tx, str(thread), 60.0, 1.0, 1)):
            database.write(lambda tx, held=one: queue.done(tx, held))

    return turn


def family(tx: Tx) -> None:
    """A sweep of a thousand trials with six metrics each."""
    parent = jobs.JobRow("w", "sweep", "sweep", {}, "Running", "0", "sweep", 0.0)
    jobs.insert(tx, parent)
    for at in range(TRIALS):
        state = {"params": {"n_estimators": 10, "max_depth": 4, "criterion": "gini"}}
        child = jobs.JobRow(
            "w", f"sweep_{at}", "command", {}, "Completed", "0", "", 0.0, parent="sweep", index=at, state=state
        )
        jobs.insert(tx, child)
    for key in ("Score", "a", "b", "c", "d", "e"):
        sql = (
            "INSERT INTO metrics (run, experiment, key, value, is_nan, step, timestamp, minimum, maximum) "
            "SELECT id, experiment, ?, 0.5, 0, 0, 0, 0.5, 0.5 FROM jobs WHERE parent = 'sweep'"
        )
        tx.execute(sql, (key,))


def milliseconds(act: Callable[[], object], times: int = 20) -> float:
    """Return the median time of an act."""
    taken: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        taken.append((time.perf_counter() - start) * 1000)
    return sorted(taken)[times // 2]


def measure(url: str, bare_act: Act) -> None:
    """Print the figures of one database."""
    database = Database.open(url)
    database.migrate(backup=False)
    database.write(lambda tx: workspaces.create(tx, {"name": "w"}))
    bare = Side("bare commits, 1 thread", bare_act)
    sides = [Side(f"writes, {threads} threads", write(database), threads) for threads in (1, 8)]
    turns = [Side(f"put+claim+finish, {threads} threads", claim_and_finish(database), threads) for threads in (1, 8)]
    for _ in range(ROUNDS):
        for side in (bare, *sides, *turns):
            side.turn()
    print(f"\n{database.dialect}")
    print(f"  {bare.name:32}{bare.rate():9,.0f}/s")
    for side in sides:
        print(f"  {side.name:32}{side.rate():9,.0f}/s {side.rate() / bare.rate():6.2f} x bare")
    for side in turns:
        print(f"  {side.name:32}{side.rate():9,.0f}/s {side.rate() * 3 / bare.rate():6.2f} x bare (3 commits each)")
    read_figures(database)
    database.close()


def read_figures(database: Database) -> None:
    """Print how quickly the worker and the lists get what they need."""
    database.write(family)
    one = milliseconds(lambda: database.read(lambda tx: secrets.get(tx, "w", "0-0")), 1000)
    print(f"  {'one row':32}{one:9.3f} ms")
    slim = milliseconds(lambda: database.read(lambda tx: jobs.slim_children(tx, "w", "sweep", ["Score"])))
    every = milliseconds(lambda: database.read(lambda tx: jobs.slim_children(tx, "w", "sweep")))
    print(f"  {f'{TRIALS} trials as slim rows':32}{slim:9.1f} ms with the primary metric, {every:.1f} ms with all six")
    page = milliseconds(lambda: database.read(lambda tx: jobs.page(tx, "w", parent="sweep", limit=100)))
    print(f"  {'a page of 100 of them':32}{page:9.1f} ms")


def main() -> None:
    """Measure SQLite and, when asked, PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", metavar="DSN", help="an empty database to measure, too")
    dsn = parser.parse_args().postgres
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{folder}/bancada.db", bare_sqlite(Path(folder)))
    if dsn:
        measure(dsn, bare_postgres(dsn))


if __name__ == "__main__":
    main()
