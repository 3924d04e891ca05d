"""Replicas and a gateway as real processes, without server or keeper, for the tests of serving."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import bancada
from bancada.engine import router

__all__ = ["KEY", "PATIENCE_S", "SOURCE", "Answer", "Gateway", "Load", "Replica", "ServingWorld", "call", "wait_for"]

SOURCE = Path(bancada.__file__).parents[1]
KEY = "a-key-that-nobody-guesses"
# For the most loaded machine; a test that passes never waits for it.
PATIENCE_S = 120.0


def wait_for(what: Callable[[], Any], message: str = "") -> Any:
    """Return the first true answer."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answer = what()
        if answer:
            return answer
        time.sleep(0.005)
    raise AssertionError(f"waited in vain: {message or what}")


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def value(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def call(
    url: str,
    body: bytes | str | None = b"[1, 2]",
    *,
    method: str = "POST",
    key: str | None = KEY,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = PATIENCE_S,
) -> Answer:
    """Send one request on a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=timeout_s)
    fields = {"Content-Type": "application/json", **(headers or {})}
    if key is not None:
        fields["Authorization"] = f"Bearer {key}"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body if method == "POST" else None, fields)
        answer = connection.getresponse()
        found: dict[str, str] = {}
        for name, value in answer.getheaders():
            found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()


@dataclass
class Replica:
    """One scoring process."""

    process: subprocess.Popen[bytes]
    socket: Path
    folder: Path
    log: Path

    def wait_ready(self) -> dict[str, Any]:
        """Wait until it says that it is ready, and return what it says."""
        path = self.folder / "ready.json"
        wait_for(lambda: path.exists() or self.process.poll() is not None, "the replica's ready.json")
        assert path.exists(), self.log.read_text()
        return json.loads(path.read_text())

    def failure(self) -> dict[str, Any]:
        """Wait for its end and return why it could not start."""
        assert self.process.wait(PATIENCE_S) == 3, self.log.read_text()
        return json.loads((self.folder / "failure.json").read_text())

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE_S)


@dataclass
class Gateway:
    """One gateway process."""

    process: subprocess.Popen[bytes]
    home: Path
    url: str

    def score_url(self, endpoint: str = "heart") -> str:
        """Return a scoring URI."""
        return f"{self.url}/endpoints/default/{endpoint}/score"

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait()


class ServingWorld:
    """A home with a gateway and replicas in it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        (self.home / "gateway").mkdir(parents=True)
        # A short path: a socket's has 108 bytes at most.
        self.sockets = Path(tempfile.mkdtemp(prefix="bs"))
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._count = 0

    def replica(
        self,
        source: str,
        *,
        interpreter: str | Path = sys.executable,
        files: Mapping[str, str] | None = None,
        wait: bool = True,
        **variables: str,
    ) -> Replica:
        """Start a replica of a script."""
        self._count += 1
        work = self.folder / f"replica-{self._count}"
        code, launch = work / "code", work / "launch"
        code.mkdir(parents=True)
        launch.mkdir()
        for name, text in {"score.py": source, **(files or {})}.items():
            (code / name).parent.mkdir(parents=True, exist_ok=True)
            (code / name).write_text(textwrap.dedent(text))
        path = self.sockets / f"{self._count}.sock"
        environment = {"PATH": os.environ["PATH"], "AML_APP_ROOT": str(code), "AZUREML_ENTRY_SCRIPT": "score.py"}
        program = SOURCE / "bancada" / "runtime" / "scoring.py"
        with open(work / "log", "ab") as log:
            process = subprocess.Popen(
                [interpreter, program, path, launch],
                env={**environment, **variables},
                cwd=code,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        replica = Replica(process, path, launch, work / "log")
        if wait:
            replica.wait_ready()
        return replica

    def gateway(self, port: int = 0) -> Gateway:
        """Start the gateway and wait until it listens."""
        state = self.home / "gateway" / "gateway.json"
        state.unlink(missing_ok=True)
        words = ["--home", str(self.home), "--port", str(port), "--sockets", str(self.sockets)]
        with open(self.home / "gateway.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bancada.faces.scoring", *words],
                env={**os.environ, "PYTHONPATH": str(SOURCE)},
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        wait_for(lambda: state.exists() or process.poll() is not None, "the gateway's record")
        assert state.exists(), (self.home / "gateway.log").read_text()
        return Gateway(process, self.home, json.loads(state.read_text())["url"])

    def publish(
        self,
        deployments: Mapping[str, router.DeploymentRoutes],
        traffic: Mapping[str, int] | None = None,
        **facts: Any,
    ) -> bool:
        """Publish one endpoint, `heart`, with these deployments; all traffic to the first unless told otherwise."""
        shares = {next(iter(deployments)): 100} if traffic is None else dict(traffic)
        endpoint = router.EndpointRoutes(keys=(KEY,), traffic=shares, deployments=dict(deployments), **facts)
        return router.publish(self.home, self.sockets, router.build_table({"default/heart": endpoint}))

    def close(self) -> None:
        """End what was started."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
        for process in self._processes:
            process.wait()
        shutil.rmtree(self.sockets, ignore_errors=True)


@dataclass
class Load:
    """Threads that send requests one after the other until they are told to stop."""

    url: str
    threads: int = 4
    pause_s: float = 0.0
    body: bytes = b"[1, 2]"
    statuses: Counter[int] = field(default_factory=Counter[int])
    bodies: Counter[bytes] = field(default_factory=Counter[bytes])
    longest_s: float = 0.0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._running = [threading.Thread(target=self._run) for _ in range(self.threads)]

    def __enter__(self) -> Load:
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join()

    @property
    def count(self) -> int:
        """How many requests were answered."""
        return sum(self.statuses.values())

    def wait_for_more(self, count: int) -> None:
        """Wait until so many more requests were answered."""
        before = self.count
        wait_for(lambda: self.count >= before + count, f"{count} more answers")

    def _run(self) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                answer = call(self.url, self.body)
                self.statuses[answer.status] += 1
                self.bodies[answer.body] += 1
            except (OSError, http.client.HTTPException):
                self.statuses[0] += 1
            self.longest_s = max(self.longest_s, time.monotonic() - started)
            time.sleep(self.pause_s)
