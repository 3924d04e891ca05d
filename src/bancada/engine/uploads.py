"""What clients send: folders as trees of content-addressed files. A file whose content is known is not sent again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bancada.engine.core import Core
from bancada.engine.datastores import datastore_folder, inside, require_inside
from bancada.errors import Conflict, Invalid, NotFound, Problem
from bancada.ids import content_hash
from bancada.store import trees, workspaces
from bancada.store.database import Tx
from bancada.store.trees import Blob, Entry, safe_path

__all__ = ["TreeFile", "Uploads", "tree_root"]


@dataclass(frozen=True)
class TreeFile:
    """One file of a folder that a client wants to send: relative path, sha256 in hex, bytes."""

    path: str
    digest: str
    size: int


def tree_root(tree: str) -> str:
    """Return the artifact root of an uploaded tree."""
    return f"trees/{tree}"


class Uploads:
    """Takes trees in."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def missing(self, workspace: str, files: Sequence[TreeFile]) -> tuple[str, list[str]]:
        """Return (tree hash, digests not held yet). With none missing, the tree is committed and may be referred to."""
        self._require_workspace(workspace)
        _require_sound(files)
        name = content_hash(sorted([one.path, one.digest] for one in files))
        held = self._core.artifacts
        absent = sorted({one.digest for one in files if not held.has(workspace, one.digest)})
        if absent:
            return name, absent

        # What a client says of the size is not asked: listings and downloads rely on it.
        sizes = {one.digest: held.path(workspace, one.digest).stat().st_size for one in files}
        entries = [Entry(one.path, size=sizes[one.digest], digest=one.digest) for one in files]

        def commit(tx: Tx) -> None:
            if trees.exists(tx, workspace, tree_root(name)):
                return
            trees.add_many(tx, workspace, tree_root(name), entries)

        self._core.db.write(commit)
        return name, []

    def put_blob(self, workspace: str, digest: str, chunks: Iterable[bytes]) -> Blob:
        """Store one file's bytes. Raises Invalid when they are not what the digest says."""
        self._require_workspace(workspace)
        return self._core.artifacts.put(workspace, chunks, expect=digest)

    def _require_workspace(self, workspace: str) -> None:
        def check(tx: Tx) -> None:
            if workspaces.get(tx, workspace) is None:
                raise NotFound.of("workspace", workspace, existing=workspaces.names(tx))

        self._core.db.read(check)

    def datastore_put(self, workspace: str, datastore: str, path: str, tree: str) -> dict[str, Any]:
        """Copy an uploaded tree under a path of a datastore; return its URI."""
        root = datastore_folder(self._core, workspace, datastore)
        target = inside(root, path)
        entries = self._core.db.read(lambda tx: trees.walk(tx, workspace, tree_root(tree)))
        if not entries:
            raise NotFound.of("upload", tree)
        try:
            _make_room(root, target, entries)
            self._core.artifacts.materialise(workspace, entries, target, writable=True)
        except (FileExistsError, NotADirectoryError) as reason:
            there = f"`{reason.filename}` is in the way: a folder where a file should be, or a file as a folder."
            raise Conflict(f"{there} Remove it, or upload to another path.", path=path) from reason
        return {"path": f"azureml://datastores/{datastore}/paths/{path}"}

    def datastore_list(self, workspace: str, datastore: str, prefix: str) -> list[dict[str, Any]]:
        """List the files under a path of a datastore."""
        root = datastore_folder(self._core, workspace, datastore)
        base = inside(root, prefix)
        if base.is_file():
            return [{"path": prefix, "size": base.stat().st_size, "is_dir": False}]
        found = sorted(base.rglob("*")) if base.is_dir() else []
        return [
            {"path": one.relative_to(root).as_posix(), "size": one.stat().st_size, "is_dir": False}
            for one in found
            if one.is_file() and not one.is_symlink()
        ]


def _make_room(root: Path, target: Path, entries: Iterable[Entry]) -> None:
    for entry in entries:
        # A file of the same name is replaced, as an upload with overwrite does; others stay.
        place = target / safe_path(entry.path)
        require_inside(root, place.parent)
        if place.is_symlink() or not place.is_dir():
            place.unlink(missing_ok=True)


def _require_sound(files: Sequence[TreeFile]) -> None:
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, one in enumerate(files):
        try:
            safe_path(one.path)
        except Invalid as reason:
            problems.append(Problem(f"files[{index}].path", reason.message))
        if one.path in seen:
            problems.append(Problem(f"files[{index}].path", f"`{one.path}` is named twice."))
        seen.add(one.path)
        if len(one.digest) != 64 or not set(one.digest) <= set("0123456789abcdef"):
            problems.append(Problem(f"files[{index}].digest", "expected a sha256 in 64 lower-case hex digits."))
    if not files:
        problems.append(Problem("files", "the folder has no files."))
    if problems:
        raise Invalid.of(problems)
