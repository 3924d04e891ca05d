"""Files of models: from wherever they lie into the registry, and from there into AZUREML_MODEL_DIR."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

from bancada.domain.model import FOLDER_PROPERTY
from bancada.engine.core import Core
from bancada.engine.datastores import files_below
from bancada.engine.documents import part
from bancada.engine.locations import Files, Locations
from bancada.ids import content_hash
from bancada.store import trees
from bancada.store.database import Tx
from bancada.store.registry import artifact_root
from bancada.store.resources import Row
from bancada.store.trees import Entry, safe_path

__all__ = ["ModelFiles"]


class ModelFiles:
    """Takes models in and lays them out."""

    def __init__(self, core: Core, locations: Locations) -> None:
        self._core = core
        self._locations = locations

    def resolve(self, workspace: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the document with what `adopt` needs: where its files are, and their digest."""
        text = str(body["path"])
        if text.startswith(("azureml://datastores/", "azureml://subscriptions/", "azureml://workspaces/", "http")):
            text = self._taken_in(workspace, text)
        found = self._locations.files(workspace, text)
        is_file = len(found.entries) == 1 and found.entries[0].path == found.prefix
        folder = "" if is_file else _folder_name(text, found)
        digest = content_hash([[one.path, one.digest] for one in found.relative()])
        properties = {**part(body, "properties"), FOLDER_PROPERTY: folder}
        return {**body, "properties": properties, "$source": text, "$digest": digest}

    def _taken_in(self, workspace: str, text: str) -> str:
        """Copy files that lie outside of the artifact store into a tree of it."""
        place = self._locations.place(workspace, text)
        here = place.path
        name = here.name
        files = [here] if here.is_file() else list(files_below(place.root, here))
        # All names first: nothing is stored of a folder that cannot be taken whole.
        named = [
            (safe_path(f"{name}/{one.relative_to(here).as_posix()}" if one != here else name), one) for one in files
        ]
        blobs = [(path, self._core.artifacts.put(workspace, one)) for path, one in named]
        tree = content_hash(sorted([path, blob.digest] for path, blob in blobs))

        def commit(tx: Tx) -> None:
            entries = [Entry(path, size=blob.size, digest=blob.digest) for path, blob in blobs]
            trees.add_many(tx, workspace, f"trees/{tree}", entries)

        self._core.db.write(commit)
        return f"azureml:trees/{tree}/{name}"

    def adopt(self, tx: Tx, row: Row, source: str) -> None:
        """Give a new model version its files (rows only: no byte is copied)."""
        found = self._locations.files_in(tx, row.workspace, source)
        root = artifact_root(row.name, row.version)
        trees.add_many(tx, row.workspace, root, found.relative())

    def folder(self, workspace: str, row: Row) -> Path:
        """Return the model's folder, laid out once and read-only: what AZUREML_MODEL_DIR names."""
        name, version = row.name, row.version
        entries = self._core.db.read(lambda tx: trees.walk(tx, workspace, artifact_root(name, version)))
        # By content: a deleted version's number may come back with other files.
        digest = content_hash([[one.path, one.digest] for one in entries])[:32]
        mounts = self._core.paths.workspace(workspace) / "mounts" / "models"
        target = mounts / digest / _as_folder(name) / _as_folder(version)
        if target.is_dir():
            return target
        scratch = target.with_name(f".{os.getpid()}.{os.urandom(4).hex()}")
        inner = str(part(row.doc, "properties").get(FOLDER_PROPERTY) or "")
        self._core.artifacts.materialise(workspace, entries, scratch / inner if inner else scratch, writable=False)
        try:
            scratch.rename(target)
        except OSError:
            shutil.rmtree(scratch, ignore_errors=True)
        return target


def _as_folder(name: str) -> str:
    # MLflow's clients give names that no file system takes.
    return name if re.fullmatch(r"\w[\w.-]{0,99}", name, re.ASCII) else content_hash(name)[:32]


def _folder_name(text: str, found: Files) -> str:
    return found.name or text.rstrip("/").rpartition("/")[2].rpartition(":")[2]
