"""Keeps requests and answers of deployments that want it (`data_collector`). A thread writes; the loop only hands over.

What cannot be written fast enough, or at all, is dropped and counted: collecting never holds up a request.
"""

from __future__ import annotations

import json
import logging
import queue
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bancada.runtime.collected import Collected, Collection, write

__all__ = ["CollectRoute", "Collecting", "Ticket", "parse_collect"]

logger = logging.getLogger("bancada.gateway")

# Of the collector's own queue on Azure.
MOST_WAITING = 1500
# Bodies can be large: more memory than this is not spent on what waits to be written.
MOST_WAITING_BYTES = 64 << 20


@dataclass(frozen=True)
class CollectRoute:
    """What of one deployment's traffic is kept, and where."""

    request: Collection | None
    response: Collection | None
    share: float
    capture: tuple[str, ...] = ()  # names of header fields, in lower case


def parse_collect(body: Mapping[str, Any] | None) -> CollectRoute | None:
    """Return what the published table says of one deployment."""
    if not body:
        return None
    folders = dict(body.get("folders") or {})

    def collection(name: str) -> Collection | None:
        folder = folders.get(name)
        if not folder:
            return None
        return Collection(name, str(folder), str(body["source"]), "gateway", str(body.get("rolling") or "hour"))

    share = body.get("share")
    return CollectRoute(
        collection("request"),
        collection("response"),
        1.0 if share is None else float(share),
        tuple(str(one).lower() for one in body.get("capture") or ()),
    )


@dataclass(frozen=True)
class Ticket:
    """One request that was drawn to be kept."""

    route: CollectRoute
    number: str
    fields: Sequence[Sequence[str]] = field(default=())


class Collecting:
    """The queue to the writing thread.

    Concurrency: `begin`, `request` and `response` are called in the event loop's thread, never wait, and do no I/O.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self.written = 0
        self._waiting: queue.SimpleQueue[tuple[Collection, bytes, float, str, dict[str, Any]] | None] = (
            queue.SimpleQueue()
        )
        self._bytes = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, route: CollectRoute, fields: Mapping[str, Any], body: bytes) -> Ticket | None:
        """Draw whether a request is kept; if so, keep it, and return what its answer is kept under."""
        if route.share < 1 and random.random() >= route.share:
            return None
        headers: Sequence[Sequence[str]] = fields["headers"]
        number = next((value for name, value in headers if name == "x-request-id"), "")
        if route.request is not None and fields["path"] == "/score":
            more: dict[str, Any] = {"method": fields["method"]}
            if fields["query"]:
                more["query"] = fields["query"]
            captured = {name: value for name, value in headers if name in route.capture}
            if captured:
                more["headers"] = captured
            self._put(route.request, body, number, more)
        return Ticket(route, number) if fields["path"] == "/score" else None

    def response(self, ticket: Ticket, status: int, body: bytes) -> None:
        """Keep an answer."""
        if ticket.route.response is not None:
            self._put(ticket.route.response, body, ticket.number, {"statuscode": status})

    def _put(self, collection: Collection, body: bytes, number: str, more: dict[str, Any]) -> None:
        if self._waiting.qsize() >= MOST_WAITING or self._bytes + len(body) > MOST_WAITING_BYTES:
            self.dropped += 1
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="bancada-collecting", daemon=True)
            self._thread.start()
        with self._lock:
            self._bytes += len(body)
        self._waiting.put((collection, body, time.time(), number, more))

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            collection, body, at, number, more = item
            with self._lock:
                self._bytes -= len(body)
            try:
                write(collection, _record(body, at, number, more))
                self.written += 1
            except OSError as reason:
                self.dropped += 1
                logger.error("collected data could not be written: %s", reason)

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what waits, for a bounded time."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(timeout_s)


def _record(body: bytes, at: float, number: str, more: dict[str, Any]) -> Collected:
    text = body.decode("utf-8", "replace")
    attributes = {"collectdatatype": "application/json", "agent": "bancada-gateway", **more}
    try:
        json.loads(text)
    except ValueError:
        return Collected(text, None, at, number, {**attributes, "collectdatatype": "text/plain"})
    return Collected(None, text, at, number, attributes)
