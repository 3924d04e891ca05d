"""The bike example keeps its promises, as far as no platform needs to run for it (tests/e2e runs it)."""

from __future__ import annotations

import ast
import csv
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from bancada.domain.jobs import AutoMLJob, CommandJob
from bancada.learning.automl_job.tables import read_table
from bancada.ml import load_job, load_online_deployment, load_online_endpoint

BIKE = Path(__file__).resolve().parents[2] / "examples" / "bike"
COLUMNS = "day mnth year season holiday weekday workingday weathersit temp atemp hum windspeed rentals".split()
# Calls of the client that the story is made of.
CALLS = {
    "begin_create", "begin_create_or_update", "create_or_update", "command", "regression", "set_limits", "set_training",
    "stream", "get_keys", "get_logs", "begin_delete",
}  # fmt: skip


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bike_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_data_are_the_labs_731_days() -> None:
    found = rows(BIKE / "data" / "bike.csv")
    assert list(found[0]) == COLUMNS
    assert len(found) == 731
    assert sum(int(one["rentals"]) for one in found) == 620_017
    # UCI's own first day.
    assert ",".join(found[0].values()) == "1,1,2011,1,0,6,0,2,0.344167,0.363625,0.805833,0.160446,331"
    assert {one["year"] for one in found} == {"2011", "2012"}
    assert sum(int(one["holiday"]) for one in found) == 21


def test_the_mltable_reads_them_with_numbers_in_every_column() -> None:
    table = read_table(BIKE / "data")
    assert list(table.columns) == COLUMNS
    assert len(table) == 731
    assert {str(one) for one in table.dtypes} == {"int64", "float64"}


def test_the_preparation_makes_the_labs_columns_and_splits_without_loss(tmp_path: Path) -> None:
    prepare = [sys.executable, str(BIKE / "src" / "prepare.py"), "--raw", str(BIKE / "raw.csv")]
    subprocess.run([*prepare, "--train", str(tmp_path / "a"), "--test", str(tmp_path / "b")], check=True)
    train, test = rows(tmp_path / "a" / "bike.csv"), rows(tmp_path / "b" / "bike.csv")
    assert (len(train), len(test)) == (658, 73)
    whole = rows(BIKE / "data" / "bike.csv")
    assert sorted(map(str, train + test)) == sorted(map(str, whole))
    assert len(read_table(tmp_path / "a")) == 658


def test_yaml_and_python_describe_the_same_search() -> None:
    written: Any = load_job(BIKE / "automl.yml")
    assert isinstance(written, AutoMLJob)
    sent: list[Any] = []

    class Jobs:
        def create_or_update(self, job: Any) -> Any:
            job.name = "made"
            sent.append(job)
            return job

        def stream(self, name: str) -> None:
            """Show nothing."""

        def get(self, name: str) -> Any:
            return sent[-1]

    class Client:
        jobs = Jobs()

    class Arguments:
        minutes, trials = 15, 3

    built = load(BIKE / "walkthrough.py").search(Client(), "./data", "./data", Arguments())
    assert isinstance(built, AutoMLJob)
    for name in (
        "task",
        "metric",
        "target_column_name",
        "validation_data_size",
        "limits",
        "training",
        "experiment_name",
    ):
        assert getattr(built, name) == getattr(written, name), name
    prepared: Any = load_job(BIKE / "prepare.yml")
    assert isinstance(prepared, CommandJob)
    assert set(prepared.outputs) == {"train", "test"}
    deployment = load_online_deployment(BIKE / "deployment.yml")
    assert deployment.endpoint_name == load_online_endpoint(BIKE / "endpoint.yml").name
    assert deployment.code_configuration is None


def test_the_request_is_the_labs() -> None:
    request = json.loads((BIKE / "request.json").read_text(encoding="utf-8"))
    assert request["GlobalParameters"] == 1.0
    assert list(request["Inputs"]["data"][0]) == COLUMNS[:-1]
    assert request["Inputs"]["data"][0]["year"] == 2024


def test_notebook_is_valid_and_makes_the_calls_of_the_script() -> None:
    notebook = json.loads((BIKE / "walkthrough.ipynb").read_text(encoding="utf-8"))
    cells = notebook["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    calls = {one for cell in code for one in called(ast.parse("".join(cell["source"])))}
    script = called(ast.parse((BIKE / "walkthrough.py").read_text(encoding="utf-8")))
    assert calls & CALLS == script & CALLS == CALLS


def called(tree: ast.AST) -> set[str]:
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {ast.unparse(one).rpartition(".")[2] for one in functions}
