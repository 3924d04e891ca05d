"""What a plain script does: experiments, runs, metrics, params, tags, artifacts, data sets; asserts what it reads."""

# Runs in the client's environment, where there is no pytest.
# ruff: noqa: PT017, PT018, SIM115

import math
import os
import time
import uuid

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

try:
    import pandas as pd
except ImportError:  # a skinny client
    pd = None

NAME = f"tracking-{uuid.uuid4().hex[:8]}"
client = MlflowClient()


def experiments():
    experiment = mlflow.set_experiment(NAME)
    assert mlflow.set_experiment(NAME).experiment_id == experiment.experiment_id
    assert client.get_experiment_by_name(NAME).name == NAME
    assert client.get_experiment_by_name(NAME + "-none") is None
    client.set_experiment_tag(experiment.experiment_id, "team", "a")
    assert client.get_experiment(experiment.experiment_id).tags["team"] == "a"
    other = client.create_experiment(NAME + "-other", tags={"x": "y"})
    try:
        client.create_experiment(NAME + "-other")
    except MlflowException as error:
        assert error.error_code == "RESOURCE_ALREADY_EXISTS", error.error_code
    else:
        raise AssertionError("the name is taken")
    client.rename_experiment(other, NAME + "-new")
    client.delete_experiment(other)
    client.restore_experiment(other)
    found = client.search_experiments(filter_string=f"name LIKE '{NAME}%'", order_by=["name ASC"])
    assert [one.name for one in found] == [NAME, NAME + "-new"]


def runs():
    with mlflow.start_run(run_name="outer", tags={"a": "1"}, description="text") as run:
        mlflow.log_param("p", 1)
        mlflow.log_params({"q": "x" * 6000, "list": [1, 2]})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"nan": float("nan"), "inf": float("inf"), "ninf": -float("inf")})
        mlflow.set_tags({"b": "2", "c": "3"})
        mlflow.delete_tag("c")
        with mlflow.start_run(nested=True, run_name="inner") as inner:
            mlflow.log_metric("m", 1)
        try:
            mlflow.log_param("p", 2)
        except MlflowException as error:
            assert error.error_code == "INVALID_PARAMETER_VALUE"
        else:
            raise AssertionError("params do not change")
    run_id = run.info.run_id
    got = mlflow.get_run(run_id)
    assert got.info.status == "FINISHED" and got.info.end_time >= got.info.start_time
    assert got.info.run_name == "outer" and got.data.tags["mlflow.runName"] == "outer"
    assert got.data.tags["mlflow.note.content"] == "text" and "c" not in got.data.tags
    assert got.data.params["p"] == "1" and got.data.params["list"] == "[1, 2]"
    assert got.data.metrics["loss"] == 0.2
    assert math.isnan(got.data.metrics["nan"])
    assert got.data.metrics["inf"] > 1e308 and got.data.metrics["ninf"] < -1e308
    assert mlflow.get_run(inner.info.run_id).data.tags["mlflow.parentRunId"] == run_id
    history = client.get_metric_history(run_id, "loss")
    assert [(one.step, one.value) for one in history] == [(step, 1 / (step + 1)) for step in range(5)]
    with mlflow.start_run(run_id=run_id):
        assert mlflow.get_run(run_id).info.status == "RUNNING"
        mlflow.log_metric("loss", 0.1, step=9)
    try:
        with mlflow.start_run() as failed:
            raise ValueError("a script's own mistake")
    except ValueError:
        assert client.get_run(failed.info.run_id).info.status == "FAILED"
    client.update_run(run_id, name="renamed")
    assert client.get_run(run_id).info.run_name == "renamed"
    client.delete_run(failed.info.run_id)
    assert client.get_run(failed.info.run_id).info.lifecycle_stage == "deleted"
    client.restore_run(failed.info.run_id)
    return run_id


def batches(run_id):
    now = int(time.time() * 1000)
    metrics = [Metric(f"k{number % 3}", number, now, number) for number in range(1000)]
    client.log_batch(run_id, metrics=metrics)
    client.log_batch(run_id, params=[Param("bp", "1")], tags=[RunTag("bt", "1")])
    assert len(client.get_metric_history(run_id, "k0")) == 334
    assert client.get_run(run_id).data.metrics["k0"] == 999
    try:
        client.log_batch(run_id, metrics=[Metric("a/../b", 1, now, 0)])
    except MlflowException as error:
        assert error.error_code == "INVALID_PARAMETER_VALUE"


def artifacts(run_id):
    os.makedirs("out/sub", exist_ok=True)
    with open("out/a.txt", "w") as file:
        file.write("hello")
    with open("out/sub/ü b.txt", "w") as file:
        file.write("x" * 100)
    with open("big.bin", "wb") as file:
        file.write(os.urandom(20 * 1024 * 1024))
    with mlflow.start_run(run_id=run_id):
        mlflow.log_artifacts("out", artifact_path="files")
        mlflow.log_artifact("big.bin")
        mlflow.log_text("text", "notes/t.txt")
        mlflow.log_dict({"a": 1}, "d.json")
    assert {one.path for one in client.list_artifacts(run_id)} >= {"files", "big.bin", "notes", "d.json"}
    assert {one.path for one in client.list_artifacts(run_id, "files")} == {"files/a.txt", "files/sub"}
    folder = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="files")
    assert open(os.path.join(folder, "sub", "ü b.txt")).read() == "x" * 100
    big = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/big.bin")
    assert open(big, "rb").read() == open("big.bin", "rb").read()
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/d.json") == {"a": 1}


def frames(run_id):
    with mlflow.start_run(run_id=run_id):
        mlflow.log_table({"x": [1, 2]}, "table.json")
    assert list(mlflow.load_table("table.json", run_ids=[run_id])["x"]) == [1, 2]
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0, 4.0]})
    dataset = mlflow.data.from_pandas(frame, source="https://example.org/x.csv", name="frame")
    with mlflow.start_run(run_id=run_id):
        mlflow.log_input(dataset, context="training", tags={"k": "v"})
    (used,) = mlflow.get_run(run_id).inputs.dataset_inputs
    assert (
        used.dataset.name == "frame" and {tag.key: tag.value for tag in used.tags}["mlflow.data.context"] == "training"
    )
    found = mlflow.search_runs(filter_string="datasets.name = 'frame' AND datasets.context = 'training'")
    assert list(found["run_id"]) == [run_id]


experiments()
identifier = runs()
batches(identifier)
artifacts(identifier)
if pd is not None:
    frames(identifier)
print("ok", mlflow.__version__)
