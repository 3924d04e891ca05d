"""The MLflow face in this process: requests go straight into the ASGI app, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from bancada.engine.authorize import Authorizer
from bancada.engine.tracking import Tracking
from bancada.faces.mlflow import MlflowApp, mlflow_app
from bancada.ids import FixedClock, token_hash
from bancada.store import attempts, jobs, workspaces
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database
from bancada.store.jobs import JobRow

OWNER = "owner-token"
WORKSPACE = "w"


@dataclass
class Response:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The document of the answer."""
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        """Status and MLflow's code of an error."""
        return self.status, self.json["error_code"]


@dataclass
class Client:
    """Sends requests to the app; `token` is whose they are."""

    app: MlflowApp
    token: str = OWNER
    workspace: str = WORKSPACE
    chunk: int = 65536
    sent: list[str] = field(default_factory=list[str])

    def request(
        self, method: str, path: str, *, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> Response:
        """Send one request below the workspace; the body goes in chunks."""
        return asyncio.run(self._send(method, path, content, headers or {}))

    async def _send(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> Response:
        parts = urlsplit(path)
        given = {"authorization": f"Bearer {self.token}", "content-length": str(len(content)), **headers}
        scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": f"/mlflow/{self.workspace}{parts.path}",
            "query_string": parts.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items() if value],
        }
        pieces = [content[at : at + self.chunk] for at in range(0, len(content), self.chunk)] or [b""]
        incoming = [
            {"type": "http.request", "body": piece, "more_body": number < len(pieces) - 1}
            for number, piece in enumerate(pieces)
        ]
        answered: list[Any] = []

        async def receive() -> Any:
            if not incoming:
                await asyncio.Event().wait()  # a client that stays until it is answered
            return incoming.pop(0)

        async def send(message: Any) -> None:
            answered.append(message)

        await self.app(scope, receive, send)
        names = {name.decode(): value.decode() for name, value in answered[0]["headers"]}
        body = b"".join(one.get("body", b"") for one in answered[1:])
        return Response(answered[0]["status"], names, body)

    def get(self, endpoint: str, /, **query: Any) -> Response:
        """GET an endpoint of the protocol."""
        text = urlencode(query, doseq=True)
        return self.request("GET", f"/api/2.0/mlflow/{endpoint}" + (f"?{text}" if text else ""))

    def post(self, endpoint: str, method: str = "POST", /, **fields: Any) -> Response:
        """Send a message to an endpoint of the protocol."""
        content = json.dumps(fields).encode()
        kind = {"content-type": "application/json"}
        return self.request(method, f"/api/2.0/mlflow/{endpoint}", content=content, headers=kind)

    def ok(self, endpoint: str, method: str = "POST", /, **fields: Any) -> Any:
        """Send a message that must be taken, and return the answer."""
        response = self.post(endpoint, method, **fields) if method != "GET" else self.get(endpoint, **fields)
        assert response.status == 200, response.body
        return response.json

    def run(self, **fields: Any) -> str:
        """Make a run and return its id."""
        return str(self.ok("runs/create", **{"experiment_id": "0", **fields})["run"]["info"]["run_id"])

    def read(self, run_id: str) -> Any:
        """Return a run's document."""
        return self.ok("runs/get", "GET", run_id=run_id)["run"]

    def put(self, path: str, content: bytes, **headers: str) -> Response:
        """Upload a file through the proxy."""
        return self.request("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", content=content, headers=headers)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database with the workspace `w`; SQLite only where BANCADA_TEST_SQLITE_ONLY is set."""
    if request.param == "postgresql" and os.environ.get("BANCADA_TEST_SQLITE_ONLY"):
        pytest.skip("BANCADA_TEST_SQLITE_ONLY is set")
    url = f"sqlite:///{tmp_path}/bancada.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    one = Database.open(url)
    one.migrate()
    one.write(lambda tx: workspaces.create(tx, {"name": WORKSPACE}))
    yield one
    one.close()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that tests move."""
    return FixedClock()


@pytest.fixture
def tracking(database: Database, tmp_path: Path, clock: FixedClock) -> Tracking:
    """The engine's service."""
    return Tracking(database, ArtifactStore(tmp_path), clock)


@pytest.fixture
def client(tracking: Tracking, database: Database) -> Client:
    """The owner."""
    return Client(mlflow_app(tracking, Authorizer(database, OWNER), most_upload_bytes=10_000_000))


@pytest.fixture
def submit(database: Database, client: Client, clock: FixedClock) -> Callable[..., Client]:
    """Make a running job in an experiment and return a client with the token of its attempt."""

    def make(name: str, *, experiment_id: str = "0", attempt: int = 1, parent: str | None = None) -> Client:
        def act(tx: Any) -> None:
            row = jobs.get(tx, WORKSPACE, name)
            if row is None:
                new = JobRow(
                    workspace=WORKSPACE,
                    name=name,
                    type="command",
                    spec={},
                    status="Running",
                    experiment_id=experiment_id,
                    display_name=name,
                    created_at=clock.now(),
                    attempt=attempt,
                    parent=parent,
                )
                jobs.insert(tx, new)
            else:
                jobs.update(tx, replace(row, attempt=attempt, reported_status=None), row.revision)
            token = f"token-{name}-{attempt}"
            attempts.insert(tx, WORKSPACE, name, attempt, "/nowhere", token_hash(token))

        database.write(act)
        return Client(client.app, token=f"token-{name}-{attempt}")

    return make
