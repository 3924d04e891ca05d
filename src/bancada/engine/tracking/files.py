"""Artifacts of runs, logged models and registered models: addresses of the proxy, listing, upload, download."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from bancada.engine.tracking.access import active_run, require_owner, run_of
from bancada.engine.tracking.logged_models import model_of, writable_model
from bancada.engine.tracking.operation import Caller, Operation
from bancada.errors import Forbidden, Invalid, NotFound
from bancada.store import logged_models, registry, trees
from bancada.store.artifacts import ArtifactStore, Blob, BlobWriter, Entry
from bancada.store.database import Tx
from bancada.store.logged_models import LoggedModel
from bancada.store.runs import Run

__all__ = ["Files", "Place", "StoredFile", "model_uri", "place_of", "run_uri", "safe_artifact_path", "version_uri"]

SCHEME = "mlflow-artifacts:/"
# Paths of the proxy that belong to nothing we know: the workspace's own.
_FREE_ROOT = "files"


@dataclass(frozen=True)
class Place:
    """Where a path of the proxy leads: a tree and a path in it ('' for all of it).

    `kind` is runs, logged-models, models or files; `owner` is the run's, model's or version's id.
    """

    kind: str
    owner: str
    root: str
    path: str


@dataclass(frozen=True)
class StoredFile:
    """One file: its content on this machine, which must not be written to."""

    name: str
    location: Path
    size: int
    digest: str


def run_uri(run: Run) -> str:
    """Return the artifact URI of a run: through this server, unless its experiment names a place elsewhere."""
    if _is_elsewhere(run.artifact_location):
        return posixpath.join(run.artifact_location, run.name, "artifacts")
    return f"{SCHEME}runs/{run.name}/artifacts"


def model_uri(model: LoggedModel) -> str:
    """Return the artifact URI of a logged model."""
    if _is_elsewhere(model.artifact_location):
        return posixpath.join(model.artifact_location, "models", model.model_id, "artifacts")
    return f"{SCHEME}logged-models/{model.model_id}/artifacts"


def version_uri(name: str, version: str) -> str:
    """Return the artifact URI of a registered model's version."""
    return f"{SCHEME}models/{name}/{version}"


def _is_elsewhere(location: str) -> bool:
    return bool(location) and not location.startswith("mlflow-artifacts:")


def safe_artifact_path(path: str) -> str:
    """Return a path inside its root, '' for the root itself.

    Raises Invalid for a path that could lead out, also when it does so only after decoding it again.
    """
    decoded = path
    while (again := unquote(decoded)) != decoded:
        decoded = again
    for text in {path, decoded}:
        if text.strip("/.") and (text.startswith("/") or ".." in text.split("/")):
            raise Invalid(f"Invalid path: '{path[:200]}' leads out of its artifacts.")
        if text.strip("/.") == "" and ".." in text:
            raise Invalid(f"Invalid path: '{path[:200]}' leads out of its artifacts.")
    return trees.safe_path(path) if path.strip("/.") else ""


def place_of(path: str) -> Place:
    """Return where a path of the proxy leads. Raises Invalid for one that could lead out of its owner."""
    clean = safe_artifact_path(path.strip("/"))
    parts = clean.split("/")
    match parts:
        case ["runs", run, "artifacts", *rest]:
            return Place("runs", run, f"runs/{run}", "/".join(rest))
        case ["logged-models", model_id, "artifacts", *rest]:
            return Place("logged-models", model_id, logged_models.artifact_root(model_id), "/".join(rest))
        case ["models", name, version, *rest]:
            return Place("models", name, registry.artifact_root(name, version), "/".join(rest))
        case _:
            return Place("files", "", _FREE_ROOT, clean)


