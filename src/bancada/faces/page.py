"""The page at `/`: static files, and the door where a browser changes a code for its cookie. No data."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from bancada.errors import NotFound
from bancada.faces.access import Authorize, PageSession, SessionCodes
from bancada.faces.http import ErrorsAsJson, in_thread, read_json

__all__ = ["create_app"]

FOLDER = Path(__file__).parent / "static"
MEDIA = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# Everything the page needs is its own; a script of somebody else's never runs in it.
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
SESSION = "/session"
ALIASES = {"/": "/static/index.html", "/favicon.ico": "/static/icon.svg"}
FILES = {f"/static/{path.name}": path for path in sorted(FOLDER.iterdir()) if path.suffix in MEDIA}


def create_app(*, authorize: Authorize, session: PageSession, codes: SessionCodes) -> ASGIApp:
    """Return the face. Its paths need no token: they hold nothing, or check what they are given."""

    async def open_session(request: Request) -> Response:
        body = await read_json(request)
        if "code" in body:
            codes.take(str(body["code"]))
        else:
            principal = await in_thread(authorize, str(body.get("token") or ""))
            principal.require_owner()
        answer = Response(status_code=204)
        session.set_on(answer, secure=request.url.scheme == "https")
        return answer

    async def close_session(request: Request) -> Response:
        answer = Response(status_code=204)
        answer.delete_cookie(session.cookie_name, httponly=True, samesite="strict")
        return answer

    routes = [
        Route("/", file, methods=["GET"]),
        Route("/favicon.ico", file, methods=["GET"]),
        Route("/static/{name}", file, methods=["GET"]),
        Route(SESSION, open_session, methods=["POST"]),
        Route(SESSION, close_session, methods=["DELETE"]),
    ]
    return ErrorsAsJson(Router(routes, redirect_slashes=False))


async def file(request: Request) -> Response:
    """Return one of the page's files; browsers ask whether it changed."""
    asked = request.url.path
    path = FILES.get(ALIASES.get(asked, asked))
    if path is None:
        raise NotFound(f"There is nothing at `{asked}`.", kind="route", name=asked)
    content = path.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=MEDIA[path.suffix])
