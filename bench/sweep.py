"""The heart sweep, script unchanged: on Bancada, and as fresh processes with a stock MLflow server; and its peers.

    python bench/sweep.py [--trials 5] [--full] [--concurrent 1 2] [--peers optuna optuna-mlflow ray ray-script]
    python bench/sweep.py --light 1000        # a script that only logs one metric, two trials at a time

Both sides run the same script with the interpreter and packages of the same environment (examples/heart/conda.yaml,
built by Bancada beforehand and not counted) and keep everything that it logs, models and registered versions
included. The other side starts `python model_train.py` once per trial against `mlflow server` with its defaults and,
for comparison, with one worker. Sides alternate in one run: trust the ratios. `x25` is the time until the first trial
has ended (the start of the server or of the warm interpreter is in it) plus 24 times the mean of the others.

Peers run the training as a plain function, and keep nothing of it but the score (`optuna-mlflow`: a run with
parameters and the score, without a model): `optuna` in one process is the floor, see peers.py. `ray-script` is Ray Tune
like for like: each trial runs the unchanged script and keeps everything, on a stock server with one worker.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lab import HEART, bancada, mlflow_server, platform, report, row, uv_environment, variables

from bancada.domain.jobs.search_space import Choice
from bancada.learning.samplers import Ask, sampler_for

SEARCH: dict[str, Any] = {
    "n_estimators": Choice(values=[10, 50, 100, 125, 150]),
    "max_depth": Choice(values=[4, 6, 8, 10, -1]),
    "criterion": Choice(values=["gini", "entropy"]),
    "max_features": Choice(values=["sqrt", "log2"]),
}
SEED = 7
# The same release as the client in conda.yaml.
SERVER = ("mlflow==3.13.0",)
# The training's packages as in conda.yaml, and each peer's own.
TRAINING = ("scikit-learn==1.7.2", "pandas==2.3.3")
PEERS: Mapping[str, tuple[str, ...]] = {
    "optuna": ("optuna<6",),
    "optuna-mlflow": ("optuna<6", "mlflow-skinny==3.13.0"),
    "ray": ("ray[tune]<3",),
    "ray-script": ("ray[tune]<3", "mlflow==3.13.0"),
}
# Logs as MLflow's client does, without its import.
LIGHT = """\
import json, os, sys, time, urllib.request
body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "Score", "value": float(sys.argv[1]), "step": 0,
        "timestamp": int(time.time() * 1000)}
request = urllib.request.Request(
    os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric", json.dumps(body).encode(),
    {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"})
urllib.request.urlopen(request).close()
"""
FINAL = frozenset({"Completed", "Failed", "Canceled"})


@dataclass(frozen=True)
class Measured:
    """One side: seconds from the start of the system, or of the sweep, until each trial had ended."""

    name: str
    ends_s: tuple[float, ...]

    @property
    def steady_s(self) -> float:
        """Wall time of a trial once everything is up."""
        first, last = self.ends_s[0], self.ends_s[-1]
        return (last - first) / (len(self.ends_s) - 1)

    @property
    def scaled_s(self) -> float:
        """The first trial and 24 more."""
        return self.ends_s[0] + 24 * self.steady_s


def points(count: int) -> list[Mapping[str, Any]]:
    """Return the points that both sides try: those of Bancada's random sampler."""
    sampler = sampler_for("random", SEARCH)
    made: list[Mapping[str, Any]] = []
    for index in range(count):
        made.append(sampler.next_point(Ask(SEED, index, pending=made)) or {})
    return made


def fresh_processes(python: Path, bin_folder: Path, count: int, name: str, *options: str) -> Measured:
    """Run every trial as its own process against a stock server, which is started for it."""
    started = time.monotonic()
    ends: list[float] = []
    with mlflow_server(bin_folder, *options) as url:
        for point in points(count):
            run_trial(python, url, point)
            ends.append(time.monotonic() - started)
    return Measured(name, tuple(ends))


def run_trial(python: Path, url: str, point: Mapping[str, Any]) -> None:
    """Run the script once in a fresh folder, as the platform does."""
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        shutil.copytree(HEART / "src", folder, dirs_exist_ok=True)
        command = [str(python), "model_train.py", "--input_data", str(HEART / "heart.csv"), "--model_name", "heart"]
        command += [word for key, value in point.items() for word in (f"--{key}", str(value))]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "PYTHON"))}
        environment |= {"MLFLOW_TRACKING_URI": url, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"The script failed: {done.stderr[-2000:]}")


