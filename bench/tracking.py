"""Our tracking server against MLflow's own: `python bench/tracking.py [--mlflow <python>] [--runs 1000,10000]`.

Raw HTTP on kept-alive connections, 1 and 8 at a time; requests per second, median and 99th percentile. With `--mlflow`
(an interpreter that has the full mlflow) the same requests go to `mlflow server --workers 1`, in turns, and the ratio
is printed. Figures of one run only compare with others of the same run.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

__all__ = ["main"]

SERVER = Path(__file__).parent.parent / "tests" / "conformance" / "mlflow" / "mlflow_server.py"
TOKEN = "owner-token"
NOW_MS = 1_700_000_000_000


# -------------------------------------------------------------------------------- servers


@dataclass
class Subject:
    """One server under measurement."""

    name: str
    url: str
    process: subprocess.Popen[Any]
    started_s: float
    experiment: str = ""
    runs: dict[str, str] = field(default_factory=dict[str, str])

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(30)

    def memory_mib(self) -> float:
        """Return the proportional share of memory of the process and its children."""
        return sum(_pss_kib(pid) for pid in _family(self.process.pid)) / 1024


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    below = [int(one) for one in children.read_text().split()] if children.exists() else []
    return [pid, *(each for one in below for each in _family(one))]


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(url: str) -> None:
    for _ in range(3000):
        try:
            urllib.request.urlopen(f"{url}/health", timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"no server at {url}")


def start_bancada(home: Path) -> Subject:
    """Start our face alone."""
    begun = time.monotonic()
    port = _free_port()
    source = str(Path(__file__).parent.parent / "src")
    environ = {**os.environ, "PYTHONPATH": source}
    command = [sys.executable, str(SERVER), str(home), str(port)]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/mlflow/ws"
    _await(url)
    return Subject("bancada", url, process, time.monotonic() - begun)


def start_mlflow(python: str, home: Path) -> Subject:
    """Start MLflow's own server with one worker, its faster way for requests one after the other."""
    home.mkdir(parents=True)
    port = _free_port()
    begun = time.monotonic()
    command = [python, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--artifacts-destination", str(home / "files")]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    _await(url)
    return Subject("mlflow", url, process, time.monotonic() - begun)


# -------------------------------------------------------------------------------- requests


class Connection:
    """One kept-alive connection."""

    def __init__(self, subject: Subject) -> None:
        parts = urlsplit(subject.url)
        self._base = parts.path
        self._http = http.client.HTTPConnection(parts.netloc, timeout=600)
        self._http.connect()
        self._http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, method: str, path: str, fields: Any = None, content: bytes | None = None) -> Any:
        """Send a request and return the document of its answer."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        body = content
        if method == "GET" and fields:
            path = f"{path}?{urlencode(fields, doseq=True)}"
        elif fields is not None:
            body = json.dumps(fields).encode()
            headers["Content-Type"] = "application/json"
        self._http.request(method, self._base + path, body, headers)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text) if text[:1] == b"{" else text

    def call(self, endpoint: str, fields: Any = None, method: str = "POST") -> Any:
        """Call an endpoint of the protocol."""
        return self.send(method, f"/api/2.0/mlflow/{endpoint}", fields)


@dataclass(frozen=True)
class Figures:
    """What one measurement gave."""

    per_second: float
    p50_ms: float
    p99_ms: float


Work = Callable[[Connection, Subject, int], None]


def measure(subject: Subject, work: Work, *, threads: int, seconds: float, most: int = 10**9) -> Figures:
    """Do something again and again from some threads for so long, or so often."""
    times: list[list[float]] = [[] for _ in range(threads)]
    gate = threading.Barrier(threads + 1)

    def loop(number: int) -> None:
        connection = Connection(subject)
        work(connection, subject, -1 - number)
        gate.wait()
        until = time.perf_counter() + seconds
        turn = 0
        while time.perf_counter() < until and turn < most:
            begun = time.perf_counter()
            work(connection, subject, number + threads * turn)
            times[number].append(time.perf_counter() - begun)
            turn += 1

    workers = [threading.Thread(target=loop, args=(number,)) for number in range(threads)]
    for one in workers:
        one.start()
    gate.wait()
    begun = time.perf_counter()
    for one in workers:
        one.join()
    spent = time.perf_counter() - begun
    every = sorted(one for each in times for one in each)
    rank = min(len(every) - 1, math.ceil(len(every) * 0.99) - 1)
    return Figures(len(every) / spent, statistics.median(every) * 1000, every[rank] * 1000)


# -------------------------------------------------------------------------------- what is measured


def log_metric(connection: Connection, subject: Subject, turn: int) -> None:
    """Log one point."""
    fields = {"run_id": subject.runs["hot"], "key": "m", "value": 0.5, "timestamp": NOW_MS, "step": turn + 100}
    connection.call("runs/log-metric", fields)


def log_batch(connection: Connection, subject: Subject, turn: int) -> None:
    """Log 1,000 points of ten metrics."""
    points = [
        {"key": f"k{one % 10}", "value": random.random(), "timestamp": NOW_MS + one, "step": turn * 1000 + one + 10**6}
        for one in range(1000)
    ]
    connection.call("runs/log-batch", {"run_id": subject.runs["hot"], "metrics": points})


def create_run(connection: Connection, subject: Subject, _: int) -> None:
    """Make a run."""
    connection.call("runs/create", {"experiment_id": subject.runs["spare"], "start_time": NOW_MS})


def get_run(connection: Connection, subject: Subject, _: int) -> None:
    """Read a run with ten metrics."""
    connection.call("runs/get", {"run_id": subject.runs["hot"]}, "GET")


def put_small(connection: Connection, subject: Subject, turn: int) -> None:
    """Upload a file of 10 kB."""
    path = f"/api/2.0/mlflow-artifacts/artifacts/{subject.runs['place']}/f{turn}.bin"
    connection.send("PUT", path, content=os.urandom(10_000))


def search_ordered(connection: Connection, subject: Subject, _: int) -> None:
    """Order an experiment's runs by a metric, first 100."""
    fields = {"experiment_ids": [subject.experiment], "order_by": ["metrics.m0 DESC"], "max_results": 100}
    connection.call("runs/search", fields)


