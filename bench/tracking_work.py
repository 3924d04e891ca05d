"""What `tracking.py` measures, over raw HTTP and with a real client, and how: threads, times, CPU of the server."""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tracking_servers import NOW_MS, Subject

__all__ = ["RAW", "Connection", "Figures", "RealClient", "measure_raw", "search_fields"]

CLIENT = Path(__file__).parent / "tracking_client.py"
MIB = 1024 * 1024


@dataclass(frozen=True)
class Figures:
    """What one measurement gave: requests per second, times, and the server's CPU time for each request."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float

    @classmethod
    def of(cls, times: list[float], spent: float, cpu_s: float) -> Figures:
        """Sum up the times of all threads, in seconds."""
        every = sorted(times)
        rank = min(len(every) - 1, math.ceil(len(every) * 0.99) - 1)
        p50 = statistics.median(every) * 1000
        return cls(len(every) / spent, p50, every[rank] * 1000, cpu_s * 1000 / len(every))


# -------------------------------------------------------------------------------- raw HTTP


class Connection:
    """One kept-alive connection with as little of a client as there can be: one send, then reads."""

    def __init__(self, subject: Subject) -> None:
        parts = urlsplit(subject.url)
        self._base = parts.path
        self._address = parts.netloc
        self._socket = self._connected()
        self._fixed = f"Host: {parts.netloc}\r\nConnection: keep-alive\r\n"
        if subject.token:
            self._fixed += f"Authorization: Bearer {subject.token}\r\n"

    def _connected(self) -> socket.socket:
        host, _, port = self._address.partition(":")
        made = socket.create_connection((host, int(port)), timeout=900)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def renew(self) -> None:
        """Connect anew: servers hang up on who says nothing for some seconds."""
        self._socket.close()
        self._socket = self._connected()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def call(self, endpoint: str, fields: Any = None, method: str = "POST") -> Any:
        """Call an endpoint of the protocol and return the document of its answer."""
        return json.loads(self.send(method, f"/api/2.0/mlflow/{endpoint}", fields))

    def send(self, method: str, path: str, fields: Any = None, content: bytes | None = None) -> bytes:
        """Send a request and return the body of its answer."""
        body = content or b""
        kind = ""
        if method == "GET" and fields:
            path = f"{path}?{urlencode(fields, doseq=True)}"
        elif fields is not None:
            body = json.dumps(fields).encode()
            kind = "Content-Type: application/json\r\n"
        head = f"{method} {self._base}{path} HTTP/1.1\r\n{self._fixed}{kind}Content-Length: {len(body)}\r\n\r\n"
        if len(body) < MIB:
            self._socket.sendall(head.encode() + body)
        else:
            self._socket.sendall(head.encode())
            self._socket.sendall(body)
        status, answer = self._answer()
        if status != 200:
            raise SystemExit(f"{method} {path}: {status} {answer[:300]!r}")
        return answer

    def _answer(self) -> tuple[int, bytes]:
        text = b""
        while (end := text.find(b"\r\n\r\n")) < 0:
            text += self._more()
        head, body = text[:end].lower(), bytearray(text[end + 4 :])
        found = head.partition(b"content-length:")[2]
        if found:
            size = int(found.partition(b"\r\n")[0])
            while len(body) < size:
                body += self._more()
        elif b"transfer-encoding: chunked" in head:
            # The end is looked for only at the end: good enough for answers that nobody pipelines.
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more()
        return int(head.split(b" ", 2)[1]), bytes(body)

    def _more(self) -> bytes:
        piece = self._socket.recv(MIB)
        if not piece:
            raise SystemExit("the server hung up")
        return piece


Act = Callable[[], Any]
# Prepares one request (not measured) and returns what sends it (measured).
Work = Callable[[Connection, Mapping[str, Any], int], Act]


def log_metric(connection: Connection, made: Mapping[str, Any], turn: int) -> Act:
    """Log one point."""
    fields = {"run_id": made["hot"], "key": "m", "value": 0.5, "timestamp": NOW_MS, "step": turn}
    return lambda: connection.call("runs/log-metric", fields)


def log_batch(connection: Connection, made: Mapping[str, Any], turn: int) -> Act:
    """Log 1,000 points of ten metrics."""
    points = [
        {"key": f"k{one % 10}", "value": one / 1000, "timestamp": NOW_MS + one, "step": turn * 1000 + one}
        for one in range(1000)
    ]
    fields = {"run_id": made["hot"], "metrics": points}
    return lambda: connection.call("runs/log-batch", fields)


def create_run(connection: Connection, made: Mapping[str, Any], _: int) -> Act:
    """Make a run."""
    return lambda: connection.call("runs/create", {"experiment_id": made["spare"], "start_time": NOW_MS})


def get_run(connection: Connection, made: Mapping[str, Any], _: int) -> Act:
    """Read a run with ten metrics."""
    return lambda: connection.call("runs/get", {"run_id": made["plain"]}, "GET")


def list_artifacts(connection: Connection, made: Mapping[str, Any], _: int) -> Act:
    """List a folder of 100 files."""
    return lambda: connection.call("artifacts/list", {"run_id": made["plain"], "path": "many"}, "GET")


def upload_small(connection: Connection, made: Mapping[str, Any], turn: int) -> Act:
    """Upload a file of 10 kB."""
    path, content = f"/api/2.0/mlflow-artifacts/artifacts/{made['place']}/f{turn}.bin", os.urandom(10_000)
    return lambda: connection.send("PUT", path, content=content)


def upload(connection: Connection, made: Mapping[str, Any], turn: int) -> Act:
    """Upload a big file."""
    path = f"/api/2.0/mlflow-artifacts/artifacts/{made['place']}/b{turn}.bin"
    content = os.urandom(MIB) * made["mebibytes"]
    return lambda: connection.send("PUT", path, content=content)


def download(connection: Connection, made: Mapping[str, Any], _: int) -> Act:
    """Download a big file."""
    path = f"/api/2.0/mlflow-artifacts/artifacts/{made['place']}/big.bin"
    return lambda: connection.send("GET", path)


def search(connection: Connection, made: Mapping[str, Any], _: int) -> Act:
    """Search the runs of an experiment, 100 of them."""
    fields = {"experiment_ids": [made["experiment"]], "max_results": 100}
    wanted = {name: made[name] for name in ("filter", "order_by") if made.get(name)}
    return lambda: connection.call("runs/search", {**fields, **wanted})


def history(connection: Connection, made: Mapping[str, Any], _: int) -> Act:
    """Read a whole history, in pages of 25,000."""

    def act() -> None:
        fields = {"run_id": made["plain"], "metric_key": made["key"], "max_results": 25_000}
        while token := connection.call("metrics/get-history", fields, "GET").get("next_page_token"):
            fields["page_token"] = token

    return act


def chart(connection: Connection, made: Mapping[str, Any], _: int) -> Act:
    """Read what a chart needs of a history: 2,500 points of it."""
    fields = {"run_ids": made["plain"], "metric_key": made["key"], "max_results": 2500}
    return lambda: connection.send("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval", fields)


RAW: Mapping[str, Work] = {
    one.__name__: one
    for one in (
        *(log_metric, log_batch, create_run, get_run, list_artifacts, upload_small, upload, download),
        *(search, history, chart),
    )
}

_SEARCHES: Mapping[str, Mapping[str, Any]] = {
    "simple": {},
    "by metric": {"filter": "metrics.m0 > 0.99 and params.p0 = '3'"},
    "ordered": {"order_by": ["metrics.m0 DESC"]},
    "tag LIKE": {"filter": "tags.t0 LIKE '%77%'"},
}


def search_fields(name: str) -> Mapping[str, Any]:
    """Return what a search of that name asks for."""
    return _SEARCHES[name]


_turns = iter(range(1, 10**9))


def measure_raw(subject: Subject, work: Work, made: Mapping[str, Any], *, threads: int, seconds: float) -> Figures:
    """Do something again and again from some threads for so long, each at least once, after one turn unmeasured."""
    times: list[list[float]] = [[] for _ in range(threads)]
    gate = threading.Barrier(threads + 1)
    failed: list[BaseException] = []

    def loop(number: int) -> None:
        connection = Connection(subject)
        try:
            if seconds > 0:
                work(connection, made, next(_turns))()
            gate.wait()
            connection.renew()
            until = time.perf_counter() + seconds
            while not times[number] or time.perf_counter() < until:
                act = work(connection, made, next(_turns))
                begun = time.perf_counter()
                act()
                times[number].append(time.perf_counter() - begun)
        except BaseException as reason:
            failed.append(reason)
            gate.abort()
        finally:
            connection.close()

    workers = [threading.Thread(target=loop, args=(number,), daemon=True) for number in range(threads)]
    for one in workers:
        one.start()
    with contextlib.suppress(threading.BrokenBarrierError):
        gate.wait()
    begun, cpu_s = time.perf_counter(), subject.cpu_s()
    for one in workers:
        one.join()
    if failed:
        raise SystemExit(f"{subject.name}: {failed[0]}")
    return Figures.of([one for each in times for one in each], time.perf_counter() - begun, subject.cpu_s() - cpu_s)


# -------------------------------------------------------------------------------- the real client


class RealClient:
    """A process of the real client that talks to one server."""

    def __init__(self, python: Path, subject: Subject, folder: Path) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "PYTHON"))}
        given = {"MLFLOW_TRACKING_URI": subject.url, "MLFLOW_TRACKING_TOKEN": subject.token, "TMPDIR": str(folder)}
        given |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
        environment = {**own, **{name: value for name, value in given.items() if value}}
        self._subject = subject
        self._base = 10**7
        self._process = subprocess.Popen(
            [str(python), str(CLIENT)],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._line()

    @classmethod
    @contextlib.contextmanager
    def running(cls, python: Path, subject: Subject) -> Generator[RealClient]:
        """Start one and end it afterwards."""
        with tempfile.TemporaryDirectory(prefix="bench-client-") as folder:
            client = cls(python, subject, Path(folder))
            try:
                yield client
            finally:
                client.close()

    def measure(self, work: str, made: Mapping[str, Any], *, threads: int, seconds: float) -> Figures:
        """Do as `measure_raw` does."""
        assert self._process.stdin is not None
        self._base += 10**6
        order = {"work": work, "threads": threads, "seconds": seconds, "most": 10**6, "made": dict(made)}
        cpu_s = self._subject.cpu_s()
        print(json.dumps({**order, "base": self._base, "warm": seconds > 0}), file=self._process.stdin, flush=True)
        found = json.loads(self._line())
        return Figures.of(found["times"], found["seconds"], self._subject.cpu_s() - cpu_s)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the client of {self._subject.name} failed")
        return line
