"""MLflow's REST protocol as one ASGI app, bare: a trial sends 59 requests, and each should cost what it does.

`/mlflow/<workspace>/api/2.0/mlflow/runs/get` and its twins; `/health` and `/version` beside them, without a token.
"""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from pydantic_core import to_json
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from bancada.engine.authorize import Principal
from bancada.engine.tracking import Caller, Operation, Tracking
from bancada.errors import Invalid, Unauthenticated
from bancada.faces.http import MAX_JSON_BYTES, SlowThreads, in_thread, to_bancada_error
from bancada.faces.mlflow import artifacts, multipart, routes
from bancada.faces.mlflow.endpoints import Answer, Call
from bancada.faces.mlflow.fields import Fields, body_fields, query_fields
from bancada.faces.mlflow.problems import EndpointNotFound, problem

__all__ = ["DIALECT", "MlflowApp", "answer_without_workspace", "no_workspace"]

# The MLflow whose protocol this is; the conformance tests drive newer clients, too.
# Clients show it and read nothing out of it today; a lower one than a client's own would be the safe side if they did.
DIALECT = "3.13.0"

_PREFIXES = ("api/2.0/", "ajax-api/2.0/", "api/3.0/", "ajax-api/3.0/")
_JSON = (b"content-type", b"application/json")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
# Parts are for clients that ask for them: on one machine, a file in one piece is there in half the time.
_SERVER_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": False,
    "multipart_uploads_enabled": False,
    "multipart_downloads_enabled": False,
}
# Who a token belongs to is asked again after so long. A stale attempt is refused at once all the same: every write
# compares its number with the job's.
_KNOWN_S = 5.0
_KNOWN_MOST = 1000
# Scans of a database in this process hand the interpreter to each other at every row: eight at once would take three
# times the processor time each, and two are as many a second as there can be.
_SCANNING = SlowThreads("mlflow scans", 2)


