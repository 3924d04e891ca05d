"""What `studio.py` shows beside runs: a sweep of many trials, and a job that printed a long log."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bancada.domain.tracking import Metric, Param
from bancada.store import experiments, jobs, points, runs
from bancada.store.database import Database, Tx
from bancada.store.jobs import JobRow

__all__ = ["LINES", "POINTS", "TRIALS", "fill_log", "fill_sweep"]

TRIALS = 1000
POINTS = 100_000
LINES = 50_000
STARTED = 1_700_000_000.0
CRITERIA = ("gini", "entropy", "log_loss")
SWEEP: dict[str, Any] = {
    "type": "sweep",
    "trial": {"command": "python train.py", "environment": "azureml:minimal:1"},
    "search_space": {
        "max_depth": {"type": "quniform", "min_value": 2, "max_value": 20, "q": 1},
        "learning_rate": {"type": "loguniform", "min_value": -9, "max_value": -1},
        "criterion": {"type": "choice", "values": list(CRITERIA)},
        "subsample": {"type": "uniform", "min_value": 0.4, "max_value": 1},
    },
    "objective": {"goal": "maximize", "primary_metric": "Score"},
    "sampling_algorithm": "random",
    "limits": {"max_total_trials": TRIALS, "max_concurrent_trials": 4},
}


def fill_sweep(home: Path, workspace: str) -> str:
    """Write a sweep whose trials have ended into the database of a home; return its name."""
    database = Database.open(f"sqlite:///{home}/bancada.db")
    try:
        database.write(lambda tx: _put(tx, workspace))
    finally:
        database.close()
    return "big_sweep"


def _put(tx: Tx, workspace: str) -> None:
    chance = random.Random(7)
    place = experiments.ensure(tx, workspace, "sweeps")
    jobs.insert(tx, JobRow(**{**_job(workspace, "big_sweep", place, 0), "type": "sweep", "spec": SWEEP}))
    for number in range(TRIALS):
        depth, rate = chance.randint(2, 20), 10 ** chance.uniform(-4, -0.4)
        params = {"max_depth": depth, "learning_rate": rate, "criterion": chance.choice(CRITERIA)}
        params["subsample"] = chance.uniform(0.4, 1)
        score = 0.9 - abs(depth - 9) * 0.012 - abs(rate - 0.05) * 0.3 + chance.gauss(0, 0.02)
        name = f"big_sweep_{number}"
        made = {
            **_job(workspace, name, place, number),
            "parent": "big_sweep",
            "index": number,
            "state": {"params": params},
        }
        jobs.insert(tx, JobRow(**{**made, "status": "Failed" if number % 50 == 49 else "Completed"}))
        run = runs.find(tx, workspace, name)
        if run is None:
            raise SystemExit(f"{name} vanished")
        points.write(tx, run.key, run.experiment, [Metric("Score", score, 0, 0)])
        runs.add_params(tx, run, [Param(key, json.dumps(value).strip('"')) for key, value in params.items()])


def _job(workspace: str, name: str, experiment: str, number: int) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "name": name,
        "type": "command",
        "spec": {"command": "python train.py", "environment": "azureml:minimal:1"},
        "status": "Completed",
        "experiment_id": experiment,
        "display_name": name,
        "created_at": STARTED + number,
        "started_at": STARTED + number + 1,
        "ended_at": STARTED + number + 30,
    }


def fill_log(home: Path, run: Callable[..., str]) -> str:
    """Run a job that prints a long log; return its name."""
    del home
    script = f"for one in range({LINES}): print('line', one, 'of what a script prints while it trains')"
    with tempfile.TemporaryDirectory(prefix="bancada-speaker-") as folder:
        (Path(folder) / "code").mkdir()
        (Path(folder) / "code" / "speak.py").write_text(script + "\n", encoding="utf-8")
        text = "type: command\ncode: ./code\ncommand: python speak.py\nenvironment: azureml:minimal@latest\n"
        (Path(folder) / "job.yml").write_text(text, encoding="utf-8")
        run("job", "create", "-f", f"{folder}/job.yml", "--name", "speaker", "--stream")
    return "speaker"
