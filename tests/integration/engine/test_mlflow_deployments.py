"""MLflow models deployed without a script: built, loaded and asked in real processes."""

from __future__ import annotations

import json
import subprocess
import textwrap
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from engine_bench import WORKSPACE, Bench
from served_bench import ask_raw, gateway_of, settle

from bancada.errors import Invalid, NotFound
from bancada.executors.environments import EnvironmentRequest, build

pytestmark = pytest.mark.slow

# What the model's own conda file asks for, too: the environment is built once for both.
PACKAGES = ["scikit-learn==1.7.2", "numpy==1.26.4", "pandas==1.5.3", "cloudpickle==3.1.2"]
SAVE = """
    import sys
    import mlflow, numpy as np, pandas as pd
    from mlflow.models import infer_signature
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    draw = np.random.default_rng(0)
    X = pd.DataFrame({
        "age": draw.integers(20, 80, 200), "chol": draw.normal(200, 30, 200), "sex": draw.choice(["f", "m"], 200),
    })
    y = (X.age * 2 + X.chol > 300).astype(int)
    steps = [("n", StandardScaler(), ["age", "chol"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["sex"])]
    forest = RandomForestClassifier(20, random_state=0, n_jobs=-1)
    model = Pipeline([("prepare", ColumnTransformer(steps)), ("forest", forest)]).fit(X, y)
    mlflow.sklearn.save_model(
        model, sys.argv[1], signature=infer_signature(X, model.predict(X)), input_example=X.head(3)
    )
    X.head(40).assign(label=model.predict(X.head(40)), p=model.predict_proba(X.head(40))[:, 1]).to_json(
        sys.argv[1] + ".json", orient="split", double_precision=15)
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, Any]]:
    """The files of a model, and what it predicts for some rows."""
    from bancada.settings import load_settings

    dependencies = ["python=3.11", "pip", {"pip": ["mlflow-skinny==3.13.0", *PACKAGES]}]
    request = EnvironmentRequest(name="mlflow", version="1", conda={"dependencies": dependencies})
    environment = build(request, load_settings({}).cache, print)
    folder = tmp_path_factory.mktemp("model") / "heart"
    script = textwrap.dedent(SAVE)
    subprocess.run([environment.interpreter, "-W", "ignore", "-c", script, str(folder)], check=True, timeout=900)
    files = {f"heart/{one.name}": one for one in folder.iterdir()}
    # Bytes, as latin-1 text: the pickle is among them.
    texts = {name: path.read_bytes().decode("latin-1") for name, path in files.items()}
    return texts, json.loads(Path(f"{folder}.json").read_text())


@pytest.fixture
def served(bench: Bench) -> Iterator[Bench]:
    with gateway_of(bench):
        bench.platform.endpoints.put_endpoint(WORKSPACE, "sums", {}, "owner")
        yield bench


def register(bench: Bench, files: dict[str, str]) -> None:
    tree = bench.upload_bytes({name: text.encode("latin-1") for name, text in files.items()})
    doc = {"name": "heart", "path": f"{tree}/heart", "type": "mlflow_model"}
    bench.platform.assets.create(WORKSPACE, "models", doc, "owner")


def deploy(bench: Bench, **doc: Any) -> dict[str, Any]:
    body = {"model": "azureml:heart:1", "instance_type": "Standard_DS3_v2", **doc}
    bench.platform.deployments.put_deployment(WORKSPACE, "sums", "blue", body, "owner")
    found = settle(bench, "blue", timeout_s=300)
    assert found["provisioning_state"] == "Succeeded", found
    bench.platform.endpoints.put_endpoint(WORKSPACE, "sums", {"traffic": {"blue": 100}}, "owner")
    return found


def test_an_mlflow_model_is_served_without_a_script_in_every_form(served: Bench, saved: Any):
    files, expected = saved
    register(served, files)
    shown = deploy(served, request_settings={"max_concurrent_requests_per_instance": 64, "request_timeout_ms": 20000})
    columns, rows = expected["columns"][:3], [row[:3] for row in expected["data"]]
    labels, chances = [row[3] for row in expected["data"]], [row[4] for row in expected["data"]]
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    split = {"columns": columns, "data": rows}
    for body, answer in (
        ({"input_data": {**split, "index": list(range(len(rows)))}}, labels),
        ({"input_data": records}, labels),
        ({"input_data": rows}, labels),
        ({"dataframe_split": split}, {"predictions": labels}),
        ({"dataframe_records": records}, {"predictions": labels}),
        ({"instances": records}, {"predictions": labels}),
        ({"inputs": {name: [row[name] for row in records] for name in columns}}, {"predictions": labels}),
        ({"Inputs": {"data": records}, "GlobalParameters": 1.0}, {"Results": labels}),
    ):
        assert ask_raw(served, body)[::2] == (200, answer), body
    asked = {"Inputs": {"data": records}, "GlobalParameters": {"method": "predict_proba"}}
    assert [row[1] for row in ask_raw(served, asked)[2]["Results"]] == chances

    status, headers, answer = ask_raw(served, {"input_data": {"columns": ["age"], "data": [[1]]}})
    assert (status, headers["ms-azureml-model-error-statuscode"]) == (424, "400")
    assert answer["error_code"] == "BAD_REQUEST"
    assert "missing inputs ['chol', 'sex']" in answer["message"]
    assert "`age` (long)" in answer["message"]

    assert "no job that made it is known" in shown["properties"]["serving_environment"]
    replica = json.loads(shown["properties"]["replicas"])[0]
    assert replica["batch"] > 1, "a forest's predictions do not depend on the rows beside"
    assert replica["n_jobs"], "n_jobs was set to 1"
    assert replica["level"] == "L2", replica
    reports = served.platform.deployment_reports
    sample = reports.sample(WORKSPACE, "sums", "blue")
    assert sample["input_data"]["columns"] == columns
    assert ask_raw(served, sample)[0] == 200
    swagger = json.loads(fetch(served, "swagger.json"))
    assert swagger["definitions"]["ServiceInput"]["example"] == sample
    together(served, columns, rows, labels)
    metrics = reports.metrics(WORKSPACE, "sums", "blue")
    assert metrics["requests"]["200"] > 200
    assert 0 < metrics["latency"]["p50_ms"] <= metrics["latency"]["p99_ms"]


def together(served: Bench, columns: list[str], rows: list[Any], labels: list[int]) -> None:
    """Ask from many threads at once: answers of one batch do not get mixed up."""

    def one(number: int) -> bool:
        row = number % len(rows)
        body = {"input_data": {"columns": columns, "data": [rows[row]] * (1 + number % 3)}}
        return ask_raw(served, body)[::2] == (200, [labels[row]] * (1 + number % 3))

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(one, range(200)))


def fetch(bench: Bench, path: str) -> bytes:
    key = bench.platform.endpoints.keys(WORKSPACE, "sums")["primaryKey"]
    uri = bench.platform.endpoints.get_endpoint(WORKSPACE, "sums").body["scoring_uri"].removesuffix("score") + path
    with urllib.request.urlopen(urllib.request.Request(uri, headers={"Authorization": f"Bearer {key}"})) as answer:
        return answer.read()


WHERE = """
    import importlib.metadata, sys

    def init():
        pass

    def run(data):
        return {"prefix": sys.prefix, "cloudpickle": importlib.metadata.version("cloudpickle")}
