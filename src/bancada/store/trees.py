"""Named sets of files: which path of a tree has which content. The bytes are in `artifacts.ArtifactStore`.

Roots are texts: "runs/<run>", "logged-models/<id>", "trees/<hash>", "models/<name>/<version>",
"outputs/<job>/<output>".
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from bancada.errors import Conflict, Invalid, Problem
from bancada.store.connection import Row
from bancada.store.transaction import Tx, marks

__all__ = [
    "Blob",
    "Entry",
    "add",
    "add_many",
    "copy_tree",
    "create",
    "delete",
    "delete_roots",
    "exists",
    "get",
    "list_",
    "referenced",
    "roots",
    "safe_path",
    "size",
    "walk",
]

# The byte after "/": `path < prefix + "0"` ends the range of everything below `prefix + "/"`.
_AFTER_SLASH = "0"
# Below every letter that a path may have, and above every text.
_FIRST, _LAST = "\x01", "\U0010ffff"
# Longest name that common file systems take.
_NAME_BYTES = 255
# Rows fetched at a time while a folder is listed; a sub-folder of any size costs one such page.
_PAGE = 200
_COLUMNS = "tree_entries.path, tree_entries.digest, tree_entries.size, tree_entries.executable"
_OF_TREE = (
    f"SELECT {_COLUMNS} FROM tree_entries JOIN trees ON trees.id = tree_entries.tree "
    "WHERE trees.workspace = ? AND trees.root = ?"
)
_FILE_AND_FOLDER = f"""
SELECT one.path FROM tree_entries one WHERE one.tree = ? AND one.path IN ({{}}) AND EXISTS (
  SELECT 1 FROM tree_entries below WHERE below.tree = one.tree
  AND below.path > one.path || '/' AND below.path < one.path || '{_AFTER_SLASH}') LIMIT 1
