"""Where the Unix sockets of a home lie: templates, replicas, the gateway's control socket."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

__all__ = ["sockets_folder"]


def sockets_folder(home: Path) -> Path:
    """Return the folder for the sockets of a home, made if need be; only this user can enter it.

    It is not in the home because a socket's path may have 108 bytes at most.
    Raises PermissionError when somebody else has put something at its place.
    """
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:10]
    folder = Path(tempfile.gettempdir()) / f"bcd-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} should be a folder of this user, and is not; remove it.")
    folder.chmod(0o700)
    return folder
