"""What the server of the Studio's tables and charts takes: `python bench/studio_rows.py [--jobs 10000] [--json]`.

A platform in a temporary home gets jobs with 50 metrics, 10 parameters and 3 tags each, a sweep of 1,000 trials and a
metric of 100,000 points, written straight into its database; how they got there is not what is measured. Then each
question is asked over HTTP, one at a time, and the median of the rounds is printed; the goal of each is 100 ms on the
server. At the end: what one `log_metric` takes while nobody listens to `event: metrics`, and while a page does.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from lab import platform, report, row, status

from bancada.domain.tracking import Metric, Param, Tag
from bancada.store import experiments, jobs, points, runs
from bancada.store.database import Database, Tx
from bancada.store.jobs import JobRow

__all__ = ["main"]

GOAL_MS = 100.0
ROUNDS = 15
METRICS, PARAMS, TAGS = 50, 10, 3
EXPERIMENTS = 20
TRIALS = 1000
POINTS = 100_000
CHUNK = 500
LOGS = 300
STARTED = 1_700_000_000.0
# As large as a job's document is in practice.
SPEC = {"command": "python train.py --lr ${{inputs.lr}}", "environment": "azureml:e:1", "code": "azureml:trees/0" * 40}


class Client:
    """One connection that is kept, as a browser keeps it."""

    def __init__(self, home: Path) -> None:
        known = status(home)
        self.pid = int(known["pid"])
        self.workspace = str(known["default_workspace"])
        self.token = (home / "token").read_text(encoding="utf-8").strip()
        self.address = urlsplit(str(known["url"])).netloc
        self._connection = http.client.HTTPConnection(self.address, timeout=600)
        self._headers = {"Authorization": f"Bearer {self.token}"}

    def ask(self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None) -> bytes:
        """Send one request of our REST and return the body of its answer."""
        return self.send(method, f"/api/v1/workspaces/{self.workspace}/{path}", query, body)

    def send(self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None) -> bytes:
        """Send one request and return the body of its answer."""
        content = None if body is None else json.dumps(body)
        whole = f"{path}?{urlencode(query)}" if query else path
        kind = {} if content is None else {"Content-Type": "application/json"}
        self._connection.request(method, whole, content, {**self._headers, **kind})
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {data[:300]!r}")
        return data


# -------------------------------------------------------------------------------- what is there


def fill(home: Path, workspace: str, count: int) -> None:
    """Write the jobs, the sweep and the long metric into the database of a home."""
    database = Database.open(f"sqlite:///{home}/bancada.db")
    chance = random.Random(1)
    try:
        for begin in range(0, count, CHUNK):
            part = range(begin, min(begin + CHUNK, count))
            database.write(lambda tx, part=part: _put_jobs(tx, workspace, part, chance))
        database.write(lambda tx: _put_sweep(tx, workspace))
        database.write(lambda tx: _put_points(tx, workspace))
    finally:
        database.close()


def _put_jobs(tx: Tx, workspace: str, numbers: range, chance: random.Random) -> None:
    places = [experiments.ensure(tx, workspace, f"experiment {one}") for one in range(EXPERIMENTS)]
    for number in numbers:
        states = ("Completed", "Completed", "Failed", "Canceled")
        job = _job(workspace, f"job_{number}", places[number % EXPERIMENTS], STARTED + number)
        run = _insert(tx, JobRow(**{**job, "status": states[number % 4], "display_name": f"try {number} of many"}))
        at = int((STARTED + number) * 1000)
        points.write(tx, run.key, run.experiment, [Metric(f"m{one}", chance.random(), at, 0) for one in range(METRICS)])
        runs.add_params(tx, run, [Param(f"p{one}", str(number % (one + 2))) for one in range(PARAMS)])
        runs.set_tags(tx, run, [Tag(f"t{one}", f"value {number % 100}") for one in range(TAGS)])


def _put_sweep(tx: Tx, workspace: str) -> None:
    place = experiments.ensure(tx, workspace, "sweeps")
    _insert(tx, JobRow(**{**_job(workspace, "sweep", place, STARTED + 1e6), "type": "sweep"}))
    for number in range(TRIALS):
        trial = _job(workspace, f"sweep_{number}", place, STARTED + 1e6 + number)
        run = _insert(tx, JobRow(**{**trial, "parent": "sweep", "index": number}))
        points.write(tx, run.key, run.experiment, [Metric("Score", number / TRIALS, 0, 0)])


def _put_points(tx: Tx, workspace: str) -> None:
    run = runs.find(tx, workspace, "job_0")
    if run is None:
        raise SystemExit("the job of the long metric is missing")
    at = int(STARTED * 1000)
    long = [Metric("loss", 1 / (1 + one), at + one * 10, one) for one in range(POINTS)]
    points.write(tx, run.key, run.experiment, long)


def _job(workspace: str, name: str, experiment: str, at: float) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "name": name,
        "type": "command",
        "spec": SPEC,
        "status": "Completed",
        "experiment_id": experiment,
        "display_name": name,
        "created_at": at,
        "started_at": at + 1,
        "ended_at": at + 100,
    }


def _insert(tx: Tx, job: JobRow) -> runs.Run:
    jobs.insert(tx, job)
    made = runs.find(tx, job.workspace, job.name)
    if made is None:
        raise SystemExit(f"{job.name} vanished")
    return made


# -------------------------------------------------------------------------------- questions

COLUMNS = "metrics.m0,metrics.m1,metrics.m2,metrics.m3,metrics.m4,params.p0,params.p1,tags.t0"
WINDOW = {"limit": 200, "columns": COLUMNS}


def questions(count: int) -> Mapping[str, Callable[[Client], bytes]]:
    """Return what is asked, by what it is called in the table."""

    def rows(**query: Any) -> Callable[[Client], bytes]:
        return lambda client: client.ask("GET", "jobs/rows", {**WINDOW, **query})

    def points_of(**query: Any) -> Callable[[Client], bytes]:
        return lambda client: client.ask("GET", "jobs/job_0/metrics/loss/points", query)

    names = [f"job_{one}" for one in range(200)]
    return {
        "first window": rows(),
        f"window at {count // 2:,}": rows(offset=count // 2),
        "filter by a metric (half of them)": rows(filter="metrics.m1 > 0.5"),
        "filter by two metrics and a parameter": rows(
            filter="metrics.m1 > 0.5 AND metrics.m2 < 0.5 AND params.p3 = '2'"
        ),
        "filter by status": rows(filter="status = 'Failed'"),
        "free text, two words": rows(search="many 17"),
        "free text that is nowhere": rows(search="nowhere"),
        "order by a metric": rows(order_by="metrics.m7 DESC"),
        "order by a metric, last window": rows(order_by="metrics.m7 DESC", offset=count - 200),
        "order by a parameter": rows(order_by="params.p7"),
        "trials of a sweep by their metric": rows(parent_job_name="sweep", order_by="metrics.Score DESC"),
        "columns": lambda client: client.ask("GET", "jobs/columns", {"limit": 1000}),
        "compare 200 jobs": lambda client: client.ask("POST", "jobs/compare", body={"names": names}),
        "metrics of a job": lambda client: client.ask("GET", "jobs/job_0/metrics"),
        "100,000 points thinned to 2,000": points_of(),
        "100,000 points by time, thinned": points_of(x="time"),
        "100,000 points, binary": points_of(most=0, form="binary"),
        "timeline": lambda client: client.ask("GET", "jobs/job_0/timeline"),
    }


def measure(client: Client, ask: Callable[[Client], bytes]) -> tuple[float, float, int]:
    """Return median time and the server's CPU time of one request in ms, and the bytes of the answer.

    The first round is not counted. A busy machine changes the CPU time least.
    """
    size = len(ask(client))
    times: list[float] = []
    before = cpu_s(client.pid)
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        ask(client)
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times), (cpu_s(client.pid) - before) * 1000 / ROUNDS, size


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# -------------------------------------------------------------------------------- writes


def log_metrics(client: Client) -> float:
    """Return the median time of one logged point in ms."""
    made = client.send(
        "POST", f"/mlflow/{client.workspace}/api/2.0/mlflow/runs/create", body={"experiment_id": "0", "start_time": 1}
    )
    run = json.loads(made)["run"]["info"]["run_id"]
    times: list[float] = []
    for step in range(LOGS):
        body = {"run_id": run, "key": "m", "value": step, "timestamp": int(time.time() * 1000), "step": step}
        begin = time.perf_counter()
        client.send("POST", f"/mlflow/{client.workspace}/api/2.0/mlflow/runs/log-metric", body=body)
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


@contextlib.contextmanager
def listener(client: Client) -> Generator[list[float]]:
    """Listen to the stream as a page does; yields when news of metrics came."""
    connection = http.client.HTTPConnection(client.address, timeout=60)
    path = f"/api/v1/workspaces/{client.workspace}/events?metrics=true"
    connection.request("GET", path, headers={"Authorization": f"Bearer {client.token}"})
    answer = connection.getresponse()
    heard: list[float] = []

    def listen() -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            while line := answer.readline():
                if line.startswith(b"event: metrics"):
                    heard.append(time.perf_counter())

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    time.sleep(0.2)
    try:
        yield heard
    finally:
        if connection.sock is not None:
            connection.sock.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--json", action="store_true", help="Print the figures once more as JSON.")
    asked = parser.parse_args()
    figures: dict[str, Any] = {}
    with platform() as home:
        client = Client(home)
        begin = time.monotonic()
        fill(home, client.workspace, asked.jobs)
        print(f"{asked.jobs:,} jobs with {METRICS} metrics each, written in {time.monotonic() - begin:.0f} s.")
        row("question", "median ms", "CPU ms", "KiB", "goal")
        for name, ask in questions(asked.jobs).items():
            median, cpu, size = measure(client, ask)
            figures[name] = round(median, 2)
            row(name, median, cpu, size / 1024, "met" if median < GOAL_MS else f"MISSED ({GOAL_MS:.0f})")
        quiet = [log_metrics(client) for _ in range(3)]
        with listener(client) as heard:
            watched = [log_metrics(client) for _ in range(3)]
            gaps = [after - before for before, after in pairwise(heard)]
        figures |= {"log_metric": min(quiet), "log_metric, watched": min(watched)}
        row("log_metric, nobody listens", min(quiet))
        row("log_metric, a page listens", min(watched))
        print(f"news of metrics: {len(heard)}, at least {min(gaps, default=0):.2f} s apart")
        print("load of the machine:", *(f"{one:.1f}" for one in os.getloadavg()))
    if asked.json:
        report(figures)
    missed = [name for name, median in figures.items() if not name.startswith("log_metric") and median >= GOAL_MS]
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
