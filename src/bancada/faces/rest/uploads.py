"""Routes by which clients send folders and read datastores. A file whose content is known is not sent."""

from __future__ import annotations

from typing import Any, cast

from starlette.responses import Response

from bancada.engine.uploads import TreeFile
from bancada.errors import Invalid, Problem
from bancada.faces.http import body_chunks, in_thread, json_response
from bancada.faces.rest.operations import Call, Operation, Query

__all__ = ["OPERATIONS"]

TREE = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "digest", "size"],
                "properties": {
                    "path": {"type": "string"},
                    "digest": {"type": "string", "description": "sha256 in lower-case hex."},
                    "size": {"type": "integer"},
                },
            },
        }
    },
}
TREE_OF_DATASTORE = {
    "type": "object",
    "required": ["tree"],
    "properties": {"tree": {"type": "string", "description": "Hash of an uploaded tree."}},
}


async def announce_tree(call: Call) -> Response:
    """Say which files of a folder are still to be sent; with none, the tree may be referred to."""
    files = tree_files(await call.json())
    tree, missing = await in_thread(call.platform.uploads.missing, call.workspace, files)
    return json_response({"tree": tree, "missing": missing})


def tree_files(body: dict[str, Any]) -> list[TreeFile]:
    """Return the files that a body names. Raises Invalid with all problems."""
    problems: list[Problem] = []
    files: list[TreeFile] = []
    given = body.get("files")
    if not isinstance(given, list):
        raise Invalid.of([Problem("files", "expected a list of {path, digest, size}.")])
    for index, one in enumerate(cast("list[Any]", given)):
        fields: dict[str, Any] = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
        wrong = [name for name, kind in _FILE.items() if not isinstance(fields.get(name), kind)]
        problems += [Problem(f"files[{index}].{name}", f"expected {_WORDS[name]}.") for name in wrong]
        if not wrong:
            files.append(TreeFile(fields["path"], fields["digest"], fields["size"]))
    if problems:
        raise Invalid.of(problems)
    return files


_FILE = {"path": str, "digest": str, "size": int}
_WORDS = {"path": "a relative path", "digest": "a sha256 in hex", "size": "a number of bytes"}


async def put_blob(call: Call) -> Response:
    """Take in one file's bytes."""
    most_bytes = call.platform.core.settings.max_upload_gib * 1024**3
    chunks = body_chunks(call.request, most_bytes)
    blob = await in_thread(call.platform.uploads.put_blob, call.workspace, call.name("digest"), chunks)
    return json_response({"digest": blob.digest, "size": blob.size})


async def put_datastore_path(call: Call) -> Response:
    """Copy an uploaded tree under a path of a datastore."""
    tree = (await call.json()).get("tree")
    if not isinstance(tree, str):
        raise Invalid.of([Problem("tree", "expected the hash of an uploaded tree.")])
    return json_response(
        await in_thread(call.platform.uploads.datastore_put, call.workspace, call.name("name"), call.name("path"), tree)
    )


async def list_datastore(call: Call) -> Response:
    """List the files under a path of a datastore."""
    found = await in_thread(
        call.platform.uploads.datastore_list, call.workspace, call.name("name"), call.text("prefix") or ""
    )
    return json_response({"items": found})


TAG = "uploads"
PATHS = "/workspaces/{ws}/datastores/{name}/paths"
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/workspaces/{ws}/trees",
        announce_tree,
        "Announce a folder; learn what to send",
        TAG,
        body=TREE,
        open_to_jobs=True,
    ),
    Operation(
        "PUT",
        "/workspaces/{ws}/blobs/{digest}",
        put_blob,
        "Send one file's bytes",
        TAG,
        body={"type": "string", "format": "binary"},
        open_to_jobs=True,
    ),
    Operation(
        "GET",
        PATHS,
        list_datastore,
        "List files of a datastore",
        TAG,
        query=(Query("prefix", "string", "Only files below this path."),),
    ),
    Operation(
        "POST",
        f"{PATHS}/{{path:path}}",
        put_datastore_path,
        "Copy an uploaded folder into a datastore",
        TAG,
        body=TREE_OF_DATASTORE,
    ),
)
