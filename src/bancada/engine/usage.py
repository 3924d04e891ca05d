"""What a workspace costs: its room on the disk, the time its jobs took. Measured behind the answer, never in it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from bancada.engine.core import Core
from bancada.engine.documents import iso_time
from bancada.engine.worker import Pool
from bancada.errors import NotFound
from bancada.store import tallies, workspaces
from bancada.store.database import Tx

__all__ = ["Usage", "Usages", "disk_bytes"]

# A minute old is good enough for a figure that changes by the job; a walk over a big folder takes seconds.
FRESH_S = 60.0
BLOCK = 512  # what st_blocks counts, on every file system


class Usage(TypedDict):
    """What a workspace costs. Counts are of now; `disk_bytes` is left out until it was measured for the first time.

    `as_of` is when the disk was measured, `state` whether it is being measured now. Archived things count.
    """

    state: Literal["ready", "computing"]
    disk_bytes: NotRequired[int]
    files: NotRequired[int]
    as_of: NotRequired[str]
    compute_seconds: float
    jobs: int
    models: int
    data: int
    endpoints: int
    environments: int


@dataclass(frozen=True)
class _Measured:
    size_bytes: int
    files: int
    at: float


class Usages:
    """Answers with what was measured last. Concurrency: any thread may ask; one walk of a workspace at a time."""

    def __init__(self, core: Core, pool: Pool) -> None:
        self._core = core
        self._pool = pool
        self._lock = threading.Lock()
        self._measured: dict[str, _Measured] = {}
        self._measuring: set[str] = set()

    def usage(self, workspace: str) -> Usage:
        """Return what a workspace costs; measure its folders anew, on the pool, when that was long ago."""
        now = self._core.clock.now()

        def read(tx: Tx) -> tuple[float, dict[str, int], int]:
            if workspaces.get(tx, workspace) is None:
                raise NotFound.of("workspace", workspace, existing=workspaces.names(tx))
            seconds = tallies.attempt_seconds(tx, workspace, now)
            return seconds, tallies.names_by_kind(tx, workspace), sum(tallies.jobs_by_status(tx, workspace).values())

        seconds, kinds, jobs = self._core.db.read(read)
        measured = self._refreshed(workspace, now)
        found = Usage(
            state="computing" if workspace in self._measuring else "ready",
            compute_seconds=round(seconds, 3),
            jobs=jobs,
            models=kinds.get("models", 0),
            data=kinds.get("data", 0),
            endpoints=kinds.get("online-endpoints", 0),
            environments=kinds.get("environments", 0),
        )
        if measured is not None:
            found["disk_bytes"], found["files"] = measured.size_bytes, measured.files
            found["as_of"] = iso_time(measured.at)
        return found

    def _refreshed(self, workspace: str, now: float) -> _Measured | None:
        with self._lock:
            measured = self._measured.get(workspace)
            is_due = measured is None or now - measured.at > FRESH_S
            begins = is_due and workspace not in self._measuring
            if begins:
                self._measuring.add(workspace)
        if begins:
            self._pool.submit(lambda: self._measure(workspace))
        return measured

    def _measure(self, workspace: str) -> None:
        try:
            paths = self._core.paths
            folders = [paths.workspace(workspace)]
            for parent in (paths.launches, paths.root / "work"):
                folders += parent.glob(f"{workspace}.*")
            size, files = disk_bytes(folders)
            with self._lock:
                self._measured[workspace] = _Measured(size, files, self._core.clock.now())
        finally:
            with self._lock:
                self._measuring.discard(workspace)


def disk_bytes(folders: Iterable[Path]) -> tuple[int, int]:
    """Return the bytes on the disk below folders, and the number of files; a file with two names counts once.

    Copies that share their blocks (reflinks) count each: the system does not say that they do.
    """
    seen: set[tuple[int, int]] = set()
    size = files = 0
    waiting = [str(one) for one in folders]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                        continue
                    found = entry.stat(follow_symlinks=False)
                    identity = (found.st_dev, found.st_ino)
                    if found.st_nlink > 1 and identity in seen:
                        continue
                    if found.st_nlink > 1:
                        seen.add(identity)
                    size += found.st_blocks * BLOCK
                    files += 1
        except OSError:
            # What is removed while we look takes no room.
            continue
    return size, files
