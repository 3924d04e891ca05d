"""All faces of the server behind one address: which path goes where, and what a request must show to get there."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bancada import __version__
from bancada.engine import Platform
from bancada.engine.tracking import Tracking
from bancada.errors import BancadaError
from bancada.faces import mlflow, page, rest
from bancada.faces.access import Guard, Hosts, PageSession
from bancada.faces.http import Stopping, json_response
from bancada.faces.mlflow.problems import problem
from bancada.faces.rest.server import Server

__all__ = ["MISDIRECTED", "Faces", "create_app"]

# Where MLflow's clients go when their tracking URI is the server's root.
MISDIRECTED = ("/api/2.0/", "/api/3.0/", "/ajax-api/")


def create_app(platform: Platform, server: Server, stopping: Stopping) -> ASGIApp:
    """Return the server's ASGI app. A new face is one more line here."""
    session = PageSession(platform.core.owner_token)
    hosts = Hosts.of(platform.core.settings.host)
    most_upload = int(platform.core.settings.max_upload_gib * 1024**3)

    def guarded(app: ASGIApp, *, needs_token: bool = True) -> Guard:
        return Guard(app, authorize=platform.authorize, session=session, hosts=hosts, needs_token=needs_token)

    api = guarded(rest.create_app(platform, server=server, stopping=stopping))
    tracking = Guard(
        mlflow.mlflow_app(tracking_of(platform), platform.authorize, most_upload_bytes=most_upload),
        authorize=platform.authorize,
        session=session,
        hosts=hosts,
        needs_token=False,  # it asks for the token itself, on its hot path
        respond=as_mlflow,
    )
    lost = Guard(
        mlflow.answer_without_workspace,
        authorize=platform.authorize,
        session=session,
        hosts=hosts,
        needs_token=False,  # it holds nothing
        respond=as_mlflow,
    )
    door = page.create_app(authorize=platform.authorize, session=session, codes=server.codes)
    # The first that fits counts: MLflow's own paths go before `/api/`, which is ours.
    by_prefix: dict[str, ASGIApp] = {
        **dict.fromkeys(MISDIRECTED, lost),
        "/api/": api,
        "/mlflow/": tracking,
        "/healthz": healthz,
    }
    return Faces(by_prefix, guarded(door, needs_token=False))


def tracking_of(platform: Platform) -> Tracking:
    """Return the tracking service over the platform's store."""
    core = platform.core
    tracking = Tracking(core.db, core.artifacts, core.clock)
    tracking.on_metric += [platform.on_metric, platform.job_news.on_metric]
    tracking.on_file.append(platform.job_news.on_file)
    return tracking


def as_mlflow(error: BancadaError) -> Response:
    """Return an error in MLflow's form."""
    status, document = problem(error)
    return json_response(document, status)


async def healthz(scope: Scope, receive: Receive, send: Send) -> None:
    """Say that requests are answered. Needs no token."""
    await json_response({"status": "ok", "version": __version__})(scope, receive, send)


class Faces:
    """Picks the face by the beginning of the path."""

    def __init__(self, by_prefix: dict[str, ASGIApp], other: ASGIApp) -> None:
        self.by_prefix = by_prefix
        self.other = other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        path: str = scope.get("path", "")
        for prefix, face in self.by_prefix.items():
            if path.startswith(prefix):
                await face(scope, receive, send)
                return
        await self.other(scope, receive, send)
