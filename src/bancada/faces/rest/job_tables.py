"""Routes of the table of jobs: windows of rows, the columns that there are, comparisons of several jobs."""

from __future__ import annotations

from typing import Any, cast

from starlette.responses import Response

from bancada.engine.job_answers import ComparedJobs, JobColumns, JobTable
from bancada.engine.job_rows import MOST_COMPARED, TableQuery
from bancada.errors import Invalid, Problem
from bancada.faces.http import in_thread, json_response, query_number
from bancada.faces.rest.operations import PAGE_QUERIES, Call, Operation, Query

__all__ = ["OPERATIONS"]

BASE = "/workspaces/{ws}/jobs"
SCOPES = ("roots", "all")
LARGEST_OFFSET = 1e9


async def list_rows(call: Call) -> Response:
    """Return one window of the table of jobs."""
    query = TableQuery(
        filter=call.text("filter") or "",
        search=call.text("search") or "",
        order_by=call.text("order_by") or "",
        parent=call.text("parent_job_name"),
        scope=cast("Any", call.choice("scope", SCOPES)),
        archived=call.archived(),
        columns=[one.strip() for one in (call.text("columns") or "").split(",") if one.strip()],
        limit=call.limit(),
        offset=int(query_number(call.request, "offset", 0, high=LARGEST_OFFSET)),
    )
    return json_response(await in_thread(call.platform.job_tables.rows, call.workspace, query))


async def list_columns(call: Call) -> Response:
    """Return the keys of metrics, parameters and tags that could be columns."""
    found = await in_thread(call.platform.job_tables.columns, call.workspace, call.text("search") or "", call.limit())
    return json_response(found)


async def compare(call: Call) -> Response:
    """Return several jobs with everything that was logged to them, and what differs."""
    names = (await call.json()).get("names")
    if not isinstance(names, list) or not all(isinstance(one, str) for one in cast("list[Any]", names)):
        raise Invalid.of([Problem("names", "expected a list of names of jobs.")])
    return json_response(await in_thread(call.platform.job_tables.compare, call.workspace, names))


ROWS_QUERIES = (
    Query(
        "filter",
        "string",
        "Which jobs, in MLflow's filter language over `metrics.`, `params.`, `tags.` and the attributes `name`,"
        " `display_name`, `status`, `type`, `experiment_name`, `user`, `description`, `parent_job_name`, `created_at`,"
        " `started_at`, `ended_at` (seconds, or a date in quotes) and `duration` (seconds).",
    ),
    Query("search", "string", "Words, each of which must occur in what the job is called or told."),
    Query("order_by", "string", "Keys with commas, such as `metrics.accuracy DESC, created_at`; newest first else."),
    Query("parent_job_name", "string", "The children of this job instead."),
    Query("scope", "string", "Jobs without a parent, or all of them.", SCOPES),
    Query("columns", "string", "Keys with commas, such as `metrics.accuracy,params.lr`: only these are filled in."),
    next(one for one in PAGE_QUERIES if one.name == "list_view_type"),
    next(one for one in PAGE_QUERIES if one.name == "limit"),
    Query("offset", "integer", "Where the window begins."),
)
COLUMNS_QUERIES = (
    Query("search", "string", "Only keys in which each of these words occurs."),
    next(one for one in PAGE_QUERIES if one.name == "limit"),
)
NAMES = {
    "type": "object",
    "required": ["names"],
    "properties": {
        "names": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MOST_COMPARED},
    },
}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        f"{BASE}/rows",
        list_rows,
        "Show a window of the table of jobs",
        "jobs",
        answer=JobTable,
        query=ROWS_QUERIES,
    ),
    Operation(
        "GET",
        f"{BASE}/columns",
        list_columns,
        "List what could be columns",
        "jobs",
        answer=JobColumns,
        query=COLUMNS_QUERIES,
    ),
    Operation(
        "POST",
        f"{BASE}/compare",
        compare,
        "Compare jobs",
        "jobs",
        body=NAMES,
        answer=ComparedJobs,
        open_to_jobs=True,
    ),
)
