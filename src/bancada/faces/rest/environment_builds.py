"""Routes of the builds behind environments: how one stands, its log, its start; and which come with the platform."""

from __future__ import annotations

from starlette.responses import Response

from bancada.engine.environment_builds import BuildLog, EnvironmentBuild
from bancada.engine.environments import CuratedEnvironments
from bancada.faces.http import in_thread, json_response, long_poll, query_number
from bancada.faces.rest.operations import Call, Operation, Query

__all__ = ["OPERATIONS"]

LARGEST_OFFSET = 2.0**62  # beyond any file, within what an operating system takes


async def list_curated(call: Call) -> Response:
    """Return the environments that come with the platform; the same in every workspace."""
    return json_response(await in_thread(call.platform.environment_builds.curated))


async def show_build(call: Call) -> Response:
    """Return how the build stands; with `wait_s`, once it does not run any more."""

    async def look() -> EnvironmentBuild:
        return await in_thread(call.platform.environment_builds.build, *_whose(call))

    def enough(found: EnvironmentBuild) -> bool:
        return found["state"] != "building"

    return json_response(await long_poll(look, enough, wait_s=call.wait_s(), stopping=call.stopping))


async def start_build(call: Call) -> Response:
    """See that the environment is built."""
    found = await in_thread(call.platform.environment_builds.start, *_whose(call))
    return json_response(found, 200 if found["state"] == "ready" else 202)


async def read_build_log(call: Call) -> Response:
    """Return the build's log from an offset; with `wait_s`, as soon as there is more or the build ended."""
    offset = int(query_number(call.request, "offset", 0, high=LARGEST_OFFSET))

    async def look() -> BuildLog:
        return await in_thread(call.platform.environment_builds.log, *_whose(call), offset)

    def enough(found: BuildLog) -> bool:
        return bool(found.data) or found.state != "building"

    found = await long_poll(look, enough, wait_s=call.wait_s(), stopping=call.stopping)
    headers = {"X-Next-Offset": str(found.following), "X-Build-State": found.state, "X-Content-Type-Options": "nosniff"}
    return Response(found.data, media_type="text/plain; charset=utf-8", headers=headers)


def _whose(call: Call) -> tuple[str, str, str]:
    return call.workspace, call.name("name"), call.name("version")


TAG = "environments"
BUILD = "/workspaces/{ws}/environments/{name}/versions/{version}/build"
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/curated-environments",
        list_curated,
        "List the environments that come with the platform",
        TAG,
        answer=CuratedEnvironments,
    ),
    Operation(
        "GET",
        BUILD,
        show_build,
        "Show an environment's build",
        TAG,
        answer=EnvironmentBuild,
        query=(Query("wait_s", "number", "Wait so long (up to 60 s) for a build that runs."),),
    ),
    Operation("POST", BUILD, start_build, "Build an environment", TAG, answer=EnvironmentBuild),
    Operation(
        "GET",
        f"{BUILD}/log",
        read_build_log,
        "Read or follow a build's log",
        TAG,
        form="bytes",
        query=(
            Query("offset", "integer", "Where to begin, in bytes: the last answer's X-Next-Offset."),
            Query("wait_s", "number", "Wait so long for more."),
        ),
    ),
)
