"""Starts the processes that read users' tables: one of a kind at a time, of low priority, ended with the server.

What they do is in `bancada.learning.table_process`. No Launch: it is our own code, its result is a file that can be
made again, and nothing waits for it after the server is gone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bancada.engine.data_files import Table
from bancada.errors import Conflict, Internal, error_from_document

__all__ = ["Stamp", "TableProcesses", "Unwanted", "order_of", "stamps_of"]

# Path, size and time of a file: as long as they stay, so does what is in it.
Stamp = tuple[str, int, int]


def order_of(table: Table) -> dict[str, Any]:
    """Return what a process is told about a table."""
    options = table.options
    return {
        "files": [str(path) for path in table.paths],
        "form": table.form,
        "delimiter": options.delimiter,
        "encoding": options.encoding,
        "header": options.header,
        # Only where they say something: what was computed without them stays valid.
        **({"skip": options.skip_rows} if options.skip_rows else {}),
        **({"one_header": True} if options.one_header else {}),
    }


# Each process may take 3 GiB (`table_process.MOST_MEMORY`): whoever looks at tables, it is three times that at most.
# A look at a file's head, which takes a second, does not wait for a profile, which takes minutes.
KINDS = ("head", "profile", "checks")
# How often a process is asked whether somebody still wants what it finds.
LOOK_S = 0.25


class Unwanted(Exception):
    """A process was ended, for nobody wants its answer any more. Never leaves the engine."""


def stamps_of(table: Table) -> tuple[Stamp, ...]:
    """Return the stamps of a table's files."""
    found = [(path, path.stat()) for path in table.paths]
    return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found)


class TableProcesses:
    """Runs orders. Concurrency: any thread may ask; each waits for its turn, and then for its own process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns = {kind: threading.Lock() for kind in KINDS}
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def run(
        self, order: Mapping[str, Any], timeout_s: float, is_wanted: Callable[[], bool] = lambda: True
    ) -> dict[str, Any]:
        """Return what a process found out; `what` of the order is one of KINDS.

        Raises what the process raised, Internal when it ends without a word, Conflict when it did not get its turn
        within `timeout_s`, Unwanted when it was ended because `is_wanted` no longer held.
        """
        turn = self._turns[str(order["what"])]
        if not turn.acquire(timeout=timeout_s):
            raise Conflict(f"Other tables are being read; this one had no turn within {timeout_s:g} s. Ask again.")
        try:
            return self._run(order, timeout_s, is_wanted)
        finally:
            turn.release()

    def _run(self, order: Mapping[str, Any], timeout_s: float, is_wanted: Callable[[], bool]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="bancada-table-") as folder:
            asked, result = Path(folder, "order.json"), Path(folder, "result.json")
            asked.write_text(json.dumps(order), encoding="utf-8")
            code = self._wait(self._start(asked, result), timeout_s, is_wanted)
            if not result.is_file():
                if code is None:
                    raise Internal(f"The process that reads the table took longer than {timeout_s:g} s.")
                raise Internal(f"The process that reads the table ended with status {code}.")
            document: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        if "error" in document:
            raise error_from_document(document)
        return document

    def _start(self, asked: Path, result: Path) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "bancada.learning.table_process", str(asked), str(result)]
        with self._lock:
            if self._closed:
                raise Internal("The server is stopping.")
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
            )
            self._running.add(process)
        return process

    def _wait(self, process: subprocess.Popen[bytes], timeout_s: float, is_wanted: Callable[[], bool]) -> int | None:
        deadline = time.monotonic() + timeout_s
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return process.wait(LOOK_S)
                if not is_wanted():
                    raise Unwanted
                if time.monotonic() > deadline:
                    return None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            with self._lock:
                self._running.discard(process)

    def close(self) -> None:
        """End what runs: whoever asked gets an error, and asks again another time."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            process.kill()
