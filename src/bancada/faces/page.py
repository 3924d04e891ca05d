"""The web Studio's door and files: history routing, caching, and the cookie that a code or token buys. No data."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from bancada.errors import NotFound
from bancada.faces.access import Authorize, PageSession, SessionCodes
from bancada.faces.http import ErrorsAsJson, in_thread, json_response, read_json

__all__ = ["FOLDER", "POLICY", "create_app"]

FOLDER = Path(__file__).parent / "studio_files"
SESSION = "/session"
INDEX = "/index.html"
# Everything the page needs is its own; a script of somebody else's never runs in it. Styles may be inline, since
# the component library writes its colours into a style sheet; pictures of users' files are shown as blobs.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:;"
    " object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_COMMON = {**SAFE, "Content-Security-Policy": POLICY, "Vary": "Accept-Encoding"}
FOREVER = "public, max-age=31536000, immutable"  # for names that hold their content's hash
MEDIA = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".png": "image/png",
}
ABSENT = (
    "<!doctype html><title>Bancada</title><p>The Studio is not built into this installation: run"
    " <code>python studio/build.py</code> in the source tree, or install again without"
    " <code>BANCADA_STUDIO=skip</code>."
)


@dataclass
class File:
    """One file of the built page, and its compressed twin. Read once: they are few, and every visit asks for them."""

    path: Path
    twin: Path | None
    media: str
    # Named by its content: it never changes.
    is_hashed: bool

    @cached_property
    def content(self) -> bytes:
        """What is in it."""
        return self.path.read_bytes()

    @cached_property
    def packed(self) -> bytes | None:
        """The same, compressed; None where that saves nothing."""
        return self.twin.read_bytes() if self.twin else None


def create_app(*, authorize: Authorize, session: PageSession, codes: SessionCodes) -> ASGIApp:
    """Return the face. Its paths need no token: they hold nothing, or check what they are given."""

    async def session_state(request: Request) -> Response:
        # Asked first by the page: a refused call would stand in the browser's console as an error.
        return json_response(
            {"open": session.token_of(request.headers) is not None}, headers={"Cache-Control": "no-store"}
        )

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

    async def show(request: Request) -> Response:
        asked = request.url.path
        found = files_of(FOLDER, built_at(FOLDER))
        if asked in found and asked != INDEX:
            return answer_file(request, found[asked])
        if not wants_page(request):
            raise NotFound(f"There is nothing at `{asked}`.", kind="route", name=asked)
        # Any other address is the page's own to understand: it keeps its state there.
        is_open = session.token_of(request.headers) is not None
        return absent() if INDEX not in found else answer_index(request, found[INDEX], is_open=is_open)

    routes = [
        Route(SESSION, session_state, methods=["GET"]),
        Route(SESSION, open_session, methods=["POST"]),
        Route(SESSION, close_session, methods=["DELETE"]),
        Route("/{path:path}", show, methods=["GET"]),
    ]
    return ErrorsAsJson(Router(routes, redirect_slashes=False))


def wants_page(request: Request) -> bool:
    """Tell a browser that goes to an address from a program that asks for a file or for JSON."""
    return request.url.path == "/" or "text/html" in request.headers.get("accept", "")


def built_at(folder: Path) -> int:
    """Return when the page was built, so that a running server shows a page that is built again; 0 for none."""
    index = folder / INDEX.lstrip("/")
    return index.stat().st_mtime_ns if index.is_file() else 0


@lru_cache(maxsize=4)
def files_of(folder: Path, built_at: int) -> dict[str, File]:
    """Return the built files by the path of their address. Nothing else of the disk can be asked for."""
    if not built_at:
        return {}
    paths = [one for one in folder.rglob("*") if one.suffix in MEDIA and one.is_file()]
    return {f"/{one.relative_to(folder).as_posix()}": _file(folder, one) for one in paths}


def _file(folder: Path, path: Path) -> File:
    packed = path.with_name(path.name + ".gz")
    is_hashed = path.parent == folder / "assets"
    return File(path, packed if packed.is_file() else None, MEDIA[path.suffix], is_hashed)


def answer_file(request: Request, file: File) -> Response:
    """Return a file, compressed when the client takes that; an unhashed one is asked for again each time."""
    if not file.is_hashed:
        return _answer_if_changed(request, file, file.content, file.packed)
    return _answer(request, file, file.content, file.packed, {"Cache-Control": FOREVER})


def answer_index(request: Request, file: File, *, is_open: bool) -> Response:
    """Return the page, with what its cookie opens written into it: it then begins without asking for that."""
    state = f'<html data-session="{"open" if is_open else "closed"}"'
    content = file.content.replace(b"<html", state.encode(), 1)
    return _answer_if_changed(request, file, content, _packed(content), {"Vary": "Accept-Encoding, Cookie"})


@lru_cache(maxsize=8)  # two for each build
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _answer_if_changed(
    request: Request, file: File, content: bytes, packed: bytes | None, more: Mapping[str, str] | None = None
) -> Response:
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", **(more or {})}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={**_COMMON, **headers})
    return _answer(request, file, content, packed, headers)


def _answer(request: Request, file: File, content: bytes, packed: bytes | None, headers: Mapping[str, str]) -> Response:
    if packed is not None and takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(packed, headers={**_COMMON, **headers, "Content-Encoding": "gzip"}, media_type=file.media)
    return Response(content, headers={**_COMMON, **headers}, media_type=file.media)


def takes_gzip(accepted: str) -> bool:
    """Say whether an Accept-Encoding takes gzip: named or meant by `*`, not with weight 0.

    Source: RFC 9110, section 12.5.3.
    """
    weights = {name.strip().lower(): weight for name, _, weight in (one.partition(";") for one in accepted.split(","))}
    weight = weights.get("gzip", weights.get("x-gzip", weights.get("*")))
    # A weight of zero has no digit but zeros; one that is no number is the client's mistake, and counts as said.
    return weight is not None and not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight, re.IGNORECASE)


def absent() -> Response:
    """Say how the page is built, where it was left out."""
    return Response(ABSENT, 200, headers={**SAFE, "Content-Security-Policy": POLICY}, media_type="text/html")
