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
from bancada.faces.gateway.links import is_final
from bancada.faces.gateway.request_ids import fresh_id
from bancada.faces.gateway.switchboard import Switchboard, Target
from bancada.faces.gateway.table import is_authorized

__all__ = ["ClientConnection", "Limits"]

logger = logging.getLogger("bancada.gateway")

# Fields that belong to one connection and not to the request; the key is nobody's business behind the
# gateway.
_KEPT_BACK = frozenset(
    b"authorization connection expect http2-settings keep-alive proxy-authorization proxy-connection "
    b"te trailer transfer-encoding upgrade".split()
)
_ACTED_ON = frozenset(b"authorization azureml-model-deployment content-length expect host x-request-id".split())
# The same of an answer, whose names replicas write in lower case; the length is ours to say.
_DROPPED = frozenset(["connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "upgrade"])
_MAX_HEAD = 1 << 16
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


class _Incoming:
    """One request while it arrives, and until it is answered."""

    __slots__ = (
        "authorization", "body", "deployment", "expects", "fields", "head_bytes", "host", "keep_alive",
        "length", "method", "query", "raw", "received", "refusal", "request_id", "target", "url", "version",
    )  # fmt: skip

    def __init__(self) -> None:
        self.url = b""
        self.raw: list[tuple[bytes, bytes]] = []
        self.fields: list[tuple[str, str]] = []  # what the replica gets to see, names in lower case
        self.head_bytes = 0
        self.authorization: bytes | None = None
        self.deployment = ""
        self.request_id = ""
        self.host = ""
        self.length = 0
        self.body: list[bytes] = []
        self.received = 0
        self.expects = False  # the client waits for our word before it sends the body
        self.refusal: Refusal | None = None
        self.target: Target | str | None = None  # a string: an address of the gateway itself
        self.method = ""
        self.query = ""
        self.version = "1.1"
        self.keep_alive = True

    def take_fields(self) -> None:
        """Sort the fields: what the gateway acts on, and what goes on to the replica."""
        fields = self.fields
        for raw_name, value in self.raw:
            name = raw_name.lower()
            if name not in _KEPT_BACK:
                fields.append((name.decode("latin-1"), value.decode("latin-1")))
            if name not in _ACTED_ON:
                continue
            if name == b"authorization":
                self.authorization = value
            elif name == b"content-length":
                self.length = int(value)
            elif name == b"host":
                self.host = value.decode("latin-1")
            elif name == b"x-request-id":
                self.request_id = value.decode("latin-1")
            elif name == b"expect":
                self.expects = value.lower() == b"100-continue"
            else:
                self.deployment = value.decode("latin-1").strip()
        if not self.request_id:
            self.request_id = fresh_id()
            fields.append(("x-request-id", self.request_id))


class ClientConnection(asyncio.Protocol):
    """One client's connection: requests one after the other, each answered before the next is begun."""

    def __init__(self, board: Switchboard, limits: Limits, open_connections: set[ClientConnection]) -> None:
        self._board = board
        self._limits = limits
        self._open = open_connections
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._incoming: _Incoming | None = None  # arriving
        self._current: _Incoming | None = None  # being answered
        self._exchange: Exchange | None = None
        self._next: deque[_Incoming] = deque()
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
        if self._exchange is not None:
            self._exchange.pool.abandon(self._exchange)
            if self._exchange.link is not None:
                self._exchange.link.resume()

    def data_received(self, data: bytes) -> None:
        """Parse what came; requests are begun from the parser's callbacks."""
        if self._discarding:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # An offer to speak another protocol, which we leave unanswered; the request itself was complete.
            self._parser = httptools.HttpRequestParser(self)
            rest = data[upgrade.args[0] :] if upgrade.args else b""
            if rest:
                self.data_received(rest)
        except httptools.HttpParserCallbackError:
            self._reject(refuse("HeaderTooLarge", {"limit_kib": _MAX_HEAD >> 10}, closes=True))
        except httptools.HttpParserError as reason:
            self._reject(refuse("BadRequest", {"reason": str(reason)[:200]}, closes=True))

    def pause_writing(self) -> None:
        """Stop reading and stop the replica's stream: the client does not take what it asked for."""
        self._pause()
        if self._exchange is not None and self._exchange.link is not None:
            self._exchange.link.pause()

    def resume_writing(self) -> None:
        """Go on after `pause_writing`."""
        if self._exchange is not None and self._exchange.link is not None:
            self._exchange.link.resume()
        if not self._next:
            self._resume()

    def expire(self, now: float) -> None:
        """Close the connection when it has been idle, or a request arriving, for too long."""
        waited_s = now - self._changed_at
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
        self._incoming = _Incoming()
        self._changed_at = self._board.loop.time()

    def on_url(self, url: bytes) -> None:
        """Take the address, or a piece of it."""
        incoming = self._incoming
        if incoming is not None:
            incoming.url += url
            incoming.head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one field; they are looked at together."""
        incoming = self._incoming
        if incoming is not None:
            incoming.raw.append((name, value))
            incoming.head_bytes += len(name) + len(value)
            if incoming.head_bytes > _MAX_HEAD:
                raise ValueError("too many header fields")

    def on_headers_complete(self) -> None:
        """Judge the request before its body is taken: who may not ask shall not fill our memory."""
        incoming = self._incoming
        if incoming is None:
            return
        incoming.method = self._parser.get_method().decode("latin-1")
        incoming.version = self._parser.get_http_version()
        incoming.take_fields()
        path, _, query = _origin_form(incoming.url).partition(b"?")
        incoming.query = query.decode("latin-1")
        incoming.refusal = self._judge(incoming, path)
        refusal = incoming.refusal
        if refusal is not None and (refusal.closes or incoming.expects or incoming.length > _PATIENCE):
            self._reject(refusal)
        elif incoming.expects and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _judge(self, incoming: _Incoming, path: bytes) -> Refusal | None:
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

    def _judge_local(self, incoming: _Incoming) -> Refusal | None:
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
        incoming, self._incoming = self._incoming, None
        if incoming is None or self._closing:
            return
        incoming.keep_alive = self._parser.should_keep_alive()
        if self._current is not None or self._next:
            self._next.append(incoming)
            self._pause()
        else:
            self._begin(incoming)

    # ------------------------------------------------------------------ answering

    def _begin(self, incoming: _Incoming) -> None:
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

    def _answer_local(self, incoming: _Incoming) -> None:
        if incoming.target == "/metrics":
            kind, text = "text/plain; version=0.0.4; charset=utf-8", self._board.metrics_text()
        else:
            kind, text = "application/json", f'{{"status": "ok", "version": {self._board.table.version}}}'
        self._write_whole(incoming, 200, [("content-type", kind)], text.encode())

    def _answer_refusal(self, incoming: _Incoming, refusal: Refusal) -> None:
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

    def _write_whole(self, incoming: _Incoming, status: int, fields: list[tuple[str, str]], body: bytes) -> None:
        if self._transport is None:
            return
        head = client_head(status, fields, len(body), self._connection(incoming))
        self._transport.write(head if incoming.method == "HEAD" else head + body)
        self._done(incoming)

    def _connection(self, incoming: _Incoming) -> str:
        if not incoming.keep_alive or self._closing:
            return "close"
        return "keep-alive" if incoming.version == "1.0" else ""

    def _done(self, incoming: _Incoming) -> None:
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
        incoming, self._incoming = self._incoming or _Incoming(), None
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


def _origin_form(url: bytes) -> bytes:
    """Return path and query of an address; some clients send the whole address."""
    if url.startswith(b"/"):
        return url
    _, found, rest = url.partition(b"://")
    return b"/" + rest.partition(b"/")[2] if found else url


def _is_local_name(host: str) -> bool:
    name = host.rsplit(":", 1)[0].strip("[]").lower() if not host.endswith("]") else host.strip("[]")
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
