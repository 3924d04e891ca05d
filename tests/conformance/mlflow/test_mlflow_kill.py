"""kill -9 of the server in the middle of writing: nothing that was answered is lost, nothing is there twice."""

from __future__ import annotations

import http.client
import json
import signal
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from mlflow_server import start_server

from bancada.store import points, runs, trees
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database
from ports import free_port

pytestmark = pytest.mark.slow

WRITERS = 8
KILLS = 3
PATIENCE_S = 120.0


class Writer(threading.Thread):
    """Logs points, params, tags and files one after the other, each until it is answered; notes what was."""

    def __init__(self, url: str, run: str, number: int) -> None:
        super().__init__(daemon=True)
        self.parts = urlsplit(url)
        self.run_id = run
        self.number = number
        self.points: list[tuple[str, int]] = []
        self.params: list[str] = []
        self.tags: list[str] = []
        self.files: list[str] = []
        self.repeated = 0
        self.stopping = False
        self.connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Write until told to stop."""
        step = 0
        while not self.stopping:
            key = f"k{self.number}"
            self._send("log-metric", {"key": key, "value": step, "timestamp": step, "step": step})
            self.points.append((key, step))
            if step % 10 == 0:
                name = f"p{self.number}.{step}"
                self._send("log-parameter", {"key": name, "value": "v"})
                self.params.append(name)
                self._send("set-tag", {"key": name, "value": "v"})
                self.tags.append(name)
                path = f"mlflow-artifacts/artifacts/runs/{self.run_id}/artifacts/{name}"
                self._request("PUT", path, name.encode() * 100, "application/octet-stream")
                self.files.append(name)
            step += 1
        self._hang_up()

    def _hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def _send(self, endpoint: str, fields: dict[str, Any]) -> None:
        body = json.dumps({"run_id": self.run_id, **fields}).encode()
        self._request("POST", f"mlflow/runs/{endpoint}", body, "application/json")

    def _request(self, method: str, path: str, body: bytes, kind: str) -> None:
        headers = {"Authorization": "Bearer owner-token", "Content-Type": kind}
        while True:
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(self.parts.netloc, timeout=5)
                self.connection.request(method, f"{self.parts.path}/api/2.0/{path}", body, headers)
                answer = self.connection.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
                return
            except (OSError, http.client.HTTPException):
                # As the client's retries do: the same request again, which may have been done already.
                self._hang_up()
                self.repeated += 1
                time.sleep(0.05)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Address of a PostgreSQL schema, or '' for a SQLite file in the home."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


def test_no_acknowledged_point_is_lost_when_the_server_is_killed(tmp_path: Path, database_url: str) -> None:
    port = free_port()
    process, server = start_server(tmp_path / "home", port, database_url)
    database = Database.open(server.database)
    run = database.write(
        lambda tx: runs.create_plain(
            tx,
            "ws",
            name="run",
            experiment_id="0",
            display_name="run",
            user_name="",
            parent=None,
            start=1.0,
            now=1.0,
        )
    )
    database.close()
    writers = [Writer(server.url, "run", number) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for _ in range(KILLS):
        before = sum(len(one.points) for one in writers)
        time.sleep(1.5)
        deadline = time.monotonic() + PATIENCE_S
        while sum(len(one.points) for one in writers) <= before + 50:
            assert time.monotonic() < deadline, "the victim was not at work"
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        process, server = start_server(tmp_path / "home", port, database_url)
    time.sleep(1)
    for writer in writers:
        writer.stopping = True
    for writer in writers:
        writer.join(PATIENCE_S)
        assert not writer.is_alive()
    process.terminate()
    process.wait(PATIENCE_S)
    assert process.stdout is not None
    process.stdout.close()
    assert sum(one.repeated for one in writers) >= WRITERS, "the kills interrupted nobody"

    database = Database.open(server.database)
    for writer in writers:
        key = f"k{writer.number}"
        found = database.read(lambda tx, key=key: points.history(tx, run.key, key, limit=10**6)).points
        steps = [one.step for one in found]
        assert steps == sorted(set(steps)), "a point is there twice"
        answered = [step for _, step in writer.points]
        assert steps[: len(answered)] == answered, "an acknowledged point is lost"
        assert len(steps) - len(answered) <= 1, "only the last request may be unanswered"
    data = database.read(lambda tx: runs.data_of(tx, [run]))[run.key]
    assert {name for one in writers for name in one.params} <= {one.key for one in data.params}
    assert {name for one in writers for name in one.tags} <= {one.key for one in data.tags}
    entries = {one.path: one for one in database.read(lambda tx: trees.list_(tx, "ws", "runs/run"))}
    store = ArtifactStore(tmp_path / "home")
    for name in (name for one in writers for name in one.files):
        assert store.path("ws", entries[name].digest).read_bytes() == name.encode() * 100
    assert sum(len(one.files) for one in writers) > WRITERS
    latest = {one.key: one.value for one in data.metrics}
    assert all(latest[f"k{one.number}"] >= one.points[-1][1] for one in writers)
    database.close()
