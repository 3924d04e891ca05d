"""Copy a file: both share their blocks until one is changed, where the file system can do that."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bancada.errors import StorageFull, is_disk_full

__all__ = ["clone", "copy_file", "storage_errors"]

# FICLONE of linux/fs.h: _IOW(0x94, 9, int).
_FICLONE = 0x40049409


@contextmanager
def storage_errors(path: Path) -> Generator[None]:
    """Turn the operating system's "no space left" into StorageFull."""
    try:
        yield
    except OSError as reason:
        if is_disk_full(reason):
            text = f"The disk that holds `{path}` is full: make room, then try again."
            raise StorageFull(text, path=str(path)) from reason
        raise


def clone(source: int, target: int) -> bool:
    """Make an open file share the blocks of another one; False where that cannot be done."""
    if sys.platform != "linux":
        return False
    import fcntl  # Not on every system.

    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


def copy_file(source: Path, target: Path, *, mode: int) -> None:
    """Make `target`, which must not exist, a file of its own with the content of `source`.

    Raises FileExistsError. A copy that fails leaves no file.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with open(source, "rb") as reading:
        descriptor = os.open(target, flags, 0o600)
        try:
            with open(descriptor, "wb") as writing:
                if not clone(reading.fileno(), writing.fileno()):
                    shutil.copyfileobj(reading, writing, 1024 * 1024)
                os.fchmod(writing.fileno(), mode)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