def on_bancada(home: Path, count: int, concurrent: int) -> Measured:
    """Submit the sweep and wait for its end."""
    from bancada.ml import Input, MLClient, command

    os.environ.update(variables(home))
    ml_client = MLClient()
    names = ["input_data", "model_name", *SEARCH]
    job = command(
        inputs={
            "input_data": Input(type="uri_file", path=str(HEART / "heart.csv")),
            "model_name": "heart",
            "n_estimators": 100,
            "max_depth": -1,
            "criterion": "gini",
            "max_features": "sqrt",
        },
        environment="sklearn-env@latest",
        compute="cpu-cluster",
        code=str(HEART / "src"),
        command="python model_train.py " + " ".join(f"--{name} ${{{{inputs.{name}}}}}" for name in names),
    )
    sweep = job(**SEARCH).sweep(
        compute="cpu-cluster",
        sampling_algorithm="random",
        primary_metric="Score",
        goal="maximize",
        max_total_trials=count,
        max_concurrent_trials=concurrent,
    )
    started = time.monotonic()
    submitted = ml_client.create_or_update(sweep)
    ends: list[float] = []
    # A quarter of a second is a tenth of the quickest trial; more looks would load the server that is measured.
    while ml_client.jobs.get(submitted.name).status not in FINAL:
        ended = sum(trial.status in FINAL for trial in ml_client.jobs.list(parent_job_name=submitted.name))
        ends += [time.monotonic() - started] * (ended - len(ends))
        time.sleep(0.25)
    ends += [time.monotonic() - started] * (count - len(ends))
    status = ml_client.jobs.get(submitted.name).status
    if status != "Completed":
        raise SystemExit(f"The sweep ended as {status}.")
    return Measured(f"Bancada, {concurrent} at a time", tuple(ends))


def peer(kind: str, count: int) -> Measured:
    """Run the points with another tool, in an environment of its own that is made beforehand and not counted."""
    python = uv_environment(f"peer-{kind}", (*TRAINING, *PEERS[kind])) / "python"
    with tempfile.TemporaryDirectory(prefix="peer-") as folder:
        listed = Path(folder) / "points.json"
        listed.write_text(json.dumps(points(count)), encoding="utf-8")
        command = [str(python), str(Path(__file__).parent / "peers.py"), kind, str(HEART / "heart.csv"), str(listed)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "PYTHON"))}
        started = time.monotonic()
        if kind in ("optuna-mlflow", "ray-script"):
            with mlflow_server(uv_environment("mlflow-server", SERVER), "--workers", "1") as url:
                return run_peer(kind, command, {**environment, "MLFLOW_TRACKING_URI": url}, folder, started)
        return run_peer(kind, command, environment, folder, started)


def run_peer(kind: str, command: list[str], environment: dict[str, str], folder: str, started: float) -> Measured:
    """Run a peer to its end; its times count from `started`, when its server began to start if it has one."""
    before = time.monotonic() - started
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{kind} failed: {done.stderr[-2000:]}")
    told = [json.loads(line)["ended_s"] for line in done.stdout.splitlines() if line.startswith('{"ended_s"')]
    return Measured(kind, tuple(before + one for one in told))


