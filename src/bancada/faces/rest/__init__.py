"""Our own REST protocol under `/api/v1`: one table of operations makes router and OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from bancada.engine import Platform
from bancada.faces.http import ErrorsAsJson, Stopping
from bancada.faces.rest import (
    assets,
    data,
    endpoints,
    environment_builds,
    invocations,
    job_details,
    job_drafts,
    job_tables,
    jobs,
    server,
    summaries,
    uploads,
    workspaces,
)
from bancada.faces.rest.operations import PREFIX, Call, Operation

__all__ = ["OPERATIONS", "PREFIX", "create_app"]

OPERATIONS: tuple[Operation, ...] = (
    *server.OPERATIONS,
    *workspaces.OPERATIONS,
    # Before the jobs: the first that fits is taken, and `jobs/rows` is no job.
    *job_tables.OPERATIONS,
    *job_drafts.OPERATIONS,
    *jobs.OPERATIONS,
    *job_details.OPERATIONS,
    *uploads.OPERATIONS,
    *endpoints.OPERATIONS,
    *invocations.OPERATIONS,
    *data.OPERATIONS,
    *environment_builds.OPERATIONS,
    # Before the assets: `rows` is no name there.
    *summaries.OPERATIONS,
    *assets.OPERATIONS,
)


def create_app(
    platform: Platform,
    *,
    server: server.Server,
    stopping: Stopping,
    operations: Sequence[Operation] = OPERATIONS,
) -> ASGIApp:
    """Return the face. It expects the Principal at `request.state.principal` (see `http.Guard`)."""

    def route(operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            call = Call(request, platform, stopping, server)
            call.admit(operation)
            return await operation.run(call)

        return Route(PREFIX + operation.path, endpoint, methods=[operation.method])

    return ErrorsAsJson(Router([route(one) for one in operations], redirect_slashes=False))
