"""What the home page, the tables and the details of a model show, on a real platform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.domain.tracking import Metric
from bancada.engine.model_details import model_details
from bancada.engine.usage import disk_bytes
from bancada.errors import NotFound
from bancada.store import tracking

MLMODEL = """
artifact_path: model
flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.7}
  sklearn: {pickled_model: model.pkl}
mlflow_version: 3.1.0
signature:
  inputs: '[{"type": "long", "name": "age"}, {"type": "double", "name": "oldpeak", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
"""


def finished(bench: Bench) -> str:
    name = bench.submit("print(1)", display_name="a good one", experiment_name="heart")
    bench.wait(name)
    metrics = [Metric("Score", 0.9, 1, 0), Metric("x", float("nan"), 1, 0)]
    bench.core.db.write(lambda tx: tracking.log_batch(tx, WORKSPACE, name, metrics=metrics))
    return name


def test_the_home_page_shows_what_runs_what_waits_and_what_came_out(one_core_bench: Bench):
    bench = one_core_bench
    done = finished(bench)
    doc = {
        "name": "best",
        "path": bench.upload({"m/MLmodel": MLMODEL}) + "/m",
        "type": "mlflow_model",
        "job_name": done,
    }
    bench.platform.assets.create(WORKSPACE, "models", doc, "owner")
    bench.platform.endpoints.put_endpoint(WORKSPACE, "sums", {}, "owner")
    running = bench.submit("import time; time.sleep(600)")
    bench.wait(running, "Running")
    waits = bench.submit("print(2)")
    bench.until(lambda: bench.job(waits), lambda found: found.get("queue_position"))
    found = bench.platform.summaries.summary(WORKSPACE)
    assert found["jobs"] == {"running": 1, "queued": 1, "completed": 1, "failed": 0, "canceled": 0}
    assert [one["name"] for one in found["recent_jobs"]] == [waits, running, done]
    assert found["recent_jobs"][2]["experiment_name"] == "heart"
    assert found["recent_jobs"][2]["duration_s"] > 0
    assert found["best_models"][0]["source_job"]["display_name"] == "a good one"
    assert found["best_models"][0]["metrics"] == {"Score": 0.9, "x": "nan"}
    assert found["endpoints"][0]["state"] == "idle"
    (queued,) = found["queue"]
    assert (queued["name"], queued["position"]) == (waits, 1)
    assert "busy" in queued["reason"]
    assert (found["machine"]["cores"], found["machine"]["in_use"]) == (1, 1)
    assert 0 < found["machine"]["memory_free_bytes"] < found["machine"]["memory_total_bytes"]
    bench.platform.jobs.cancel(WORKSPACE, running, "owner")
    bench.wait(waits)


def test_a_cluster_shows_its_load(bench: Bench):
    doc = {"name": "small", "type": "amlcompute", "size": "Standard_DS3_v2", "max_instances": 1}
    bench.platform.assets.create(WORKSPACE, "computes", doc, "owner")
    running = bench.submit("import time; time.sleep(600)", compute="small")
    bench.wait(running, "Running")
    waits = bench.submit("print(2)", compute="small")
    bench.until(lambda: bench.job(waits), lambda found: found.get("queue_position"))
    found = bench.platform.asset_rows.compute(WORKSPACE, "small")
    assert (found["slots"], found["in_use"], found["queued"], found["state"]) == (1, 1, 1, "full")
    assert found in bench.platform.asset_rows.computes(WORKSPACE)["items"]
    bench.platform.jobs.cancel(WORKSPACE, running, "owner")
    bench.wait(waits)
    with pytest.raises(NotFound, match="small"):
        bench.platform.asset_rows.compute(WORKSPACE, "smal")


def test_the_table_of_models_has_versions_aliases_and_the_job_that_made_the_newest(bench: Bench):
    done = finished(bench)
    for text in ("1", "2"):
        doc = {"name": "m", "path": bench.upload({"f": text}) + "/f", "tags": {"team": "heart"}, "job_name": done}
        bench.platform.assets.create(WORKSPACE, "models", doc, "owner")
    found = bench.platform.asset_rows.rows(WORKSPACE, "models", limit=10, offset=0)
    (row,) = found["items"]
    assert (row["name"], row["latest_version"], row["versions"], found["total"]) == ("m", "2", 2, 1)
    assert row["tags"] == {"team": "heart"}
    assert row["source_job"]["metrics"]["Score"] == 0.9
    assert bench.platform.asset_rows.rows(WORKSPACE, "models", search="n", limit=10, offset=0)["total"] == 0


def test_a_model_is_shown_by_the_metric_that_its_job_was_to_improve(bench: Bench):
    done = bench.submit("print(1)")
    bench.wait(done)
    logged = {"automl_fit_seconds": 3.0, "AUC_macro": 0.7, "AUC_weighted": 0.8}
    metrics = [Metric(key, value, 1, 0) for key, value in logged.items()]
    bench.core.db.write(lambda tx: tracking.log_batch(tx, WORKSPACE, done, metrics=metrics))
    doc = {"name": "m", "path": bench.upload({"f": "1"}) + "/f", "job_name": done}
    bench.platform.assets.create(WORKSPACE, "models", doc, "owner")

    def source() -> Any:
        return bench.platform.asset_rows.rows(WORKSPACE, "models", limit=10, offset=0)["items"][0]["source_job"]

    assert list(source()["metrics"]) == ["AUC_macro", "AUC_weighted", "automl_fit_seconds"], "costs are the last"
    assert "primary_metric" not in source()
    bench.core.db.write(
        lambda tx: tracking.set_tags(tx, WORKSPACE, done, {"automl.primary_metric": "AUC_weighted"}),
    )
    assert source()["primary_metric"] == "AUC_weighted"


def test_a_version_says_that_it_is_archived(bench: Bench):
    bench.platform.assets.create(WORKSPACE, "models", {"name": "m", "path": bench.upload({"f": "1"}) + "/f"}, "owner")
    for archived in (True, False):
        bench.platform.assets.archive(WORKSPACE, "models", "m", "1", archived, "owner")
        shown = bench.platform.assets.get(WORKSPACE, "models", "m", "1").body
        assert shown.get("archived", False) is archived


def test_a_models_details_are_those_of_its_files(bench: Bench):
    files = {"m/MLmodel": MLMODEL, "m/model.pkl": "12345"}
    doc = {"name": "m", "path": bench.upload(files) + "/m", "type": "mlflow_model"}
    bench.platform.assets.create(WORKSPACE, "models", doc, "owner")
    found = model_details(bench.core, WORKSPACE, "m", "1")
    assert found["flavors"] == ["python_function", "sklearn"]
    assert found["signature"]["inputs"][1] == {"name": "oldpeak", "type": "double", "required": False}
    assert found["signature"]["outputs"] == [{"type": "int64", "required": True, "shape": [-1]}]
    assert found["input_example"]["input_data"]["columns"] == ["age", "oldpeak"]
    assert (found["files"], found["size_bytes"], found["deployments"]) == (2, len(MLMODEL) + 5, [])
    with pytest.raises(NotFound):
        model_details(bench.core, WORKSPACE, "m", "2")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcde", "bcdef", strict=True)
)


@pytest.mark.parametrize("text", ["[1, 2", "a: !!timestamp z", f"{BOMB}mlflow_version: *f\n"])
def test_a_broken_mlmodel_hides_nothing_else(bench: Bench, text: str):
    doc = {"name": "m", "path": bench.upload({"m/MLmodel": text}) + "/m"}
    bench.platform.assets.create(WORKSPACE, "models", doc, "owner")
    found = model_details(bench.core, WORKSPACE, "m", "1")
    assert found["files"] == 1
    assert "MLmodel" in found["note"]


def test_what_a_workspace_costs_is_measured_behind_the_answer(bench: Bench):
    finished(bench)
    bench.platform.assets.create(
        WORKSPACE,
        "data",
        {"name": "d", "path": bench.upload({"d.bin": "x" * 300_000}) + "/d.bin", "type": "uri_file"},
        "o",
    )
    first = bench.platform.usages.usage(WORKSPACE)
    assert "disk_bytes" not in first or first["state"] == "ready"
    found = bench.until(lambda: bench.platform.usages.usage(WORKSPACE), lambda one: "disk_bytes" in one)
    assert found["disk_bytes"] >= 300_000
    assert found["compute_seconds"] > 0
    assert (found["jobs"], found["data"], found["models"], found["endpoints"]) == (1, 1, 0, 0)
    assert found["as_of"]
    with pytest.raises(NotFound):
        bench.platform.usages.usage("nowhere")


def test_a_file_with_two_names_takes_its_room_once(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"x" * 100_000)
    alone, _ = disk_bytes([tmp_path])
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    (tmp_path / "link").symlink_to("/")
    both, files = disk_bytes([tmp_path, tmp_path / "not there"])
    assert both - alone < 50_000
    assert files == 2


@pytest.fixture
def fresh_bench(tmp_path: Path) -> Iterator[Bench]:
    """A platform that has not built anything yet, whatever other tests did."""
    made = Bench(tmp_path / "home", cache=str(tmp_path / "cache"))
    yield made
    made.finish()


def test_an_environments_build_is_shown_with_its_packages_and_its_log(fresh_bench: Bench):
    bench = fresh_bench
    conda = {"name": "e", "dependencies": ["python>=3.10"]}
    bench.platform.assets.create(WORKSPACE, "environments", {"name": "e", "conda_file": conda, "image": "i"}, "owner")
    builds = bench.platform.environment_builds
    before = builds.build(WORKSPACE, "e", "1")
    assert (before["state"], before["has_log"], before["used_by_jobs"]) == ("absent", False, 0)
    assert builds.start(WORKSPACE, "e", "1")["state"] == "building"
    # The folder is there a moment before the build's end is noted.
    found = bench.until(
        lambda: builds.build(WORKSPACE, "e", "1"), lambda one: one["state"] == "ready" and "seconds" in one, 120.0
    )
    assert found["has_log"]
    assert found["python"].startswith("3.")
    assert found["size_bytes"] > 0
    assert found["seconds"] > 0
    text = builds.log(WORKSPACE, "e", "1", 0)
    assert b"is ready" in text.data
    assert builds.log(WORKSPACE, "e", "1", text.following).data == b""
    name = bench.submit("print(1)", environment="azureml:e:1")
    bench.wait(name)
    assert builds.build(WORKSPACE, "e", "1")["used_by_jobs"] == 1


def test_an_environment_that_cannot_be_built_says_why(bench: Bench):
    conda = {"name": "e", "dependencies": ["python>=3.10", "pip", {"pip": ["no-such-package-anywhere==1.0"]}]}
    bench.platform.assets.create(WORKSPACE, "environments", {"name": "e", "conda_file": conda, "image": "i"}, "owner")
    builds = bench.platform.environment_builds
    assert builds.start(WORKSPACE, "e", "1")["state"] == "building"
    found = bench.until(lambda: builds.build(WORKSPACE, "e", "1"), lambda one: one["state"] != "building", 120.0)
    assert (found["state"], found["has_log"]) == ("failed", True)
    assert "no-such-package-anywhere" in found["error"]["message"]
    with pytest.raises(NotFound):
        builds.build(WORKSPACE, "f", "1")
