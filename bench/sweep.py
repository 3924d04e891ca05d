"""The heart sweep, script unchanged: on Bancada, and as fresh processes with a stock MLflow server.

    python bench/sweep.py [--trials 5] [--full] [--concurrent 1 2]

Both sides run the same script with the interpreter and packages of the same environment (examples/heart/conda.yaml,
built by Bancada beforehand and not counted) and keep everything that it logs, models and registered versions
included. The other side starts `python model_train.py` once per trial against `mlflow server` with its defaults and,
for comparison, with one worker. Sides alternate in one run: trust the ratios. `x25` is the time until the first trial
has ended (the start of the server or of the warm interpreter is in it) plus 24 times the mean of the others.
"""

from __future__ import annotations

import argparse
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
from lab import HEART, mlflow_server, platform, report, row, uv_environment, variables

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
    arguments = parser.parse_args()
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
