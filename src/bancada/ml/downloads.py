"""Writes files that the server lists into a folder. Never outside of it, whatever the listing says."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import cast

from bancada.errors import Internal
from bancada.ml.transport import Transport, segment
from bancada.settings import usable_folder

__all__ = ["download_all"]


def download_all(transport: Transport, listing: str, destination: Path, prefix: str = "") -> list[Path]:
    """Download every file of a listing below `destination`, in its folders; return the paths.

    Raises Internal when a listed path would lead out of the destination, and FolderUnusable.
    """
    answer = transport.document("GET", listing, query={"prefix": prefix or None})
    items = cast("list[dict[str, object]]", answer["items"])
    written: list[Path] = []
    if items:
        usable_folder("download", destination)
    for item in items:
        if item.get("is_dir"):
            continue
        path = str(item["path"])
        parts = PurePosixPath(path).parts
        if not parts or ".." in parts or path.startswith("/"):
            raise Internal(f"The server lists a file at `{path}`, which leads out of the download's folder.")
        target = destination.joinpath(*parts)
        transport.download(f"{listing}/{'/'.join(segment(part) for part in parts)}", target)
        written.append(target)
    return written
