"""The heart example keeps its promises, as far as no platform needs to run for it (tests/e2e runs it)."""

from __future__ import annotations

import ast
import csv
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bancada.domain.jobs import SweepJob
from bancada.ml import Input, load_job, load_online_deployment, load_online_endpoint

HEART = Path(__file__).resolve().parents[2] / "examples" / "heart"
HELPERS = {
    "get_mlclient_and_create_workspace",
    "get_or_create_enviroment",
    "get_or_create_compute_cluster",
    "get_datafile_in_blob_for_job_sweep",
    "launch_hyperparam_search",
    "launch_hiperparam_search",
    "register_best_model_from_sweep",
    "create_endpoint_specs",
    "get_or_create_endpoint_deployment",
    "ml_workspace_deletion",
}


def load(name: str) -> ModuleType:
    """Import a file of the example."""
    spec = importlib.util.spec_from_file_location(f"heart_{name}", HEART / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(name: str) -> list[dict[str, str]]:
    with (HEART / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_data_have_the_promised_rows_classes_and_categories() -> None:
    train, test = rows("heart.csv"), rows("heart.test.csv")
    columns = ",age,sex,cp,trtbps,chol,fbs,restecg,thalachh,exng,oldpeak,slp,caa,thall,output"
    assert ",".join(train[0]) == ",".join(test[0]) == columns
    assert (len(train), len(test)) == (272, 31)
    assert [sum(row["output"] == wanted for row in test) for wanted in "01"] == [13, 18]
    assert sorted(int(row[""]) for row in train + test) == list(range(303))
    for name in ("sex", "cp", "fbs", "restecg", "exng", "slp", "caa", "thall"):
        assert {row[name] for row in test} <= {row[name] for row in train}


def test_codes_are_kaggles() -> None:
    found = rows("heart.csv") + rows("heart.test.csv")
    counts = {name: sorted({int(row[name]) for row in found}) for name in ("cp", "restecg", "slp", "caa", "thall")}
    assert counts == {
        "cp": [0, 1, 2, 3],
        "restecg": [0, 1, 2],
        "slp": [0, 1, 2],
        "caa": [0, 1, 2, 3, 4],
        "thall": [0, 1, 2, 3],
    }
    assert sum(row["output"] == "1" for row in found) == 164
    # The first patient of the source, coded by hand: a man of 63 with typical angina and no narrowed vessel.
    first = next(row for row in found if row[""] == "0")
    assert ",".join(first.values()) == "0,63,1,3,145,233,1,0,150,0,2.3,0,0,1,1"


def test_builder_has_the_helpers_of_such_walk_throughs() -> None:
    builder = load("env_builder")
    assert [name for name in HELPERS if not callable(getattr(builder, name, None))] == []
    assert builder.launch_hiperparam_search is builder.launch_hyperparam_search


class Recorder:
    """Stands for a client: returns what it is given."""

    def create_or_update(self, entity: Any) -> Any:
        return entity


def test_yaml_and_python_describe_the_same_search() -> None:
    written: Any = load_job(HEART / "job.yml")
    data = Input(type="uri_file", path="azureml:heart@latest", mode="ro_mount")
    built: Any = load("env_builder").launch_hyperparam_search(
        Recorder(),
        data,
        environment="azureml:sklearn-env@latest",
        compute="cpu-cluster",
        model_name="heart",
        code=HEART / "src",
    )
    assert isinstance(built, SweepJob)
    for name in ("search_space", "objective", "limits", "sampling_algorithm", "experiment_name", "display_name"):
        assert getattr(built, name) == getattr(written, name), name
    assert (
        load_online_deployment(HEART / "deployment.yml").endpoint_name
        == load_online_endpoint(HEART / "endpoint.yml").name
    )


def test_notebook_is_valid_and_makes_the_calls_of_the_script() -> None:
    notebook = json.loads((HEART / "walkthrough.ipynb").read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = notebook["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    calls = [called(ast.parse("".join(cell["source"]))) for cell in code]
    script = called(ast.parse((HEART / "walkthrough.py").read_text(encoding="utf-8")))
    assert {one for cell in calls for one in cell} & HELPERS == script & HELPERS


def called(tree: ast.AST) -> set[str]:
    """Return the names of functions and methods that a piece of code calls."""
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {ast.unparse(one).rpartition(".")[2] for one in functions}


def test_report_has_scikit_learns_layout() -> None:
    report = load("report").classification_report
    true, predicted = [0] * 13 + [1] * 18, [0] * 9 + [1] * 4 + [0] * 2 + [1] * 16
    # scikit-learn 1.9's own text for these lists.
    assert report(true, predicted) == (
        "              precision    recall  f1-score   support\n"
        "\n"
        "           0       0.82      0.69      0.75        13\n"
        "           1       0.80      0.89      0.84        18\n"
        "\n"
        "    accuracy                           0.81        31\n"
        "   macro avg       0.81      0.79      0.80        31\n"
        "weighted avg       0.81      0.81      0.80        31\n"
    )
    assert "0.00" in report([0, 1], [1, 1])


def test_report_agrees_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    true, predicted = [0, 1, 2, 1, 0, 1, 2, 2, 1] * 5, [0, 2, 2, 1, 0, 1, 0, 2, 1] * 5
    assert load("report").classification_report(true, predicted) == metrics.classification_report(true, predicted)


def test_training_script_is_plain_mlflow() -> None:
    for name in ("model_train.py", "score.py"):
        assert "bancada" not in (HEART / "src" / name).read_text(encoding="utf-8")


def test_request_file_holds_rows_of_the_test_part() -> None:
    request = json.loads((HEART / "request.json").read_text(encoding="utf-8"))
    known = [
        {name: float(value) for name, value in row.items() if name and name != "output"}
        for row in rows("heart.test.csv")
    ]
    assert all(row in known for row in request["data"])
