"""A caller of ASGI apps without a socket, and a platform that only answers what a test gives it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from bancada.engine.authorize import Principal
from bancada.engine.core import Changes, Document
from bancada.errors import NotFound, Unauthenticated
from bancada.faces import page, rest
from bancada.faces.access import Guard, Hosts, PageSession, SessionCodes
from bancada.faces.http import Stopping
from bancada.settings import Settings

OWNER_TOKEN = "owner-token"
JOB_TOKEN = "job-token"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Caller:
    """Calls an ASGI app as a client on this machine would."""

    app: Any
    token: str | None = OWNER_TOKEN

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        chunks: list[bytes] | None = None,
    ) -> Answer:
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        return asyncio.run(self._call(method, path, chunks or [content], dict(headers or {})))

    async def _call(self, method: str, path: str, chunks: list[bytes], headers: dict[str, str]) -> Answer:
        path, _, query = path.partition("?")
        if self.token and "authorization" not in headers:
            headers["authorization"] = f"Bearer {self.token}"
        headers = {"host": "127.0.0.1:7280", **headers}
        waiting = [
            {"type": "http.request", "body": chunk, "more_body": index + 1 < len(chunks)}
            for index, chunk in enumerate(chunks)
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> Any:
            if waiting:
                return waiting.pop(0)
            await asyncio.sleep(3600)
            return None

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 7280),
        }
        await self.app(scope, receive, send)
        start = next(one for one in sent if one["type"] == "http.response.start")
        content = b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body")
        return Answer(start["status"], {n.decode(): v.decode() for n, v in start["headers"]}, content)


class Operations:
    """One part of a platform: each operation answers with what `answers` holds, and is noted."""

    def __init__(self, platform: FakePlatform, part: str) -> None:
        self._platform = platform
        self._part = part

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def operate(*args: Any, **named: Any) -> Any:
            key = f"{self._part}.{name}"
            self._platform.calls.append((key, args, named))
            found = self._platform.answers.get(key, self._platform.otherwise)
            if isinstance(found, Exception):
                raise found
            return found(*args, **named) if callable(found) else found

        return operate


@dataclass
class FakePlatform:
    """Answers what a test gives it."""

    answers: dict[str, Any] = field(default_factory=dict)
    otherwise: Any = None
    calls: list[Any] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)

    @property
    def core(self) -> Any:
        return SimpleNamespace(settings=Settings(), owner_token=OWNER_TOKEN, db=Operations(self, "db"))

    def __getattr__(self, name: str) -> Any:
        if name in ("status", "events", "last_event"):
            return getattr(Operations(self, "platform"), name)
        return Operations(self, name)

    async def wait(self, *args: Any) -> None:
        self.calls.append(("wait", args, {}))

    def authorize(self, token: str | None) -> Principal:
        if token == OWNER_TOKEN:
            return Principal("owner", "owner")
        if token == JOB_TOKEN:
            return Principal("attempt", "trial#1", "lab", "trial", 1)
        raise Unauthenticated("The token is not known here.")


@dataclass
class FakeServer:
    """What the server routes need of the process."""

    codes: SessionCodes = field(default_factory=SessionCodes)
    jobs: list[str] = field(default_factory=list)
    stopped_with: str | None = None

    def status(self) -> dict[str, Any]:
        return {"version": "1", "url": "http://127.0.0.1:7280"}

    def unfinished_jobs(self) -> list[str]:
        return self.jobs

    def stop(self, jobs: str) -> None:
        self.stopped_with = jobs


@pytest.fixture
def platform() -> FakePlatform:
    return FakePlatform(otherwise=NotFound.of("thing", "x"))


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def stopping() -> Stopping:
    return Stopping()


@pytest.fixture
def call(platform: Any, server: Any, stopping: Stopping) -> Caller:
    face = rest.create_app(platform, server=server, stopping=stopping)
    session = PageSession(OWNER_TOKEN)
    return Caller(Guard(face, authorize=platform.authorize, session=session, hosts=Hosts.of("127.0.0.1")))


@pytest.fixture
def visit(platform: Any, server: Any) -> Caller:
    session = PageSession(OWNER_TOKEN)
    face = page.create_app(authorize=platform.authorize, session=session, codes=server.codes)
    guard = Guard(face, authorize=platform.authorize, session=session, hosts=Hosts.of("127.0.0.1"), needs_token=False)
    return Caller(guard, token=None)


@pytest.fixture
def job_token() -> str:
    return JOB_TOKEN


@pytest.fixture
def make_document() -> Callable[..., Document]:
    return lambda revision=3, **body: Document(body, revision)
