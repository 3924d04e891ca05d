"""Where everything lies under one home. Not for reading or writing it; only the sockets' folder is made here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bancada.domain.jobs.base import STD_LOG
from bancada.executors.sockets import sockets_folder

__all__ = ["HomePaths", "launch_name"]

# A folder's name has 255 bytes at most, and keepers put a few letters of their own around it.
_LONGEST_NAME = 180


def launch_name(*parts: str) -> str:
    """Return a launch's id: its parts with dots between them, a legal folder name however long they are."""
    whole = ".".join(parts)
    if len(whole.encode()) <= _LONGEST_NAME:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:16]
    # Cut by bytes: a letter may have four of them.
    return f"{whole.encode()[: _LONGEST_NAME - 40].decode('utf-8', 'ignore')}~{digest}.{parts[-1]}"


@dataclass(frozen=True)
class HomePaths:
    """The layout of one home (`docs/concepts/home.md`)."""

    root: Path

    @property
    def launches(self) -> Path:
        """One folder an attempt, made by its keeper."""
        return self.root / "launches"

    def launch(self, launch_id: str) -> Path:
        """Return the folder of one attempt."""
        return self.launches / launch_id

    def work(self, launch_id: str) -> Path:
        """Return the working folder of one attempt: code, inputs, outputs, log."""
        return self.root / "work" / launch_id

    def automl(self, workspace: str, job: str) -> Path:
        """Return the folder of one AutoML job, for all of its attempts: the engine's copy and its checkpoint."""
        return self.root / "automl" / launch_name(workspace, job)

    def log(self, launch_id: str) -> Path:
        """Return the file that takes what the user's process prints."""
        return self.work(launch_id) / STD_LOG

    def workspace(self, name: str) -> Path:
        """Return the folder of one workspace; removing it frees its disk."""
        return self.root / "workspaces" / name

    def datastore(self, workspace: str, name: str) -> Path:
        """Return the folder of a datastore that the platform itself holds."""
        return self.workspace(workspace) / "datastores" / name

    def downloads(self, workspace: str) -> Path:
        """Return the folder of files fetched from public addresses."""
        return self.workspace(workspace) / "downloads"

    @property
    def sockets(self) -> Path:
        """The folder of the home's Unix sockets, made if need be: the executor's own, see `sockets_folder`."""
        return sockets_folder(self.root)
