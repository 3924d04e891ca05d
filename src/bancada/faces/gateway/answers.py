"""What the endpoint layer itself answers: the table of refusals, and the bytes of an HTTP answer's head.

The status codes are those of Azure's managed endpoints; each message says what to do.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

__all__ = ["REFUSALS", "Refusal", "chunk", "client_head", "refuse", "seen_status"]

Pairs = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Refusal:
    """An answer that no replica gave."""

    status: int
    code: str
    message: str
    retry_after_s: int | None = None
    # The body of the request is not read: the connection cannot be used again.
    closes: bool = False

    def body(self) -> bytes:
        """Return the JSON form of the error."""
        return json.dumps({"error": {"code": self.code, "message": self.message, "details": {}}}).encode()

    def headers(self, request_id: str) -> list[tuple[str, str]]:
        """Return the fields that belong to it."""
        fields = [("content-type", "application/json"), ("x-request-id", request_id)]
        if self.retry_after_s is not None:
            fields.append(("retry-after", str(self.retry_after_s)))
        if self.status == 401:
            fields.append(("www-authenticate", "Bearer"))
        return fields


# code → (status, message, Retry-After in seconds). `docs` and tests read it.
REFUSALS: dict[str, tuple[int, str, int | None]] = {
    "BadRequest": (400, "The request is not HTTP/1.1: {reason}.", None),
    "Unauthorized": (
        401,
        "The key is missing or wrong. Send `Authorization: Bearer <key>` with the primary or secondary key "
        "of endpoint `{endpoint}`; `bancada online-endpoint get-credentials -n {endpoint}` shows them.",
        None,
    ),
    "OwnerOnly": (
        401,
        "Metrics are for the owner. Send `Authorization: Bearer <token>` with the token in the home.",
        None,
    ),
    "Forbidden": (403, "Metrics are for this machine only. Ask from it, at 127.0.0.1 or localhost.", None),
    "NotFound": (
        404,
        "There is nothing at `{path}`. A scoring address is /endpoints/<workspace>/<endpoint>/score.",
        None,
    ),
    "EndpointNotFound": (
        404,
        "There is no endpoint `{endpoint}` in workspace `{workspace}`. `bancada online-endpoint list` shows all.",
        None,
    ),
    "DeploymentNotFound": (
        404,
        "Endpoint `{endpoint}` has no deployment `{deployment}` (it has {existing}). Name one of them in the "
        "header azureml-model-deployment, or leave the header out.",
        None,
    ),
    "NoTraffic": (
        404,
        "Endpoint `{endpoint}` has no deployment with positive weight (it has {existing}). Set its traffic, "
        "or name a deployment in the header azureml-model-deployment.",
        None,
    ),
    "MethodNotAllowed": (405, "{method} is not allowed here; use {allowed}.", None),
    "RequestTimeout": (
        408,
        "The model took longer than request_timeout_ms = {limit_ms} of deployment `{deployment}`. Raise it "
        "under request_settings, or send less in one request.",
        None,
    ),
    "SlowRequest": (408, "The request did not arrive within {limit_s} s. Send it again.", None),
    "PayloadTooLarge": (
        413,
        "The body is larger than {limit_mib} MiB. Send less in one request, or start the gateway with a "
        "higher --max-body-mib.",
        None,
    ),
    "HeaderTooLarge": (431, "The header fields are larger than {limit_kib} KiB. Send fewer or shorter ones.", None),
    "TooManyRequests": (
        429,
        "Deployment `{deployment}` has {limit} requests in flight, which is 2 * "
        "max_concurrent_requests_per_instance * instance_count. Send more slowly, or raise one of the two.",
        1,
    ),
    "ReplicaLost": (
        502,
        "The replica of deployment `{deployment}` died while it ran this request{again}. The deployment's "
        "log has the reason: `bancada online-deployment get-logs -n {deployment} -e {endpoint}`.",
        None,
    ),
    "QueueTimeout": (
        503,
        "All replicas of deployment `{deployment}` were busy for max_queue_wait_ms = {limit_ms}. Try again, "
        "or raise instance_count or max_queue_wait_ms.",
        1,
    ),
    "NoReplica": (
        503,
        "Deployment `{deployment}` has no replica running at the moment; the server starts a new one. Try "
        "again in a moment; if this lasts, see `bancada online-deployment get-logs -n {deployment} -e {endpoint}`.",
        1,
    ),
}


def refuse(code: str, facts: Mapping[str, object] | None = None, *, closes: bool = False) -> Refusal:
    """Build a refusal from its row in the table and the facts that its message names."""
    status, text, retry_after_s = REFUSALS[code]
    return Refusal(status, code, text.format_map(facts or {}), retry_after_s, closes)


def seen_status(status: int) -> int:
    """Return what a client sees for a replica's status: all but 200 is 424, as at Azure's endpoints."""
    return 200 if status == 200 else 424


_REASONS = {status.value: status.phrase for status in HTTPStatus}


def client_head(status: int, fields: Iterable[Sequence[str]], length: int | None, connection: str) -> bytes:
    """Return status line and header fields. `length` None means a body in chunks, -1 one that ends with the
    connection; `connection` is the value of that field, or "" when it can be left out."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in fields]
    if length is None:
        lines.append("transfer-encoding: chunked")
    elif length >= 0:
        lines.append(f"content-length: {length}")
    if connection:
        lines.append(f"connection: {connection}")
    lines.append(f"date: {_date()}")
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        # A script's field with a line break would be read as a field, or an answer, of its own.
        text = "\r\n".join(line.replace("\r", " ").replace("\n", " ") for line in lines)
    return f"{text}\r\n\r\n".encode("latin-1", "replace")


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body; an empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


_second = -1
_text = ""


def _date() -> str:
    global _second, _text
    now = int(time.time())
    if now != _second:
        _second = now
        _text = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))
    return _text
