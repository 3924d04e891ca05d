"""Routes that show much at a glance: a workspace's home and cost, the tables of models, data and computes."""

from __future__ import annotations

from starlette.responses import Response

from bancada.engine.asset_rows import AssetTable, ComputeState, ComputeTable
from bancada.engine.model_details import ModelDetails, model_details
from bancada.engine.summary import Summary
from bancada.engine.usage import Usage
from bancada.faces.http import in_thread, json_response, long_poll, query_number
from bancada.faces.rest.operations import PAGE_QUERIES, Call, Operation, Query

__all__ = ["OPERATIONS"]

LARGEST_OFFSET = 2.0**31


async def show_summary(call: Call) -> Response:
    """Return what the home page of a workspace shows."""
    return json_response(await in_thread(call.platform.summaries.summary, call.workspace))


async def show_usage(call: Call) -> Response:
    """Return what a workspace costs; with `wait_s`, once its disk was measured."""

    async def look() -> Usage:
        return await in_thread(call.platform.usages.usage, call.workspace)

    found = await long_poll(look, lambda one: one["state"] == "ready", wait_s=call.wait_s(), stopping=call.stopping)
    return json_response(found)


async def list_model_rows(call: Call) -> Response:
    """Return the table of models."""
    return await _rows(call, "models")


async def list_data_rows(call: Call) -> Response:
    """Return the table of data assets."""
    return await _rows(call, "data")


async def _rows(call: Call, kind: str) -> Response:
    offset = int(query_number(call.request, "offset", 0, high=LARGEST_OFFSET))
    found = await in_thread(
        call.platform.asset_rows.rows,
        call.workspace,
        kind,
        search=call.text("search") or "",
        archived=call.archived(),
        limit=call.limit(),
        offset=offset,
    )
    return json_response(found)


async def list_compute_rows(call: Call) -> Response:
    """Return the table of clusters with their load."""
    return json_response(await in_thread(call.platform.asset_rows.computes, call.workspace))


async def show_compute_state(call: Call) -> Response:
    """Return one cluster's load."""
    return json_response(await in_thread(call.platform.asset_rows.compute, call.workspace, call.name("name")))


async def show_model_details(call: Call) -> Response:
    """Return flavors, signature, origin and uses of a model version."""
    found = await in_thread(model_details, call.platform.core, call.workspace, call.name("name"), call.name("version"))
    return json_response(found)


LIMIT, _, ARCHIVED = PAGE_QUERIES
WINDOW = (
    Query("search", "string", "Only names in which every word occurs, letter case aside."),
    LIMIT,
    Query("offset", "integer", "How many rows to leave out before."),
    ARCHIVED,
)
WAIT = Query("wait_s", "number", "Wait so long (up to 60 s) for the disk to be measured.")
ONE = "/workspaces/{ws}"
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        f"{ONE}/summary",
        show_summary,
        "Show a workspace at a glance",
        "workspaces",
        answer=Summary,
        open_to_jobs=False,
    ),
    Operation(
        "GET",
        f"{ONE}/usage",
        show_usage,
        "Show what a workspace costs",
        "workspaces",
        answer=Usage,
        query=(WAIT,),
        open_to_jobs=False,
    ),
    Operation(
        "GET",
        f"{ONE}/models/rows",
        list_model_rows,
        "Show the table of models",
        "models",
        None,
        AssetTable,
        query=WINDOW,
        open_to_jobs=False,
    ),
    Operation(
        "GET",
        f"{ONE}/data/rows",
        list_data_rows,
        "Show the table of data",
        "data",
        None,
        AssetTable,
        query=WINDOW,
        open_to_jobs=False,
    ),
    Operation(
        "GET",
        f"{ONE}/computes/rows",
        list_compute_rows,
        "Show clusters with their load",
        "computes",
        answer=ComputeTable,
        open_to_jobs=False,
    ),
    Operation(
        "GET",
        f"{ONE}/computes/{{name}}/state",
        show_compute_state,
        "Show a cluster's load",
        "computes",
        answer=ComputeState,
        open_to_jobs=False,
    ),
    Operation(
        "GET",
        f"{ONE}/models/{{name}}/versions/{{version}}/details",
        show_model_details,
        "Show a model's flavors, signature, origin and uses",
        "models",
        answer=ModelDetails,
    ),
)
