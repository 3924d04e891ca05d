"""Requests per second and latency: Bancada's gateway and replicas beside Azure's inference server.

    python bench/serving.py --python ENV/bin/python [--case heart no-code batchable] [--rows 31 1] [--connections 64]

ENV holds `azureml-inference-server-http`, scikit-learn, pandas and mlflow-skinny. Azure's server scores as the
walk-through does, with a script; ours runs the same script (`heart`), or the same model saved by MLflow and no script
(`no-code`, and `batchable`: a model that has no exact equivalent). Both have the same number of processes; the client
runs beside them on the same cores, in a process of its own. Rounds alternate, so that a busy machine slows both alike:
the ratios are to be trusted, the absolute figures not. Our side checks a key, splits traffic, counts, and logs each
request; Azure's side is the bare inference server. Both must give the same answer.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httptools

from bancada.engine import router

SOURCE = Path(__file__).resolve().parents[1] / "src"
KEY = "bench-key"
# All connections open at once, and the first answers wait for that: they are not what is compared.
RUN_IN_S = 0.5
# A soak is about memory: it shall leave the machine to others.
SOAK_PAUSE_S = 0.03

TRIVIAL = """
import json

def init():
    pass

def run(raw):
    return [len(row) for row in json.loads(raw)["data"]]
"""

# The walk-through's score.py in short: a pandas frame into a pipeline of a column transformer and a forest.
HEART = """
import json, os, pickle
import pandas as pd

def init():
    global model
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"), "rb") as stream:
        model = pickle.load(stream)

def run(raw):
    frame = pd.DataFrame(json.loads(raw)["data"])
    return model.predict(frame).tolist()
"""

# Columns and codes of the heart data; the values are random, which costs a forest as much as real ones.
TRAIN = """
import pickle, sys
import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler
rng = np.random.default_rng(0)
rows = {name: rng.integers(low, high, 272) for name, low, high in [
    ("age", 29, 78), ("sex", 0, 2), ("cp", 0, 4), ("trtbps", 94, 201), ("chol", 126, 565), ("fbs", 0, 2),
    ("restecg", 0, 3), ("thalachh", 71, 203), ("exng", 0, 2), ("slp", 0, 3), ("caa", 0, 5), ("thall", 0, 4)]}
frame = pd.DataFrame(rows)
frame.insert(9, "oldpeak", rng.uniform(0, 6, 272).round(1))
label = (frame.age + frame.chol / 10 + rng.normal(0, 20, 272) > 85).astype(int)
columns = ColumnTransformer([("scale", StandardScaler(), ["age", "trtbps", "chol", "thalachh", "oldpeak"]),
    ("encode", OneHotEncoder(handle_unknown="ignore"), ["cp", "restecg"])])
forest = RandomForestClassifier(n_estimators=100, random_state=0, n_jobs=N_JOBS)
steps = [("columns", columns), *EXTRA, ("forest", forest)]
model = Pipeline(steps).fit(frame, label)
with open(sys.argv[1] + "/model.pkl", "wb") as stream:
    pickle.dump(model, stream)
if MLFLOW:
    import mlflow.sklearn
    from mlflow.models import infer_signature
    mlflow.sklearn.save_model(model, sys.argv[1] + "/saved", signature=infer_signature(frame, model.predict(frame)),
        input_example=frame.head(5), pip_requirements=[], serialization_format="cloudpickle")
print(frame.to_json(orient="records"))
"""


@dataclass(frozen=True)
class Case:
    """What is compared: the peer's script, the model, and whether ours runs without the script."""

    script: str
    has_script: bool = True
    extra: str = "[]"  # steps between the columns and the forest
    trains: bool = True


CASES = {
    "trivial": Case(TRIVIAL, trains=False),
    "heart": Case(HEART),
    "no-code": Case(HEART, has_script=False),
    "batchable": Case(HEART, has_script=False, extra='[("products", PolynomialFeatures(2, interaction_only=True))]'),
}


@dataclass
class Work:
    """One case laid out in a folder, and one request for each side."""

    folder: Path
    case: Case
    options: argparse.Namespace
    ours: Path = Path()
    theirs: Path = Path()


