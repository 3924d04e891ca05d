"""Routes of online endpoints, their deployments, keys and logs."""

from __future__ import annotations

from starlette.responses import Response

from bancada.domain.deployment import OnlineDeployment
from bancada.domain.endpoint import OnlineEndpoint
from bancada.engine.deployment_reports import LogPiece
from bancada.errors import NotFound
from bancada.faces.http import in_thread, json_response, long_poll, query_number
from bancada.faces.rest.operations import Call, Operation, Query, page_queries, wait_queries

__all__ = ["OPERATIONS"]

ENDPOINTS = "/workspaces/{ws}/online-endpoints"
ENDPOINT = f"{ENDPOINTS}/{{name}}"
DEPLOYMENTS = f"{ENDPOINT}/deployments"
DEPLOYMENT = f"{DEPLOYMENTS}/{{deployment}}"
LOG_LINES = 50
MOST_LOG_LINES = 100_000


async def list_endpoints(call: Call) -> Response:
    """List endpoints."""
    return call.page(
        await in_thread(
            call.platform.endpoints.page_endpoints,
            call.workspace,
            limit=call.limit(),
            cursor=call.text("cursor"),
        )
    )


async def get_endpoint(call: Call) -> Response:
    """Show an endpoint; with `wait_s` and `revision`, as soon as it changed."""
    name = call.name("name")
    await call.wait("online-endpoints", name)
    return call.document(await in_thread(call.platform.endpoints.get_endpoint, call.workspace, name))


async def put_endpoint(call: Call) -> Response:
    """Create an endpoint, or change its traffic and description."""
    name = call.name("name")
    body = await call.body(name=name)
    return call.document(
        await in_thread(call.platform.endpoints.put_endpoint, call.workspace, name, body, call.who), 201
    )


async def delete_endpoint(call: Call) -> Response:
    """Delete an endpoint with its deployments."""
    await in_thread(call.platform.endpoints.delete_endpoint, call.workspace, call.name("name"), call.who)
    return Response(status_code=202)


async def get_keys(call: Call) -> Response:
    """Return the two keys."""
    return json_response(await in_thread(call.platform.endpoints.keys, call.workspace, call.name("name")))


async def regenerate_keys(call: Call) -> Response:
    """Make one key anew; the other goes on working."""
    which = str((await call.json()).get("key_type", "primary"))
    found = await in_thread(call.platform.endpoints.regenerate_keys, call.workspace, call.name("name"), which, call.who)
    return json_response(found)


async def list_deployments(call: Call) -> Response:
    """List the deployments of an endpoint."""
    found = await in_thread(call.platform.deployments.list_deployments, call.workspace, call.name("name"))
    return call.page((found, None))


async def get_deployment(call: Call) -> Response:
    """Show a deployment; with `wait_s` and `revision`, as soon as it changed."""
    endpoint, deployment = call.name("name"), call.name("deployment")
    await call.wait("online-deployments", f"{endpoint}/{deployment}")
    return call.document(
        await in_thread(call.platform.deployments.get_deployment, call.workspace, endpoint, deployment)
    )


async def put_deployment(call: Call) -> Response:
    """Create or change a deployment; its `provisioning_state` tells when it serves."""
    endpoint, deployment = call.name("name"), call.name("deployment")
    body = await call.body(name=deployment, endpoint_name=endpoint)
    found = await in_thread(
        call.platform.deployments.put_deployment, call.workspace, endpoint, deployment, body, call.who
    )
    return call.document(found, 201)


async def delete_deployment(call: Call) -> Response:
    """Delete a deployment; its replicas end."""
    await in_thread(
        call.platform.deployments.delete_deployment,
        call.workspace,
        call.name("name"),
        call.name("deployment"),
        call.who,
    )
    return Response(status_code=202)


async def deployment_logs(call: Call) -> Response:
    """Return the last lines that a deployment's replicas printed; with `after`, what they printed since then."""
    lines = int(query_number(call.request, "lines", LOG_LINES, low=1, high=MOST_LOG_LINES))
    whose = call.workspace, call.name("name"), call.name("deployment")
    replica, after = call.text("replica"), call.text("after")
    reports = call.platform.deployment_reports

    async def look() -> LogPiece:
        if after is None:
            return await in_thread(reports.logs, *whose, lines, replica)
        return await in_thread(reports.follow, *whose, after, replica)

    def enough(found: LogPiece) -> bool:
        return after is None or bool(found.text)

    found = await long_poll(look, enough, wait_s=call.wait_s(), stopping=call.stopping)
    headers = {"X-Next-Cursor": found.cursor, "X-Deployment-State": found.state, "X-Content-Type-Options": "nosniff"}
    return Response(found.text, media_type="text/plain; charset=utf-8", headers=headers)


