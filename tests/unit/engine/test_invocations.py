"""Requests to endpoints on behalf of the page: many side by side, on connections that are used again."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest

from bancada.engine.core import Addresses
from bancada.engine.invoke import MOST_ANSWER_BYTES, MOST_AT_ONCE, Invocations


class Gateway(socketserver.ThreadingTCPServer):
    """Answers only when as many requests wait as there should be at once, and counts connections."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Scoring)
        self.together = threading.Barrier(MOST_AT_ONCE)
        self.opened = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self.opened += 1
        super().process_request(request, client_address)


class Scoring(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server: Any = self.server
        asked = self.rfile.read(int(self.headers["content-length"]))
        if asked == b"wait":
            server.together.wait(30)
        answer = b"x" * (MOST_ANSWER_BYTES + (4 << 20)) if asked == b"much" else b"[1]"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # of a long answer the rest is not taken
            self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def invocations(gateway: Gateway) -> Iterator[Invocations]:
    core: Any = SimpleNamespace(
        db=SimpleNamespace(read=lambda _: "key"),
        addresses=Addresses(gateway=f"http://127.0.0.1:{gateway.server_address[1]}"),
    )
    made = Invocations(core)
    yield made
    made.close()


def test_many_requests_wait_side_by_side_and_their_connections_are_used_again(
    gateway: Gateway, invocations: Invocations, caplog: pytest.LogCaptureFixture
):
    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        for _ in range(3):
            asked = [
                threads.submit(invocations.invoke, "w", "ep", b"wait", "application/json") for _ in range(MOST_AT_ONCE)
            ]
            assert {one.result()["body"] for one in asked} == {"[1]"}
    assert gateway.opened == MOST_AT_ONCE
    assert caplog.text == "", "a connection was thrown away"


def test_an_answer_that_is_cut_off_leaves_no_connection_behind(gateway: Gateway, invocations: Invocations):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            found = invocations.invoke("w", "ep", b"much", "application/json")
            assert (found["truncated"], len(found["body"])) == (True, MOST_ANSWER_BYTES)
        assert invocations.invoke("w", "ep", b"", "application/json")["body"] == "[1]"
    assert gateway.opened == 4