def search_newest(connection: Connection, subject: Subject, _: int) -> None:
    """Read the newest 100 runs of an experiment."""
    connection.call("runs/search", {"experiment_ids": [subject.experiment], "max_results": 100})


def search_filtered(connection: Connection, subject: Subject, _: int) -> None:
    """Filter by a metric and a param."""
    text = "metrics.m0 > 0.99 and params.p0 = '3'"
    connection.call("runs/search", {"experiment_ids": [subject.experiment], "filter": text, "max_results": 100})


def search_tag(connection: Connection, subject: Subject, _: int) -> None:
    """Filter by a tag with LIKE."""
    text = "tags.t0 LIKE '%77%'"
    connection.call("runs/search", {"experiment_ids": [subject.experiment], "filter": text, "max_results": 100})


def history_page(connection: Connection, subject: Subject, _: int) -> None:
    """Read up to 25,000 points of a long history."""
    fields = {"run_id": subject.runs["long"], "metric_key": "long", "max_results": 25000}
    connection.call("metrics/get-history", fields, "GET")


def history_chart(connection: Connection, subject: Subject, _: int) -> None:
    """Read what a chart needs of a long history."""
    fields = {"run_ids": subject.runs["long"], "metric_key": "long", "max_results": 2500}
    connection.send("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval", fields)


def prepare(subject: Subject) -> None:
    """Make what the measurements need."""
    connection = Connection(subject)
    spare = connection.call("experiments/create", {"name": uuid.uuid4().hex})["experiment_id"]
    subject.runs["spare"] = spare
    for name in ("hot", "long"):
        made = connection.call("runs/create", {"experiment_id": spare, "start_time": NOW_MS})
        subject.runs[name] = made["run"]["info"]["run_id"]
        subject.runs["place"] = made["run"]["info"]["artifact_uri"].partition(":/")[2].strip("/")


