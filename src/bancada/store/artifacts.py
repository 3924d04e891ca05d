"""Files by their content: each workspace has a folder of blobs, named by their sha256. Trees of them are in
`trees`.

A blob is written once: into a temporary file, hashed, brought to the disk, renamed into place. Nobody ever
gets a writable link to it; what jobs work on are copies (which share their blocks with the blob where the
file system can).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO
from uuid import uuid4

from bancada.errors import Invalid, NotFound, Problem
from bancada.store.reflink import clone, copy_file, storage_errors
from bancada.store.trees import Blob, Entry, safe_path

__all__ = ["ArtifactStore", "Blob", "BlobWriter", "Collected", "Entry"]

_CHUNK = 1024 * 1024
_INCOMING = ".incoming"
# 1 h: longer than any upload takes between its first blob and the tree that refers to it.
_GRACE_S = 3600.0
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Collected:
    """What a garbage collection removed."""

    files: int
    size_bytes: int


class ArtifactStore:
    """The blobs of all workspaces of one home.

    Concurrency: all methods may be called from any thread; two writers of the same content do not disturb
    each other.
    Raises StorageFull when the disk is full; no temporary file is left then.
    """

    def __init__(self, home: Path) -> None:
        self._workspaces = home / "workspaces"
        # Held while a blob is found and touched, and while the collection looks at one and removes it.
        self._lock = threading.Lock()
        self.recover()

    def folder(self, workspace: str) -> Path:
        """Return the folder of a workspace's blobs and datastores. Raises Invalid for a name with "/"."""
        if safe_path(workspace) != workspace or "/" in workspace:
            raise Invalid.of([Problem("workspace", f"`{workspace}` is no workspace's name.")])
        return self._workspaces / workspace

    def path(self, workspace: str, digest: str) -> Path:
        """Return where a blob is, or would be. The file is read-only and must stay as it is."""
        if len(digest) != 64 or not _HEX.issuperset(digest):
            raise Invalid.of([Problem("digest", f"`{digest[:80]}` is no sha256 (64 small hex digits).")])
        return self.folder(workspace) / "blobs" / digest[:2] / digest

    def has(self, workspace: str, digest: str) -> bool:
        """Say whether a blob is there, and keep it from being collected for another hour."""
        path = self.path(workspace, digest)
        with self._lock:
            try:
                os.utime(path)
            except FileNotFoundError:
                return False
        return True

    def open(self, workspace: str, digest: str) -> BinaryIO:
        """Open a blob for reading. Raises NotFound."""
        try:
            return self.path(workspace, digest).open("rb")
        except FileNotFoundError as reason:
            raise NotFound.of("blob", digest) from reason

    def writer(self, workspace: str, *, expect: str | None = None) -> BlobWriter:
        """Return a writer for content that comes in pieces; `expect` is the digest that it must have.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as home:
            ...     with ArtifactStore(Path(home)).writer("default") as writer:
            ...         writer.write(b"hello")
            ...         blob = writer.commit()
            >>> blob.size, blob.digest[:8]
            (5, '2cf24dba')
        """
        incoming = self.folder(workspace) / "blobs" / _INCOMING
        with storage_errors(incoming):
            incoming.mkdir(parents=True, exist_ok=True)
            return BlobWriter(self, workspace, incoming / uuid4().hex, expect)

    def put(self, workspace: str, source: Path | bytes | Iterable[bytes], *, expect: str | None = None) -> Blob:
        """Store a file, bytes, or chunks of them, and return what it is called; on disk when this returns.

        Raises Invalid when the content does not have the digest that was expected.
        """
        if isinstance(source, bytes) and len(source) <= _CHUNK:
            return self._put_small(workspace, source, expect)
        with self.writer(workspace, expect=expect) as writer:
            if isinstance(source, Path):
                writer.copy(source)
            else:
                for chunk in [source] if isinstance(source, bytes) else source:
                    writer.write(chunk)
            return writer.commit()

    def _put_small(self, workspace: str, content: bytes, expect: str | None) -> Blob:
        """Store what is known as a whole with one wait for the disk instead of two.

        The temporary file already carries the digest, and a new file's first sync brings its name to the disk, too. So
        when a power cut undoes the rename that follows, `recover` does it again: it need not be waited for.
        """
        digest = hashlib.sha256(content).hexdigest()
        _check_digest(digest, expect)
        target = self.path(workspace, digest)
        draft = self.folder(workspace) / "blobs" / _INCOMING / f"{digest}.{uuid4().hex}"
        with storage_errors(draft):
            if self.has(workspace, digest):
                return Blob(digest, len(content))
            _make_folder(draft.parent)
            try:
                _write_durably(draft, content)
                _make_folder(target.parent)
                with self._lock, contextlib.suppress(FileNotFoundError):  # another process recovered it
                    os.replace(draft, target)
            finally:
                draft.unlink(missing_ok=True)
        return Blob(digest, len(content))

    def recover(self) -> None:
        """Put blobs in their places whose renames a power cut undid; see `_put_small`. Harmless at any other time."""
        for draft in self._workspaces.glob(f"*/blobs/{_INCOMING}/*.*"):
            digest, target = draft.name.partition(".")[0], draft.parent.parent
            with contextlib.suppress(FileNotFoundError):
                # Anything else is being written, or was cut off and never acknowledged: `collect` removes it.
                if hashlib.sha256(draft.read_bytes()).hexdigest() == digest:
                    target = target / digest[:2] / digest
                    _make_folder(target.parent)
                    os.replace(draft, target)
                    _sync_folder(target.parent)

    def materialise(
        self, workspace: str, entries: Sequence[Entry], destination: Path, *, writable: bool, strip: str = ""
    ) -> int:
        """Make files of a tree's entries below a folder, without the prefix `strip`; return how many.

        Every file is the caller's own (a reflink or a copy). Not writable ones get mode 0444.
        Raises Invalid for a path that leads out (also through a link that lies in the destination),
        NotFound for a missing blob, FileExistsError for a file that is there already.
        """
        with storage_errors(destination):
            destination.mkdir(parents=True, exist_ok=True)
            made = {destination: destination.resolve()}
            for entry in entries:
                if not entry.is_dir:
                    target = _target(destination, made, entry.path, strip)
                    self._copy(workspace, entry, target, writable=writable)
        return sum(not entry.is_dir for entry in entries)

    def collect(self, workspace: str, needed: set[str], *, grace_s: float = _GRACE_S) -> Collected:
        """Remove blobs that no tree needs (`trees.referenced`) and nobody touched in the grace time."""
        oldest = time.time() - grace_s
        removed = [
            size_bytes
            for path in self._files(workspace)
            if path.name not in needed and (size_bytes := self._remove_older(path, oldest)) is not None
        ]
        return Collected(len(removed), sum(removed))

    def delete_workspace(self, workspace: str) -> None:
        """Remove a workspace's folder, datastores included; harmless when there is none."""
        folder = self.folder(workspace)
        # Renamed first: whoever still writes into it fails at once, and a new workspace of the name starts
        # empty.
        doomed = folder.with_name(f".deleted-{uuid4().hex}")
        with contextlib.suppress(FileNotFoundError):
            folder.rename(doomed)
        self.finish_deletions()

    def finish_deletions(self) -> None:
        """Remove what an interrupted `delete_workspace` left. Each round of housekeeping calls it."""
        for doomed in self._workspaces.glob(".deleted-*"):
            shutil.rmtree(doomed, ignore_errors=True)

    def adopt(self, workspace: str, draft: Path, digest: str) -> None:
        """Move a finished temporary file into its place. Only BlobWriter calls this."""
        target = self.path(workspace, digest)
        with self._lock:
            if target.exists():
                os.utime(target)
                draft.unlink()
                return
            _make_folder(target.parent)
            os.replace(draft, target)
        _sync_folder(target.parent)

    def _copy(self, workspace: str, entry: Entry, target: Path, *, writable: bool) -> None:
        mode = (0o644 if writable else 0o444) | (0o111 if entry.executable else 0)
        try:
            copy_file(self.path(workspace, entry.digest), target, mode=mode)
        except FileNotFoundError as reason:
            raise NotFound.of("blob", entry.digest, hint=f"`{entry.path}` needs it.") from reason

    def _files(self, workspace: str) -> Iterator[Path]:
        folder = self.folder(workspace) / "blobs"
        for sub in sorted(folder.iterdir()) if folder.is_dir() else ():
            yield from sorted(sub.iterdir())

    def _remove_older(self, path: Path, oldest: float) -> int | None:
        with self._lock:
            try:
                status = path.stat()
                if status.st_mtime >= oldest:
                    return None
                path.unlink()
            except FileNotFoundError:
                return None
        return status.st_size


