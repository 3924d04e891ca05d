"""Where a datastore's files lie, and that nothing asked of it leaves its folder, be it through a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bancada.engine.core import Core
from bancada.errors import Invalid, NotFound, Problem
from bancada.store import resources
from bancada.store.trees import safe_path

__all__ = ["datastore_folder", "files_below", "inside", "links_left_out", "require_inside"]


def datastore_folder(core: Core, workspace: str, name: str) -> Path:
    """Return the folder behind a datastore: the owner's own for type `file`, else ours. Raises NotFound."""
    row = core.db.read(lambda tx: resources.get(tx, workspace, "datastores", name))
    if row is None:
        there = core.db.read(lambda tx: resources.all_of(tx, workspace, "datastores"))
        raise NotFound.of("datastore", name, existing=[one.name for one in there])
    if row.doc.get("type") == "file" and row.doc.get("path"):
        return Path(str(row.doc["path"]))
    return core.paths.datastore(workspace, name)


def inside(root: Path, path: str) -> Path:
    """Return a path below a folder, there or not. Raises Invalid for one that leads out, by its text or by a link."""
    clean = path.strip("/")
    place = root / safe_path(clean) if clean else root
    require_inside(root, place)
    return place


def require_inside(root: Path, place: Path) -> None:
    """Raise Invalid when a place is not below a folder, links followed. The folder itself may be a link."""
    # realpath, not resolve(): links in a ring are no error here, there is only nothing at their end.
    folder, real = os.path.realpath(root), os.path.realpath(place)
    if real != folder and not real.startswith(folder.rstrip("/") + "/"):
        shown = place.relative_to(root).as_posix().encode("utf-8", "backslashreplace").decode()
        text = f"`{shown}` leads out of the folder {root} through a link. Put the files there, or make a datastore"
        raise Invalid.of([Problem("path", f"{text} of type `file` for the folder that they lie in.")])


def links_left_out(root: Path, folder: str, names: list[str]) -> set[str]:
    """Return which names of a folder below `root` a copy leaves out: links to nothing, and to a folder above.

    Raises Invalid for a link that leads out of `root`. The form is that of `shutil.copytree`'s `ignore`.
    """
    above = os.path.realpath(folder) + "/"
    left_out: set[str] = set()
    for name in names:
        place = Path(folder, name)
        if not place.is_symlink():
            continue
        require_inside(root, place)
        if not place.exists() or above.startswith(os.path.realpath(place).rstrip("/") + "/"):
            left_out.add(name)
    return left_out


def files_below(root: Path, base: Path) -> Iterator[Path]:
    """Yield the files of a folder below `root`, sorted. Links to folders are not followed.

    Raises Invalid for a link that leads out of `root`.
    """
    for one in sorted(base.rglob("*")):
        if one.is_symlink():
            require_inside(root, one)
        # Not is_file(): a file that cannot be reached is an error, not an absent one.
        if one.exists() and stat.S_ISREG(one.stat().st_mode):
            yield one
