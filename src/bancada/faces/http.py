"""A small ASGI kit that faces share: JSON in and out, long polls, one form of error. Not who may ask."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import math
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

import anyio
import anyio.from_thread
import anyio.to_thread
from anyio.lowlevel import RunVar
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bancada.errors import (
    BancadaError,
    Internal,
    Invalid,
    NotFound,
    NotSupported,
    Problem,
    StorageFull,
    Unauthenticated,
    error_document,
    is_disk_full,
)

__all__ = [
    "MAX_JSON_BYTES",
    "Download",
    "ErrorsAsJson",
    "SlowThreads",
    "Stopping",
    "body_chunks",
    "error_response",
    "etag",
    "in_thread",
    "json_response",
    "limited_body",
    "long_poll",
    "query_number",
    "read_json",
    "to_bancada_error",
]

log = logging.getLogger("bancada.http")

T = TypeVar("T")

SLOW_THREADS = 16

MAX_JSON_BYTES = 32 * 1024 * 1024  # far above any job or asset; below what would hurt the server
REFUSED_BYTES = 64 * 1024 * 1024  # of a body that is refused
BODY_CHUNK_BYTES = 1024 * 1024  # each costs a hop between event loop and thread: small ones would be slower


# -------------------------------------------------------------------------------- answers


def json_response(value: Any, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return `value` as a JSON answer. Infinite numbers and NaN, which JSON has not, go as their names."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"))
    # One bad letter in one row must not hide a whole list.
    return Response(text.encode("utf-8", "replace"), status, headers=dict(headers or {}), media_type="application/json")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def etag(revision: int) -> dict[str, str]:
    """Return the header that carries a document's revision."""
    return {"ETag": f'"{revision}"'}


def error_response(error: BancadaError) -> Response:
    """Return the one JSON form of an error with its HTTP status."""
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}
    status = int(error.details.get("http_status") or error.http_status)
    return json_response(error_document(error), status, headers=headers)


class Download(FileResponse):
    """A user's file. Never shown inside our own origin, where a script in it would have the page's rights."""

    chunk_size = BODY_CHUNK_BYTES

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Add the headers that keep a browser from running the file."""
        safe = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        super().init_headers({**safe, **(headers or {})})


# -------------------------------------------------------------------------------- questions


async def read_json(request: Request) -> dict[str, Any]:
    """Return the body, which must be one JSON object.

    Raises Invalid, saying where the text stops being JSON and how it begins.
    """
    text = await limited_body(request, MAX_JSON_BYTES, "The body is larger than a JSON body may be.")
    if not text.strip():
        return {}
    try:
        value: Any = json.loads(text.decode("utf-8"))
    except ValueError as reason:
        raise Invalid.of([Problem("", _not_json(text, reason))]) from reason
    if not isinstance(value, dict):
        raise Invalid.of([Problem("", f"the body is a JSON {_json_type(value)}; expected an object, {{…}}.")])
    if _SUSPECT.search(text) and (place := _bad_text_in(cast("object", value))) is not None:
        raise Invalid.of([Problem(place, "the text has a NUL character or half of a surrogate pair.")])
    return value  # pyright: ignore[reportUnknownVariableType]


async def limited_body(request: Request, most_bytes: int, refusal: str) -> bytes:
    """Return the body. Raises Invalid with these words, and status 413, when it is larger.

    Some of what is too much is read all the same: a connection that is closed before is reset, and a client that is
    still sending would hear of that instead of the reason.
    """
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most_bytes:
            parts.append(chunk)
            continue
        parts.clear()
        if size > most_bytes + REFUSED_BYTES:
            break
    if size > most_bytes:
        raise Invalid(refusal, limit_mib=most_bytes >> 20, http_status=413)
    return b"".join(parts)


# Escapes that may stand for letters which databases, files and answers cannot hold.
_SUSPECT = re.compile(rb"\\u(0000|[dD][89a-fA-F])")
_BAD = re.compile("[\0\ud800-\udfff]")


def _bad_text_in(value: object, place: str = "") -> str | None:
    """Return where a text with such a letter is, or None."""
    if isinstance(value, str):
        return place if _BAD.search(value) else None
    parts: list[tuple[object, object]] = []
    if isinstance(value, dict):
        parts = list(cast("dict[object, object]", value).items())
        if any(_BAD.search(str(key)) for key, _ in parts):
            return place
    elif isinstance(value, list):
        parts = list(enumerate(cast("list[object]", value)))
    found = (_bad_text_in(one, f"{place}.{key}" if place else str(key)) for key, one in parts)
    return next((one for one in found if one is not None), None)


def _not_json(text: bytes, reason: ValueError) -> str:
    begins = text[:40].decode("utf-8", "replace").strip()
    if isinstance(reason, json.JSONDecodeError):
        where = f"{reason.msg} at line {reason.lineno}, column {reason.colno}"
    else:
        where = "it is not UTF-8" if isinstance(reason, UnicodeDecodeError) else str(reason)
    return f"the body is not JSON: {where}. It begins with `{begins}`. Send a JSON object, {{…}}."


def _json_type(value: object) -> str:
    names: dict[type, str] = {list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    return names.get(type(value), "null")


def query_number(request: Request, name: str, default: float, *, low: float = 0.0, high: float = math.inf) -> float:
    """Return a finite number from the query; below `low` or no number is an error, above `high` is cut."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return default
    try:
        value = float(text)
    except ValueError as reason:
        raise Invalid.of([Problem(name, f"`{text}` is not a number.")]) from reason
    if not value >= low:
        raise Invalid.of([Problem(name, f"`{text}` is below {low:g}.")])
    if math.isinf(min(value, high)):
        raise Invalid.of([Problem(name, f"`{text}` is too large.")])
    return min(value, high)


