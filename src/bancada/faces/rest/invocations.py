"""Routes by which a page tries an endpoint and sees how it did lately. Clients of endpoints use their scoring URI."""

from __future__ import annotations

from starlette.responses import Response

from bancada.engine.invoke import MOST_AT_ONCE, MOST_REQUEST_BYTES, Invocation
from bancada.engine.load_history import LONGEST_S, DeploymentHistory
from bancada.faces.http import SlowThreads, in_thread, json_response, limited_body, query_number
from bancada.faces.rest.operations import Call, Operation, Query

__all__ = ["OPERATIONS"]

HISTORY_S = 900.0
# Endpoints that hang leave the threads of all other requests alone.
SLOW = SlowThreads("invocations", MOST_AT_ONCE)


async def invoke(call: Call) -> Response:
    """Send a body to an endpoint as it is, and tell what came back; an error of the endpoint is an answer here."""
    refusal = f"A request to an endpoint has at most {MOST_REQUEST_BYTES >> 20} MiB."
    body = await limited_body(call.request, MOST_REQUEST_BYTES, refusal)
    kind = call.request.headers.get("content-type") or "application/json"
    found = await SLOW.run(
        call.platform.invocations.invoke, call.workspace, call.name("name"), body, kind, call.text("deployment")
    )
    return json_response(found)


async def show_history(call: Call) -> Response:
    """Return a deployment's figures of the last minutes."""
    seconds = query_number(call.request, "seconds", HISTORY_S, high=LONGEST_S)
    endpoint, deployment = call.name("name"), call.name("deployment")
    await in_thread(call.platform.deployments.get_deployment, call.workspace, endpoint, deployment)
    since = call.platform.core.clock.now() - seconds
    return json_response(call.platform.load.history.of(call.workspace, endpoint, deployment, since))


TAG = "online-endpoints"
ENDPOINT = "/workspaces/{ws}/online-endpoints/{name}"
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        f"{ENDPOINT}/invoke",
        invoke,
        "Try an endpoint",
        TAG,
        body={"type": "string", "format": "binary"},
        answer=Invocation,
        query=(Query("deployment", "string", "Which deployment; by traffic when not given."),),
    ),
    Operation(
        "GET",
        f"{ENDPOINT}/deployments/{{deployment}}/history",
        show_history,
        "Show a deployment's last minutes",
        TAG,
        answer=DeploymentHistory,
        query=(Query("seconds", "number", f"How far back, at most {LONGEST_S:.0f}; {HISTORY_S:.0f} when not given."),),
        open_to_jobs=False,
    ),
)
