"""One request to an endpoint on behalf of its page: through the gateway like any other, with a key the page never has.

What the endpoint answers is given back, errors too. Only a gateway that does not answer is an error of ours.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any, NotRequired

import urllib3
from typing_extensions import TypedDict

from bancada.engine.core import Core
from bancada.engine.deployment_rows import DEPLOYMENTS, ENDPOINTS, keys_name
from bancada.errors import Conflict, NotFound
from bancada.store import resources, secrets
from bancada.store.database import Tx

__all__ = ["MOST_AT_ONCE", "MOST_REQUEST_BYTES", "Invocation", "Invocations"]

MOST_REQUEST_BYTES = 16 << 20  # the gateway's own limit
MOST_ANSWER_BYTES = 16 << 20
# A deployment's longest deadline is 180 s, and it may wait as long for a replica before.
TIMEOUT = urllib3.Timeout(connect=5.0, read=370.0)
CHUNK = 1 << 18
# So many requests wait for their answers side by side, each on a connection that is kept for the next one. Each may
# hold 32 MiB.
MOST_AT_ONCE = 32


class Invocation(TypedDict):
    """An endpoint's answer. `body` is a text, or base64 when `base64` says so; `ms` from sending to the last byte.

    `deployment` is the one that answered, or refused to; `truncated`: there was more than is given back.
    """

    status: int
    headers: dict[str, str]
    ms: float
    body: str
    base64: bool
    truncated: bool
    deployment: NotRequired[str]


class Invocations:
    """Sends requests to this home's own gateway. Concurrency: any thread; each holds one connection."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._pool = urllib3.PoolManager(maxsize=MOST_AT_ONCE, retries=False, timeout=TIMEOUT)

    def invoke(
        self, workspace: str, endpoint: str, body: bytes, content_type: str, deployment: str | None = None
    ) -> Invocation:
        """Return what the endpoint answers. Raises NotFound for an endpoint or deployment that is not there."""
        key = self._core.db.read(lambda tx: _key(tx, workspace, endpoint, deployment))
        headers = {"Authorization": f"Bearer {key}", "Content-Type": content_type}
        if deployment:
            headers["azureml-model-deployment"] = deployment
        began = time.perf_counter()
        try:
            with self._pool.request(
                "POST",
                self._core.addresses.scoring(workspace, endpoint),
                body=body,
                headers=headers,
                preload_content=False,
                redirect=False,
            ) as answer:
                content, truncated = _read(answer)
                took_ms = (time.perf_counter() - began) * 1e3
                return _invocation(answer.status, answer.headers, content, took_ms, truncated)
        except urllib3.exceptions.HTTPError as reason:
            text = "The gateway does not answer; the server starts it again in a moment. Try again."
            raise Conflict(f"{text} ({type(reason).__name__})", endpoint=endpoint) from reason

    def close(self) -> None:
        """Hang up."""
        self._pool.clear()


def _key(tx: Tx, workspace: str, endpoint: str, deployment: str | None) -> str:
    if resources.get(tx, workspace, ENDPOINTS, endpoint) is None:
        existing = [one.name for one in resources.all_of(tx, workspace, ENDPOINTS)]
        raise NotFound.of("endpoint", endpoint, existing=existing)
    if deployment and resources.get(tx, workspace, DEPLOYMENTS, f"{endpoint}/{deployment}") is None:
        names = [one.name.partition("/") for one in resources.all_of(tx, workspace, DEPLOYMENTS)]
        raise NotFound.of("deployment", deployment, existing=[one[2] for one in names if one[0] == endpoint])
    keys: list[str] = json.loads(secrets.get(tx, workspace, keys_name(endpoint)) or '[""]')
    return keys[0]


def _read(answer: urllib3.BaseHTTPResponse) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    for chunk in answer.stream(CHUNK):
        size += len(chunk)
        if size > MOST_ANSWER_BYTES:
            parts.append(chunk[: len(chunk) - (size - MOST_ANSWER_BYTES)])
            return b"".join(parts), True
        parts.append(chunk)
    return b"".join(parts), False


def _invocation(status: int, headers: Mapping[str, Any], body: bytes, ms: float, truncated: bool) -> Invocation:
    shown = {str(name).lower(): str(value) for name, value in headers.items()}
    text, is_base64 = _text(body, shown.get("content-type", ""))
    found = Invocation(status=status, headers=shown, ms=round(ms, 3), body=text, base64=is_base64, truncated=truncated)
    if shown.get("azureml-model-deployment"):
        found["deployment"] = shown["azureml-model-deployment"]
    return found


def _text(body: bytes, content_type: str) -> tuple[str, bool]:
    """Return a body for JSON: its text, else base64. Bytes that are no UTF-8 are no text, whatever they are called."""
    kind = content_type.partition(";")[0].strip().lower()
    if not kind.startswith(("image/", "audio/", "video/")) and b"\0" not in body:
        try:
            return body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode("ascii"), True
