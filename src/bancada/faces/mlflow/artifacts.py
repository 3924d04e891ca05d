"""The artifact endpoints: listings as messages, and the bytes of files, streamed in and out."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from bancada.engine.tracking import Caller, Operation, Tracking
from bancada.engine.tracking.files import Place, StoredFile, place_of
from bancada.errors import Invalid, NotSupported
from bancada.faces.http import Download, body_chunks, in_thread
from bancada.faces.mlflow import translate
from bancada.faces.mlflow.endpoints import Answer, Call, empty
from bancada.faces.mlflow.fields import Fields
from bancada.faces.mlflow.translate import Document
from bancada.store.trees import Blob, Entry

__all__ = [
    "delete",
    "download",
    "list_model",
    "list_place",
    "list_run",
    "look",
    "no_presigned",
    "stored_file",
    "take",
    "upload",
]

# A file up to this size is taken in one piece: no hops between event loop and thread.
_SMALL = 1024 * 1024


# -------------------------------------------------------------------------------- messages


def _show_folder(found: tuple[str, list[Entry]]) -> Document:
    uri, entries = found
    files = translate.file_infos(entries)
    return {"root_uri": uri, "files": files} if files else {"root_uri": uri}


def list_run(tracking: Tracking, call: Call) -> Answer:
    """GET artifacts/list."""
    fields = call.fields
    return Answer(tracking.files.list_run(call.caller, fields.run_id(), fields.text("path")), _show_folder)


def list_model(tracking: Tracking, call: Call) -> Answer:
    """GET logged-models/{model_id}/artifacts/directories."""
    path = call.fields.text("artifact_directory_path")
    return Answer(tracking.files.list_model(call.caller, call.places["model_id"], path), _show_folder)


def list_place(tracking: Tracking, call: Call) -> Answer:
    """GET mlflow-artifacts/artifacts?path=: names relative to the folder."""
    path = call.fields.text("path")
    base = place_of(path).path

    def show(entries: list[Entry]) -> Document:
        files = translate.file_infos(entries, base=base)
        return {"files": files} if files else {}

    return Answer(tracking.files.list_place(call.caller, path), show)


def delete(tracking: Tracking, call: Call) -> Answer:
    """DELETE mlflow-artifacts/artifacts/{path}."""
    return empty(tracking.files.delete(call.caller, call.places["path"]))


def no_presigned(_: Tracking, __: Call) -> Answer:
    """POST artifacts/presigned-…-url, which is for stores that clients reach without a server."""
    raise NotSupported("Files of this server are read and written through it, at `mlflow-artifacts/artifacts`.")


# -------------------------------------------------------------------------------- bytes


async def upload(
    tracking: Tracking, caller: Caller, path: str, scope: Scope, receive: Receive, *, most_bytes: int
) -> None:
    """Take a file into its place. It is on disk, content and name, when this returns."""
    place, blob = await take(tracking, caller, path, scope, receive, most_bytes=most_bytes)
    await asyncio.wrap_future(tracking.submit(caller, tracking.files.put(caller, place, blob)))


async def take(
    tracking: Tracking, caller: Caller, path: str, scope: Scope, receive: Receive, *, most_bytes: int
) -> tuple[Place, Blob]:
    """Take the bytes of a file, or of a part of one, and return where it goes.

    Raises before the first byte is taken when the caller may not write there.
    """
    request = Request(scope, receive)
    length = int(request.headers.get("content-length") or -1)
    if length > most_bytes:
        raise Invalid(f"The file has {length} bytes; a file may have at most {most_bytes} (`max_upload_gib`).")
    place = await look(tracking, caller, tracking.files.may_write(caller, path))
    # What came with the request in one piece needs no stream.
    if 0 <= length <= _SMALL:
        blob = await in_thread(tracking.files.store, caller, await request.body())
    else:
        blob = await in_thread(_store, tracking, caller, body_chunks(request, most_bytes))
    return place, blob


def _store(tracking: Tracking, caller: Caller, content: Iterable[bytes]) -> Blob:
    with tracking.files.writer(caller) as writer:
        for chunk in content:
            writer.write(chunk)
        return writer.commit()


def stored_file(tracking: Tracking, caller: Caller, path: str, fields: Fields, model_id: str) -> Operation[StoredFile]:
    """Return the look-up of a file that one of the download routes names."""
    if path.startswith("mlflow-artifacts/artifacts/"):
        return tracking.files.open_place(caller, path.removeprefix("mlflow-artifacts/artifacts/"))
    if model_id:
        return tracking.files.open_model(caller, model_id, fields.required("artifact_file_path"))
    if path.endswith("model-versions/get-artifact"):
        name, version = fields.required("name"), fields.required("version")
        return tracking.files.open_version(caller, name, version, fields.required("path"))
    return tracking.files.open_run(caller, fields.run_id(), fields.required("path"))


async def download(
    tracking: Tracking, caller: Caller, operation: Operation[StoredFile], scope: Scope, receive: Receive, send: Send
) -> None:
    """Send a file; ranges are served."""
    found = await look(tracking, caller, operation)
    kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    response = Download(found.location, media_type=kind, filename=found.name)
    await response(scope, receive, send)


async def look(tracking: Tracking, caller: Caller, operation: Operation[Any]) -> Any:
    """Read a few rows: here when that costs microseconds, in a thread when it may wait."""
    if operation.kind == "look" and tracking.reads_are_local:
        return tracking.perform(caller, operation)
    return await in_thread(tracking.perform, caller, operation)
