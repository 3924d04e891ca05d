"""A small server that keeps to the REST contract, in memory: what the SDK is tested against without the platform."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from bancada.errors import AlreadyExists, BancadaError, NotFound, Unauthenticated, error_document

__all__ = ["Asked", "FakeServer", "Reply", "until"]

TOKEN = "owner-token"


@dataclass
class Asked:
    """One request that the server saw."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body or b"null")


@dataclass
class Reply:
    """What a route answers."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class FakeServer:
    """Keeps documents by path; tests add routes, break lines and read what was asked."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.asked: list[Asked] = []
        self.documents: dict[str, dict[str, Any]] = {}
        self.blobs: dict[str, bytes] = {}
        self.trees: dict[str, list[dict[str, Any]]] = {}
        self.routes: dict[tuple[str, str], Callable[[Asked], Reply]] = {}
        self.break_next = 0
        self._start(0)

    def _start(self, port: int) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                server.serve(self)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """Say nothing: tests break lines on purpose."""

        self.http = Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.record()

    def record(self, **more: Any) -> None:
        """Write the home's files as a server does."""
        self.home.mkdir(exist_ok=True)
        (self.home / "server.json").write_text(json.dumps({"url": self.url, "pid": 1, "stopped_at": None, **more}))
        (self.home / "token").write_text(TOKEN + "\n")

    def stop(self) -> None:
        """Go away."""
        self.http.shutdown()
        self.http.server_close()

    def start_again(self) -> None:
        """Come back on another port."""
        self._start(0)

    def route(self, method: str, path: str, reply: Callable[[Asked], Reply] | Reply) -> None:
        """Answer a path below the workspace in this way."""
        answer = reply if callable(reply) else lambda asked: reply
        self.routes[method, path] = answer

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        asked = Asked(handler.command, unquote(url.path), query, dict(handler.headers), body)
        if self.break_next:
            self.break_next -= 1
            self.asked.append(replace(asked, method=f"broken {asked.method}"))
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        self.asked.append(asked)
        try:
            if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise Unauthenticated("The token is wrong.")
            reply = self.answer(asked)
        except BancadaError as error:
            reply = Reply(error_document(error), error.http_status)
        self.send(handler, reply)

    def send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        handler.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(data))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    def answer(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix("/api/v1/workspaces/ws/").removeprefix("/api/v1/")
        found = self.routes.get((asked.method, path))
        if found is not None:
            return found(asked)
        if path == "trees":
            return self.announce(asked.json()["files"])
        if path.startswith("blobs/"):
            digest = hashlib.sha256(asked.body).hexdigest()
            assert digest == path.removeprefix("blobs/")
            self.blobs[digest] = asked.body
            return Reply({"digest": digest})
        return self.keep(asked, path)

    def announce(self, files: list[dict[str, Any]]) -> Reply:
        name = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        missing = sorted({one["digest"] for one in files} - set(self.blobs))
        if not missing:
            self.trees[name] = files
        return Reply({"tree": name, "missing": missing})

    def keep(self, asked: Asked, path: str) -> Reply:
        """Do what CRUD does: PUT keeps, POST makes versions, GET shows or lists, DELETE forgets."""
        if asked.method in ("PUT", "POST"):
            document = asked.json()
            if asked.method == "PUT" and path.startswith("jobs/") and path in self.documents:
                raise AlreadyExists("taken", kind="job")
            if asked.method == "POST":
                count = sum(one.startswith(f"{path}/versions/") for one in self.documents)
                document = {**document, "version": str(count + 1)}
                path = f"{path}/versions/{count + 1}"
            kind = path.partition("/")[0]
            given = {"status": "Queued", "type": "command"} if kind == "jobs" else {}
            self.documents[path] = {**given, **document, "id": path}
            return Reply(self.documents[path], headers={"ETag": '"1"'})
        if asked.method == "DELETE" and path in self.documents:
            del self.documents[path]
            return Reply(b"", 204)
        if path in self.documents:
            return Reply(self.documents[path], headers={"ETag": '"1"'})
        versions = [one for one in self.documents if one.startswith(f"{path}/versions/")]
        if versions and asked.query.get("label"):
            return Reply(self.documents[versions[-1]])
        if "/" not in path or path.endswith("/versions"):
            return self.page(asked, path)
        raise NotFound.of(path.partition("/")[0], path.rpartition("/")[2])

    def page(self, asked: Asked, path: str) -> Reply:
        names = [one for one in self.documents if one.startswith(f"{path}/")][::-1]
        begin, limit = int(asked.query.get("cursor") or 0), int(asked.query["limit"])
        following = str(begin + limit) if begin + limit < len(names) else None
        items = [self.documents[name] for name in names[begin : begin + limit]]
        return Reply({"items": items, "next": following})

    def requests(self, method: str, part: str = "") -> list[Asked]:
        """What was asked with a method of paths that hold a text."""
        return [one for one in self.asked if one.method == method and part in one.path]


def until(condition: Callable[[], bool], timeout_s: float = 120.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)
