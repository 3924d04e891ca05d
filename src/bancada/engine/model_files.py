"""The files of a registered model as clients download them. How they come in and are laid out is in `models`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bancada.engine.core import Core
from bancada.errors import NotFound
from bancada.store import resources, trees
from bancada.store.database import Tx
from bancada.store.registry import KIND, artifact_root

__all__ = ["model_file", "model_files"]

NAMES_SHOWN = 20  # in an error about a missing file


def model_files(core: Core, workspace: str, name: str, version: str, prefix: str = "") -> list[dict[str, Any]]:
    """List a model version's files below a path, all levels. Raises NotFound naming the versions that exist."""

    def read(tx: Tx) -> list[dict[str, Any]]:
        if resources.get(tx, workspace, KIND, name, version) is None:
            existing = resources.versions(tx, workspace, KIND, name)
            raise NotFound.of("model", name, version=version if existing else None, existing=existing)
        entries = trees.walk(tx, workspace, artifact_root(name, version), prefix.strip("/"))
        return [{"path": one.path, "size": one.size, "is_dir": False} for one in entries]

    return core.db.read(read)


def model_file(core: Core, workspace: str, name: str, version: str, path: str) -> Path:
    """Return the stored file behind one path of a model version; only to be read. Raises NotFound."""
    entry = core.db.read(lambda tx: trees.get(tx, workspace, artifact_root(name, version), path))
    if entry is None:
        existing = [str(one["path"]) for one in model_files(core, workspace, name, version)]
        raise NotFound.of("file", path, existing=existing[:NAMES_SHOWN])
    return core.artifacts.path(workspace, entry.digest)