"""


@dataclass(frozen=True)
class Blob:
    """Bytes that are stored: their sha256 in hex, and how many."""

    digest: str
    size: int


@dataclass(frozen=True)
class Entry:
    """A file of a tree, or a folder in a listing (size 0, no digest)."""

    path: str
    is_dir: bool = False
    size: int = 0
    digest: str = ""
    executable: bool = False


def safe_path(path: str) -> str:
    """Return a relative path in its one form, `a/b/c`.

    Raises Invalid for a path that could lead out of its folder or that some system cannot hold: absolute
    ones, "..", back slashes, drive letters, NUL and other control characters, names of more than 255 bytes.
    """
    problem = _problem(path)
    if problem:
        shown = path.encode("unicode_escape").decode()
        raise Invalid.of([Problem("path", f"`{shown}` is no path inside a folder: {problem}.")])
    return str(PurePosixPath(path))


def _problem(path: str) -> str | None:
    parts = path.split("/")
    checks = {
        "it is empty": all(part in ("", ".") for part in parts),
        "it is absolute": path.startswith("/"),
        "it goes up with `..`": ".." in parts,
        "it has a back slash": "\\" in path,
        "it has a control character": any(ord(letter) < 32 or ord(letter) == 127 for letter in path),
        "it has a drive letter": len(parts[0]) > 1 and parts[0][1] == ":" and parts[0][0].isalpha(),
        "it is not valid text": any("\ud800" <= letter <= "\udfff" for letter in path),
    }
    found = next((text for text, is_so in checks.items() if is_so), None)
    if found is None and max(len(part.encode()) for part in parts) > _NAME_BYTES:
        return f"a name in it has more than {_NAME_BYTES} bytes"
    return found


def _folder(prefix: str) -> str:
    return "" if prefix in ("", ".", "/", "./") else safe_path(prefix)


def create(tx: Tx, workspace: str, root: str) -> bool:
    """Make an empty tree; False when it is there already."""
    sql = "INSERT INTO trees (workspace, root, created_at) VALUES (?, ?, ?) ON CONFLICT (workspace, root) DO NOTHING"
    return tx.change(sql, (workspace, root, time.time())) > 0


def exists(tx: Tx, workspace: str, root: str) -> bool:
    """Say whether a tree was made, be it empty."""
    return _tree(tx, workspace, root) is not None


def add(tx: Tx, workspace: str, root: str, path: str, blob: Blob, *, executable: bool = False) -> Entry:
    """Put a file into a tree, in the place of an older one of the same path; the tree is made when needed.

    Raises Invalid for an unsafe path, Conflict when a folder has that path or a file has that of one of its
    folders.
    """
    entry = Entry(safe_path(path), False, blob.size, blob.digest, executable)
    add_many(tx, workspace, root, [entry])
    return entry


def add_many(tx: Tx, workspace: str, root: str, entries: Sequence[Entry]) -> int:
    """Put many files into a tree; return how many. Raises as `add` does, and then none was put."""
    create(tx, workspace, root)
    tree = _tree(tx, workspace, root)
    files = [entry for entry in entries if not entry.is_dir]
    paths = [safe_path(entry.path) for entry in files]
    tx.many(
        "INSERT INTO tree_entries (tree, path, digest, size, executable) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (tree, path) DO UPDATE SET digest = excluded.digest, size = excluded.size, "
        "executable = excluded.executable",
        [(tree, path, entry.digest, entry.size, entry.executable) for path, entry in zip(paths, files, strict=True)],
    )
    _refuse_overlap(tx, tree, paths)
    return len(files)


def get(tx: Tx, workspace: str, root: str, path: str) -> Entry | None:
    """Return one file, or None."""
    row = tx.one(f"{_OF_TREE} AND tree_entries.path = ?", (workspace, root, safe_path(path)))
    return None if row is None else _entry(row)


def list_(tx: Tx, workspace: str, root: str, prefix: str = "") -> list[Entry]:
    """Return what lies directly in a folder, files and folders by path; nothing for a file or an unknown
    folder."""
    tree = _tree(tx, workspace, root)
    if tree is None:
        return []
    folder = _folder(prefix)
    return sorted(_direct(tx, tree, f"{folder}/" if folder else ""), key=lambda entry: entry.path)


def walk(tx: Tx, workspace: str, root: str, prefix: str = "") -> list[Entry]:
    """Return all files below a folder by path, or the one file of that path."""
    place = _folder(prefix)
    if not place:
        return [_entry(row) for row in tx.execute(f"{_OF_TREE} ORDER BY tree_entries.path", (workspace, root))]
    below = f"{_OF_TREE} AND tree_entries.path > ? AND tree_entries.path < ? ORDER BY tree_entries.path"
    found = get(tx, workspace, root, place)
    rows = tx.execute(below, (workspace, root, f"{place}/", f"{place}{_AFTER_SLASH}"))
    return [*([found] if found else []), *(_entry(row) for row in rows)]


def size(tx: Tx, workspace: str, root: str) -> int:
    """Return the bytes of all files of a tree."""
    row = tx.one(
        "SELECT CAST(SUM(tree_entries.size) AS BIGINT) FROM tree_entries "
        "JOIN trees ON trees.id = tree_entries.tree WHERE trees.workspace = ? AND trees.root = ?",
        (workspace, root),
    )
    return int(row[0] or 0) if row else 0


def copy_tree(tx: Tx, workspace: str, from_root: str, prefix: str, to_root: str, *, to_prefix: str = "") -> int:
    """Copy a folder's files (or one file) into another tree without their folder's path; return how many.

    No bytes are moved. The other tree is made also when there is nothing to copy.
    """
    place, folder = _folder(prefix), _folder(to_prefix)
    target = f"{folder}/" if folder else ""
    create(tx, workspace, to_root)
    moved = [
        Entry(target + _relative(entry.path, place), False, entry.size, entry.digest, entry.executable)
        for entry in walk(tx, workspace, from_root, place)
    ]
    return add_many(tx, workspace, to_root, moved) if moved else 0


def delete(tx: Tx, workspace: str, root: str, prefix: str = "") -> int:
    """Delete a tree, or a folder or file of it; return how many files. Their bytes wait for the garbage
    collection."""
    tree = _tree(tx, workspace, root)
    if tree is None:
        return 0
    place = _folder(prefix)
    if not place:
        files = tx.change("DELETE FROM tree_entries WHERE tree = ?", (tree,))
        tx.execute("DELETE FROM trees WHERE id = ?", (tree,))
        return files
    sql = "DELETE FROM tree_entries WHERE tree = ? AND (path = ? OR (path > ? AND path < ?))"
    return tx.change(sql, (tree, place, f"{place}/", f"{place}{_AFTER_SLASH}"))


def roots(tx: Tx, workspace: str, prefix: str) -> list[str]:
    """Return the trees whose root is `prefix` or lies below it ("outputs/<job>")."""
    sql = "SELECT root FROM trees WHERE workspace = ? AND (root = ? OR (root > ? AND root < ?)) ORDER BY root"
    return [row[0] for row in tx.execute(sql, (workspace, prefix, f"{prefix}/", f"{prefix}{_AFTER_SLASH}"))]


def delete_roots(tx: Tx, workspace: str, prefix: str) -> int:
    """Delete all trees whose root is `prefix` or lies below it; return how many files."""
    return sum(delete(tx, workspace, root) for root in roots(tx, workspace, prefix))


def referenced(tx: Tx, workspace: str) -> set[str]:
    """Return the digests that some tree of the workspace needs."""
    rows = tx.execute(
        "SELECT DISTINCT tree_entries.digest FROM tree_entries JOIN trees ON trees.id = tree_entries.tree "
        "WHERE trees.workspace = ?",
        (workspace,),
    )
    return {row[0] for row in rows}


def _tree(tx: Tx, workspace: str, root: str) -> int | None:
    row = tx.one("SELECT id FROM trees WHERE workspace = ? AND root = ?", (workspace, root))
    return None if row is None else int(row[0])


def _direct(tx: Tx, tree: int, base: str) -> Iterator[Entry]:
    # Reads a page, and jumps behind a sub-folder as soon as it is named: a run with one folder of 100,000
    # files lists as quickly as one with three.
    start, end = base, f"{base[:-1]}{_AFTER_SLASH}" if base else _LAST
    while True:
        rows = tx.execute(
            f"SELECT {_COLUMNS} FROM tree_entries WHERE tree = ? AND path >= ? AND path < ? ORDER BY path LIMIT ?",
            (tree, start, end, _PAGE),
        )
        for row in rows:
            if row[0] < start:
                continue
            folder, slash, _ = row[0][len(base) :].partition("/")
            yield Entry(base + folder, is_dir=True) if slash else _entry(row)
            start = base + folder + (_AFTER_SLASH if slash else _FIRST)
        if len(rows) < _PAGE:
            return


def _refuse_overlap(tx: Tx, tree: int | None, paths: Sequence[str]) -> None:
    folders = sorted({str(folder) for path in paths for folder in PurePosixPath(path).parents} - {"."})
    for some in _chunks(folders):
        sql = f"SELECT path FROM tree_entries WHERE tree = ? AND path IN ({marks(len(some))}) LIMIT 1"
        row = tx.one(sql, (tree, *some))
        if row is not None:
            raise Conflict(f"`{row[0]}` is a file; it cannot be a folder too.", path=row[0])
    for some in _chunks(paths):
        row = tx.one(_FILE_AND_FOLDER.format(marks(len(some))), (tree, *some))
        if row is not None:
            raise Conflict(f"`{row[0]}` is a folder; it cannot be a file too.", path=row[0])


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    # Far below the number of parameters that a statement may have.
    return (values[at : at + 1000] for at in range(0, len(values), 1000))


def _relative(path: str, place: str) -> str:
    if path == place:
        return PurePosixPath(path).name
    return path[len(place) + 1 :] if place else path


def _entry(row: Row) -> Entry:
    path, digest, size_bytes, executable = row
    return Entry(path, False, size_bytes, digest, bool(executable))