def light(home: Path, count: int, concurrent: int) -> None:
    """Run many trials of a script that logs one metric, and print what each cost beyond the script itself."""
    from bancada.ml import MLClient, command
    from bancada.ml.entities import AmlCompute
    from bancada.ml.sweep import Uniform

    os.environ.update(variables(home))
    ml_client = MLClient()
    ml_client.begin_create_or_update(AmlCompute(name="cpu-cluster", max_instances=concurrent)).result()
    with tempfile.TemporaryDirectory(prefix="light-") as folder:
        (Path(folder) / "light.py").write_text(LIGHT, encoding="utf-8")
        job = command(inputs={"x": 0.5}, environment="azureml:minimal@latest", compute="cpu-cluster", code=folder,
                      command="python light.py ${{inputs.x}}")  # fmt: skip
        sweep = job(x=Uniform(0, 1)).sweep(
            primary_metric="Score", goal="maximize", max_total_trials=count, max_concurrent_trials=concurrent
        )
        started = time.monotonic()
        submitted = ml_client.create_or_update(sweep)
        while ml_client.jobs.get(submitted.name).status not in FINAL:
            time.sleep(1.0)
    seconds = time.monotonic() - started
    results = json.loads(bancada("job", "show", "-n", str(submitted.name), "--query", "results", home=home))
    script_s = results["seconds_running"]["mean"]
    per_trial_s = seconds / count
    row("", "s in all", "ms a trial", "ms running", "overhead, ms")
    # Side by side trials share the time: what one costs beyond its script is the rest of its share.
    overhead_ms = (per_trial_s * concurrent - script_s) * 1000
    row(f"{count} light trials, {concurrent} at a time", seconds, per_trial_s * 1000, script_s * 1000, overhead_ms)
    report({"seconds": seconds, "per_trial_s": per_trial_s, "overhead_ms": overhead_ms, "counts": results["counts"]})


def prepare(home: Path) -> Path:
    """Register and build the environment; return its interpreter, for the other side."""
    from bancada.executors.environments import EnvironmentRequest, build
    from bancada.ml import MLClient
    from bancada.ml.entities import AmlCompute, Environment
    from bancada.settings import load_settings

    os.environ.update(variables(home))
    ml_client = MLClient()
    conda_file = HEART / "conda.yaml"
    ml_client.environments.create_or_update(Environment(name="sklearn-env", conda_file=str(conda_file)))
    ml_client.begin_create_or_update(AmlCompute(name="cpu-cluster", max_instances=4)).result()
    conda = yaml.safe_load(conda_file.read_text(encoding="utf-8"))
    request = EnvironmentRequest(name="sklearn-env", version="1", conda=conda)
    return build(request, load_settings().cache, lambda line: print(f"  {line}", flush=True)).interpreter


def main() -> None:
    """Measure all sides and print the table."""
    parser = argparse.ArgumentParser(description="The heart sweep on Bancada and as fresh processes.")
    parser.add_argument("--trials", type=int, default=5, help="at least 3")
    parser.add_argument("--full", action="store_true", help="all 25 trials on each side (half an hour)")
    parser.add_argument("--concurrent", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=["optuna", "optuna-mlflow"])
    parser.add_argument("--light", type=int, metavar="TRIALS", help="measure a script that only logs a metric instead")
    arguments = parser.parse_args()
    if arguments.light:
        with platform() as home:
            light(home, arguments.light, 2)
        return
    count = 25 if arguments.full else arguments.trials
    server = uv_environment("mlflow-server", SERVER)
    measured: list[Measured] = []
    with platform() as home:
        python = prepare(home)
        first, *others = arguments.concurrent
        measured.append(on_bancada(home, count, first))
        measured.append(fresh_processes(python, server, count, "fresh processes, mlflow server"))
        measured += [on_bancada(home, count, concurrent) for concurrent in others]
        measured.append(fresh_processes(python, server, count, "the same, server with one worker", "--workers", "1"))
    measured += [peer(kind, count) for kind in arguments.peers]
    show(measured)


def show(measured: list[Measured]) -> None:
    """Print the table; ratios are against fresh processes with the server's defaults."""
    base = next(one for one in measured if one.name.startswith("fresh"))
    row("", "first trial, s", "others, s", "x25, s", "times faster")
    for one in measured:
        row(one.name, one.ends_s[0], one.steady_s, one.scaled_s, base.scaled_s / one.scaled_s)
    report({one.name: {"ends_s": one.ends_s, "scaled_s": one.scaled_s} for one in measured})


if __name__ == "__main__":
    main()