def body_chunks(request: Request, most_bytes: float = math.inf) -> Iterator[bytes]:
    """Yield the body in a worker thread (see `in_thread`), in pieces that are worth a thread's turn.

    Raises Invalid when it grows beyond `most_bytes`.
    """
    stream = request.stream()

    async def next_piece() -> bytes:
        piece = bytearray()
        async for chunk in stream:
            piece += chunk
            if len(piece) >= BODY_CHUNK_BYTES:
                break
        return bytes(piece)

    size = 0
    while piece := anyio.from_thread.run(next_piece):
        size += len(piece)
        if size > most_bytes:
            raise Invalid(f"The file is larger than {most_bytes / 1024**3:g} GiB.", http_status=413)
        yield piece


async def in_thread(function: Callable[..., T], *args: Any, **named: Any) -> T:
    """Call a synchronous operation of the engine in a worker thread."""
    return await anyio.to_thread.run_sync(partial(function, *args, **named))


class SlowThreads:
    """Threads for one kind of call that may wait long for something else: an endpoint, a web address, a process.

    The threads of `in_thread` are few: if such calls took them all, no other request would be answered. Kinds do not
    wait for each other.
    """

    def __init__(self, kind: str, count: int = SLOW_THREADS) -> None:
        self._count = count
        self._limiter: RunVar[anyio.CapacityLimiter] = RunVar(f"bancada slow threads: {kind}")

    async def run(self, function: Callable[..., T], *args: Any, **named: Any) -> T:
        """Call a synchronous operation of the engine in one of these threads."""
        try:
            limiter = self._limiter.get()
        except LookupError:
            limiter = anyio.CapacityLimiter(self._count)
            self._limiter.set(limiter)
        return await anyio.to_thread.run_sync(partial(function, *args, **named), limiter=limiter)


# -------------------------------------------------------------------------------- long poll


