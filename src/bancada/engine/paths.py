"""Where everything lies under one home. Not for reading or writing it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

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

    def log(self, launch_id: str) -> Path:
        """Return the file that takes what the user's process prints."""
        return self.work(launch_id) / "user_logs" / "std_log.txt"

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
        """A short folder (a Unix socket's path has 108 bytes at most), made 0700 and owned by this user."""
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()[:10]
        folder = Path(tempfile.gettempdir()) / f"bcd-{os.getuid()}-{digest}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise PermissionError(f"{folder} belongs to another user")
        folder.chmod(0o700)
        return folder