class BlobWriter:
    """Content on its way into the store; without `commit` nothing stays of it. Used as a context manager."""

    def __init__(self, store: ArtifactStore, workspace: str, draft: Path, expect: str | None) -> None:
        self._store, self._workspace, self._draft, self._expect = store, workspace, draft, expect
        self._hash = hashlib.sha256()
        self._size = 0
        self._file = draft.open("xb")

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append a piece."""
        with storage_errors(self._draft):
            self._file.write(chunk)
        self._hash.update(chunk)
        self._size += len(chunk)

    def copy(self, source: Path) -> None:
        """Append a whole file; where the file system can, the first one shares its blocks."""
        with source.open("rb") as reading:
            if self._size == 0 and clone(reading.fileno(), self._file.fileno()):
                # Hash the clone, not the original, which somebody may be changing.
                with self._draft.open("rb") as cloned:
                    self._take(cloned)
                self._file.seek(self._size)
                return
            while chunk := reading.read(_CHUNK):
                self.write(chunk)

    def commit(self) -> Blob:
        """Bring the content to the disk under its digest. Raises Invalid for an unexpected one."""
        digest = self._hash.hexdigest()
        _check_digest(digest, self._expect)
        with storage_errors(self._draft):
            self._file.flush()
            os.fchmod(self._file.fileno(), 0o444)
            os.fsync(self._file.fileno())
            self._file.close()
            self._store.adopt(self._workspace, self._draft, digest)
        return Blob(digest, self._size)

    def abort(self) -> None:
        """Forget what was written; harmless after `commit`."""
        # Closing flushes, which fails on a full disk; the file goes anyway.
        with contextlib.suppress(OSError):
            self._file.close()
        self._draft.unlink(missing_ok=True)

    def _take(self, reading: BinaryIO) -> None:
        while chunk := reading.read(_CHUNK):
            self._hash.update(chunk)
            self._size += len(chunk)


def _target(destination: Path, made: dict[Path, Path], path: str, strip: str) -> Path:
    place = safe_path(path)
    base = f"{safe_path(strip)}/" if strip else ""
    relative = place.removeprefix(base) if place != strip else place.rpartition("/")[2]
    target = destination / relative
    if target.parent not in made:
        target.parent.mkdir(parents=True, exist_ok=True)
        made[target.parent] = target.parent.resolve()
    if not made[target.parent].is_relative_to(made[destination]):
        raise Invalid.of([Problem("path", f"`{path}` leads out of `{destination}` through a link.")])
    return target


def _check_digest(digest: str, expected: str | None) -> None:
    if expected is not None and digest != expected:
        text = f"the content has sha256 {digest}, not {expected}: send it again."
        raise Invalid.of([Problem("digest", text)])


def _write_durably(path: Path, content: bytes) -> None:
    """Make a new file; content and name are on disk when this returns."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as writing:
        writing.write(content)
        os.fchmod(writing.fileno(), 0o444)
        os.fsync(writing.fileno())
    # ext4, XFS, Btrfs and F2FS bring the name of a new file to the disk with its first sync.
    if sys.platform != "linux":
        _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    # A rename is on disk only when its folder is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