@dataclass
class Stopping:
    """Says to open requests that the server goes, so that they answer at once instead of delaying it."""

    event: asyncio.Event = field(default_factory=asyncio.Event)

    def set(self) -> None:
        """Say it."""
        self.event.set()

    @property
    def is_set(self) -> bool:
        """Whether the server is going."""
        return self.event.is_set()

    async def sleep(self, seconds: float) -> None:
        """Wait so long, or until the server goes."""
        with anyio.move_on_after(seconds):
            await self.event.wait()

    async def cut_short(self, waiting: Awaitable[object]) -> None:
        """Wait for something, but only until the server goes."""
        work = asyncio.ensure_future(waiting)
        going = asyncio.ensure_future(self.event.wait())
        try:
            await asyncio.wait((work, going), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (work, going):
                if not one.done():
                    one.cancel()
        if work.done():
            work.result()


async def long_poll(
    look: Callable[[], Awaitable[T]],
    enough: Callable[[T], bool],
    *,
    wait_s: float,
    stopping: Stopping,
    is_gone: Callable[[], Awaitable[bool]] | None = None,
) -> T:
    """Look until `enough` holds or `wait_s` are over; the answer is the last look.

    For what no event announces, such as a growing log file: pauses grow from 0.1 s to 0.5 s. `is_gone` tells whether
    the client has hung up, for what goes on only as long as somebody looks.
    """
    deadline = anyio.current_time() + wait_s
    pause = 0.1
    found = await look()
    while not enough(found) and anyio.current_time() < deadline and not stopping.is_set:
        await stopping.sleep(min(pause, max(deadline - anyio.current_time(), 0.0)))
        pause = min(pause * 1.5, 0.5)
        if is_gone is not None and await is_gone():
            break
        found = await look()
    return found


# -------------------------------------------------------------------------------- errors


class ErrorsAsJson:
    """ASGI middleware at a face's edge: what is raised below becomes an answer in the face's form."""

    def __init__(self, app: ASGIApp, respond: Callable[[BancadaError], Response] = error_response) -> None:
        self.app = app
        self.respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app; answer for it when it raises before its answer began."""
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            # Starlette's router raises, instead of answering in plain text, when it sees an app here.
            await self.app({**scope, "app": self}, receive, note_start)
        except ClientDisconnect:
            return
        except Exception as reason:  # the request's edge: nothing may pass but the one form
            error = to_bancada_error(reason, str(scope.get("method")), str(scope.get("path")))
            if started:
                log.warning("%s: the answer broke off: %s", scope.get("path"), error)
                raise
            await self.respond(error)(scope, receive, send)


def to_bancada_error(reason: Exception, method: str, path: str) -> BancadaError:
    """Return what the client is told about an exception; what is our fault is logged with an id, not told."""
    if isinstance(reason, BancadaError):
        return reason
    if isinstance(reason, HTTPException) and reason.status_code == 404:
        return NotFound(f"There is nothing at `{path}`.", kind="route", name=path)
    if isinstance(reason, HTTPException) and reason.status_code == 405:
        return NotSupported(f"`{path}` does not take {method}.", http_status=405)
    if isinstance(reason, RecursionError):
        return Invalid.of([Problem("", "the body is nested too deeply: a few dozen levels are the most.")])
    if isinstance(reason, UnicodeEncodeError):
        return Invalid.of([Problem("", "a text in the request is not valid Unicode (half of a surrogate pair).")])
    if isinstance(reason, OSError) and reason.errno == errno.ENAMETOOLONG:
        return Invalid.of([Problem("", "a name or path in the request is longer than file systems take.")])
    if isinstance(reason, OSError) and is_disk_full(reason):
        return StorageFull("The disk has no room left. Free some, for example by deleting old jobs.")
    error_id = secrets.token_hex(6)
    log.error("%s %s failed; error id %s", method, path, error_id, exc_info=reason)
    return Internal(
        f"Something went wrong inside Bancada. The server's log has the details under the id {error_id}.",
        error_id=error_id,
    )
