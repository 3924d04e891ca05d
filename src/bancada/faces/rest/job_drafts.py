"""The route of a job that is being written: the form and the YAML of one document, with what is still wrong."""

from __future__ import annotations

from typing import Any, cast

from starlette.responses import Response

from bancada.engine.drafts import JobDraft
from bancada.errors import Invalid, Problem
from bancada.faces.http import in_thread, json_response
from bancada.faces.rest.operations import Call, Operation

__all__ = ["OPERATIONS"]

DRAFT = {
    "type": "object",
    "description": "One of the two.",
    "properties": {
        "yaml": {"type": "string", "description": "The job as somebody wrote it."},
        "document": {"type": "object", "description": "The job as a form holds it.", "additionalProperties": True},
    },
    "additionalProperties": False,
}


async def draft(call: Call) -> Response:
    """Return a job in all its forms; nothing is submitted."""
    body = await call.json()
    yaml, document = body.get("yaml"), body.get("document")
    if isinstance(yaml, str) and document is None:
        return json_response(await in_thread(call.platform.job_drafts.of_yaml, call.workspace, yaml))
    if isinstance(document, dict) and yaml is None:
        return json_response(
            await in_thread(call.platform.job_drafts.of_document, call.workspace, cast("dict[str, Any]", document)),
        )
    raise Invalid.of([Problem("", "give either `yaml` (a text) or `document` (an object).")])


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/workspaces/{ws}/jobs/draft",
        draft,
        "Check a job that is being written, and write it as YAML, command line and script",
        "jobs",
        body=DRAFT,
        answer=JobDraft,
    ),
)
