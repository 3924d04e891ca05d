"""Routes of workspaces, and of the stream of what happens in one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from bancada.domain.workspace import Workspace
from bancada.engine.job_news import Heard, News
from bancada.faces.http import in_thread, json_response, query_number
from bancada.faces.rest.operations import Call, Operation, Query
from bancada.store.events import Event

__all__ = ["OPERATIONS"]

ONE = "/workspaces/{ws}"
BATCH = 500  # events of one read; a client that was away gets them in several
NEWS: tuple[News, ...] = ("metrics", "files")
KEEP_ALIVE_S = 15.0  # proxies and browsers drop a stream that is silent for a minute


async def list_workspaces(call: Call) -> Response:
    """List all workspaces by name."""
    found = await in_thread(call.platform.workspaces.list)
    return json_response({"items": [one.body for one in found], "next": None})


async def get_workspace(call: Call) -> Response:
    """Return one workspace."""
    return call.document(await in_thread(call.platform.workspaces.get, call.workspace))


async def put_workspace(call: Call) -> Response:
    """Create a workspace, or replace its description."""
    doc = await call.entity(Workspace, name=call.workspace)
    return call.document(await in_thread(call.platform.workspaces.put, call.workspace, doc, call.who))


async def patch_workspace(call: Call) -> Response:
    """Change some fields of a workspace."""
    changes = await call.body(name=call.workspace)
    before = await in_thread(call.platform.workspaces.get, call.workspace)
    checked = await call.checked(Workspace, {**before.body, **changes})
    return call.document(await in_thread(call.platform.workspaces.put, call.workspace, checked, call.who))


async def delete_workspace(call: Call) -> Response:
    """End everything in a workspace and delete it with all its files."""
    await in_thread(call.platform.workspaces.delete, call.workspace, call.who)
    return call.nothing()


async def events(call: Call) -> Response:
    """Stream what happens, as server-sent events; begins after `after` or Last-Event-ID, else now."""
    await in_thread(call.platform.workspaces.get, call.workspace)
    asked = call.text("after") or call.request.headers.get("last-event-id")
    if asked is None:
        after = await in_thread(call.platform.last_event)
    else:
        after = int(asked) if asked.isdecimal() else int(query_number(call.request, "after", 0))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    asked_for: list[News] = [kind for kind in NEWS if call.flag(kind)]
    lines = lines_with_news(call, after, asked_for) if asked_for else event_lines(call, after)
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)


async def lines_with_news(call: Call, after: int, kinds: list[News]) -> AsyncIterator[str]:
    """Yield events and, between them, which jobs logged what."""
    with call.platform.job_news.watch(call.workspace, kinds) as heard:
        async for one in event_lines(call, after, heard):
            yield one


async def event_lines(call: Call, after: int, heard: Heard | None = None) -> AsyncIterator[str]:
    """Yield events as they are committed, until the reader or the server goes."""
    changes = call.platform.changes
    yield "retry: 1000\n\n"
    while not call.stopping.is_set:
        mark = changes.mark
        found = await in_thread(call.platform.events, call.workspace, after, BATCH)
        for one in found:
            after = one.seq
            yield f"id: {one.seq}\ndata: {json.dumps(event_document(one), ensure_ascii=False)}\n\n"
        news = heard.take() if heard is not None else {}
        for kind, jobs in news.items():
            # Without an id: whoever comes back resumes after the last thing that is in the log.
            yield f"event: {kind}\ndata: {json.dumps({'jobs': jobs}, ensure_ascii=False)}\n\n"
        if not found and not news:
            is_silent = await _wait_for_news(call, mark, heard)
            if is_silent and not call.stopping.is_set:
                yield ": still here\n\n"


async def _wait_for_news(call: Call, mark: int, heard: Heard | None) -> bool:
    """Wait until something may have happened; say whether nothing did for as long as a stream may be silent."""
    changes = call.platform.changes
    waiting: list[asyncio.Future[Any]] = [asyncio.ensure_future(changes.wait_async(mark, KEEP_ALIVE_S))]
    if heard is not None:
        waiting.append(asyncio.ensure_future(heard.wait()))
    try:
        await call.stopping.cut_short(asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED))
        return changes.mark == mark and not (len(waiting) > 1 and waiting[1].done())
    finally:
        for one in waiting:
            one.cancel()


def event_document(event: Event) -> dict[str, object]:
    """Return the JSON form of an event of the log."""
    return {
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind,
        "name": event.name,
        "what": event.what,
        "who": event.who,
        "data": event.data,
    }


TAG = "workspaces"
OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/workspaces", list_workspaces, "List workspaces", TAG, answer=Workspace, form="page"),
    Operation("GET", ONE, get_workspace, "Show a workspace", TAG, answer=Workspace),
    Operation("PUT", ONE, put_workspace, "Create a workspace", TAG, body=Workspace, answer=Workspace),
    Operation("PATCH", ONE, patch_workspace, "Change a workspace", TAG, body=Workspace, answer=Workspace),
    Operation("DELETE", ONE, delete_workspace, "Delete a workspace and all in it", TAG, form="nothing"),
    Operation(
        "GET",
        f"{ONE}/events",
        events,
        "Follow what happens",
        TAG,
        form="events",
        open_to_jobs=False,
        query=(
            Query("after", "integer", "Begin after this sequence number; else with what happens next."),
            Query(
                "metrics", "boolean", "Tell, as `event: metrics`, which jobs logged metrics; twice a second at most."
            ),
            Query("files", "boolean", "Tell, as `event: files`, which jobs have new files; twice a second at most."),
        ),
    ),
)
