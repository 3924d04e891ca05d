"""Big files in parts: what clients ask for with MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD and …_DOWNLOAD.

An upload in parts has no state here: its id says how many parts it has. Each part is a blob of its own, its ETag the
blob's digest; to complete the upload is to put the named blobs together, which must be all of them. Parts that no
upload completes are blobs that nothing refers to, and housekeeping collects them. The addresses that clients get for
parts lead back here, with the header that they came with.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bancada.engine.tracking import Operation, Tracking
from bancada.engine.tracking.files import StoredFile
from bancada.errors import Invalid
from bancada.faces.mlflow.endpoints import Answer, Call, empty
from bancada.faces.mlflow.translate import Document

__all__ = ["PART", "abort", "complete", "create", "presigned"]

# PUT <PART><number>/<path>
PART = "mlflow-artifacts/mpu/part/"
# As many as the object stores take that clients know.
_MOST_PARTS = 10_000


def create(tracking: Tracking, call: Call) -> Answer:
    """POST mlflow-artifacts/mpu/create/{path}: where each part goes."""
    path, count = _target(call), call.fields.integer("num_parts")
    if count is None or not 0 <= count <= _MOST_PARTS:
        raise Invalid(f"Invalid value {count} for parameter 'num_parts' supplied: expected 0 to {_MOST_PARTS}.")

    def show(_: object) -> Document:
        parts = [
            {"url": _url(call, f"{PART}{number}/{path}"), "part_number": number, "headers": _headers(call)}
            for number in range(1, count + 1)
        ]
        return {"upload_id": f"{uuid.uuid4().hex}-{count}", "credentials": parts}

    return Answer(tracking.files.may_write(call.caller, path), show)


def complete(tracking: Tracking, call: Call) -> Answer:
    """POST mlflow-artifacts/mpu/complete/{path}: the file is on disk, content and name, when this is answered."""
    path = _target(call)
    parts = [(one.required_integer("part_number"), one.required("etag")) for one in call.fields.records("parts")]
    _require_whole([number for number, _ in parts], call.fields.text("upload_id"))
    digests = [etag.strip('"') for _, etag in sorted(parts)]

    def operation() -> Operation[Any]:
        place = tracking.perform(call.caller, tracking.files.may_write(call.caller, path))
        blob = tracking.files.join(call.caller, digests, most_bytes=call.most_upload_bytes)
        return tracking.files.put(call.caller, place, blob)

    return empty(operation)


def _require_whole(numbers: Sequence[int], upload_id: str) -> None:
    """Raise Invalid unless the parts are 1, 2, 3 and so on, each once, and as many as the upload's id says.

    An id that says nothing (an upload that a former version began) leaves the last part unknown.
    """
    if len(numbers) > _MOST_PARTS:
        raise Invalid(f"A file comes in at most {_MOST_PARTS} parts; {len(numbers)} are named.")
    _, dash, count = upload_id.rpartition("-")
    last = int(count) if dash and count.isdecimal() and len(count) < 6 else len(numbers)
    expected = range(1, last + 1)
    problems = {
        "there is no part": sorted(set(expected) - set(numbers)),
        "it has no part": sorted(set(numbers) - set(expected)),
        "named twice is part": sorted(number for number, times in Counter(numbers).items() if times > 1),
    }
    for problem, found in problems.items():
        if found:
            shown = ", ".join(str(number) for number in found[:5]) + (", …" if len(found) > 5 else "")
            raise Invalid(f"The file has parts 1 to {last}; {problem} {shown}. Send them all, each once.")


def abort(tracking: Tracking, call: Call) -> Answer:
    """POST mlflow-artifacts/mpu/abort/{path}: nothing refers to the parts."""
    return empty(tracking.files.may_write(call.caller, _target(call)))


def presigned(tracking: Tracking, call: Call) -> Answer:
    """GET mlflow-artifacts/presigned/{path}: the address that serves ranges of the file."""
    path = call.places["path"]

    def show(found: StoredFile) -> Document:
        url = _url(call, f"mlflow-artifacts/artifacts/{path}")
        return {"url": url, "headers": _headers(call), "file_size": found.size}

    return Answer(tracking.files.open_place(call.caller, path), show)


def _target(call: Call) -> str:
    """Return the path of the file: the folder in the address, and the name of the client's own file."""
    name = call.fields.required("path").replace("\\", "/").rpartition("/")[2]
    return f"{call.places['path']}/{name}"


def _url(call: Call, local: str) -> str:
    base = str(call.scope["path"]).partition("/mlflow-artifacts/")[0]
    host = _header(call, b"host")
    return f"{call.scope.get('scheme', 'http')}://{host}{quote(base)}/{quote(local)}"


def _headers(call: Call) -> Document:
    authorization = _header(call, b"authorization")
    return {"Authorization": authorization} if authorization else {}


def _header(call: Call, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in call.scope["headers"] if name == wanted), "")
