"""Where the files of a new version come from, and the Model document that it becomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bancada.domain.base import SPEC_VERSION
from bancada.domain.model import FOLDER_PROPERTY
from bancada.engine.tracking.access import run_of
from bancada.engine.tracking.files import place_of, safe_artifact_path, version_uri
from bancada.engine.tracking.logged_models import MODEL_VERSIONS_TAG, model_of
from bancada.engine.tracking.lookup import PRIVATE, by_alias, run_id_of, version_of
from bancada.engine.tracking.operation import Caller
from bancada.errors import Invalid
from bancada.ids import content_hash
from bancada.store import logged_models, registry, runs, trees
from bancada.store.database import Tx

__all__ = ["NewVersion", "Source", "check_source", "model_document", "note_registration", "resolve"]


@dataclass(frozen=True)
class NewVersion:
    """What a client sends to register a version."""

    name: str
    source: str
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Source:
    """Where a version's files are: a tree of ours and a folder in it (root '' when they are elsewhere)."""

    root: str = ""
    prefix: str = ""
    # The folder's name that the model keeps under AZUREML_MODEL_DIR.
    folder: str = ""
    run_id: str = ""
    path: str = ""


def check_source(source: str) -> None:
    """Raise Invalid for a source that no server can read: a client's own disk, or a path that leads out."""
    scheme = urlsplit(source).scheme
    if scheme in ("", "file"):
        raise Invalid(
            f"Invalid model version source: '{source}'. A path on a client's own disk cannot be registered: log the"
            " model to a run first, and register `runs:/<run>/<path>`."
        )
    try:
        safe_artifact_path(urlsplit(source).path.strip("/"))
    except Invalid as reason:
        raise Invalid(
            f"Invalid model version source: '{source}'. An absolute path must be provided without relative path"
            " references present. Please provide an absolute path."
        ) from reason


def resolve(tx: Tx, caller: Caller, new: NewVersion) -> Source:
    """Return where the files of a source are."""
    parts = urlsplit(new.source)
    path = parts.path.strip("/")
    match parts.scheme:
        case "runs":
            run_id, _, inside = path.partition("/")
            return _run_source(tx, caller, run_id, inside)
        case "models":
            return _model_source(tx, caller, path)
        case "mlflow-artifacts":
            return _place_source(tx, caller, path)
        case "http" | "https" if "/mlflow-artifacts/artifacts/" in parts.path:
            return _place_source(tx, caller, parts.path.partition("/mlflow-artifacts/artifacts/")[2])
        case _:
            return Source(path=new.source)


def _run_source(tx: Tx, caller: Caller, run_id: str, inside: str) -> Source:
    run_of(tx, caller, run_id)
    root = f"runs/{run_id}"
    path = f"azureml://jobs/{run_id}/outputs/artifacts/paths/{inside}"
    if not trees.walk(tx, caller.workspace, root, inside):
        # MLflow 3 keeps models beside the run's artifacts: there the first part of the path is the model's name.
        head, _, rest = inside.partition("/")
        model_id = logged_models.newest_named(tx, caller.workspace, run_id, head)
        if model_id is not None:
            return Source(logged_models.artifact_root(model_id), rest, head, run_id, path)
    return Source(root, inside, inside.rpartition("/")[2], run_id, path)


def _model_source(tx: Tx, caller: Caller, path: str) -> Source:
    name, _, rest = path.partition("/")
    if not rest and "@" not in name:
        return _logged_source(tx, caller, name, "")
    if not rest:
        found = by_alias(tx, caller, *name.split("@", 1))
    else:
        found = version_of(tx, caller, name, rest.partition("/")[0])
    properties: Mapping[str, Any] = found.doc.get("properties") or {}
    folder = str(properties.get(FOLDER_PROPERTY) or "")
    root = registry.artifact_root(found.name, found.version)
    return Source(root, "", folder, run_id_of(found), str(found.doc.get("path") or ""))


def _logged_source(tx: Tx, caller: Caller, model_id: str, inside: str) -> Source:
    model = model_of(tx, caller, model_id)
    run_id = model.source_run_id or ""
    path = f"azureml://jobs/{run_id}/outputs/artifacts/paths/{model.name}" if run_id else f"models:/{model_id}"
    folder = inside.rpartition("/")[2] or model.name
    return Source(logged_models.artifact_root(model_id), inside, folder, run_id, path)


def _place_source(tx: Tx, caller: Caller, path: str) -> Source:
    place = place_of(path)
    if place.kind == "runs":
        return _run_source(tx, caller, place.owner, place.path)
    if place.kind == "logged-models":
        return _logged_source(tx, caller, place.owner, place.path)
    return Source(place.root, place.path, place.path.rpartition("/")[2], "", "")


def model_document(tx: Tx, caller: Caller, new: NewVersion, version: str, source: Source) -> dict[str, Any]:
    """Return the Model document of a new version: the same that the SDK would have made."""
    entries = trees.walk(tx, caller.workspace, source.root, source.prefix) if source.root else []
    base = f"{source.prefix}/" if source.prefix else ""
    is_mlflow = any(entry.path == f"{base}MLmodel" for entry in entries)
    run_id = new.run_id or source.run_id
    known = bool(run_id) and runs.find(tx, caller.workspace, run_id) is not None
    private = {
        "source": new.source,
        "run_link": new.run_link,
        "run_id": run_id,
        "model_id": new.model_id or _model_id(source),
        "elsewhere": not source.root,
    }
    doc: dict[str, Any] = {
        "spec_version": SPEC_VERSION,
        "name": new.name,
        "version": version,
        "type": "mlflow_model" if is_mlflow else "custom_model",
        "path": source.path or version_uri(new.name, version),
        "description": new.description or None,
        "tags": dict(new.tags),
        "properties": {FOLDER_PROPERTY: source.folder},
        "job_name": run_id if known else None,
        PRIVATE: private,
        "$by": caller.principal.name,
        "$digest": content_hash([[entry.path.removeprefix(base), entry.digest] for entry in entries]),
    }
    return {key: value for key, value in doc.items() if value is not None}


def note_registration(tx: Tx, caller: Caller, doc: Mapping[str, Any]) -> None:
    """Write on a logged model which versions came from it, as MLflow's server does."""
    private: Mapping[str, str] = doc[PRIVATE]
    model = logged_models.find(tx, caller.workspace, private["model_id"])
    if model is None:
        return
    known: list[dict[str, str]] = json.loads(model.tags.get(MODEL_VERSIONS_TAG) or "[]")
    new = {"name": doc["name"], "version": doc["version"]}
    tag = json.dumps([*known, *([] if new in known else [new])])
    logged_models.set_tags(tx, model.key, {MODEL_VERSIONS_TAG: tag})


def _model_id(source: Source) -> str:
    head, _, model_id = source.root.partition("/")
    return model_id if head == "logged-models" else ""
