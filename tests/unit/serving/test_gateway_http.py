"""HTTP towards clients: what is parsed, refused, answered and in which order, without sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from bancada.engine.router import DeploymentRoutes, EndpointRoutes, build_table
from bancada.faces.gateway.answers import REFUSALS, chunk, client_head, refuse
from bancada.faces.gateway.balance import Exchange
from bancada.faces.gateway.http import ClientConnection, Limits
from bancada.faces.gateway.request_ids import fresh_id
from bancada.faces.gateway.switchboard import Switchboard
from bancada.faces.gateway.table import parse_table
from bancada.runtime.frames import FrameBuffer, pack_frame


class Wire:
    """A transport on paper."""

    def __init__(self, peer: str = "127.0.0.1") -> None:
        self.sent = b""
        self.closed = False
        self.aborted = False
        self.reading = True
        self._peer = peer

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def write_eof(self) -> None:
        self.sent += b"<eof>"

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_extra_info(self, name: str) -> Any:
        return (self._peer, 1) if name == "peername" else None


class Stage:
    """A switchboard with one deployment, its replica played by the test, and one client."""

    def __init__(self, limits: Limits | None = None, peer: str = "127.0.0.1") -> None:
        self.board = Switchboard(asyncio.get_running_loop())
        inside = {"blue": DeploymentRoutes(["/nowhere"], max_concurrent_requests_per_instance=8)}
        endpoint = EndpointRoutes(keys=("k",), traffic={"blue": 100}, deployments=inside)
        self.board.apply(parse_table(build_table({"ws/ep": endpoint})))
        pools: Any = self.board.document()["deployments"]
        assert len(pools) == 1
        found: Any = self.board.find(b"/endpoints/ws/ep/score")
        self.pool = found.endpoint.pools["blue"]
        self.link = next(iter(self.pool.links.values()))
        self.link._task.cancel()
        self.replica, self.client = Wire(), Wire(peer)
        self.link.connection_made(self.replica)  # type: ignore[arg-type]
        self.link.data_received(pack_frame({"hello": 1, "pid": 1}))
        self.open: set[ClientConnection] = set()
        self.connection = ClientConnection(self.board, limits or Limits(), self.open)
        self.connection.connection_made(self.client)  # type: ignore[arg-type]

    def send(
        self, body: bytes = b"", path: str = "/endpoints/ws/ep/score", method: str = "POST", **fields: str
    ) -> None:
        named = {"host": "localhost", "authorization": "Bearer k", "content_length": str(len(body)), **fields}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(
            f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items() if value
        )
        self.connection.data_received(f"{head}\r\n".encode() + body)

    def asked(self) -> list[tuple[dict[str, Any], bytes]]:
        """Return the frames that the replica has got."""
        buffer, found = FrameBuffer(), []
        buffer.feed(self.replica.sent)
        while (frame := buffer.next()) is not None:
            found.append(frame)
        return found

    def answer(self, body: bytes = b"[1]", status: int = 200, kind: str = "whole", **header: Any) -> None:
        number = next(iter(self.link.outstanding))
        known: dict[str, Any] = {"id": number, "body_type": kind}
        if kind == "whole" or header:
            known |= {"status": status, "headers": header.get("headers", [["content-type", "a/b"]])}
        self.link.data_received(pack_frame(known, body))

    def seen(self) -> tuple[int, dict[str, str], bytes]:
        """Return the first answer that the client has got."""
        head, _, rest = self.client.sent.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:])
        return int(lines[0].split()[1]), fields, rest


def stage(test: Callable[..., Awaitable[None]]) -> Callable[[], None]:
    """Run a test inside an event loop."""

    def run() -> None:
        asyncio.run(test())  # type: ignore[arg-type]

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@stage
async def test_a_request_reaches_the_replica_without_its_key() -> None:
    here = Stage()
    here.send(b'{"a": 1}', "/endpoints/ws/ep/score?x=1", X_Own="é", connection="keep-alive", te="trailers")
    ((header, body),) = here.asked()
    assert (header["method"], header["path"], header["query"], body) == ("POST", "/score", "x=1", b'{"a": 1}')
    assert 4900 < header["timeout_ms"] <= 5000
    fields = dict(header["headers"])
    assert not {"authorization", "connection", "te"} & set(fields)
    assert fields["content-length"] == "8"
    assert fields["x-own"].encode("latin-1").decode() == "é"
    here.answer(b"[2]")
    status, seen, text = here.seen()
    assert (status, text) == (200, b"[2]")
    assert seen["azureml-model-deployment"] == "blue"
    assert seen["content-type"] == "a/b"


@stage
async def test_pieces_and_chunks_are_put_together() -> None:
    here = Stage()
    data = (
        b"POST /endpoints/ws/ep/score HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    )
    for number in range(len(data)):
        here.connection.data_received(data[number : number + 1])
    assert [body for _, body in here.asked()] == [b"abcdefg"]


@stage
async def test_answers_come_in_the_order_of_the_requests() -> None:
    here = Stage()
    here.send(b"1")
    here.send(b"2", authorization="Bearer wrong")
    here.send(b"3")
    assert not here.client.reading
    assert len(here.asked()) == 1
    here.answer(b"first")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [body for _, body in here.asked()] == [b"1", b"3"]
    here.answer(b"third")
    text = here.client.sent
    assert text.index(b"first") < text.index(b" 401 ") < text.index(b"third")
    assert here.client.reading


@stage
async def test_a_head_answer_has_no_body() -> None:
    here = Stage()
    here.send(method="HEAD", path="/healthz")
    status, fields, body = here.seen()
    assert (status, body) == (200, b"")
    assert int(fields["content-length"]) > 0


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"CONNECT other:443 HTTP/1.1\r\nHost: other\r\n\r\n", 405),
        (b"GET /x HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET /x HTTP/1.1\r\nX: " + b"y" * 1_100_000, 431),
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"y" * 1_100_000, 404),
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_closed(data: bytes, status: int) -> None:
    async def scenario() -> None:
        here = Stage()
        here.connection.data_received(data)
        found, fields, _ = here.seen()
        assert (found, fields["connection"]) == (status, "close")
        assert here.client.sent.endswith(b"<eof>")
        here.connection.data_received(b"POST / HTTP/1.1\r\n\r\n")  # read and dropped
        assert here.client.sent.endswith(b"<eof>")

    asyncio.run(scenario())


@stage
async def test_expect_is_answered_before_the_body_and_not_for_who_may_not_ask() -> None:
    here = Stage()
    here.send(b"", content_length="5", expect="100-continue")
    assert here.client.sent == b"HTTP/1.1 100 Continue\r\n\r\n"
    here.connection.data_received(b"12345")
    assert [body for _, body in here.asked()] == [b"12345"]
    other = Stage()
    other.send(b"", content_length="5", expect="100-continue", authorization="Bearer no")
    assert other.seen()[0] == 401
    assert other.client.sent.endswith(b"<eof>")


@stage
async def test_a_body_that_nobody_asked_for_is_not_kept() -> None:
    here = Stage(Limits(max_body_bytes=100))
    here.send(b"x" * 101)
    assert here.seen()[0] == 413
    chunked = Stage(Limits(max_body_bytes=100))
    chunked.send(b"", content_length="", transfer_encoding="chunked")
    chunked.connection.data_received(chunk(b"x" * 60))
    assert chunked.client.sent == b""
    chunked.connection.data_received(chunk(b"x" * 60))
    assert chunked.seen()[0] == 413
    assert chunked.asked() == []


@stage
async def test_a_stream_is_passed_on_piece_by_piece() -> None:
    here = Stage()
    here.send(b"1")
    here.answer(b"", kind="part", headers=[["content-type", "text/plain"]])
    here.answer(b"one", kind="part")
    here.connection.pause_writing()
    assert not here.replica.reading
    here.connection.resume_writing()
    assert here.replica.reading
    here.answer(b"", kind="end")
    status, fields, body = here.seen()
    assert (status, fields["transfer-encoding"], body) == (200, "chunked", b"3\r\none\r\n0\r\n\r\n")
    assert not here.client.closed


@stage
async def test_a_slow_client_holds_up_no_replica_but_its_own_stream() -> None:
    here = Stage()
    here.send(b"1")
    here.connection.pause_writing()  # the answer before this one is still on its way
    assert here.replica.reading
    here.answer(b"x" * 100)
    here.connection.resume_writing()
    here.send(b"2")
    here.answer(b"", kind="part", headers=[])
    here.connection.pause_writing()
    assert not here.replica.reading
    here.connection.connection_lost(None)
    assert here.replica.reading


@stage
async def test_a_client_that_takes_nothing_is_cut_off_in_the_end() -> None:
    here = Stage()
    here.connection.finish()
    here.client.closed = False  # what it was sent is not taken, so the transport cannot close
    here.connection.expire(asyncio.get_running_loop().time() + 200)
    assert here.client.aborted


@stage
async def test_a_cut_off_stream_ends_without_its_end() -> None:
    here = Stage()
    here.send(b"1")
    here.answer(b"", kind="part", headers=[])
    here.answer(b"", kind="abort")
    assert here.client.aborted
    assert not here.client.sent.endswith(b"0\r\n\r\n")


@stage
async def test_an_old_client_gets_what_it_understands() -> None:
    here = Stage()
    here.connection.data_received(b"POST /endpoints/ws/ep/score HTTP/1.0\r\nAuthorization: Bearer k\r\n\r\n")
    here.answer(b"", kind="part", headers=[])
    here.answer(b"one", kind="part")
    here.answer(b"", kind="end")
    _, fields, body = here.seen()
    assert body == b"one"
    assert fields["connection"] == "close"
    assert here.client.closed


@stage
async def test_an_offer_to_upgrade_is_left_alone() -> None:
    here = Stage()
    here.send(b"[1]", upgrade="h2c", connection="Upgrade, HTTP2-Settings", http2_settings="x")
    assert [body for _, body in here.asked()] == [b"[1]"]
    here.answer()
    here.send(b"[2]")
    assert len(here.asked()) == 2


@stage
async def test_line_breaks_in_a_scripts_headers_make_no_answer_of_their_own() -> None:
    here = Stage()
    here.send(b"1")
    here.answer(headers=[["x-evil", "a\r\nset-cookie: b"], ["connection", "close"], ["content-length", "99"]])
    _, fields, _ = here.seen()
    assert "set-cookie" not in fields
    assert fields["content-length"] == "3"
    assert "connection" not in fields


@stage
async def test_idle_and_slow_connections_are_closed() -> None:
    loop = asyncio.get_running_loop()
    here = Stage()
    here.connection.expire(loop.time() + 10)
    assert not here.client.closed
    here.connection.expire(loop.time() + 80)
    assert here.client.closed
    slow = Stage()
    slow.send(b"", content_length="5")
    slow.connection.expire(loop.time() + 80)
    assert slow.seen()[0] == 408
    working = Stage()
    working.send(b"1")
    working.connection.expire(loop.time() + 1000)
    assert not working.client.closed


@stage
async def test_a_client_that_leaves_frees_its_place() -> None:
    here = Stage()
    here.send(b"1")
    assert here.pool.in_flight == 1
    here.connection.connection_lost(None)
    assert here.pool.in_flight == 0
    assert here.open == set()
    here.answer()  # nobody is there to take it


@stage
async def test_metrics_are_not_for_others() -> None:
    for peer, host, status in (
        ("127.0.0.1", "localhost:7281", 200),
        ("127.0.0.1", "[::1]:7281", 200),
        ("127.0.0.1", "evil.example", 403),
        ("10.0.0.7", "localhost", 403),
    ):
        here = Stage(peer=peer)
        here.send(path="/metrics", method="GET", host=host)
        assert here.seen()[0] == status


@stage
async def test_a_whole_address_is_understood() -> None:
    here = Stage()
    here.send(b"1", "http://localhost:7281/endpoints/ws/ep/score?a=1")
    assert here.asked()[0][0]["query"] == "a=1"


FACTS: Mapping[str, object] = {
    name: f"<{name}>"
    for name in (
        "again", "allowed", "deployment", "endpoint", "existing", "limit", "limit_kib", "limit_mib", "limit_ms",
        "limit_s", "method", "path", "reason", "workspace",
    )
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_every_refusal_has_the_one_form_and_says_what_to_do(code: str) -> None:
    refusal = refuse(code, FACTS)
    document = json.loads(refusal.body())
    assert set(document) == {"error"}
    assert document["error"]["code"] == code
    assert document["error"]["details"] == {}
    assert len(document["error"]["message"].split(".")) >= 2
    fields = dict(refusal.headers("id"))
    assert fields["x-request-id"] == "id"
    assert ("retry-after" in fields) == (refusal.status in (429, 503))
    assert ("www-authenticate" in fields) == (refusal.status == 401)


def test_heads_say_how_the_body_ends() -> None:
    assert b"content-length: 5\r\n" in client_head(200, [], 5, "")
    assert b"transfer-encoding: chunked\r\n" in client_head(200, [], None, "")
    assert b"content-length" not in client_head(200, [], -1, "close")
    assert client_head(424, [], 0, "").startswith(b"HTTP/1.1 424 Failed Dependency\r\n")
    assert client_head(599, [], 0, "").startswith(b"HTTP/1.1 599 Unknown\r\n")


def test_fresh_ids_are_uuids_of_version_4() -> None:
    from uuid import UUID

    drawn = {fresh_id() for _ in range(1000)}
    assert len(drawn) == 1000
    assert {UUID(one).version for one in drawn} == {4}
    assert {UUID(one).variant for one in drawn} == {UUID(int=0x8 << 60).variant}


def test_an_exchange_knows_what_is_left_of_its_time() -> None:
    async def scenario() -> None:
        here = Stage()
        here.send(b"1")
        exchange: Exchange = next(iter(here.link.outstanding.values()))
        await asyncio.sleep(0.02)
        assert exchange.header()["timeout_ms"] < 4985

    asyncio.run(scenario())
