"""A folder of users' files as one ZIP file that is made while it is sent. Not for reading ZIP files."""

from __future__ import annotations

import io
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from starlette.responses import StreamingResponse

__all__ = ["ZipDownload", "zip_pieces"]

PIECE_BYTES = 1024 * 1024  # each costs a hop between event loop and thread


class ZipDownload(StreamingResponse):
    """Sends files under their names as `<name>.zip`. One piece of one file is in memory at a time.

    As `http.Download`: never shown inside our own origin.
    """

    def __init__(self, name: str, files: Iterable[tuple[str, Path]]) -> None:
        headers = {
            "Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}.zip",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
            "Cache-Control": "no-store",
        }
        super().__init__(zip_pieces(files), media_type="application/zip", headers=headers)


def zip_pieces(files: Iterable[tuple[str, Path]]) -> Iterator[bytes]:
    """Yield the bytes of a ZIP of some files, each by its name in it and where it lies.

    Files are stored as they are: models and pictures hardly shrink, and a server has better to do. Also files and
    archives above 4 GiB, which readers of the last twenty years take.
    """
    sink = _Sink()
    at = time.localtime()[:6]
    with ZipFile(sink, "w", ZIP_STORED, allowZip64=True) as archive:
        for name, path in files:
            entry = ZipInfo(name, at)
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while piece := source.read(PIECE_BYTES):
                    target.write(piece)
                    yield sink.take()
            yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """Takes what ZipFile writes, and hands it on. It cannot be sought in, so sizes follow each file's content."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._bytes += data
        return len(data)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken
