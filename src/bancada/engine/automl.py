"""What an AutoML job runs with: its spec as a command, its own copy of the engine, its tables. Not when it runs.

Everything of one job lies in one folder that all of its attempts share: the engine as it was when the job began, so
that an upgrade changes nothing of a running job, and its checkpoint.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bancada.learning
from bancada.domain.base import from_stored
from bancada.domain.io import Output
from bancada.domain.jobs import AutoMLJob, Job
from bancada.domain.jobs.automl import TABLES
from bancada.engine.core import Core
from bancada.engine.documents import part
from bancada.engine.leaderboard import run_metric
from bancada.engine.locations import Locations
from bancada.errors import Invalid, Problem
from bancada.executors.curated import AUTOML
from bancada.learning.automl_job.tables import TableError, addresses_of
from bancada.store.jobs import JobRow

__all__ = ["CORES", "ENGINE_FOLDERS", "AutoMLFiles", "as_command_spec", "cores_wanted", "environment_of"]

# The engine and the program around it: folders below `bancada.learning`, which in a job are packages of their own.
ENGINE_FOLDERS = {"automl": "bancada_automl", "automl_job": "bancada_automl_job"}
# Where they are taken from; tests put a small engine in its place.
SOURCE = Path(bancada.learning.__path__[0])
# Where a job's state keeps how many cores the ledger gave it.
CORES = "cores"
PROGRAM = "automl_program.py"
SPEC = "automl_spec.json"
# The engine ends by itself in time. This is for one that hangs: half as long again, and ten minutes to save models.
SLACK, SLACK_S = 1.5, 600.0

_START = """\
import sys

if __name__ == "__main__":
    sys.path.insert(0, {engine!r})
    import bancada_automl
    from bancada_automl_job.program import main

    sys.exit(main({spec!r}, bancada_automl))
"""


def environment_of(spec: Mapping[str, Any]) -> str:
    """Return the environment that a job runs in: the curated one, unless the job names its own."""
    return str(spec.get("environment_id") or f"azureml:{AUTOML}@latest")


def as_command_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the command job that an AutoML job is on the machine: its tables are its inputs."""
    minutes = part(spec, "limits").get("timeout_minutes")
    kept = ("experiment_name", "environment_variables", "outputs", "compute")
    return {
        **{key: spec[key] for key in kept if spec.get(key) is not None},
        "command": f"python {PROGRAM}",
        "inputs": {name: spec[name] for name in TABLES if spec.get(name)},
        "limits": {"timeout": int(float(minutes) * 60 * SLACK + SLACK_S)} if minutes else {},
    }


def cores_wanted(spec: Mapping[str, Any], cores: int) -> int:
    """Return how many of the machine's cores a job would use: a model has one, and so many run side by side."""
    most = part(spec, "limits").get("max_concurrent_trials")
    return max(1, min(cores, int(most or cores)))


@dataclass(frozen=True)
class AutoMLFiles:
    """Lays out and clears the folders of AutoML jobs. Concurrency: one thread a job."""

    core: Core
    locations: Locations

    def lay_out(self, row: JobRow, code: Path, tables: Mapping[str, str | None], outputs: Mapping[str, str]) -> None:
        """Write the program and its spec into an attempt's code folder. Raises Invalid for a table without a place.

        The best model is copied into each of the job's outputs of type mlflow_model, as into Azure's `best_model`.
        """
        folder = self.core.paths.automl(row.workspace, row.name)
        engine = self._engine(folder)
        checkpoint = folder / "checkpoint"
        checkpoint.mkdir(mode=0o700, parents=True, exist_ok=True)
        job: AutoMLJob = from_stored(Job, row.spec or {})
        places = {name: str(path) for name, path in tables.items() if path}
        document = {
            "job": job.document(read_only=False),
            "metric": run_metric(job.metric),
            "minimize": job.is_minimized,
            "tables": places,
            "places": self._addresses(row.workspace, places),
            "outputs": [path for name, path in outputs.items() if _is_model(job.outputs.get(name))],
            "checkpoint": str(checkpoint),
            "engine": str(engine),
            # The same for every job: the same data and settings give the same leaderboard.
            "seed": 0,
            "attempt": row.attempt,
            "cores": int(row.state.get(CORES) or 1),
        }
        (code / SPEC).write_text(json.dumps(document, indent=1), encoding="utf-8")
        start = _START.format(engine=str(engine), spec=SPEC)
        (code / PROGRAM).write_text(start, encoding="utf-8")

    def _engine(self, folder: Path) -> Path:
        """Return the job's copy of the engine, made whole at its first attempt."""
        target = folder / "engine"
        if not target.is_dir():
            scratch = folder / ".engine"
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(mode=0o700, parents=True)
            for name, package in ENGINE_FOLDERS.items():
                shutil.copytree(SOURCE / name, scratch / package, ignore=shutil.ignore_patterns("__pycache__"))
            scratch.rename(target)
        return target

    def _addresses(self, workspace: str, tables: Mapping[str, str]) -> dict[str, str]:
        """Return where the web and platform addresses lie that the tables' MLTable files name."""
        found: dict[str, str] = {}
        for name, path in tables.items():
            described = Path(path) / "MLTable" if Path(path).name != "MLTable" else Path(path)
            if not described.is_file():
                continue
            try:
                named = addresses_of(described.read_text(encoding="utf-8", errors="replace"))
            except TableError as reason:
                raise Invalid.of([Problem(name, str(reason))]) from reason
            found |= {one: str(self.locations.local_path(workspace, one)) for one in named}
        return found

    def clear(self, workspace: str, job: str) -> None:
        """Remove what only a running job needs."""
        shutil.rmtree(self.core.paths.automl(workspace, job), ignore_errors=True)


def _is_model(output: object) -> bool:
    return isinstance(output, Output) and output.type == "mlflow_model"
