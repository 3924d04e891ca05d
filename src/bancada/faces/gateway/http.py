"""HTTP/1.1 towards the clients, directly on httptools: no framework stands in the way of a request."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, cast

import httptools

from bancada.faces.gateway.answers import Refusal, chunk, client_head, refuse, seen_status
from bancada.faces.gateway.balance import Exchange
from bancada.faces.gateway.incoming import MAX_HEAD_BYTES, Incoming
from bancada.faces.gateway.links import Link, is_final
from bancada.faces.gateway.switchboard import Switchboard, Target
from bancada.faces.gateway.table import is_authorized

__all__ = ["ClientConnection", "Limits"]

logger = logging.getLogger("bancada.gateway")

# The same of an answer, whose names replicas write in lower case; the length is ours to say.
_DROPPED = frozenset(["connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "upgrade"])
_METHODS = ("GET", "POST", "OPTIONS", "HEAD")
# How much of a refused request's body is read before the connection is closed instead.
_PATIENCE = 1 << 20
_LINGER_S = 5.0


class Limits:
    """What one client may ask for."""

    def __init__(self, max_body_bytes: int = 16 << 20, idle_s: float = 75.0, arrival_s: float = 60.0) -> None:
        self.max_body_bytes = max_body_bytes
        self.idle_s = idle_s  # a connection without a request is kept so long
        self.arrival_s = arrival_s  # a request must have arrived after so long


class ClientConnection(asyncio.Protocol):
    """One client's connection: requests one after the other, each answered before the next is begun."""

    def __init__(self, board: Switchboard, limits: Limits, open_connections: set[ClientConnection]) -> None:
        self._board = board
        self._limits = limits
        self._open = open_connections
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._incoming: Incoming | None = None  # arriving
        self._current: Incoming | None = None  # being answered
        self._exchange: Exchange | None = None
        self._held: Link | None = None  # a replica whose stream waits for this client
        self._next: deque[Incoming] = deque()
        self._reading = True
        self._closing = False
        self._discarding = False  # what still comes is read and dropped
        self._changed_at = 0.0

    # ------------------------------------------------------------------ the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without inheriting from it
        self._changed_at = self._board.loop.time()
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up what was asked: nobody waits for the answer."""
        self._open.discard(self)
        self._transport = None
        self._next.clear()
        self._let_stream()
        if self._exchange is not None:
            self._exchange.pool.abandon(self._exchange)

    def data_received(self, data: bytes) -> None:
        """Parse what came; requests are begun from the parser's callbacks."""
        if self._discarding:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # An offer to speak another protocol (Java's client makes it with each request). The parser takes it for
            # accepted and leaves the body alone, so the head is read again without the offer.
            incoming, self._incoming = self._incoming, None
            self._parser = httptools.HttpRequestParser(self)
            if incoming is not None:
                self.data_received(incoming.head_without_offer() + data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError:
            self._reject(refuse("HeaderTooLarge", {"limit_kib": MAX_HEAD_BYTES >> 10}, closes=True))
        except httptools.HttpParserError as reason:
            self._reject(refuse("BadRequest", {"reason": str(reason)[:200]}, closes=True))
        else:
            self._bound_head(len(data))

    def _bound_head(self, received: int) -> None:
        """Refuse a head that does not end, or what follows a refused one: the parser keeps a field till it is whole."""
        incoming = self._incoming
        if incoming is None or (incoming.has_head and incoming.refusal is None):
            return
        incoming.received += received
        if incoming.received > _PATIENCE:
            too_large = refuse("HeaderTooLarge", {"limit_kib": MAX_HEAD_BYTES >> 10}, closes=True)
            self._reject(incoming.refusal or too_large)

    def pause_writing(self) -> None:
        """Stop reading and stop the replica's stream: the client does not take what it asked for."""
        self._pause()
        # Only a stream that has begun: its replica works for nobody else. A whole answer is in our memory anyway.
        if self._exchange is not None and self._exchange.status and self._exchange.link is not None:
            self._held = self._exchange.link
            self._held.pause()

    def resume_writing(self) -> None:
        """Go on after `pause_writing`."""
        self._let_stream()
        if not self._next:
            self._resume()

    def _let_stream(self) -> None:
        if self._held is not None:
            self._held.resume()
            self._held = None

    def expire(self, now: float) -> None:
        """Close the connection when it has been idle, or a request arriving, for too long."""
        waited_s = now - self._changed_at
        if self._closing and waited_s > 2 * self._limits.idle_s and self._transport is not None:
            self._transport.abort()  # it never takes the last answer
            return
        if self._current is None and self._incoming is None and waited_s > self._limits.idle_s:
            self._close()
        elif self._incoming is not None and waited_s > self._limits.arrival_s:
            self._reject(refuse("SlowRequest", {"limit_s": round(self._limits.arrival_s)}, closes=True))

    def finish(self) -> None:
        """Take no more requests; close now if idle, else after the answer."""
        self._closing = True
        if self._current is None:
            self._close()

    # ------------------------------------------------------------------ the parser's callbacks

    def on_message_begin(self) -> None:
        """A request begins."""
        self._incoming = Incoming()
        self._changed_at = self._board.loop.time()

    def on_url(self, url: bytes) -> None:
        """Take the address, or a piece of it."""
        incoming = self._incoming
        if incoming is not None:
            incoming.url += url
            incoming.head_bytes += len(url)
            if incoming.head_bytes > MAX_HEAD_BYTES:
                raise ValueError("too long an address")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one field; they are looked at together."""
        incoming = self._incoming
        if incoming is not None:
            incoming.raw.append((name, value))
            incoming.head_bytes += len(name) + len(value)
            if incoming.head_bytes > MAX_HEAD_BYTES:
                raise ValueError("too many header fields")

    def on_headers_complete(self) -> None:
        """Judge the request before its body is taken: who may not ask shall not fill our memory."""
        incoming = self._incoming
        if incoming is None:
            return
        incoming.has_head, incoming.received = True, 0
        incoming.method = self._parser.get_method().decode("latin-1")
        incoming.version = self._parser.get_http_version()
        if self._parser.should_upgrade():
            incoming.offers = True
            if incoming.method == "CONNECT":
                self._reject(refuse("MethodNotAllowed", {"method": "CONNECT", "allowed": "POST or GET"}, closes=True))
            return
        incoming.take_fields()
        path, _, query = incoming.origin_form().partition(b"?")
        incoming.query = query.decode("latin-1")
        incoming.refusal = self._judge(incoming, path)
        refusal = incoming.refusal
        if refusal is not None and (refusal.closes or incoming.expects or incoming.length > _PATIENCE):
            self._reject(refusal)
        elif incoming.expects and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _judge(self, incoming: Incoming, path: bytes) -> Refusal | None:
        if path in (b"/metrics", b"/healthz", b"/"):
            incoming.target = path.decode()
            return self._judge_local(incoming)
        found = self._board.find(path)
        if isinstance(found, Refusal):
            return found
        refusal = self._board.admit(found, incoming.authorization)
        if refusal is not None:
            return refusal
        if incoming.method not in _METHODS:
            return refuse("MethodNotAllowed", {"method": incoming.method, "allowed": "POST or GET"})
        if incoming.length > self._limits.max_body_bytes:
            return self._too_large()
        incoming.target = found
        return None

    def _judge_local(self, incoming: Incoming) -> Refusal | None:
        if incoming.method not in ("GET", "HEAD"):
            return refuse("MethodNotAllowed", {"method": incoming.method, "allowed": "GET"})
        if incoming.target != "/metrics":
            return None
        owner = self._board.table.owner
        if owner is not None:
            allowed = is_authorized(incoming.authorization, (owner,))
            return None if allowed else refuse("OwnerOnly")
        # The name too: a page in a browser can make its own name stand for this machine.
        return None if self._is_local_peer() and _is_local_name(incoming.host) else refuse("Forbidden")

    def _too_large(self) -> Refusal:
        return refuse("PayloadTooLarge", {"limit_mib": self._limits.max_body_bytes >> 20}, closes=True)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        incoming = self._incoming
        if incoming is None:
            return
        incoming.received += len(body)
        if incoming.refusal is not None:
            if incoming.received > _PATIENCE:
                self._reject(incoming.refusal)
            return
        if incoming.received > self._limits.max_body_bytes:
            self._reject(self._too_large())
            return
        incoming.body.append(body)

    def on_message_complete(self) -> None:
        """Begin to answer, or put the request behind the one that is being answered."""
        incoming = self._incoming
        if incoming is None or incoming.offers:
            return
        self._incoming = None
        if self._closing:
            return
        incoming.keep_alive = self._parser.should_keep_alive()
        if self._current is not None or self._next:
            self._next.append(incoming)
            self._pause()
        else:
            self._begin(incoming)

    # ------------------------------------------------------------------ answering

    def _begin(self, incoming: Incoming) -> None:
        self._current = incoming
        if incoming.refusal is not None:
            self._answer_refusal(incoming, incoming.refusal)
            return
        if not isinstance(incoming.target, Target):
            self._answer_local(incoming)
            return
        body = incoming.body[0] if len(incoming.body) == 1 else b"".join(incoming.body)
        incoming.body = []
        fields = {
            "method": incoming.method,
            "path": incoming.target.path,
            "query": incoming.query,
            "headers": incoming.fields,
        }
        taken = self._board.submit(incoming.target, incoming.deployment, fields, body, self)
        if isinstance(taken, Refusal):
            self._answer_refusal(incoming, taken)
        else:
            self._exchange = taken

    def _answer_local(self, incoming: Incoming) -> None:
        if incoming.target == "/metrics":
            kind, text = "text/plain; version=0.0.4; charset=utf-8", self._board.metrics_text()
        else:
            kind, text = "application/json", f'{{"status": "ok", "version": {self._board.table.version}}}'
        self._write_whole(incoming, 200, [("content-type", kind)], text.encode())

    def _answer_refusal(self, incoming: Incoming, refusal: Refusal) -> None:
        if not isinstance(incoming.target, Target) or refusal.status == 404:
            self._board.refused[refusal.status] += 1
        self._write_whole(incoming, refusal.status, refusal.headers(incoming.request_id), refusal.body())

    def refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        """Answer for a replica that did not."""
        incoming = self._current
        if incoming is not None:
            fields = refusal.headers(incoming.request_id)
            fields.append(("azureml-model-deployment", exchange.pool.route.name))
            self._write_whole(incoming, refusal.status, fields, refusal.body())

    def answer(self, exchange: Exchange, header: Mapping[str, Any], body: bytes) -> None:
        """Pass a replica's answer, or a piece of a streamed one, to the client."""
        incoming, transport = self._current, self._transport
        if incoming is None or transport is None:
            return
        kind = header.get("body_type", "whole")
        if kind == "whole":
            status, fields = _seen(exchange, header)
            self._write_whole(incoming, status, fields, body)
            return
        chunked = incoming.version != "1.0"
        if "status" in header:
            incoming.keep_alive = incoming.keep_alive and chunked
            status, fields = _seen(exchange, header)
            transport.write(client_head(status, fields, None if chunked else -1, self._connection(incoming)))
        if body:
            transport.write(chunk(body) if chunked else body)
        if kind == "abort":
            transport.abort()  # the missing end tells the client that the answer is cut off
        elif is_final(header):
            if chunked:
                transport.write(chunk(b""))
            self._done(incoming)

    def _write_whole(self, incoming: Incoming, status: int, fields: list[tuple[str, str]], body: bytes) -> None:
        if self._transport is None:
            return
        self._exchange = None
        head = client_head(status, fields, len(body), self._connection(incoming))
        self._transport.write(head if incoming.method == "HEAD" else head + body)
        self._done(incoming)

    def _connection(self, incoming: Incoming) -> str:
        if not incoming.keep_alive or self._closing:
            return "close"
        return "keep-alive" if incoming.version == "1.0" else ""

    def _done(self, incoming: Incoming) -> None:
        self._current = None
        self._exchange = None
        self._changed_at = self._board.loop.time()
        if not incoming.keep_alive or self._closing:
            self._close()
        elif self._next:
            self._board.loop.call_soon(self._begin_next)
        else:
            self._resume()

    def _begin_next(self) -> None:
        if self._next and self._transport is not None:
            self._begin(self._next.popleft())

    def _reject(self, refusal: Refusal) -> None:
        """Answer a request that is not read to its end, and close."""
        incoming, self._incoming = self._incoming or Incoming(), None
        if self._closing or self._transport is None:
            return
        if self._current is not None or self._next:
            self._close()  # an earlier request is not answered yet: no answer may overtake it
            return
        self._discarding = True
        incoming.keep_alive = False
        self._current = incoming
        self._answer_refusal(incoming, refusal)

    def _pause(self) -> None:
        if self._reading and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._reading = False

    def _resume(self) -> None:
        if not self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()

    def _close(self) -> None:
        self._closing = True
        if self._transport is None or self._transport.is_closing():
            return
        if self._discarding:
            # Closed with its bytes unread, the client would see a reset connection instead of the answer.
            self._transport.write_eof()
            self._board.loop.call_later(_LINGER_S, self._transport.close)
        else:
            self._transport.close()

    def _is_local_peer(self) -> bool:
        peer: Any = self._transport.get_extra_info("peername") if self._transport is not None else None
        return bool(peer) and ip_address(str(peer[0])).is_loopback


def _seen(exchange: Exchange, header: Mapping[str, Any]) -> tuple[int, list[tuple[str, str]]]:
    """Return what a client sees of a replica's status and header fields."""
    status = int(header["status"])
    fields = [(name, value) for name, value in header["headers"] if name not in _DROPPED]
    fields.append(("azureml-model-deployment", exchange.pool.route.name))
    if status != 200:
        fields.append(("ms-azureml-model-error-statuscode", str(status)))
        fields.append(("ms-azureml-model-error-reason", "model_error"))
    return seen_status(status), fields


def _is_local_name(host: str) -> bool:
    name = host.rsplit(":", 1)[0].strip("[]").lower() if not host.endswith("]") else host.strip("[]")
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
