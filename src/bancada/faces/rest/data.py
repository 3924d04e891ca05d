"""Routes into data assets: their files, a preview, a profile of their columns."""

from __future__ import annotations

from starlette.responses import Response

from bancada.engine.data_checks import DataCheck
from bancada.engine.data_files import FileList, TableOptions
from bancada.engine.lineage import DataJobs, data_jobs
from bancada.engine.preview import MOST_ROWS, Preview
from bancada.engine.profiles import Profile
from bancada.errors import Invalid, Problem
from bancada.faces.http import Download, SlowThreads, in_thread, json_response, long_poll, query_number
from bancada.faces.rest.operations import Call, Operation, Query

__all__ = ["OPERATIONS"]

PREVIEW_ROWS = 50
MOST_SKIPPED = 10_000
TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
# What a query cannot hold well, by name.
DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
# An asset behind a web address is fetched first; a table is read by a process.
SLOW = SlowThreads("data")


async def list_data_files(call: Call) -> Response:
    """List the files of a data asset."""
    files = call.platform.data_files
    return json_response(await SLOW.run(files.list, call.workspace, call.name("name"), call.name("version")))


async def read_data_file(call: Call) -> Response:
    """Return one file of a data asset."""
    path = call.name("path")
    found = await SLOW.run(call.platform.data_files.find, call.workspace, call.name("name"), call.name("version"), path)
    return Download(found, filename=path.rpartition("/")[2])


async def preview_data(call: Call) -> Response:
    """Return the first rows of a table, the first words of a text, or what there is to choose from."""
    rows = int(query_number(call.request, "rows", PREVIEW_ROWS, low=1, high=MOST_ROWS))
    found = await SLOW.run(
        call.platform.previews.preview,
        call.workspace,
        call.name("name"),
        call.name("version"),
        call.text("path"),
        rows,
        table_options(call),
    )
    return json_response(found)


async def profile_data(call: Call) -> Response:
    """Return a table's profile; with `wait_s`, once it is computed."""
    options = table_options(call)

    async def look() -> Profile:
        return await SLOW.run(
            call.platform.profiles.profile,
            call.workspace,
            call.name("name"),
            call.name("version"),
            call.text("path"),
            call.text("target"),
            options,
        )

    def enough(found: Profile) -> bool:
        return found["state"] != "computing"

    return json_response(await long_poll(look, enough, wait_s=call.wait_s(), stopping=call.stopping))


async def preview_path(call: Call) -> Response:
    """Return the beginning of a table that is no data asset yet."""
    path = call.text("path", "") or ""
    rows = int(query_number(call.request, "rows", PREVIEW_ROWS, low=1, high=MOST_ROWS))
    look = call.platform.previews.preview_at
    return json_response(await SLOW.run(look, call.workspace, path, rows, table_options(call)))


async def check_data(call: Call) -> Response:
    """Return what is known of an AutoML job's data; with `wait_s`, once it is computed."""
    job = await call.json()

    async def look() -> DataCheck:
        return await SLOW.run(call.platform.data_checks.check, call.workspace, job)

    def enough(found: DataCheck) -> bool:
        return found["state"] != "computing"

    # Who has changed what they ask for hangs up: the check that they no longer wait for gives way to the next one.
    gone = call.request.is_disconnected
    return json_response(await long_poll(look, enough, wait_s=call.wait_s(), stopping=call.stopping, is_gone=gone))


async def show_data_jobs(call: Call) -> Response:
    """Return the jobs that made or used a version."""
    found = await in_thread(data_jobs, call.platform.core, call.workspace, call.name("name"), call.name("version"))
    return json_response(found)


def table_options(call: Call) -> TableOptions:
    """Return what the query says about how a table is written. Raises Invalid."""
    header, delimiter = call.text("header"), call.text("delimiter")
    if header is not None and header.lower() not in TRUTH:
        raise Invalid.of([Problem("header", f"`{header}` is neither `true` nor `false`.")])
    return TableOptions(
        delimiter=DELIMITERS.get(delimiter.lower(), delimiter) if delimiter else None,
        encoding=call.text("encoding"),
        header=None if header is None else TRUTH[header.lower()],
        skip_rows=int(query_number(call.request, "skip_rows", 0, low=0, high=MOST_SKIPPED)),
    )


READING = (
    Query("path", "string", "Which file of the asset; needed when it has several and is no MLTable."),
    Query("delimiter", "string", "What stands between cells: a character, or `tab`; found out when not given."),
    Query("encoding", "string", "Such as utf-8 or latin-1; found out when not given."),
    Query("header", "boolean", "Whether the first row has the columns' names; found out when not given."),
    Query("skip_rows", "integer", "Lines above the header that are no part of the table."),
)
ROWS = Query("rows", "integer", f"Most rows (up to {MOST_ROWS}); {PREVIEW_ROWS} when not given.")
JOB = {
    "type": "object",
    "description": "An AutoML job as it is written so far; `training_data.path` is needed, all else may be missing.",
    "additionalProperties": True,
}
TAG = "data"
VERSION = "/workspaces/{ws}/data/{name}/versions/{version}"
OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", f"{VERSION}/files", list_data_files, "List a data asset's files", TAG, answer=FileList),
    Operation(
        "GET", f"{VERSION}/files/{{path:path}}", read_data_file, "Download a data asset's file", TAG, form="bytes"
    ),
    Operation(
        "GET", f"{VERSION}/jobs", show_data_jobs, "Show the jobs that made or used a data asset", TAG, answer=DataJobs
    ),
    Operation(
        "GET",
        f"{VERSION}/preview",
        preview_data,
        "Show the beginning of a data asset",
        TAG,
        answer=Preview,
        query=(*READING, ROWS),
        open_to_jobs=False,
    ),
    Operation(
        "GET",
        "/workspaces/{ws}/tables/preview",
        preview_path,
        "Show the beginning of a table that is no data asset yet",
        TAG,
        answer=Preview,
        query=(Query("path", "string", "An upload, a web address, a path of a datastore."), *READING[1:], ROWS),
        open_to_jobs=False,
    ),
    Operation(
        "POST",
        "/workspaces/{ws}/tables/checks",
        check_data,
        "Check an AutoML job's data before it is submitted: columns, guard rails, time",
        TAG,
        body=JOB,
        answer=DataCheck,
        query=(Query("wait_s", "number", "Wait so long (up to 60 s) for what is being computed."),),
        open_to_jobs=False,
    ),
    Operation(
        "GET",
        f"{VERSION}/profile",
        profile_data,
        "Show the profile of a table's columns",
        TAG,
        answer=Profile,
        query=(
            *READING,
            Query("target", "string", "A column; each other one is measured against it."),
            Query("wait_s", "number", "Wait so long (up to 60 s) for what is being computed."),
        ),
        open_to_jobs=False,
    ),
)