async def deployment_sample(call: Call) -> Response:
    """Return the body of a request that the deployment takes; with `optional`, nothing when there is none."""
    sample = call.platform.deployment_reports.sample
    try:
        return json_response(await in_thread(sample, call.workspace, call.name("name"), call.name("deployment")))
    except NotFound as missing:
        if missing.details.get("kind") != "sample" or not call.flag("optional"):
            raise
        return call.nothing()


async def deployment_metrics(call: Call) -> Response:
    """Return a deployment's requests, times and replicas since the gateway started."""
    metrics = call.platform.deployment_reports.metrics
    return json_response(await in_thread(metrics, call.workspace, call.name("name"), call.name("deployment")))


KEY_TYPE = {
    "type": "object",
    "properties": {"key_type": {"type": "string", "enum": ["primary", "secondary"], "default": "primary"}},
}
KEYS = {
    "type": "object",
    "properties": {"primaryKey": {"type": "string"}, "secondaryKey": {"type": "string"}},
}
LOG_QUERIES = (
    Query("lines", "integer", f"How many lines; {LOG_LINES} when not given."),
    Query("replica", "string", "Only this replica's log: its name, or the last part of it (`r2`)."),
    Query("after", "string", "Only what was printed since: the last answer's X-Next-Cursor."),
    Query("wait_s", "number", "With `after`: wait so long for more."),
)
SAMPLE = {"type": "object", "description": "The body of a request."}
METRICS = {
    "type": "object",
    "properties": {
        "endpoint": {"type": "string"},
        "deployment": {"type": "string"},
        "requests": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "By status."},
        "latency": {"type": "object", "description": "Arrival to answer: count, mean_ms, p50_ms … p99_ms, buckets_s."},
        "queue": {"type": "object", "description": "Arrival until a replica got it, likewise."},
        "in_flight": {"type": "integer"},
        "waiting": {"type": "integer"},
        "retried": {"type": "integer"},
        "replicas_lost": {"type": "integer"},
        "mirrored": {"type": "integer"},
        "replicas": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
}
TAG = "online-endpoints"
OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", ENDPOINTS, list_endpoints, "List endpoints", TAG, None, OnlineEndpoint, "page", page_queries()),
    Operation("GET", ENDPOINT, get_endpoint, "Show an endpoint", TAG, None, OnlineEndpoint, query=wait_queries()),
    Operation("PUT", ENDPOINT, put_endpoint, "Create or change an endpoint", TAG, OnlineEndpoint, OnlineEndpoint),
    Operation("DELETE", ENDPOINT, delete_endpoint, "Delete an endpoint", TAG, form="nothing"),
    Operation("POST", f"{ENDPOINT}/keys", get_keys, "Show the keys", TAG, answer=KEYS),
    Operation(
        "POST",
        f"{ENDPOINT}/regenerate-keys",
        regenerate_keys,
        "Make a key anew",
        TAG,
        body=KEY_TYPE,
        answer=KEYS,
    ),
    Operation(
        "GET",
        DEPLOYMENTS,
        list_deployments,
        "List deployments",
        TAG,
        None,
        OnlineDeployment,
        "page",
        page_queries(),
    ),
    Operation(
        "GET",
        DEPLOYMENT,
        get_deployment,
        "Show a deployment",
        TAG,
        None,
        OnlineDeployment,
        query=wait_queries(),
    ),
    Operation(
        "PUT",
        DEPLOYMENT,
        put_deployment,
        "Create or change a deployment",
        TAG,
        body=OnlineDeployment,
        answer=OnlineDeployment,
    ),
    Operation("DELETE", DEPLOYMENT, delete_deployment, "Delete a deployment", TAG, form="nothing"),
    Operation(
        "GET",
        f"{DEPLOYMENT}/logs",
        deployment_logs,
        "Show a deployment's log",
        TAG,
        form="bytes",
        query=LOG_QUERIES,
        open_to_jobs=False,
    ),
    Operation(
        "GET",
        f"{DEPLOYMENT}/sample",
        deployment_sample,
        "Show a sample request",
        TAG,
        answer=SAMPLE,
        query=(Query("optional", "boolean", "Answer with 204, not with an error, when there is none."),),
        open_to_jobs=False,
    ),
    Operation(
        "GET",
        f"{DEPLOYMENT}/metrics",
        deployment_metrics,
        "Show a deployment's metrics",
        TAG,
        answer=METRICS,
        open_to_jobs=False,
    ),
)