def main() -> None:
    """Run each case and print one line for each number of connections."""
    options = _parse()
    if options.load:
        _print_load(options)
        return
    print(f"{options.processes} processes a server, medians of {options.rounds} rounds, load {os.getloadavg()}")
    for name in options.case:
        with tempfile.TemporaryDirectory(prefix="bench") as folder:
            records = _prepare(options, CASES[name], Path(folder))
            for rows in options.rows:
                work = _with_bodies(Work(Path(folder), CASES[name], options), records, rows)
                if options.soak:
                    _soak(f"{name}, {rows} records", work)
                    continue
                _report(f"{name}, {rows} records", _compare(work), options)


def _compare(work: Work) -> dict[tuple[str, int], list[dict[str, float]]]:
    options = work.options
    peers = {"bancada": (_bancada, work.ours), "azmlinfsrv": (_azure, work.theirs)}
    if options.only_ours:
        del peers["azmlinfsrv"]
    results = {(name, count): [] for name in peers for count in options.connections}
    answers: dict[str, Any] = {}
    for _ in range(options.rounds):
        for name, (start, body) in peers.items():
            with start(work) as (address, pids):
                answers[name] = _answer(address, body)
                _load(address, body, 4, 0.5)
                for count in options.connections:
                    results[name, count].append(_measure(address, body, count, options.seconds, pids))
    if any(one != answers["bancada"] for one in answers.values()):
        raise SystemExit(f"the two answer differently: {answers}")
    return results


def _soak(title: str, work: Work) -> None:
    """Print the memory of gateway and replicas after a tenth of the load, and at the end."""
    options = work.options
    part_s = options.soak / 10
    with _bancada(work) as (address, pids):
        seen: list[list[float]] = []
        requests = errors = 0.0
        for _ in range(10):
            found = _load(address, work.ours, options.connections[-1], part_s, SOAK_PAUSE_S)
            requests, errors = requests + found["requests"], errors + found["errors"]
            seen.append([_private_mb(pid) for pid in pids])
    print(
        f"{title}: {requests:.0f} requests in {options.soak:.0f} s, {errors:.0f} errors (load {os.getloadavg()[0]:.1f})"
    )
    for name, first, last in zip((*["replica"] * options.processes, "gateway"), seen[0], seen[-1], strict=True):
        print(f"  {name}: {first:.1f} MB after a tenth, {last:.1f} MB at the end")


def _private_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def _answer(address: str, body: Path) -> Any:
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
    one = body.read_bytes().partition(b"\n")[0]
    with urllib.request.urlopen(urllib.request.Request(address, one, head), timeout=30) as answer:
        return json.loads(answer.read())


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="interpreter of both servers")
    parser.add_argument("--case", choices=tuple(CASES), nargs="+", default=["heart", "no-code", "batchable"])
    parser.add_argument("--rows", type=int, nargs="+", default=[31, 1], help="records in one request")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--processes", type=int, default=2, help="replicas, and workers of the other server")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--n-jobs", default="None", help="n_jobs of the forest, as it was trained")
    parser.add_argument("--only-ours", action="store_true")
    parser.add_argument("--soak", type=float, metavar="SECONDS", help="ours alone under load: does its memory grow?")
    parser.add_argument("--key", default=KEY, help=argparse.SUPPRESS)
    parser.add_argument(
        "--load", nargs=5, metavar=("URL", "BODY", "CONNECTIONS", "SECONDS", "PAUSE"), help=argparse.SUPPRESS
    )
    return parser.parse_args()


