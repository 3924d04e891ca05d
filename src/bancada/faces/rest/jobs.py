"""Routes of jobs: submit, follow, change, and what they printed and left."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bancada.domain.jobs import Job
from bancada.domain.jobs.base import STD_LOG
from bancada.domain.lifecycle import is_final
from bancada.faces.http import Download, in_thread, json_response, long_poll, query_number
from bancada.faces.rest.operations import Call, Operation, Query, page_queries, wait_queries
from bancada.faces.zip_stream import ZipDownload

__all__ = ["OPERATIONS"]

LARGEST_OFFSET = 2.0**62  # beyond any file, within what an operating system takes
BASE = "/workspaces/{ws}/jobs"
ONE = f"{BASE}/{{name}}"
CHANGES = {
    "type": "object",
    "properties": {
        "display_name": {"type": "string"},
        "description": {"type": "string"},
        "tags": {
            "type": "object",
            "description": "Tags to set; one of null is removed, others stay.",
            "additionalProperties": {"type": ["string", "null"]},
        },
        "properties": {"type": "object", "additionalProperties": {"type": "string"}},
        "limits": {
            "type": "object",
            "description": "Of a sweep: new limits. One that has ended goes on when they allow more trials.",
            "properties": {
                name: {"type": "integer", "minimum": 1}
                for name in ("max_total_trials", "max_concurrent_trials", "timeout", "trial_timeout")
            },
        },
    },
    "additionalProperties": False,
}


async def submit(call: Call) -> Response:
    """Submit a job under a made-up name, or the body's."""
    doc = await call.json()  # the engine checks it, for this face and for its own callers
    found = await in_thread(call.platform.jobs.submit, call.workspace, doc, call.who)
    return call.document(found, 201)


async def submit_named(call: Call) -> Response:
    """Submit a job under the path's name."""
    name = call.name("name")
    doc = await call.body(name=name)
    found = await in_thread(call.platform.jobs.submit, call.workspace, doc, call.who, name)
    return call.document(found, 201)


async def list_jobs(call: Call) -> Response:
    """List jobs, newest first; children only of a named parent."""
    found = await in_thread(
        call.platform.jobs.page,
        call.workspace,
        parent=call.text("parent_job_name"),
        archived=call.archived(),
        limit=call.limit(),
        cursor=call.text("cursor"),
    )
    return call.page(found)


async def get_job(call: Call) -> Response:
    """Return one job; with `wait_s` and `revision`, as soon as it changed."""
    await call.wait("jobs", call.name("name"))
    return call.document(await in_thread(call.platform.jobs.get, call.workspace, call.name("name")))


async def list_trials(call: Call) -> Response:
    """Return a sweep's table of trials, or an AutoML job's leaderboard: parameters, values, seconds."""
    items, cursor = await in_thread(
        call.platform.jobs.trials, call.workspace, call.name("name"), limit=call.limit(), cursor=call.text("cursor")
    )
    return json_response({"items": items, "next": cursor})


async def update_job(call: Call) -> Response:
    """Change display name, description, tags or properties; of a sweep also its limits."""
    changes = await call.json()
    found = await in_thread(call.platform.jobs.update, call.workspace, call.name("name"), changes, call.who)
    return call.document(found)


async def cancel_job(call: Call) -> Response:
    """Ask a job to end."""
    found = await in_thread(call.platform.jobs.cancel, call.workspace, call.name("name"), call.who)
    return call.document(found, 202)


async def archive_job(call: Call) -> Response:
    """Hide a job from lists."""
    return await _set_archived(call, True)


async def restore_job(call: Call) -> Response:
    """Show an archived job in lists again."""
    return await _set_archived(call, False)


async def _set_archived(call: Call, archived: bool) -> Response:
    operation = call.platform.jobs.archive
    return call.document(await in_thread(operation, call.workspace, call.name("name"), archived, call.who))


async def delete_job(call: Call) -> Response:
    """Delete an ended job with its children, metrics and files."""
    await in_thread(call.platform.jobs.delete, call.workspace, call.name("name"), call.who)
    return call.nothing()


async def job_summary(call: Call) -> Response:
    """Return the latest metrics, the parameters and the tags of a job's run."""
    await in_thread(call.platform.jobs.get, call.workspace, call.name("name"))
    return json_response(await in_thread(call.platform.jobs.summary, call.workspace, call.name("name")))