"""
# A job's script: the model as MLflow saves it, and one that was recorded with another version of one package.
TWICE = """
    import pathlib, shutil
    shutil.copytree("outputs/heart", "outputs/older")
    recorded = pathlib.Path("outputs/older/conda.yaml")
    recorded.write_text(recorded.read_text().replace("cloudpickle==3.1.2", "cloudpickle==3.1.1"))
    print(sys.prefix)
"""


def test_a_model_is_served_in_the_environment_of_its_job_when_that_has_what_it_asks_for(served: Bench):
    # One package more than the model asks for: its own environment would be another one.
    packages = ["mlflow-skinny==3.13.0", *PACKAGES, "tabulate==0.9.0"]
    train = {"name": "train", "version": "7", "conda_file": {"dependencies": ["python=3.11", {"pip": packages}]}}
    served.platform.assets.create(WORKSPACE, "environments", train, "owner")
    job = served.submit(
        textwrap.dedent(SAVE) + textwrap.dedent(TWICE),
        command="python a.py outputs/heart",
        environment="azureml:train:7",
    )
    assert served.wait(job, timeout_s=300)["status"] == "Completed", served.log(job)
    trained_in = served.log(job).split()[-1]
    for name in ("heart", "older"):
        path = f"azureml://jobs/{job}/outputs/artifacts/paths/outputs/{name}"
        doc = {"name": name, "path": path, "type": "mlflow_model"}
        served.platform.assets.create(WORKSPACE, "models", doc, "owner")
    script = {"code": served.upload({"score.py": textwrap.dedent(WHERE)}), "scoring_script": "score.py"}

    shown = deploy(served, code_configuration=script)
    assert ask_raw(served, {})[2] == {"prefix": trained_in, "cloudpickle": "3.1.2"}
    assert f"That of job `{job}`: `train:7` has every package" in shown["properties"]["serving_environment"]
    replica = json.loads(shown["properties"]["replicas"])[0]["name"]
    # What was shown comes back, as clients send it: nothing of it makes new replicas.
    shown = deploy(served, code_configuration=script, instance_count=2, properties=shown["properties"])
    assert replica in [one["name"] for one in json.loads(shown["properties"]["replicas"])]

    shown = deploy(served, code_configuration=script, model="azureml:older:1")
    answer = ask_raw(served, {})[2]
    assert answer["cloudpickle"] == "3.1.1"
    assert answer["prefix"] != trained_in
    why = shown["properties"]["serving_environment"]
    assert why.startswith(f"The model's own instead of `train:7`, that of job `{job}`. ")
    assert "It has cloudpickle 3.1.2, and the model asks for `cloudpickle==3.1.1`." in why

    shown = deploy(served, code_configuration=script, environment="azureml:train@latest")
    assert ask_raw(served, {})[2]["prefix"] == trained_in
    assert "serving_environment" not in shown["properties"], "it is the one that was named"


def test_an_environment_without_mlflow_says_what_to_do(served: Bench, saved: Any):
    register(served, saved[0])
    body = {"model": "azureml:heart:1", "environment": "azureml:minimal@latest"}
    served.platform.deployments.put_deployment(WORKSPACE, "sums", "blue", body, "owner")
    found = settle(served, "blue")
    assert found["provisioning_state"] == "Failed"
    assert "Leave `environment` out" in found["error"]["message"]


def test_only_an_mlflow_model_needs_no_script(served: Bench):
    tree = served.upload({"plain/model.bin": "x"})
    doc = {"name": "plain", "path": f"{tree}/plain"}
    served.platform.assets.create(WORKSPACE, "models", doc, "owner")
    with pytest.raises(Invalid, match="it has no file MLmodel"):
        served.platform.deployments.put_deployment(WORKSPACE, "sums", "blue", {"model": "azureml:plain:1"}, "owner")
    with pytest.raises(Invalid, match="no model is named"):
        served.platform.deployments.put_deployment(WORKSPACE, "sums", "blue", {}, "owner")
    with pytest.raises(NotFound):
        served.platform.deployment_reports.sample(WORKSPACE, "sums", "blue")
