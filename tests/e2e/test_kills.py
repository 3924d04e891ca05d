"""kill -9 in the middle of work, through the real command line; each test proves that its victim was at work.

A trial logs over MLflow's protocol with the standard library and rides out a missing server, as MLflow's client does.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TRIAL = """
import json, os, sys, time, urllib.error, urllib.request

depth, marks = int(sys.argv[1]), sys.argv[2]
run = os.environ["MLFLOW_RUN_ID"]

def post(path, body):
    request = urllib.request.Request(
        os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/" + path,
        json.dumps(body).encode(),
        {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"},
    )
    for attempt in range(3000):
        try:
            return urllib.request.urlopen(request, timeout=10).read()
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("no server for five minutes")

with open(os.path.join(marks, run), "a") as mark:
    mark.write("began\\n")
is_third = len(os.listdir(marks)) > 2
for step in range(8):
    # The third and all others log the rest after the kill, when there is no server.
    while step == 4 and is_third and not os.path.exists(marks + ".go"):
        time.sleep(0.1)
    value = depth / 10 + step / 1000
    post("runs/log-metric", {"run_id": run, "key": "Score", "value": value, "timestamp": 1000 + step, "step": step})
    time.sleep(0.1)
"""
TRIALS = 10


class Sweep:
    """A sweep under way in a real platform."""

    def __init__(self, platform: Any, folder: Path) -> None:
        self.platform = platform
        self.marks = folder / "marks"
        self.marks.mkdir()
        (folder / "src").mkdir()
        (folder / "src" / "trial.py").write_text(TRIAL)
        self.file = folder / "sweep.json"
        self.file.write_text(
            json.dumps(
                {
                    "type": "sweep",
                    "trial": {
                        "code": "./src",
                        "command": f"python trial.py ${{{{search_space.depth}}}} {self.marks}",
                        "environment": "azureml:minimal@latest",
                    },
                    "search_space": {"depth": {"type": "choice", "values": list(range(TRIALS))}},
                    "sampling_algorithm": "random",
                    "objective": {"goal": "maximize", "primary_metric": "Score"},
                    "limits": {"max_total_trials": TRIALS, "max_concurrent_trials": 2},
                }
            )
        )
        self.name = platform.json("job", "create", "-f", str(self.file), "-o", "json")["name"]

    def show(self) -> dict[str, Any]:
        return self.platform.json("job", "show", "-n", self.name, "-o", "json")

    def trials(self) -> list[dict[str, Any]]:
        return self.platform.json("job", "list", "--parent-job-name", self.name, "-o", "json")

    def go_on(self) -> None:
        """Let trials log the rest."""
        self.marks.with_name("marks.go").touch()

    def begun(self) -> int:
        return len(list(self.marks.iterdir()))

    def check_whole(self) -> None:
        """Every trial ran once, none is missing, every acknowledged point is there, the best is as recorded."""
        body = self.show()
        assert body["status"] == "Completed", body
        found = self.trials()
        assert len(found) == TRIALS
        assert {one["status"] for one in found} == {"Completed"}
        assert {path.read_text() for path in self.marks.iterdir()} == {"began\n"}, "a trial ran twice"
        assert self.begun() == TRIALS
        best = next(one for one in found if one["name"] == body["properties"]["best_child_run_id"])
        assert json.loads(best["properties"]["hyperparameters"]) == {"depth": TRIALS - 1}
        for one in found:
            assert history(self.platform, one["name"]) == list(range(8)), "points lost or doubled"


def history(platform: Any, run: str) -> list[int]:
    """Return the steps of a run's `Score`, as MLflow's protocol gives them."""
    url = (
        f"{platform.home.server().url}/mlflow/default/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=Score"
    )
    token = (platform.root / "token").read_text().strip()
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})) as answer:
        return [int(point["step"]) for point in json.loads(answer.read())["metrics"]]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Arguments of `up` for one database. Asked for before the platform, it goes after it."""
    if request.param == "sqlite":
        yield []
    else:
        yield ["--postgres", request.getfixturevalue("postgres_url")]


@pytest.fixture
def sweep(database: list[str], platform: Any, tmp_path: Path, eventually: Any) -> Sweep:
    platform.environment = {"BANCADA_CORES": "2"}
    platform.up(*database)
    made = Sweep(platform, tmp_path)
    eventually(lambda: made.begun() >= 3)
    return made


def templates(platform: Any) -> list[int]:
    """Return the warm interpreters: trials and keepers were forked from them and have other names."""
    found: list[int] = []
    for pid in platform.processes():
        with contextlib.suppress(OSError):  # it may be gone by now
            if Path(f"/proc/{pid}/comm").read_text() == "bancada-warm\n":
                found.append(pid)
    return found


@pytest.mark.slow
def test_a_sweep_survives_kill_9_of_its_server(database: list[str], platform: Any, sweep: Sweep, eventually: Any):
    running = sweep.begun()
    os.kill(platform.home.server().pid, signal.SIGKILL)
    sweep.go_on()
    eventually(lambda: platform.run("status", check=False).returncode == 3)
    assert running < TRIALS, "the sweep was over before the kill: this proved nothing"
    time.sleep(1.0)
    platform.up(*database)
    eventually(lambda: sweep.show()["status"] in ("Completed", "Failed"))
    sweep.check_whole()


@pytest.mark.slow
@pytest.mark.usefixtures("database")
def test_a_sweep_survives_kill_9_of_its_templates(platform: Any, sweep: Sweep, eventually: Any):
    victims = eventually(lambda: templates(platform))
    assert sweep.begun() < TRIALS
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    sweep.go_on()
    eventually(lambda: sweep.show()["status"] in ("Completed", "Failed"))
    sweep.check_whole()


@pytest.mark.slow
def test_a_sweep_survives_the_kill_of_everything_that_is_ours(
    database: list[str], platform: Any, sweep: Sweep, eventually: Any
):
    """Server, gateway and templates at once; keepers and trials live on."""
    server = platform.home.server().pid
    gateway = platform.home.gateway().pid
    for pid in [server, gateway, *templates(platform)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert sweep.begun() < TRIALS
    sweep.go_on()
    platform.up(*database)
    eventually(lambda: sweep.show()["status"] in ("Completed", "Failed"))
    sweep.check_whole()


OUTAGE = """
import sys, time
import mlflow

with mlflow.start_run():
    for step in range(60):
        mlflow.log_metric("Score", step, step=step)
        if step == 10:
            open(sys.argv[1], "w").close()
        time.sleep(0.1)
"""
# Five minutes is what users are promised; the default keeps the suite short. Seconds.
OUTAGE_S = float(os.environ.get("BANCADA_TEST_OUTAGE_S", "10"))


@pytest.mark.slow
def test_the_real_mlflow_client_rides_out_a_missing_server(platform: Any, tmp_path: Path, eventually: Any):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "log.py").write_text(OUTAGE)
    began = tmp_path / "began"
    job = {"command": f"python log.py {began}", "code": "./src", "environment": "azureml:sklearn-1.5@latest"}
    (tmp_path / "job.json").write_text(json.dumps(job))
    platform.up()
    name = platform.json("job", "create", "-f", str(tmp_path / "job.json"), "-o", "json")["name"]
    eventually(began.exists, within_s=300)
    os.kill(platform.home.server().pid, signal.SIGKILL)
    time.sleep(OUTAGE_S)
    platform.up()
    body = eventually(
        lambda: (
            (found := platform.json("job", "show", "-n", name, "-o", "json"))["status"] in ("Completed", "Failed")
            and found
        ),
        within_s=180 + 2 * OUTAGE_S,
    )
    assert body["status"] == "Completed", body
    assert history(platform, name) == list(range(60))