async def read_log(call: Call) -> Response:
    """Return a log from an offset; with `wait_s`, as soon as there is more or the job ended."""
    path = call.text("path", STD_LOG)
    offset = int(query_number(call.request, "offset", 0, high=LARGEST_OFFSET))

    async def look() -> tuple[bytes, int, str]:
        return await in_thread(call.platform.jobs.log, call.workspace, call.name("name"), path, offset)

    def enough(found: tuple[bytes, int, str]) -> bool:
        return bool(found[0]) or is_final(found[2])

    data, following, status = await long_poll(look, enough, wait_s=call.wait_s(), stopping=call.stopping)
    headers = {"X-Next-Offset": str(following), "X-Job-Status": status, "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type="text/plain; charset=utf-8", headers=headers)


async def list_files(call: Call) -> Response:
    """List the files that a job left, or those of one of its outputs."""
    output = call.request.path_params.get("output")
    items: list[dict[str, Any]] = await in_thread(
        call.platform.jobs.files, call.workspace, call.name("name"), call.text("prefix") or "", output
    )
    return json_response({"items": items})


async def read_file(call: Call) -> Response:
    """Return one file that a job left."""
    path, output = call.name("path"), call.request.path_params.get("output")
    found = await in_thread(call.platform.jobs.open_file, call.workspace, call.name("name"), path, output)
    return Download(found, filename=path.rpartition("/")[2])


async def zip_files(call: Call) -> Response:
    """Return a folder that a job left as one ZIP file, made while it is sent."""
    prefix, output = (call.text("prefix") or "").strip("/"), call.optional("output")
    job = call.name("name")
    found = await in_thread(call.platform.jobs.stored_files, call.workspace, job, prefix, output)
    folder = prefix.rpartition("/")[2] or output or job
    return ZipDownload(folder, [(f"{folder}/{name}", path) for name, path in found])


PREFIX_QUERY = Query("prefix", "string", "Only files below this path.")
LOG_QUERIES = (
    Query("path", "string", f"Which log; `{STD_LOG}` when not given."),
    Query("offset", "integer", "Where to begin, in bytes: the last answer's X-Next-Offset."),
    Query("wait_s", "number", "Wait so long for more."),
)

TRIALS_QUERIES = (
    Query("limit", "integer", "Most trials of a page (up to 1000)."),
    Query("cursor", "string", "Where the page begins: `next` of the page before."),
)

OPERATIONS: tuple[Operation, ...] = (
    Operation("POST", BASE, submit, "Submit a job", "jobs", body=Job, answer=Job),
    Operation(
        "GET",
        BASE,
        list_jobs,
        "List jobs, newest first",
        "jobs",
        answer=Job,
        form="page",
        query=page_queries(Query("parent_job_name", "string", "List the children of this job instead.")),
    ),
    Operation("PUT", ONE, submit_named, "Submit a job under a name", "jobs", body=Job, answer=Job),
    Operation("GET", ONE, get_job, "Show a job", "jobs", answer=Job, query=wait_queries()),
    Operation("PATCH", ONE, update_job, "Change a job's description", "jobs", body=CHANGES, answer=Job),
    Operation("DELETE", ONE, delete_job, "Delete an ended job", "jobs", form="nothing"),
    Operation("POST", f"{ONE}/cancel", cancel_job, "Cancel a job", "jobs", answer=Job),
    Operation("POST", f"{ONE}/archive", archive_job, "Archive a job", "jobs", answer=Job),
    Operation("POST", f"{ONE}/restore", restore_job, "Restore a job", "jobs", answer=Job),
    Operation(
        "GET",
        f"{ONE}/trials",
        list_trials,
        "List a sweep's trials, or an AutoML job's candidates, as a table",
        "jobs",
        query=TRIALS_QUERIES,
    ),
    Operation("GET", f"{ONE}/summary", job_summary, "Show metrics, parameters and tags", "jobs"),
    Operation("GET", f"{ONE}/logs", read_log, "Read or follow a log", "jobs", form="bytes", query=LOG_QUERIES),
    Operation("GET", f"{ONE}/files", list_files, "List a job's files", "jobs", query=(PREFIX_QUERY,)),
    Operation(
        "GET", f"{ONE}/files.zip", zip_files, "Download a folder as a ZIP", "jobs", form="bytes", query=(PREFIX_QUERY,)
    ),
    Operation("GET", f"{ONE}/files/{{path:path}}", read_file, "Download a job's file", "jobs", form="bytes"),
    Operation(
        "GET",
        f"{ONE}/outputs/{{output}}/files",
        list_files,
        "List the files of a named output",
        "jobs",
        query=(PREFIX_QUERY,),
    ),
    Operation(
        "GET",
        f"{ONE}/outputs/{{output}}/files.zip",
        zip_files,
        "Download a named output as a ZIP",
        "jobs",
        form="bytes",
        query=(PREFIX_QUERY,),
    ),
    Operation(
        "GET",
        f"{ONE}/outputs/{{output}}/files/{{path:path}}",
        read_file,
        "Download a file of a named output",
        "jobs",
        form="bytes",
    ),
)
