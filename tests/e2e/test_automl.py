"""AutoML with the real engine in the curated environment, and the bike story, for real."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # every folder has a conftest, and only one of them is importable by that name
    from conftest import Platform

ROOT = Path(__file__).resolve().parents[2]
BIKE = ROOT / "examples" / "bike"
# Building the environment for the first time downloads 250 MB.
LONGEST_S = 900

pytestmark = pytest.mark.slow


def story(platform: Platform, *command: str) -> str:
    """Run a command of the example with the platform's variables; return what it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        env={**platform.variables, "PATH": path},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def answer_in(text: str) -> float:
    found = re.findall(r"[\"']Results[\"']: \[\s*([0-9.]+)\s*\]", text)
    assert found, text
    return float(found[-1])


def environment_python(platform: Platform) -> Path:
    """Return the interpreter of the curated environment: it knows nothing of Bancada."""
    cache = next(one for one in platform.json("config", "show", "-o", "json") if one["name"] == "cache")["value"]
    for marker in Path(cache).expanduser().glob("envs/*/bancada-environment.json"):
        packages = json.loads(marker.read_text())["packages"]
        if "lightgbm" in packages and "pyarrow" in packages:
            return marker.parent / "bin" / "python"
    raise AssertionError("the environment `automl` is not there")


def test_the_bike_story_in_python_answers_the_labs_request(running: Platform) -> None:
    out = story(running, sys.executable, str(BIKE / "walkthrough.py"))
    assert 250 <= answer_in(out) <= 650
    assert "`year` is 2024 in 1 row; training had 2011 to 2012" in out
    assert re.search(r"Best child: \w+, normalized_root_mean_squared_error 0\.0\d+", out)


def test_the_bike_story_as_yaml_and_commands_answers_the_labs_request(running: Platform) -> None:
    out = story(running, "bash", str(BIKE / "run.sh"))
    assert 250 <= answer_in(out) <= 650
    jobs = running.json("job", "list", "--query", "[?type=='automl']")
    shown = running.json("job", "show", "-n", jobs[0]["name"])
    assert shown["status"] == "Completed"
    # Three trials of the two allowed algorithms, and at most two ensembles of them.
    board = shown["results"]["leaderboard"]
    assert {one["algorithm"] for one in board} <= {"RandomForest", "LightGBM", "VotingEnsemble", "StackEnsemble"}
    assert sum(not one["algorithm"].endswith("Ensemble") for one in board) <= 3
    assert all("root_mean_squared_error" in one["metrics"] for one in board)


TITANIC = ["age,city,member,joined,note,y"] + [
    f"{'' if n % 11 == 0 else 20 + n % 50},{['São Paulo', 'Recife', 'Natal', ''][n % 4]},{n % 3 == 0},"
    f"2024-{1 + n % 12:02d}-{1 + n % 28:02d},the {['red', 'green', 'blue'][n % 3]} bird number {n} sings a song,"
    f"{'yes' if (n % 50 > 25) != (n % 4 == 1) else 'no'}"
    for n in range(400)
]


def job_file(folder: Path, **changes: Any) -> Path:
    (folder / "table").mkdir(exist_ok=True)
    (folder / "table" / "part.csv").write_text("\n".join(TITANIC), encoding="utf-8")
    document = {
        "type": "automl",
        "task": "classification",
        "target_column_name": "y",
        "training_data": {"type": "uri_folder", "path": "./table"},
        "test_data_size": 0.2,
        # By number, for a loaded machine trains few models in a time.
        "limits": {"timeout_minutes": 10, "max_trials": 5},
        **changes,
    }
    (folder / "job.yml").write_text(json.dumps(document))
    return folder / "job.yml"


