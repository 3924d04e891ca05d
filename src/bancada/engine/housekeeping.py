"""Clears away what nobody needs any more: folders of old launches, blobs without a tree, half-done deletions.

What is needed is read from the database; no row is changed here.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from bancada.engine.core import Core
from bancada.engine.documents import part
from bancada.engine.paths import launch_name
from bancada.engine.worker import Pool
from bancada.store import attempts, jobs, resources, trees, workspaces
from bancada.store.database import Tx

__all__ = ["Housekeeping", "remove_launches"]

logger = logging.getLogger(__name__)

# A day: who asks why something ended yesterday still finds its folder.
KEEP_S = 24 * 3600.0
# A sweep of thousands of trials must not fill the home with folders within that day.
KEEP_LAUNCHES = 500


class Housekeeping:
    """Runs on the pool, one round at a time.

    Concurrency: folders are listed before the database is asked who needs them, and every launch is committed
    before its folder is made. So whatever is listed and not needed is over for good.
    """

    def __init__(self, core: Core, pool: Pool) -> None:
        self._core = core
        self._pool = pool
        self._busy = threading.Lock()

    def begin(self) -> None:
        """Start a round unless one is under way."""
        self._pool.submit(self.round)

    def round(self) -> None:
        """Do everything once."""
        if not self._busy.acquire(blocking=False):
            return
        try:
            self._core.artifacts.finish_deletions()
            self._clear_launches()
            self._collect_blobs()
        finally:
            self._busy.release()

    def _clear_launches(self) -> None:
        launches = _folders(self._core.paths.launches)
        works = _folders(self._core.paths.work("x").parent)
        works += _folders(self._core.paths.automl("x", "x").parent)
        needed = self._core.db.read(_needed)
        over = [one for one in launches if one.name not in needed and self._is_over(one)]
        over.sort(key=_age_s)
        doomed = [one for at, one in enumerate(over) if at >= KEEP_LAUNCHES or _age_s(one) > KEEP_S]
        doomed += [one for one in works if one.name not in needed and _age_s(one) > KEEP_S]
        for one in doomed:
            shutil.rmtree(one, ignore_errors=True)
        if doomed:
            logger.info("removed %d folders of old launches", len(doomed))

    def _is_over(self, folder: Path) -> bool:
        if self._core.executor.state(folder)[0] != "running":
            return True
        # Nobody waits for it: what it does reaches nobody, and its next look at us is refused.
        logger.warning("launch %s belongs to nothing any more: ended", folder.name)
        self._core.executor.stop(folder, self._core.settings.stop_grace_s)
        return False

    def _collect_blobs(self) -> None:
        for name in self._core.db.read(workspaces.names):
            needed = self._core.db.read(lambda tx, name=name: trees.referenced(tx, name))
            if not needed:
                # A workspace with files of which this database knows none: another database, by mistake.
                continue
            found = self._core.artifacts.collect(name, needed)
            if found.files:
                logger.info("workspace %s: removed %d files, %d bytes", name, found.files, found.size_bytes)


def remove_launches(core: Core, ids: Iterable[str]) -> None:
    """Remove what launches that have ended left on the disk.

    Called before their rows go: a later launch of the same id must not find the end of this one.
    """
    for one in ids:
        for folder in (core.paths.launch(one), core.paths.work(one)):
            shutil.rmtree(folder, ignore_errors=True)


def _needed(tx: Tx) -> set[str]:
    names = {one.launch_folder for one in attempts.open_(tx)}
    # An AutoML job's own folder is needed as long as the job may be tried again.
    names |= {launch_name(row.workspace, row.name) for row in jobs.unfinished(tx) if row.type == "automl"}
    for row in resources.all_of(tx, None, "online-deployments"):
        names |= {str(one["launch"]) for one in part(row.doc, "$state").get("replicas", [])}
    # A build's log is shown as long as there is no newer one.
    return names | {str(row.doc["launch"]) for row in resources.all_of(tx, None, "environment-builds")}


def _folders(parent: Path) -> list[Path]:
    # Hidden ones are being made by keepers; the executor clears those of dead ones.
    if not parent.is_dir():
        return []
    return [one for one in parent.iterdir() if not one.name.startswith(".")]


def _age_s(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0