def _prepare(options: argparse.Namespace, case: Case, folder: Path) -> list[Any]:
    (folder / "code").mkdir()
    (folder / "model").mkdir()
    (folder / "code" / "score.py").write_text(case.script)
    if not case.trains:
        return [{"a": 1, "b": 2.5, "c": "x"}] * 31
    program = TRAIN.replace("N_JOBS", options.n_jobs).replace("EXTRA", case.extra)
    program = program.replace("MLFLOW", str(not case.has_script))
    variables = {**os.environ, "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "0"}
    words = [options.python, "-W", "ignore", "-c", program, folder / "model"]
    made = subprocess.run(
        words, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=variables
    )
    return json.loads(made.stdout)


def _with_bodies(work: Work, records: list[Any], count: int) -> Work:
    """Write the requests for each side, one a line: no two in flight are alike, so none is answered by another's."""
    turned = [(records[at:] + records[:at])[:count] for at in range(len(records))]
    work.theirs = work.folder / "theirs.jsonl"
    work.theirs.write_text("\n".join(json.dumps({"data": rows}) for rows in turned))
    if work.case.has_script:
        work.ours = work.theirs
        return work
    work.ours = work.folder / "ours.jsonl"
    work.ours.write_text("\n".join(json.dumps({"input_data": _table(rows)}) for rows in turned))
    return work


def _table(rows: list[Any]) -> dict[str, Any]:
    data = [list(one.values()) for one in rows]
    return {"columns": list(rows[0]), "index": list(range(len(rows))), "data": data}


# ---------------------------------------------------------------------- the two servers

Server = tuple[str, list[int]]


def _variables(work: Work) -> dict[str, str]:
    return {
        **os.environ,
        "AML_APP_ROOT": str(work.folder / "code"),
        "AZUREML_ENTRY_SCRIPT": "score.py",
        "AZUREML_MODEL_DIR": str(work.folder / "model"),
    }


def _our_variables(work: Work) -> dict[str, str]:
    if work.case.has_script:
        return _variables(work)
    saved = {"AZUREML_MODEL_DIR": str(work.folder / "model" / "saved"), "BANCADA_SCORING_PROGRAM": "mlflow"}
    return {**_variables(work), **saved}


@contextmanager
def _bancada(work: Work) -> Iterator[Server]:
    options = work.options
    home = Path(tempfile.mkdtemp(dir=work.folder))
    program = SOURCE / "bancada" / "runtime" / "scoring.py"
    sockets = [home / f"{number}.sock" for number in range(options.processes)]
    processes: list[subprocess.Popen[bytes]] = []
    with open(home / "log", "ab") as log:
        for path in sockets:
            folder = path.with_suffix(".launch")
            folder.mkdir()
            processes.append(
                subprocess.Popen(
                    [options.python, program, path, folder],
                    env=_our_variables(work),
                    cwd=work.folder / "code",
                    stdout=log,
                    stderr=log,
                )
            )
        arguments = ["--home", str(home), "--port", "0", "--sockets", str(home)]
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "bancada.faces.scoring", *arguments],
                env={**os.environ, "PYTHONPATH": str(SOURCE)},
                stdout=log,
                stderr=log,
            )
        )
    try:
        state = home / "gateway" / "gateway.json"
        _wait(lambda: state.is_file() and all(path.exists() for path in sockets))
        deployment = router.DeploymentRoutes(
            replicas=tuple(sockets), max_concurrent_requests_per_instance=256, request_timeout_ms=60_000
        )
        endpoint = router.EndpointRoutes(keys=(KEY,), traffic={"blue": 100}, deployments={"blue": deployment})
        router.publish(home, home, router.build_table({"default/bench": endpoint}))
        address = json.loads(state.read_text())["url"] + "/endpoints/default/bench/score"
        facts = json.loads((sockets[0].with_suffix(".launch") / "ready.json").read_text())
        print(f"  level {facts.get('level')}, batches of {facts.get('batch', 1)}", file=sys.stderr)
        yield address, [one.pid for one in processes]
    finally:
        _end(processes)