def test_a_classification_leaves_charts_explanations_and_a_model_that_loads_without_bancada(
    running: Platform, tmp_path: Path
) -> None:
    shown = running.json("job", "create", "-f", str(job_file(tmp_path)), "--query", "name")
    running.run("job", "stream", "-n", shown)
    job = running.json("job", "show", "-n", shown)
    best = job["properties"]["best_child_run_id"]
    assert job["results"]["best_value"] > 0.6
    running.run("job", "download", "-n", best, "-p", str(tmp_path / "child"))
    running.run("job", "download", "-n", shown, "-p", str(tmp_path / "job"))
    child, own = tmp_path / "child" / "artifacts", tmp_path / "job" / "artifacts"
    for name in ("confusion_matrix", "roc_curve", "precision_recall_curve", "lift_curve", "calibration_curve"):
        assert json.loads((child / "charts" / f"{name}.json").read_text())["schema_type"] == name
        assert (child / "charts" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    importances = json.loads((child / "explanations" / "global.json").read_text())["importances"]
    assert set(importances) >= {"age", "city"}
    rails = json.loads((own / "outputs" / "guardrails.json").read_text())
    assert {one["status"] for one in rails} <= {"passed", "done", "alerted"}
    assert (own / "outputs" / "featurization_summary.json").is_file()
    compile((own / "outputs" / "generated_code" / "script.py").read_text(), "script.py", "exec")
    program = (
        "import sys, json, pandas, mlflow.pyfunc\n"
        "assert not any(name.startswith('bancada') for name in sys.modules)\n"
        "model = mlflow.pyfunc.load_model(sys.argv[1])\n"
        "row = {'age': 60.0, 'city': 'Manaus', 'member': True, 'joined': '2024-05-05', 'note': 'the red bird'}\n"
        "names = model.metadata.get_input_schema().input_names()\n"
        "print(json.dumps(model.predict(pandas.DataFrame([{n: row[n] for n in names}])).tolist()))\n"
    )
    done = subprocess.run(
        [str(environment_python(running)), "-I", "-c", program, str(child / "outputs" / "mlflow-model")],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0] in ("yes", "no")


def test_a_cancelled_search_keeps_the_best_model_so_far(
    running: Platform, tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    file = job_file(tmp_path, limits={"timeout_minutes": 10})
    name = running.json("job", "create", "-f", str(file), "--query", "name")
    eventually(lambda: running.json("job", "show", "-n", name, "--query", "results.best_trial"), within_s=LONGEST_S)
    running.run("job", "cancel", "-n", name)
    job = running.json("job", "show", "-n", name)
    assert job["status"] == "Canceled"
    best = job["properties"]["best_child_run_id"]
    running.run("job", "download", "-n", best, "-p", str(tmp_path / "child"))
    assert (tmp_path / "child" / "artifacts" / "outputs" / "mlflow-model" / "MLmodel").is_file()


def test_a_search_that_is_killed_goes_on(running: Platform, tmp_path: Path, eventually: Callable[..., Any]) -> None:
    file = job_file(tmp_path, limits={"timeout_minutes": 10, "max_trials": 20})
    name = running.json("job", "create", "-f", str(file), "--query", "name")
    eventually(lambda: running.json("job", "show", "-n", name, "--query", "results.best_trial"), within_s=LONGEST_S)
    before = running.json("job", "show", "-n", name)["results"]["trials"]
    record = next((running.root / "launches").glob(f"*{name}.1/process.json"))
    os.kill(json.loads(record.read_text())["pid"], signal.SIGKILL)
    running.run("job", "stream", "-n", name)
    job = running.json("job", "show", "-n", name)
    assert job["status"] == "Completed"
    assert job["properties"]["attempt"] == "2"
    assert job["results"]["trials"] > before
    assert len({one["trial"] for one in job["results"]["metric_over_trials"]}) == len(
        job["results"]["metric_over_trials"]
    )


WEIGHED = ["age,w,first,second,y,paid"] + [
    f"{20 + n % 50},{0.5 + n % 4},{int(n % 3 != 0)},{int(n % 3 != 1)},"
    f"{'yes' if (20 + n % 50 > 45) != (n % 7 == 0) else 'no'},{2 * (20 + n % 50) + n % 3}"
    for n in range(300)
]


def test_weights_given_folds_and_a_positive_label_are_used_by_a_real_job(running: Platform, tmp_path: Path) -> None:
    limits = {"timeout_minutes": 10, "max_trials": 3}
    file = job_file(
        tmp_path,
        limits=limits,
        positive_label="no",
        weight_column_name="w",
        featurization={"mode": "custom", "column_name_and_types": dict.fromkeys(("first", "second", "paid"), "Ignore")},
    )
    (tmp_path / "table" / "part.csv").write_text("\n".join(WEIGHED), encoding="utf-8")
    name = running.json("job", "create", "-f", str(file), "--query", "name")
    running.run("job", "stream", "-n", name)
    best = running.json("job", "show", "-n", name)["properties"]["best_child_run_id"]
    running.run("job", "download", "-n", best, "-p", str(tmp_path / "child"))
    matrix = json.loads((tmp_path / "child" / "artifacts" / "charts" / "confusion_matrix.json").read_text())
    # The positive class is the last one.
    assert matrix["data"]["class_labels"] == ["yes", "no"]
    model = tmp_path / "child" / "artifacts" / "outputs" / "mlflow-model" / "MLmodel"
    # A weight is no feature.
    assert '"age"' in model.read_text()
    assert '"w"' not in model.read_text()

    file = job_file(
        tmp_path,
        task="regression",
        target_column_name="paid",
        limits=limits,
        test_data_size=None,
        cv_split_column_names=["first", "second"],
        weight_column_name="w",
        training={"allowed_training_algorithms": ["gaussian_process", "elastic_net", "light_gbm"]},
        featurization={"mode": "custom", "column_name_and_types": {"y": "Ignore"}},
    )
    (tmp_path / "table" / "part.csv").write_text("\n".join(WEIGHED), encoding="utf-8")
    name = running.json("job", "create", "-f", str(file), "--query", "name")
    told = running.run("job", "stream", "-n", name).stdout
    places = [told.index(one) for one in ("\nRead training_data: ", "\nColumns: ", "\nGuard rail", "\nCandidate ")]
    assert places == sorted(places)
    board = running.json("job", "show", "-n", name)["results"]["leaderboard"]
    # Each of the allowed algorithms is tried once in three trials, on the two given folds.
    assert {one["algorithm"] for one in board} >= {"GaussianProcess", "ElasticNet", "LightGBM"}


def test_data_that_cannot_be_learnt_from_fail_with_one_sentence(running: Platform, tmp_path: Path) -> None:
    file = job_file(tmp_path, target_column_name="cities")
    name = running.json("job", "create", "-f", str(file), "--query", "name")
    done = running.run("job", "stream", "-n", name, check=False)
    assert done.returncode == 1
    message = running.json("job", "show", "-n", name)["error"]["message"]
    assert message == (
        "`target_column_name` names `cities`, which is no column of the data. Did you mean `city`?"
        " Columns: age, city, member, joined, note, y. The training data are `table`."
    )
