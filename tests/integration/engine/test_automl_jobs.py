"""AutoML jobs from submission to their end, with a small engine of the tests in real processes over real HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from engine_bench import WORKSPACE, Bench

from bancada.engine import automl
from bancada.errors import Invalid
from bancada.faces.mlflow import mlflow_app
from bancada.store import jobs
from bancada.web import tracking_of

FAKE = Path(__file__).parent / "fake_automl"


class AutoMLBench(Bench):
    """A bench whose jobs reach the MLflow face on a port that stays the same when it is opened again."""

    def open(self) -> None:
        super().open()
        self._listener = socket.create_server(("127.0.0.1", getattr(self, "port", 0)))
        self.port = self._listener.getsockname()[1]
        self.core.addresses.server = f"http://127.0.0.1:{self.port}"
        app = mlflow_app(tracking_of(self.platform), self.platform.authorize, most_upload_bytes=1 << 30)
        config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve(sockets=[self._listener])))
        self._thread.start()

    def close(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
        self._listener.close()
        super().close()

    def submit_automl(self, table: str, **doc: Any) -> str:
        path = f"{self.upload({'table.csv': table})}/table.csv"
        job = {
            "type": "automl",
            "task": "regression",
            "primary_metric": "r2_score",
            "target_column_name": "y",
            "training_data": {"type": "uri_file", "path": path},
            "environment_id": "azureml:minimal@latest",
            **doc,
        }
        return str(self.platform.jobs.submit(WORKSPACE, job, "owner").body["name"])

    def candidates(self, name: str) -> list[dict[str, Any]]:
        return self.platform.jobs.trials(WORKSPACE, name)[0]

    def child_files(self, name: str) -> list[str]:
        return [one["path"] for one in self.platform.jobs.files(WORKSPACE, name, "")]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AutoMLBench]:
    source = tmp_path / "learning"
    shutil.copytree(FAKE / "automl", source / "automl")
    shutil.copytree(automl.SOURCE / "automl_job", source / "automl_job")
    for name in ("tables", "model"):
        shutil.copy(FAKE / f"automl_job_{name}.py", source / "automl_job" / f"{name}.py")
    monkeypatch.setattr(automl, "SOURCE", source)
    made = AutoMLBench(tmp_path / "home")
    yield made
    made.finish()


def table(*rows: str) -> str:
    return "score,seconds,y\n" + "".join(f"{one},1\n" for one in rows)


def test_candidates_become_children_and_the_best_ones_model_is_its_artifact(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,0", "fails,0", "0.9,0", "0.7,0"))
    body = bench.wait(name)
    assert body["status"] == "Completed"
    rows = bench.candidates(name)
    assert [(one["trial"], one["status"], one["algorithm"]) for one in rows] == [
        (0, "Completed", "Fake0"),
        (1, "Failed", "Fake1"),
        (2, "Completed", "Fake2"),
        (3, "Completed", "Fake3"),
    ]
    assert rows[1]["error"] == "it never works"
    best = rows[2]
    assert body["properties"]["best_child_run_id"] == best["name"]
    assert float(body["properties"]["score"]) == 0.9
    assert body["tags"]["automl_best_child_run_id"] == best["name"]
    assert best["metrics"]["root_mean_squared_error"] == 1.0
    assert best["parameters"] == {"depth": "2"}
    assert "outputs/mlflow-model/MLmodel" in bench.child_files(best["name"])
    assert "charts/residuals.json" in bench.child_files(best["name"])
    assert "outputs/generated_code/script.py" in bench.child_files(name)
    assert bench.platform.jobs.summary(WORKSPACE, name)["metrics"]["r2_score"] == 0.9
    bench.until(lambda: bench.core.paths.automl(WORKSPACE, name).exists(), lambda found: not found)


def test_the_summary_has_the_leaderboard_with_the_best_first(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,0", "0.9,0", "fails,0"))
    results = bench.wait(name)["results"]
    assert [one["value"] for one in results["leaderboard"]] == [0.9, 0.5]
    assert results["leaderboard"][0]["is_best"] is True
    assert (results["best_value"], results["best_algorithm"]) == (0.9, "Fake1")
    assert results["counts"] == {"Completed": 2, "Failed": 1}
    assert results["metric_over_trials"] == [
        {"trial": 0, "value": 0.5, "best": 0.5},
        {"trial": 1, "value": 0.9, "best": 0.9},
    ]


def test_the_best_model_is_registered_from_its_run_as_azure_writes_it(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,0"))
    best = bench.wait(name)["properties"]["best_child_run_id"]
    path = f"azureml://jobs/{best}/outputs/artifacts/outputs/mlflow-model/"
    doc = {"name": "m", "version": "1", "path": path, "type": "mlflow_model"}
    bench.platform.assets.create(WORKSPACE, "models", doc, "owner")
    files = bench.platform.assets.get(WORKSPACE, "models", "m", "1").body
    assert files["type"] == "mlflow_model"


def test_the_best_model_is_copied_into_an_output_of_its_type(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,0"), outputs={"best_model": {"type": "mlflow_model"}})
    assert bench.wait(name)["status"] == "Completed"
    files = bench.platform.jobs.files(WORKSPACE, name, "", "best_model")
    assert [one["path"] for one in files] == ["MLmodel", "model.txt"]


def test_checks_of_the_data_are_there_before_the_first_model(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,600"))
    files = bench.until(lambda: bench.child_files(name), lambda found: "outputs/guardrails.json" in found)
    assert "outputs/column_types.json" in files
    assert "Guard rail alerted: Number of rows: 1 rows are few. Beware." in bench.log(name)
    assert bench.candidates(name) == []
    bench.platform.jobs.cancel(WORKSPACE, name, "owner")
    assert bench.wait(name)["status"] == "Canceled"


def test_a_search_that_does_not_end_when_it_is_cancelled_is_left_behind(bench: AutoMLBench):
    program = automl.SOURCE / "automl_job" / "program.py"
    program.write_text(program.read_text().replace("_PATIENCE_S = 25.0", "_PATIENCE_S = 0.5"))
    name = bench.submit_automl(table("0.5,0", "hangs,0"))
    bench.until(lambda: bench.candidates(name), lambda found: len(found) == 1)
    bench.platform.jobs.cancel(WORKSPACE, name, "owner")
    body = bench.wait(name)
    assert body["status"] == "Canceled"
    assert "outputs/mlflow-model/MLmodel" in bench.child_files(body["properties"]["best_child_run_id"])


def test_a_cancelled_job_keeps_the_best_so_far(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,0", "0.9,0", "0.99,600"))
    bench.until(lambda: bench.candidates(name), lambda found: len(found) == 2)
    bench.platform.jobs.cancel(WORKSPACE, name, "owner")
    body = bench.wait(name)
    assert body["status"] == "Canceled"
    best = body["properties"]["best_child_run_id"]
    assert best == bench.candidates(name)[1]["name"]
    assert "outputs/mlflow-model/MLmodel" in bench.child_files(best)
    # With its charts, too.
    assert "charts/residuals.json" in bench.child_files(best)


def read(bench: AutoMLBench, job: str, path: str) -> Any:
    return json.loads(bench.platform.jobs.open_file(WORKSPACE, job, path).read_text())


def test_every_candidate_has_its_charts_as_soon_as_it_is_there(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,0", "fails,0", "-1,0", "0.9,600"))
    rows = bench.until(lambda: bench.candidates(name), lambda found: len(found) == 3)
    bench.until(lambda: bench.child_files(rows[0]["name"]), lambda found: found == ["charts.json"])
    charts = read(bench, rows[0]["name"], "charts.json")
    assert charts == {"residuals": {"data": {"bin_edges": [0, 0.333333], "bin_counts": [1]}}}
    assert bench.child_files(rows[1]["name"]) == []
    # The one whose charts could not be made costs its charts, not the job.
    bench.until(lambda: bench.log(name), lambda found: "charts of candidate 2 could not be made" in found)
    bench.platform.jobs.cancel(WORKSPACE, name, "owner")
    assert bench.wait(name)["status"] == "Canceled"
    best = bench.child_files(rows[0]["name"])
    assert {"charts/residuals.json", "explanations/global.json", "outputs/generated_code/script.py"} <= set(best)
    # What takes seconds is left out for one who waits.
    assert not {"charts/residuals.png", "explanations/local.json"} & set(best)
    assert "outputs/featurization_summary.json" in bench.child_files(name)


@pytest.mark.parametrize("of", ["training_data", "test_data"])
def test_rows_are_explained_with_what_a_page_shows_of_them(bench: AutoMLBench, of: str):
    test = f"{bench.upload({'table.csv': table('7,0')})}/table.csv"
    more = {"test_data": {"type": "uri_file", "path": test}} if of == "test_data" else {}
    name = bench.submit_automl(table("0.5,0"), **more)
    best = bench.wait(name)["properties"]["best_child_run_id"]
    assert read(bench, best, "explanations/local.json") == {
        "method": "permutation",
        "columns": ["score"],
        "shares": [[[0.123457]]],
        "base": [[1.0]],
        "others": 1,
        "of": of,
        "outputs": [],
        "rows": [["7" if of == "test_data" else "0.5"]],
        "target": ["1"],
        "predicted": [0.5],
    }


def test_data_with_a_problem_fail_the_job_with_one_sentence(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,0"), target_column_name="rentals")
    body = bench.wait(name)
    assert body["status"] == "Failed"
    assert body["error"]["message"] == "Column `rentals` is not in the data. The training data are `table.csv`."
    empty = bench.submit_automl("y\n")
    assert bench.wait(empty)["error"]["message"] == "The table table.csv has no rows."


def test_a_job_without_any_candidate_says_why(bench: AutoMLBench):
    body = bench.wait(bench.submit_automl(table("fails,0")))
    assert body["status"] == "Failed"
    assert "No candidate could be trained: it never works" in body["error"]["message"]


def test_a_table_that_is_not_there_is_refused_at_once(bench: AutoMLBench):
    with pytest.raises(Invalid, match="training_data"):
        bench.submit_automl("y\n1\n", training_data={"path": "azureml:nothing:1"})


def mirrored(bench: AutoMLBench, folder: Path) -> None:
    folder.mkdir()
    (folder / "t.csv").write_text(table("0.5,0"))
    mirrors = {"https://data.example.com/": str(folder)}
    bench.platform.workspaces.put(WORKSPACE, {"name": WORKSPACE, "mirrors": mirrors}, "owner")


def test_a_table_comes_from_a_web_address_through_the_mirrors(bench: AutoMLBench, tmp_path: Path):
    mirrored(bench, tmp_path / "there")
    data = {"type": "uri_file", "path": "https://data.example.com/t.csv"}
    assert bench.wait(bench.submit_automl("y\n1\n", training_data=data))["properties"]["score"] == "0.5"


def test_an_mltables_web_addresses_come_through_the_mirrors(bench: AutoMLBench, tmp_path: Path):
    mirrored(bench, tmp_path / "there")
    path = bench.upload({"MLTable": "paths: [{file: 'https://data.example.com/t.csv'}]"})
    name = bench.submit_automl("y\n1\n", training_data={"type": "mltable", "path": path})
    assert bench.wait(name)["properties"]["score"] == "0.5"
    path = bench.upload({"MLTable": "paths: ["})
    name = bench.submit_automl("y\n1\n", training_data={"type": "mltable", "path": path})
    assert "MLTable is no YAML" in bench.wait(name)["error"]["message"]


def test_the_tables_of_a_preparation_job_are_taken_by_its_name(bench: AutoMLBench):
    text = table("0.5,0")
    first = bench.submit(
        f"import sys\nopen(sys.argv[1] + '/t.csv', 'w').write({text!r})\n",
        command="python a.py ${{outputs.train}}",
        outputs={"train": {"type": "mltable"}},
    )
    assert bench.wait(first)["status"] == "Completed"
    data = {"type": "mltable", "path": f"azureml://jobs/{first}/outputs/train"}
    assert bench.wait(bench.submit_automl("y\n1\n", training_data=data))["status"] == "Completed"


def test_a_killed_job_goes_on_with_what_it_had_found(bench: AutoMLBench):
    name = bench.submit_automl(table("0.9,0", "0.5,0.2", "0.7,30"), limits={"timeout_minutes": 1, "max_trials": 3})
    bench.until(lambda: bench.candidates(name), lambda found: len(found) == 2)
    record = bench.core.paths.launch(f"{WORKSPACE}.{name}.1") / "process.json"
    os.kill(json.loads(record.read_text())["pid"], signal.SIGKILL)
    body = bench.wait(name)
    assert body["status"] == "Completed"
    assert body["properties"]["attempt"] == "2"
    rows = bench.candidates(name)
    # The second attempt reported all of them again: none is written twice.
    assert [one["trial"] for one in rows] == [0, 1, 2]
    assert float(body["properties"]["score"]) == 0.9
    assert "outputs/mlflow-model/MLmodel" in bench.child_files(body["properties"]["best_child_run_id"])


def test_a_killed_job_whose_tables_have_changed_keeps_what_it_had_found(bench: AutoMLBench):
    name = bench.submit_automl(table("0.9,0", "changed,30"), limits={"timeout_minutes": 1})
    bench.until(lambda: bench.candidates(name), lambda found: len(found) == 1)
    record = bench.core.paths.launch(f"{WORKSPACE}.{name}.1") / "process.json"
    os.kill(json.loads(record.read_text())["pid"], signal.SIGKILL)
    body = bench.wait(name)
    assert body["status"] == "Completed"
    assert body["properties"]["best_child_run_id"] == bench.candidates(name)[0]["name"]
    assert "outputs/mlflow-model/MLmodel" in bench.child_files(body["properties"]["best_child_run_id"])


def told(bench: AutoMLBench, job: str) -> dict[str, Any]:
    """Return the specification of a running job as its program reads it."""
    return json.loads((bench.core.paths.work(f"{WORKSPACE}.{job}.1") / "code" / "automl_spec.json").read_text())


def test_an_automl_job_takes_the_free_cores_and_is_told_how_many(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,600"))
    bench.wait(name, "Running")
    assert told(bench, name)["cores"] == bench.platform.status()["ledger"]["in_use"]
    assert told(bench, name)["cores"] == bench.platform.status()["ledger"]["cores"]
    bench.platform.jobs.cancel(WORKSPACE, name, "owner")
    bench.wait(name)
    one = bench.submit_automl(table("0.5,600"), limits={"timeout_minutes": 30, "max_concurrent_trials": 1})
    bench.wait(one, "Running")
    assert told(bench, one)["cores"] == 1
    bench.platform.jobs.cancel(WORKSPACE, one, "owner")
    bench.wait(one)


def test_a_job_outlives_its_server(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,0", "0.9,6"))
    bench.until(lambda: bench.candidates(name), lambda found: len(found) == 1)
    bench.close()
    time.sleep(0.5)
    bench.open()
    body = bench.wait(name)
    assert body["status"] == "Completed"
    assert "attempt" not in body["properties"]
    assert [one["trial"] for one in bench.candidates(name)] == [0, 1]


def test_an_upgrade_does_not_change_what_is_running(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,0", "0.9,5"))
    bench.until(lambda: bench.candidates(name), lambda found: len(found) == 1)
    (automl.SOURCE / "automl" / "__init__.py").write_text("raise SystemExit('the new version')\n")
    assert bench.wait(name)["status"] == "Completed"


def test_what_a_crash_left_of_an_ended_job_is_cleared_away_and_nothing_of_a_running_one(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,600"))
    folder = bench.core.paths.automl(WORKSPACE, name)
    bench.until(lambda: folder.is_dir(), bool)
    stale = folder.with_name("default.gone")
    stale.mkdir()
    for one in (stale, folder):
        os.utime(one, (0, 0))
    bench.platform.housekeeping.round()
    assert not stale.exists()
    assert folder.is_dir()
    bench.platform.jobs.cancel(WORKSPACE, name, "owner")
    bench.wait(name)


def test_deleting_the_job_deletes_its_candidates(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,0"))
    bench.wait(name)
    child = bench.candidates(name)[0]["name"]
    bench.platform.jobs.delete(WORKSPACE, name, "owner")
    assert bench.core.db.read(lambda tx: jobs.get(tx, WORKSPACE, child)) is None


def test_two_jobs_of_the_same_data_and_settings_search_alike(bench: AutoMLBench):
    seeds: set[str] = set()
    for _ in range(2):
        name = bench.submit_automl(table("0.5,600"))
        bench.wait(name, "Running")
        seeds.add(str(told(bench, name)["seed"]))
        bench.platform.jobs.cancel(WORKSPACE, name, "owner")
        bench.wait(name)
    assert len(seeds) == 1


def test_what_one_machine_cannot_grant_is_said(bench: AutoMLBench):
    name = bench.submit_automl(table("0.5,0"), limits={"max_nodes": 4}, training={"enable_dnn_training": True})
    warning = bench.job(name)["properties"]["warning"]
    assert "`limits.max_nodes`" in warning
    assert "`training.enable_dnn_training`" in warning
    bench.wait(name)