@contextmanager
def _azure(work: Work) -> Iterator[Server]:
    options = work.options
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    words = [options.python, "-m", "azureml_inference_server_http", "--entry_script", work.folder / "code" / "score.py"]
    words += ["--port", str(port), "--worker_count", str(options.processes)]
    with open(work.folder / "azure.log", "ab") as log:
        process = subprocess.Popen(
            words, env=_variables(work), cwd=work.folder / "code", stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(lambda: _answers(f"http://127.0.0.1:{port}/"))
        yield f"http://127.0.0.1:{port}/score", [process.pid, *_children(process.pid)]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        process.wait(15)


def _wait(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + 180  # a cold start imports scikit-learn, beside whatever else runs
    while not ready():
        if time.monotonic() > until:
            raise TimeoutError("a server did not start")
        time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


# ---------------------------------------------------------------------- the client


class _Client(asyncio.Protocol):
    """Sends one request after the other; connects again when the server hangs up, as Azure's always does."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._parser = httptools.HttpResponseParser(self)
        self._started = 0.0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._transport.write(next(self._load.requests))

    def _next(self) -> None:
        self._started = time.perf_counter()
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def begin(self, at: float) -> None:
        self._started = at

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        status = self._parser.get_status_code()
        self._load.count(status, self._started, now)
        if now > self._load.until:
            self._transport.close()
            self._load.finished()
        elif self._parser.should_keep_alive():
            self._parser = httptools.HttpResponseParser(self)
            if self._load.pause_s:
                asyncio.get_running_loop().call_later(self._load.pause_s, self._next)
            else:
                self._next()
        else:
            self._transport.close()
            self._load.connect(now)

    def connection_lost(self, exc: Exception | None) -> None:
        pass


class _Load:
    def __init__(self, address: str, bodies: list[bytes], seconds: float, pause_s: float = 0.0, key: str = KEY) -> None:
        self.pause_s, self.key = pause_s, key
        parts = urlsplit(address)
        self._where = (str(parts.hostname), int(parts.port or 80))
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        head += f"Authorization: Bearer {self.key}\r\nUser-Agent: bench\r\nAccept: */*\r\n"
        self.requests = itertools.cycle(
            [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]
        )
        self.since = time.perf_counter() + min(RUN_IN_S, seconds / 2)
        self.until = time.perf_counter() + seconds
        self.times: list[float] = []  # of requests that began after the run-in
        self.answered = self.errors = 0
        self._open = 0
        self._done = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()

    def connect(self, at: float) -> None:
        task = asyncio.get_running_loop().create_task(self._connect(at))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, at: float) -> None:
        client = _Client(self)
        client.begin(at)
        try:
            await asyncio.get_running_loop().create_connection(lambda: client, *self._where)
        except OSError:
            self.errors += 1
            self.finished()

    def count(self, status: int, began: float, ended: float) -> None:
        self.answered += status == 200
        self.errors += status != 200
        if status == 200 and began >= self.since:
            self.times.append(ended - began)

    def finished(self) -> None:
        self._open -= 1
        if not self._open and not self._done.done():
            self._done.set_result(None)

    async def run(self, connections: int) -> None:
        self._open = connections
        for _ in range(connections):
            self.connect(time.perf_counter())
        await asyncio.wait_for(self._done, 120)


def _print_load(options: argparse.Namespace) -> None:
    address, body, connections, seconds, pause_s = options.load
    import uvloop  # the client must not be what is measured

    async def run() -> dict[str, Any]:
        load = _Load(address, Path(body).read_bytes().split(b"\n"), float(seconds), float(pause_s), options.key)
        await load.run(int(connections))
        counted_s = time.perf_counter() - load.since
        return {"seconds": counted_s, "answered": load.answered, "errors": load.errors, "times": load.times}

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(run())
    times = sorted(found["times"])
    print(
        json.dumps(
            {
                "rps": len(times) / found["seconds"],
                "p50_ms": times[len(times) // 2] * 1e3,
                "p99_ms": times[int(len(times) * 0.99)] * 1e3,
                "requests": found["answered"],
                "errors": found["errors"],
            }
        )
    )


def _load(address: str, body: Path, connections: int, seconds: float, pause_s: float = 0.0) -> dict[str, float]:
    words = [sys.executable, __file__, "--load", address, str(body), str(connections), str(seconds), str(pause_s)]
    made = subprocess.run(
        words, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(SOURCE)}
    )
    return json.loads(made.stdout)


def _measure(address: str, body: Path, connections: int, seconds: float, pids: list[int]) -> dict[str, float]:
    before = sum(_cpu_s(pid) for pid in pids)
    found = _load(address, body, connections, seconds)
    found["cpu_us"] = (sum(_cpu_s(pid) for pid in pids) - before) / found["requests"] * 1e6
    return found


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# ---------------------------------------------------------------------- the report


def _report(title: str, results: dict[tuple[str, int], list[dict[str, float]]], options: argparse.Namespace) -> None:
    print(f"{title} (load {os.getloadavg()[0]:.1f})")
    names = ("rps", "p50_ms", "p99_ms", "cpu_us", "errors")
    middle = {
        key: {name: statistics.median(one[name] for one in runs) for name in names} for key, runs in results.items()
    }
    for (peer, count), found in middle.items():
        shown = f"{found['rps']:9.0f} req/s  p50 {found['p50_ms']:8.2f} ms  p99 {found['p99_ms']:8.2f} ms"
        print(
            f"{peer:>11} c={count:<3} {shown}  server cpu {found['cpu_us']:7.0f} us/req  errors {found['errors']:.0f}"
        )
    if not options.only_ours:
        for count in options.connections:
            ours, theirs = middle["bancada", count], middle["azmlinfsrv", count]
            print(
                f"      ratio c={count:<3} requests per second {ours['rps'] / theirs['rps']:.1f}x, "
                f"p50 1/{theirs['p50_ms'] / ours['p50_ms']:.1f}, p99 1/{theirs['p99_ms'] / ours['p99_ms']:.1f}, "
                f"server cpu 1/{theirs['cpu_us'] / ours['cpu_us']:.1f}"
            )


if __name__ == "__main__":
    main()