def fill(subject: Subject, runs: int) -> None:
    """Make an experiment of so many runs, each with 3 metrics, 3 params and 3 tags."""
    connection = Connection(subject)
    subject.experiment = connection.call("experiments/create", {"name": uuid.uuid4().hex})["experiment_id"]
    chance = random.Random(1)

    def part(numbers: range) -> None:
        own = Connection(subject)
        for number in numbers:
            fields = {"experiment_id": subject.experiment, "start_time": NOW_MS + number}
            run_id = own.call("runs/create", fields)["run"]["info"]["run_id"]
            batch = {
                "run_id": run_id,
                "metrics": [
                    {"key": f"m{one}", "value": chance.random(), "timestamp": NOW_MS, "step": 0} for one in range(3)
                ],
                "params": [{"key": f"p{one}", "value": str(number % 10)} for one in range(3)],
                "tags": [{"key": f"t{one}", "value": f"value {number}"} for one in range(3)],
            }
            own.call("runs/log-batch", batch)

    workers = [threading.Thread(target=part, args=(range(one, runs, 4),)) for one in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()


def fill_history(subject: Subject, points: int) -> None:
    """Log a long history to one run."""
    connection = Connection(subject)
    for start in range(0, points, 1000):
        batch = [
            {"key": "long", "value": float(step), "timestamp": NOW_MS + step, "step": step}
            for step in range(start, start + 1000)
        ]
        connection.call("runs/log-batch", {"run_id": subject.runs["long"], "metrics": batch})


# -------------------------------------------------------------------------------- the run


def report(name: str, subjects: list[Subject], work: Work, *, threads: int, seconds: float, most: int = 10**9) -> None:
    """Measure something on every server in turn and print the figures and the ratio."""
    found = [measure(one, work, threads=threads, seconds=seconds, most=most) for one in subjects]
    text = " | ".join(
        f"{subject.name} {one.per_second:8.1f}/s p50 {one.p50_ms:8.2f} p99 {one.p99_ms:8.2f} ms"
        for subject, one in zip(subjects, found, strict=True)
    )
    ratio = f" | {found[0].per_second / found[1].per_second:6.1f}x" if len(found) > 1 else ""
    print(f"{name:34} {threads:2} | {text}{ratio}", flush=True)


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlflow", help="interpreter that has the full mlflow: its server is measured too")
    parser.add_argument("--runs", default="1000", help="sizes of experiments to search, with commas")
    parser.add_argument("--points", type=int, default=10_000, help="points of the long history")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each measurement")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subjects = [start_bancada(Path(folder) / "bancada")]
        if given.mlflow:
            subjects.append(start_mlflow(given.mlflow, Path(folder) / "mlflow"))
        try:
            measure_all(subjects, [int(one) for one in given.runs.split(",") if one], given.points, given.seconds)
        finally:
            for one in subjects:
                one.stop()


def measure_all(subjects: list[Subject], sizes: list[int], points: int, seconds: float) -> None:
    """Measure everything on the servers."""
    for one in subjects:
        prepare(one)
        print(f"{one.name}: started in {one.started_s:.2f} s, {one.memory_mib():.0f} MiB idle", flush=True)
    for work in (log_metric, log_batch, create_run, get_run, put_small):
        for threads in (1, 8):
            report(work.__name__, subjects, work, threads=threads, seconds=seconds)
    for one in subjects:
        fill_history(one, points)
    for work in (history_page, history_chart):
        report(f"{work.__name__} {points}", subjects, work, threads=1, seconds=seconds, most=20)
    for size in sizes:
        for one in subjects:
            fill(one, size)
        for work in (search_newest, search_ordered, search_filtered, search_tag):
            report(f"{work.__name__} {size}", subjects, work, threads=1, seconds=seconds, most=20)


if __name__ == "__main__":
    main()
