"""Collected data on disk: one CloudEvent a line, in the folders that Azure's data collector uses.

`<folder>/<yyyy>/<MM>/<dd>/<HH>/<instance>.jsonl`, times in UTC. Written by the gateway (payloads) and by replicas
(a script's own collections). Standard library only, Python 3.8+.
"""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from typing import Any, Dict, NamedTuple, Optional

__all__ = ["LARGEST_DATA", "Collected", "Collection", "write"]

# Azure keeps larger payloads in a file of their own, and names it in the line.
LARGEST_DATA = 256 * 1024
_SAFE = re.compile(r"[^A-Za-z0-9._-]")


class Collection(NamedTuple):
    """Where one collection goes. source names the deployment; rolling is "minute", "hour" or "day"."""

    name: str
    folder: str
    source: str
    instance: str
    rolling: str = "hour"


class Collected(NamedTuple):
    """One record. `data` is a JSON value, or JSON text that is kept as it is; None for none."""

    data: Any
    data_text: Optional[str]
    at: float
    correlation_id: str
    attributes: Dict[str, Any]  # further members of the event


def write(collection: Collection, record: Collected) -> str:
    """Append a record and return the file's path. Raises OSError. Each line is written by one call, so that it is
    whole also when several processes write."""
    number = str(uuid.uuid4())
    path = _path(collection, record.at)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    event: Dict[str, Any] = {
        "specversion": "1.0",
        "id": number,
        "source": collection.source,
        "type": "azureml.inference.%s" % collection.name,
        "datacontenttype": "application/json",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.at)),
    }
    data = record.data_text if record.data_text is not None else json.dumps(record.data)
    size = len(data.encode("utf-8"))
    rest: Dict[str, Any] = {
        "correlationid": record.correlation_id,
        "xrequestid": record.correlation_id,
        "modelversion": "default",
        **record.attributes,
        "contentrange": "bytes 0-%d/%d" % (max(0, size - 1), size),
    }
    if size > LARGEST_DATA:
        name = "%s.json" % number
        with open(os.path.join(os.path.dirname(path), name), "w", encoding="utf-8") as stream:
            stream.write(data)
        event["dataref"] = name
        line = json.dumps({**event, **rest})
    else:
        line = '%s, "data": %s, %s' % (json.dumps(event)[:-1], data.replace("\n", " "), json.dumps(rest)[1:])
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode("utf-8") + b"\n")
    finally:
        os.close(descriptor)
    return path


def _path(collection: Collection, at: float) -> str:
    moment = time.gmtime(at)
    folder = time.strftime("%Y/%m/%d/00" if collection.rolling == "day" else "%Y/%m/%d/%H", moment)
    name = _SAFE.sub("_", collection.instance)
    if collection.rolling == "minute":
        name += time.strftime("_%M", moment)
    return os.path.join(collection.folder, folder, "%s.jsonl" % name)
