"""Routes about the server itself: how it stands, how to stop it, and the codes that open its page."""

from __future__ import annotations

from typing import Any, Literal, Protocol, get_args

from starlette.responses import Response
from typing_extensions import TypedDict

from bancada.errors import Conflict, Invalid, Problem
from bancada.faces.access import SessionCodes
from bancada.faces.http import in_thread, json_response
from bancada.faces.rest.operations import Call, Operation

__all__ = ["OPERATIONS", "JobsAtShutdown", "Server"]

NAMES_SHOWN = 50
JobsAtShutdown = Literal["ask", "cancel", "requeue", "leave"]


class JobsNow(TypedDict):
    """Jobs of all workspaces that have not ended, trials left out; some of their names."""

    running: int
    queued: int
    names: list[str]


class CoresNow(TypedDict):
    """Cores of the machine, how many of them jobs hold, and how many jobs wait for one."""

    cores: int
    in_use: int
    waiting: int


class ServerStatus(TypedDict):
    """How the server stands; `started_at` in seconds since the epoch."""

    version: str
    pid: int
    url: str
    gateway_url: str
    gateway_up: bool
    started_at: float
    default_workspace: str
    workspaces: int
    replicas: int
    jobs: JobsNow
    ledger: CoresNow


class Server(Protocol):
    """What the routes need of the process that serves them; the composition root gives it."""

    codes: SessionCodes

    def status(self) -> dict[str, Any]:
        """Return version, process, addresses, and whether the gateway is up."""
        ...

    def unfinished_jobs(self) -> list[str]:
        """Return the names of the jobs that run or wait, without trials."""
        ...

    def stop(self, jobs: JobsAtShutdown) -> None:
        """Begin to stop; what becomes of jobs is decided already."""
        ...


async def status(call: Call) -> Response:
    """Return how the server stands."""
    found = await in_thread(call.platform.status)
    running, waiting = found.pop("jobs_running"), found.pop("jobs_waiting")
    jobs = {"running": len(running), "queued": len(waiting), "names": [*running, *waiting][:NAMES_SHOWN]}
    return json_response({**call.server.status(), **found, "jobs": jobs})


async def shutdown(call: Call) -> Response:
    """Stop the server. With `ask`, jobs that run or wait are a Conflict that names them."""
    asked = (await call.json()).get("jobs", "ask")
    if asked not in get_args(JobsAtShutdown):
        raise Invalid.of([Problem("jobs", f"`{asked}` is none of {', '.join(get_args(JobsAtShutdown))}.")])
    names = await in_thread(call.server.unfinished_jobs)
    if asked == "ask" and names:
        raise Conflict(
            f"{len(names)} job(s) run or wait: {', '.join(names[:5])}{' …' if len(names) > 5 else ''}."
            " Say what shall become of them: cancel, requeue or leave.",
            jobs=names,
        )
    call.server.stop("leave" if asked == "ask" else asked)
    return json_response({"stopping": True, "jobs": names}, 202)


async def make_code(call: Call) -> Response:
    """Make a code for a link to the page."""
    return json_response({"code": call.server.codes.make()}, 201)


SHUTDOWN = {
    "type": "object",
    "properties": {"jobs": {"type": "string", "enum": list(get_args(JobsAtShutdown)), "default": "ask"}},
}
OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/status", status, "Show how the server stands", "server", answer=ServerStatus),
    Operation("POST", "/shutdown", shutdown, "Stop the server", "server", body=SHUTDOWN),
    Operation("POST", "/session-codes", make_code, "Make a code that opens the page", "server"),
)
