"""Routes of what a page of one job shows: phases, charts, code, environment, texts, its difference to another."""

from __future__ import annotations

from typing import Any, cast

from starlette.responses import Response

from bancada.engine.charts import packed, unpacked
from bancada.engine.job_answers import (
    CodeFiles,
    JobDifference,
    JobEnvironment,
    JobMetrics,
    JobSpecification,
    JobTimeline,
    MetricPoints,
)
from bancada.faces.http import Download, in_thread, json_response, query_number
from bancada.faces.rest.operations import Call, Operation, Query

__all__ = ["OPERATIONS"]

ONE = "/workspaces/{ws}/jobs/{name}"
AXES = ("step", "time")
FORMS = ("json", "binary")
# What a chart of a screen's width can show.
DEFAULT_POINTS = 2000
MOST_POINTS = 10_000_000


async def show_timeline(call: Call) -> Response:
    """Return how a job spent its time, and why."""
    return json_response(await in_thread(call.platform.job_sources.timeline, call.workspace, call.name("name")))


async def list_metrics(call: Call) -> Response:
    """Return the metrics of a job, its children's left out."""
    await in_thread(call.platform.jobs.row, call.workspace, call.name("name"))
    return json_response(await in_thread(call.platform.charts.metrics, call.workspace, call.name("name")))


async def read_points(call: Call) -> Response:
    """Return the points of a metric, thinned, as JSON or as little-endian doubles (step, time in s, value)."""
    most = int(query_number(call.request, "most", DEFAULT_POINTS, high=MOST_POINTS))
    axis, form = cast("Any", call.choice("x", AXES)), call.choice("form", FORMS)
    await in_thread(call.platform.jobs.row, call.workspace, call.name("name"))

    def read() -> Response:
        found, total = call.platform.charts.points(
            call.workspace, call.name("name"), call.name("key"), most=most, axis=axis
        )
        if form == "json":
            return json_response(unpacked(found, total))
        headers = {"X-Total": str(total), "X-Content-Type-Options": "nosniff"}
        return Response(packed(found), media_type="application/octet-stream", headers=headers)

    return await in_thread(read)


async def show_difference(call: Call) -> Response:
    """Return what differs between a job and another one."""
    other = call.text("to") or ""
    found = await in_thread(call.platform.job_sources.difference, call.workspace, call.name("name"), other)
    return json_response(found)


async def list_code(call: Call) -> Response:
    """Return the files of a job's code as they were uploaded."""
    return json_response(await in_thread(call.platform.job_sources.code, call.workspace, call.name("name")))


async def read_code(call: Call) -> Response:
    """Return one file of a job's code."""
    path = call.name("path")
    found = await in_thread(call.platform.job_sources.code_file, call.workspace, call.name("name"), path)
    return Download(found, filename=path.rpartition("/")[2])


async def show_environment(call: Call) -> Response:
    """Return the environment that a job runs in."""
    return json_response(await in_thread(call.platform.job_sources.environment, call.workspace, call.name("name")))


async def show_specification(call: Call) -> Response:
    """Return a job as YAML, as lines for a shell and as a script of the SDK."""
    return json_response(await in_thread(call.platform.job_sources.specification, call.workspace, call.name("name")))


POINTS_QUERIES = (
    Query("most", "integer", f"Thin to about so many points, keeping all peaks; 0 gives all. {DEFAULT_POINTS} else."),
    Query("x", "string", "The axis by which points are ordered.", AXES),
    Query(
        "form", "string", "`binary`: little-endian doubles (step, time in s, value), X-Total says of how many.", FORMS
    ),
)
TAG = "jobs"
OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", f"{ONE}/timeline", show_timeline, "Show the phases of a job", TAG, answer=JobTimeline),
    Operation("GET", f"{ONE}/metrics", list_metrics, "List a job's metrics", TAG, answer=JobMetrics),
    Operation(
        "GET",
        f"{ONE}/metrics/{{key:path}}/points",
        read_points,
        "Read the points of a metric",
        TAG,
        answer=MetricPoints,
        query=POINTS_QUERIES,
    ),
    Operation(
        "GET",
        f"{ONE}/difference",
        show_difference,
        "Show what differs between two jobs",
        TAG,
        answer=JobDifference,
        query=(Query("to", "string", "The other job."),),
    ),
    Operation("GET", f"{ONE}/code", list_code, "List a job's code", TAG, answer=CodeFiles),
    Operation("GET", f"{ONE}/code/{{path:path}}", read_code, "Read a file of a job's code", TAG, form="bytes"),
    Operation("GET", f"{ONE}/environment", show_environment, "Show a job's environment", TAG, answer=JobEnvironment),
    Operation(
        "GET",
        f"{ONE}/specification",
        show_specification,
        "Show a job as YAML, command line and script",
        TAG,
        answer=JobSpecification,
    ),
)
