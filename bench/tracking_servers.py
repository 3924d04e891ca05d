"""The servers that `tracking.py` compares: our platform and `mlflow server`, with what their databases are filled by.

Experiments of many runs and long histories are written straight into the databases, ours through the store, MLflow's
with SQL: through the protocol its side of 100,000 runs would take most of an hour, and how a row got there is not
what a search measures.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import time
import uuid
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab import free_port, platform, status, wait_for

from bancada.domain.tracking import Metric, Param, Tag
from bancada.store import experiments, points, runs
from bancada.store.database import Database, Tx

__all__ = ["NOW_MS", "Subject", "bancada_server", "fill_history", "fill_runs", "mlflow_server"]

NOW_MS = 1_700_000_000_000
_CHUNK = 1000


@dataclass
class Subject:
    """One server under measurement. `database` is its SQLite file; `made` names what the measurements work on."""

    name: str
    url: str
    token: str
    pid: int
    database: Path
    started_s: float
    made: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def is_ours(self) -> bool:
        """Whether it is our platform."""
        return self.name == "bancada"

    def memory_mib(self) -> float:
        """Return the proportional share of memory of the process and its children."""
        return sum(_pss_kib(pid) for pid in _family(self.pid)) / 1024

    def cpu_s(self) -> float:
        """Return the CPU time that the process and its children have used."""
        return sum(_cpu_s(pid) for pid in _family(self.pid))


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


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def bancada_server() -> Generator[Subject]:
    """Run the whole platform, as `bancada up` does."""
    began = time.monotonic()
    with platform() as home:
        took = time.monotonic() - began
        known = status(home)
        token = (home / "token").read_text(encoding="utf-8").strip()
        url = f"{known['url']}/mlflow/{known['default_workspace']}"
        yield Subject("bancada", url, token, int(known["pid"]), home / "bancada.db", took)


@contextlib.contextmanager
def mlflow_server(bin_folder: Path, folder: Path, *options: str) -> Generator[Subject]:
    """Run a stock MLflow server with SQLite."""
    import subprocess

    from lab import end_group

    folder.mkdir(parents=True)
    port = free_port()
    began = time.monotonic()
    command = [str(bin_folder / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port), *options]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/files"]
    environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/health", process)
        name = "mlflow -w1" if "--workers" in options else "mlflow"
        yield Subject(name, url, "", process.pid, folder / "mlflow.db", time.monotonic() - began)
    finally:
        end_group(process)


# -------------------------------------------------------------------------------- many runs


@dataclass(frozen=True)
class _Run:
    run_id: str
    number: int
    values: Sequence[float]


def _runs(experiment: str, count: int, metrics: int) -> Iterator[list[_Run]]:
    # Experiments share a server: their runs must not share names. What they logged is the same on every server.
    names, chance = random.Random(f"{experiment} {count}"), random.Random(count)
    made = (
        _Run(uuid.UUID(int=names.getrandbits(128)).hex, one, [chance.random() for _ in range(metrics)])
        for one in range(count)
    )
    while chunk := [one for one, _ in zip(made, range(_CHUNK), strict=False)]:
        yield chunk


def fill_runs(subject: Subject, experiment: str, count: int, metrics: int = 3) -> None:
    """Put runs into an experiment, each with so many metrics, 3 params and 3 tags; the same ones on every server."""
    if subject.is_ours:
        _fill_ours(subject, experiment, count, metrics)
        return
    with contextlib.closing(sqlite3.connect(subject.database, timeout=60)) as raw, raw:
        for chunk in _runs(experiment, count, metrics):
            _insert_theirs(raw, experiment, chunk)


def _fill_ours(subject: Subject, experiment: str, count: int, metrics: int) -> None:
    database = Database.open(f"sqlite:///{subject.database}")
    workspace = subject.url.rpartition("/")[2]
    try:
        key = database.read(lambda tx: experiments.keys_of(tx, workspace, [experiment]))[0]

        def put(tx: Tx, chunk: list[_Run]) -> None:
            for one in chunk:
                _insert_ours(tx, workspace, experiment, key, one)

        for chunk in _runs(experiment, count, metrics):
            database.write(lambda tx, chunk=chunk: put(tx, chunk))
    finally:
        database.close()


def _insert_ours(tx: Tx, workspace: str, experiment: str, key: int, one: _Run) -> None:
    start = (NOW_MS + one.number) / 1000
    run = runs.create_plain(
        tx,
        workspace,
        name=one.run_id,
        experiment_id=experiment,
        display_name=f"run {one.number}",
        user_name="",
        parent=None,
        start=start,
        now=start,
    )
    points.write(tx, run.key, key, [Metric(f"m{at}", value, NOW_MS, 0) for at, value in enumerate(one.values)])
    runs.add_params(tx, run, [Param(f"p{at}", str(one.number % 10)) for at in range(3)])
    runs.set_tags(tx, run, [Tag(f"t{at}", f"value {one.number}") for at in range(3)])


def _insert_theirs(raw: sqlite3.Connection, experiment: str, chunk: list[_Run]) -> None:
    raw.executemany(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
        " source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, 'UNKNOWN', '', '', '', 'RUNNING', ?, '', 'active', ?, ?)",
        [
            (one.run_id, f"run {one.number}", NOW_MS + one.number, f"mlflow-artifacts:/{one.run_id}", int(experiment))
            for one in chunk
        ],
    )
    values = [(f"m{at}", value, NOW_MS, one.run_id) for one in chunk for at, value in enumerate(one.values)]
    for table in ("metrics", "latest_metrics"):
        raw.executemany(
            f"INSERT INTO {table} (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, 0, 0)", values
        )
    raw.executemany(
        "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
        [(f"p{at}", str(one.number % 10), one.run_id) for one in chunk for at in range(3)],
    )
    tags = [(f"t{at}", f"value {one.number}", one.run_id) for one in chunk for at in range(3)]
    names = [("mlflow.runName", f"run {one.number}", one.run_id) for one in chunk]
    raw.executemany("INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", [*tags, *names])


# -------------------------------------------------------------------------------- long histories


def fill_history(subject: Subject, run_id: str, key: str, count: int) -> None:
    """Log so many points to a metric of a run, one a step."""
    if subject.is_ours:
        _fill_our_history(subject, run_id, key, count)
        return
    with contextlib.closing(sqlite3.connect(subject.database, timeout=60)) as raw, raw:
        raw.executemany(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)",
            ((key, float(step), NOW_MS + step, run_id, step) for step in range(count)),
        )
        raw.execute(
            "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)",
            (key, float(count - 1), NOW_MS + count - 1, run_id, count - 1),
        )


def _fill_our_history(subject: Subject, run_id: str, key: str, count: int) -> None:
    database = Database.open(f"sqlite:///{subject.database}")
    workspace = subject.url.rpartition("/")[2]
    try:
        run = database.read(lambda tx: runs.find(tx, workspace, run_id))
        assert run is not None
        for at in range(0, count, 10_000):
            part = [Metric(key, float(step), NOW_MS + step, step) for step in range(at, min(count, at + 10_000))]
            database.write(lambda tx, part=part: points.write(tx, run.key, run.experiment, part))
    finally:
        database.close()