class MlflowApp:
    """The face. Mounted at `prefix`; `authorize` turns a token into a Principal and raises our errors.

    A principal that a guard in front put into `scope["state"]` is taken as it is.
    """

    def __init__(
        self,
        tracking: Tracking,
        authorize: Callable[[str | None], Principal],
        *,
        prefix: str = "/mlflow",
        most_upload_bytes: int = 64 * 1024**3,
    ) -> None:
        self._tracking = tracking
        self._authorize = authorize
        self._prefix = prefix.rstrip("/") + "/"
        self._most_upload_bytes = most_upload_bytes
        self._known: dict[str, tuple[float, Principal]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        method, path = str(scope["method"]), str(scope["path"])
        try:
            await self._answer(method, path, scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as reason:  # the request's edge: every error leaves in MLflow's form
            status, document = problem(to_bancada_error(reason, method, path))
            await _send_json(send, document, status)

    # ---------------------------------------------------------------------------- dispatch

    async def _answer(self, method: str, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if path.removeprefix(self._prefix).startswith(_PREFIXES):
            raise no_workspace(scope, self._prefix)
        workspace, rest = self._split(path)
        if rest in ("health", "version"):
            await _send(send, b"OK" if rest == "health" else DIALECT.encode(), 200, _TEXT)
            return
        if not rest and method == "GET":
            # Clients print `<tracking URI>/#/experiments/…`: a browser keeps what follows the sharp.
            page = f"/?workspace={quote(workspace, safe='')}" if workspace else "/"
            await send({"type": "http.response.start", "status": 307, "headers": [(b"location", page.encode())]})
            await send({"type": "http.response.body", "body": b""})
            return
        caller = Caller(workspace, await self._principal(scope))
        caller.principal.require_workspace(workspace)
        local = _without_prefix(rest)
        found = routes.find(method, local)
        if found is not None:
            endpoint, places = found
            fields = await _fields(method, scope, receive)
            call = Call(caller, fields, places, scope, self._most_upload_bytes)
            await self._reply(send, caller, endpoint(self._tracking, call))
            return
        await self._other(method, local, caller, scope, receive, send)

    def _split(self, path: str) -> tuple[str, str]:
        """Return the workspace and what follows it."""
        workspace, _, rest = path.removeprefix(self._prefix).partition("/")
        return workspace, rest.strip("/")

    async def _other(self, method: str, path: str, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the routes whose bodies are bytes, and those that only some clients know."""
        if method == "PUT" and path.startswith("mlflow-artifacts/artifacts/"):
            place = path.removeprefix("mlflow-artifacts/artifacts/")
            await artifacts.upload(self._tracking, caller, place, scope, receive, most_bytes=self._most_upload_bytes)
            await _send_json(send, {})
        elif method == "PUT" and path.startswith(multipart.PART):
            _, _, place = path.removeprefix(multipart.PART).partition("/")
            most_bytes = self._most_upload_bytes
            _, blob = await artifacts.take(self._tracking, caller, place, scope, receive, most_bytes=most_bytes)
            await _send(send, b"{}", 200, _JSON, (b"etag", f'"{blob.digest}"'.encode()))
        elif method == "POST" and path in ("mlflow/upload-artifact", "upload-artifact"):
            await self._upload_named(caller, scope, receive)
            await _send_json(send, {})
        elif method in ("GET", "HEAD") and _is_download(path):
            fields = query_fields(scope["query_string"])
            model_id = path.split("/")[2] if path.startswith("mlflow/logged-models/") else ""
            operation = artifacts.stored_file(self._tracking, caller, path, fields, model_id)
            await artifacts.download(self._tracking, caller, operation, scope, receive, send)
        elif method == "GET" and path == "mlflow/server-info":
            await _send_json(send, _SERVER_INFO)
        else:
            raise EndpointNotFound(
                f"The API endpoint '/{path}' ({method}) does not exist on this server: it serves MLflow's"
                " experiments, runs, models, registry and artifacts."
            )

    async def _upload_named(self, caller: Caller, scope: Scope, receive: Receive) -> None:
        """Take the upload of the web page, which names run and path in its query."""
        fields = query_fields(scope["query_string"])
        place = f"runs/{fields.run_id()}/artifacts/{fields.required('path')}"
        await artifacts.upload(self._tracking, caller, place, scope, receive, most_bytes=self._most_upload_bytes)

    async def _reply(self, send: Send, caller: Caller, answer: Answer) -> None:
        given = answer.operation
        operation: Operation[Any] = await in_thread(given) if callable(given) else given
        if operation.kind == "write":
            result = await asyncio.wrap_future(self._tracking.submit(caller, operation))
            body = _json(answer.show(result))
        elif operation.kind == "look" and self._tracking.reads_are_local:
            body = _json(answer.show(self._tracking.perform(caller, operation)))
        else:
            # Many rows: reading, showing and writing them would hold up every other request.
            threads = _SCANNING.run if self._tracking.reads_are_local else in_thread
            body = await threads(self._read_and_show, caller, operation, answer)
        await _send(send, body, 200, _JSON)

    def _read_and_show(self, caller: Caller, operation: Operation[Any], answer: Answer) -> bytes:
        return _json(answer.show(self._tracking.perform(caller, operation)))

    # ---------------------------------------------------------------------------- who asks

    async def _principal(self, scope: Scope) -> Principal:
        given: Principal | None = scope.get("state", {}).get("principal")
        if given is not None:
            return given
        token = _token(scope)
        now = time.monotonic()
        known = self._known.get(token or "")
        if known is not None and known[0] > now:
            return known[1]
        try:
            principal = await in_thread(self._authorize, token)
        except Unauthenticated as reason:
            raise Unauthenticated(
                f"{reason.message} MLflow's clients send what MLFLOW_TRACKING_TOKEN holds."
            ) from reason
        if len(self._known) >= _KNOWN_MOST:
            self._known.clear()
        self._known[token or ""] = (now + _KNOWN_S, principal)
        return principal


def no_workspace(scope: Scope, prefix: str = "/mlflow/") -> EndpointNotFound:
    """Return what a client hears whose tracking URI ends before the workspace."""
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "<server>")
    return EndpointNotFound(
        f"This tracking URI names no workspace: use {scope.get('scheme', 'http')}://{host}{prefix}<workspace>."
    )


async def answer_without_workspace(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer MLflow's own paths at the server's root, where there is nothing."""
    status, document = problem(no_workspace(scope))
    await _send_json(send, document, status)


def _token(scope: Scope) -> str | None:
    """Return the token that a request carries: a Bearer one, or the password of Basic."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, rest = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer":
                return rest.strip() or None
            if scheme.lower() == "basic":
                return _password(rest)
    return None


def _password(text: str) -> str | None:
    try:
        return b64decode(text, validate=True).decode().partition(":")[2] or None
    except (Base64Error, UnicodeDecodeError):
        return None


def _without_prefix(path: str) -> str:
    for prefix in _PREFIXES:
        if path.startswith(prefix):
            return path[len(prefix) :]
    return path


def _is_download(path: str) -> bool:
    return (
        path.startswith("mlflow-artifacts/artifacts/")
        or path in ("get-artifact", "mlflow/get-artifact")
        or path in ("model-versions/get-artifact", "mlflow/model-versions/get-artifact")
        or (path.startswith("mlflow/logged-models/") and path.endswith("/artifacts/files"))
    )


async def _fields(method: str, scope: Scope, receive: Receive) -> Fields:
    if method == "GET":
        return query_fields(scope["query_string"])
    body = await _body(receive)
    if not body and scope["query_string"]:
        return query_fields(scope["query_string"])
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    return body_fields(body, kind.decode("latin-1"))


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_JSON_BYTES:
            raise Invalid(f"The body has more than {MAX_JSON_BYTES} bytes; split the request.")
    return b"".join(parts)


def _json(document: Any) -> bytes:
    # NaN and infinities as the texts "NaN", "Infinity", "-Infinity": protobuf's JSON form.
    return to_json(document, inf_nan_mode="strings")


async def _send_json(send: Send, document: Any, status: int = 200) -> None:
    await _send(send, _json(document), status, _JSON)


async def _send(send: Send, body: bytes, status: int, *more: tuple[bytes, bytes]) -> None:
    headers = [*more, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
