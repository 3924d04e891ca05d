"""The data collector: from a deployment's `data_collector` to what the gateway and the replicas are told.

The collections `request` and `response` are the gateway's; all others are the script's own, sent with
azureml-ai-monitoring. Each lies in the default datastore under modelDataCollector/<endpoint>/<deployment>/<name>,
unless its `data` names a path of a datastore.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bancada.domain import references
from bancada.domain.datastore import DEFAULT_DATASTORE
from bancada.domain.references import BadReference, DatastorePath
from bancada.engine.core import Core
from bancada.engine.datastores import datastore_folder, inside
from bancada.engine.documents import part
from bancada.errors import BancadaError, Invalid, Problem
from bancada.store.resources import Row

__all__ = ["PAYLOADS", "check_collections", "collector_variables", "payload_collection"]

PAYLOADS = ("request", "response")
ROOT = "modelDataCollector"


def check_collections(core: Core, workspace: str, body: dict[str, Any]) -> None:
    """Raise Invalid when a collection's data cannot be written where its deployment says."""
    problems: list[Problem] = []
    for name, one in part(part(body, "data_collector"), "collections").items():
        try:
            _own_folder(core, workspace, one)
        except (BancadaError, BadReference) as reason:
            problems.append(Problem(f"data_collector.collections.{name}.data", str(reason)))
        if not name or "/" in name or name.startswith("."):
            problems.append(Problem(f"data_collector.collections.{name}", "is no name for a folder."))
    if problems:
        raise Invalid.of(problems)


def payload_collection(core: Core, row: Row) -> dict[str, Any] | None:
    """Return what the gateway shall keep; None for nothing."""
    folders = {name: str(folder) for name, folder in _folders(core, row).items() if name in PAYLOADS}
    if not folders:
        return None
    settings = part(row.doc, "data_collector")
    return {
        "source": _source(row),
        "folders": folders,
        "share": _share(settings),
        "rolling": str(settings.get("rolling_rate") or "hour"),
        "capture": part(settings, "request_logging").get("capture_headers") or [],
    }


def collector_variables(core: Core, row: Row, work: Path) -> dict[str, str]:
    """Return the variables that let a script's Collectors find their sink; writes their settings into `work`."""
    folders = {name: str(folder) for name, folder in _folders(core, row).items() if name not in PAYLOADS}
    if not folders:
        return {}
    settings = part(row.doc, "data_collector")
    percentage = _share(settings) * 100
    collections = {name: {"enabled": True, "sampleRatePercentage": percentage} for name in folders}
    path = work / "data_collector.json"
    path.write_text(json.dumps({"collections": collections, "runMode": "cloud"}), encoding="utf-8")
    sink = {
        "source": _source(row),
        # The launch's name: replicas write files of their own.
        "instance": work.name,
        "rolling": str(settings.get("rolling_rate") or "hour"),
        "collections": folders,
    }
    return {"AZUREML_MDC_CONFIG_PATH": str(path), "BANCADA_COLLECT": json.dumps(sink)}


def _folders(core: Core, row: Row) -> dict[str, Path]:
    collections = part(part(row.doc, "data_collector"), "collections")
    base = core.paths.datastore(row.workspace, DEFAULT_DATASTORE) / ROOT / row.name
    found: dict[str, Path] = {}
    for name, one in collections.items():
        enabled = one.get("enabled")
        if enabled is not True and str(enabled).lower() != "true":
            continue
        # The collector's package writes names in lower case.
        found[name.lower()] = _own_folder(core, row.workspace, one) or base / name.lower()
    return found


def _own_folder(core: Core, workspace: str, collection: dict[str, Any]) -> Path | None:
    text = part(collection, "data").get("path")
    if not text:
        return None
    reference = references.parse(str(text))
    if not isinstance(reference, DatastorePath):
        raise Invalid.of([Problem("path", f"`{text}` is no path of a datastore (azureml://datastores/…/paths/…).")])
    folder = datastore_folder(core, workspace, reference.datastore)
    return inside(folder, reference.path)


def _share(settings: dict[str, Any]) -> float:
    share = settings.get("sampling_rate")
    return 1.0 if share is None else float(share)


def _source(row: Row) -> str:
    endpoint, _, deployment = row.name.partition("/")
    return f"/workspaces/{row.workspace}/onlineEndpoints/{endpoint}/deployments/{deployment}"