class Files:
    """What the protocol does to artifacts."""

    def __init__(self, artifacts: ArtifactStore) -> None:
        self._artifacts = artifacts

    # ---------------------------------------------------------------------------- reading

    def list_run(self, caller: Caller, run_id: str, path: str) -> Operation[tuple[str, list[Entry]]]:
        """Give a run's artifact URI and what lies in a folder of it."""
        clean = safe_artifact_path(path)

        def act(tx: Tx) -> tuple[str, list[Entry]]:
            run = run_of(tx, caller, run_id)
            return run_uri(run), trees.list_(tx, caller.workspace, f"runs/{run.name}", clean)

        return Operation(act, "look")

    def list_model(self, caller: Caller, model_id: str, path: str) -> Operation[tuple[str, list[Entry]]]:
        """Give a logged model's artifact URI and what lies in a folder of it."""
        clean = safe_artifact_path(path)

        def act(tx: Tx) -> tuple[str, list[Entry]]:
            model = model_of(tx, caller, model_id)
            root = logged_models.artifact_root(model.model_id)
            return model_uri(model), trees.list_(tx, caller.workspace, root, clean)

        return Operation(act, "look")

    def list_place(self, caller: Caller, path: str) -> Operation[list[Entry]]:
        """Give what lies in a folder of the proxy; nothing for a file or an unknown folder."""
        place = place_of(path)
        return Operation(lambda tx: trees.list_(tx, caller.workspace, place.root, place.path), "look")

    def open_place(self, caller: Caller, path: str) -> Operation[StoredFile]:
        """Give a file of the proxy. Raises NotFound."""
        place = place_of(path)
        return Operation(lambda tx: self._stored(tx, caller, place.root, place.path), "look")

    def open_run(self, caller: Caller, run_id: str, path: str) -> Operation[StoredFile]:
        """Give a file of a run. Raises NotFound."""
        clean = safe_artifact_path(path)
        return Operation(lambda tx: self._stored(tx, caller, f"runs/{run_of(tx, caller, run_id).name}", clean), "look")

    def open_model(self, caller: Caller, model_id: str, path: str) -> Operation[StoredFile]:
        """Give a file of a logged model. Raises NotFound."""
        clean = safe_artifact_path(path)
        root = logged_models.artifact_root(model_id)
        return Operation(lambda tx: self._stored(tx, caller, root, clean), "look")

    def open_version(self, caller: Caller, name: str, version: str, path: str) -> Operation[StoredFile]:
        """Give a file of a registered model's version. Raises NotFound."""
        clean = safe_artifact_path(path)
        root = registry.artifact_root(name, version)
        return Operation(lambda tx: self._stored(tx, caller, root, clean), "look")

    def _stored(self, tx: Tx, caller: Caller, root: str, path: str) -> StoredFile:
        entry = trees.get(tx, caller.workspace, root, path) if path else None
        if entry is None:
            raise NotFound(f"No such artifact: '{path}'", kind="artifact", name=path)
        location = self._artifacts.path(caller.workspace, entry.digest)
        return StoredFile(posixpath.basename(path), location, entry.size, entry.digest)

    # ---------------------------------------------------------------------------- writing

    def may_write(self, caller: Caller, path: str) -> Operation[Place]:
        """Give the place of an upload. Raises Forbidden or NotFound before a byte is taken."""
        place = place_of(path)
        if not place.path:
            raise Invalid(f"Invalid path: '{path[:200]}' names no file.")
        return Operation(lambda tx: _writable(tx, caller, place), "look")

    def writer(self, caller: Caller) -> BlobWriter:
        """Return where an upload's bytes go; nothing stays of them without a commit."""
        return self._artifacts.writer(caller.workspace)

    def store(self, caller: Caller, content: bytes) -> Blob:
        """Store a small upload's bytes; on disk when this returns."""
        return self._artifacts.put(caller.workspace, content)

    def join(self, caller: Caller, digests: Sequence[str], *, most_bytes: int) -> Blob:
        """Store the file that uploaded parts make, one after the other, and return it; on disk when this returns.

        Raises Invalid for a part that is not there, or for more bytes than a file may have.
        """
        workspace = caller.workspace
        for number, digest in enumerate(digests, 1):
            if not self._artifacts.has(workspace, digest):
                raise Invalid(f"Part {number} of {len(digests)} is not here (any more); upload the file again.")
        parts = [self._artifacts.path(workspace, digest) for digest in digests]
        size = sum(part.stat().st_size for part in parts)
        if size > most_bytes:
            raise Invalid(
                f"The file has {size} bytes; a file may have at most {most_bytes} (`max_upload_gib`).", http_status=413
            )
        if len(parts) == 1:
            return Blob(digests[0], size)
        with self._artifacts.writer(workspace) as writer:
            for part in parts:
                writer.copy(part)
            return writer.commit()

    def put(self, caller: Caller, place: Place, blob: Blob) -> Operation[str | None]:
        """Give an uploaded file its place, and the run that has it now."""

        def act(tx: Tx) -> str | None:
            _writable(tx, caller, place)
            trees.add(tx, caller.workspace, place.root, place.path, blob)
            return _run_of(tx, caller, place)

        return Operation(act, changes_files=True)

    def delete(self, caller: Caller, path: str) -> Operation[str | None]:
        """Delete a file or a folder, and give the run that had it. Raises NotFound when there is none."""
        place = place_of(path)

        def act(tx: Tx) -> str | None:
            _writable(tx, caller, place)
            if not trees.delete(tx, caller.workspace, place.root, place.path) and place.path:
                raise NotFound(f"No such artifact: '{path}'", kind="artifact", name=path)
            return _run_of(tx, caller, place)

        return Operation(act, changes_files=True)


def _run_of(tx: Tx, caller: Caller, place: Place) -> str | None:
    """Return the run whose page shows a place: its own artifacts, or those of a model that it logged."""
    if place.kind == "runs":
        return place.owner
    return model_of(tx, caller, place.owner).source_run_id if place.kind == "logged-models" else None


def _writable(tx: Tx, caller: Caller, place: Place) -> Place:
    if place.kind == "runs":
        active_run(tx, caller, place.owner)
    elif place.kind == "logged-models":
        writable_model(tx, caller, place.owner)
    elif place.kind == "models":
        raise Forbidden("Files of a registered version do not change; register a new version.")
    else:
        require_owner(caller, "write files outside of its run")
    return place
