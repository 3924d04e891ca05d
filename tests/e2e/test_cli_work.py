"""The nouns of the command line against a real platform: assets, jobs, sweeps, endpoints, and bad input."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

TRAIN = """\
import argparse, pathlib, sys
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=int)
parser.add_argument("--data")
given = parser.parse_args()
print("read", pathlib.Path(given.data).read_text().strip(), flush=True)
pathlib.Path("outputs").mkdir(exist_ok=True)
pathlib.Path("outputs/model.txt").write_text(str(given.x))
sys.exit(given.x)
"""
JOB = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
type: command
code: ./src
command: python train.py --x ${{inputs.x}} --data ${{inputs.data}}
inputs:
  x: 0
  data: {type: uri_file, path: ./data.txt}
environment: azureml:minimal@latest
compute: azureml:cpu
"""
SLEEP = """\
type: command
command: python -c "import time; print('begun', flush=True); time.sleep(600)"
environment: azureml:minimal@latest
compute: azureml:cpu
"""
# Runs until the test makes a file.
NAP = """\
type: command
command: echo begun; until [ -e GO ]; do sleep 0.1; done
environment: azureml:minimal@latest
compute: azureml:cpu
"""
SCORE = "import json\ndef init(): pass\ndef run(raw): return {'sum': sum(json.loads(raw)['data'])}\n"
BROKEN = "def init():\n    raise RuntimeError('no model here')\ndef run(raw): return 1\n"
DEPLOYMENT = """\
name: blue
endpoint_name: sums
code_configuration: {code: ./score, scoring_script: score.py}
environment: azureml:minimal@latest
instance_count: 1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("work")
    for name, text in {
        "src/train.py": TRAIN,
        "data.txt": "the data",
        "job.yml": JOB,
        "sleep.yml": SLEEP,
        "score/score.py": SCORE,
        "broken/score.py": BROKEN,
        "deployment.yml": DEPLOYMENT,
        "request.json": '{"data": [1, 2, 3]}',
    }.items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text(text)
    return made


def nap(folder: Path) -> tuple[str, Path]:
    """Return the file of a job that runs until another file is there, and that one."""
    go = folder / "go"
    (folder / "nap.yml").write_text(NAP.replace("GO", str(go)))
    return str(folder / "nap.yml"), go


@pytest.fixture(scope="module")
def lab(running):
    running.run("compute", "create", "-n", "cpu", "--type", "amlcompute", "--max-instances", "2")
    return running


def error(done) -> str:
    lines = done.stderr.strip().splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("ERROR")]
    assert len(starts) == 1, done.stderr
    return "\n".join(lines[starts[0] :])


def test_a_streamed_job_ends_with_a_summary_and_the_whole_of_it_where_that_is_asked_for(lab, folder):
    done = lab.run("job", "create", "-f", "job.yml", "--stream", cwd=folder)
    assert re.search(r"Web View: \S+\nStatus: Completed\nDuration: \d+ s\n\n$", done.stdout)
    whole = lab.run("job", "create", "-f", "job.yml", "--stream", "-o", "json", cwd=folder)
    assert json.loads(whole.stdout)["status"] == "Completed"
    assert "read the data\n" in whole.stderr


def test_a_job_from_yaml_to_its_files(lab, folder, tmp_path):
    done = lab.run("job", "create", "-f", "job.yml", "--stream", "--query", "status", "-o", "tsv", cwd=folder)
    assert "read the data\n" in done.stderr
    assert done.stdout == "Completed\n"
    name = lab.run("job", "list", "--query", "[0].name", "-o", "tsv").stdout.strip()
    downloaded = lab.run("job", "download", "-n", name, "-p", str(tmp_path))
    assert f"Downloaded to {tmp_path / 'artifacts'}\n" in downloaded.stderr
    assert (tmp_path / "artifacts" / "outputs" / "model.txt").read_text() == "0"
    lab.run("job", "update", "-n", name, "--set", "display_name=first", "tags.team=blue")
    shown = lab.json("job", "show", "-n", name)
    assert (shown["display_name"], shown["tags"]) == ("first", {"team": "blue"})
    lab.run("job", "archive", "-n", name)
    assert name not in lab.run("job", "list").stdout
    lab.run("job", "restore", "-n", name)
    lab.run("job", "delete", "-n", name, "--yes")
    assert lab.run("job", "show", "-n", name, check=False).returncode == 4


def test_a_failed_job_is_exit_code_1_with_its_last_lines(lab, folder):
    done = lab.run("job", "create", "-f", "job.yml", "--set", "inputs.x=3", "--stream", cwd=folder, check=False)
    assert done.returncode == 1
    assert "ended with exit code 3" in error(done)
    assert "read the data" in error(done)


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        (["comand=x"], 2, "comand: unknown key. Did you mean `command`?"),
        (["limits.timeout=soon"], 2, "limits.timeout: expected a whole number, found `soon`."),
        (["compute=azureml:cpuu"], 4, "There is no compute named `cpuu`. Did you mean `cpu`?"),
        (["environment=azureml:nothing:3"], 4, "There is no environment named `nothing`."),
        (["code=./nowhere"], 2, "nowhere"),
        (["code=./nowhere", "inputs.data.path=./no.txt"], 2, "inputs.data.path: the path `./no.txt` does not exist"),
        (["inputs.data.path=./nothing.txt"], 2, "nothing.txt"),
        (["command=python train.py --x ${{inputs.y}}"], 2, "${{inputs.y}}"),
    ],
)
def test_a_wrong_job_is_one_clear_error(lab, folder, changes, code, text):
    done = lab.run("job", "create", "-f", "job.yml", "--set", *changes, cwd=folder, check=False)
    assert done.returncode == code, done.stderr
    assert text in error(done)


def test_cancel_ends_a_running_job(lab, folder, eventually):
    name = lab.run("job", "create", "-f", "sleep.yml", "--query", "name", "-o", "tsv", cwd=folder).stdout.strip()
    eventually(lambda: lab.json("job", "show", "-n", name)["status"] == "Running")
    lab.run("job", "cancel", "-n", name)
    assert lab.json("job", "show", "-n", name)["status"] == "Canceled"
    again = lab.run("job", "cancel", "-n", name)
    assert f"The job `{name}` is Canceled already" in again.stderr


def test_ctrl_c_leaves_the_job_alone_and_says_so(lab, tmp_path):
    file, go = nap(tmp_path)
    name = lab.run("job", "create", "-f", file, "--query", "name", "-o", "tsv").stdout.strip()
    with lab.start("job", "stream", "-n", name) as process:
        assert any("begun" in line for line in iter(process.stdout.readline, ""))
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(120) == 130
        said = process.stderr.read()
    assert f"The job `{name}` goes on." in said
    assert "Traceback" not in said
    assert lab.json("job", "show", "-n", name)["status"] == "Running"
    go.touch()
    assert lab.run("job", "stream", "-n", name).returncode == 0


def test_assets_have_versions_and_labels(lab, folder, tmp_path):
    for content in ("1", "2"):
        (tmp_path / "data.csv").write_text(content)
        lab.run("data", "create", "-n", "heart", "-p", str(tmp_path / "data.csv"), "-t", "uri_file")
    assert lab.json("data", "show", "-n", "heart")["version"] == "2"
    assert [one["version"] for one in lab.json("data", "list", "-n", "heart")] == ["2", "1"]
    missing = lab.run("data", "show", "-n", "heart", "-v", "9", check=False)
    assert missing.returncode == 4
    assert "has no version 9 (it has 1, 2)" in error(missing)
    lab.run("data", "archive", "-n", "heart", "-v", "2")
    lab.run("data", "restore", "-n", "heart", "-v", "2")


def test_a_model_goes_in_and_comes_back(lab, folder, tmp_path):
    lab.run("model", "create", "-n", "scorer", "-p", "score", "-t", "custom_model", "--tags", "a=1", cwd=folder)
    lab.run("model", "update", "-n", "scorer", "--set", "description=sums")
    shown = lab.json("model", "show", "-n", "scorer")
    assert (shown["version"], shown["tags"], shown["description"]) == ("1", {"a": "1"}, "sums")
    lab.run("model", "download", "-n", "scorer", "-p", str(tmp_path))
    assert (tmp_path / "scorer" / "score" / "score.py").read_text() == SCORE


def test_a_model_may_be_called_what_mlflow_lets_it_be_called(lab, folder):
    """MLflow's clients register such models; data and jobs keep to Azure's stricter rule."""
    lab.run("model", "create", "-n", "preço (mensal)", "-p", "score", "-t", "custom_model", cwd=folder)
    lab.run("model", "update", "-n", "preço (mensal)", "--set", "description=sums")
    assert lab.json("model", "show", "-n", "preço (mensal)")["description"] == "sums"
    refused = lab.run("model", "create", "-n", "a/b", "-p", "score", "-t", "custom_model", cwd=folder, check=False)
    assert refused.returncode == 2
    assert "Use `a-b`, for example." in refused.stderr


def test_an_endpoint_from_nothing_to_an_answer(lab, folder):
    lab.run("online-endpoint", "create", "-n", "sums")
    lab.run("online-deployment", "create", "-f", "deployment.yml", "--all-traffic", cwd=folder)
    invoke = ("online-endpoint", "invoke", "-n", "sums")
    assert json.loads(lab.run(*invoke, "-r", "request.json", cwd=folder).stdout) == {"sum": 6}
    assert json.loads(lab.run(*invoke, "--input-data", '{"data": [4]}', "-d", "blue").stdout) == {"sum": 4}
    keys = lab.json("online-endpoint", "get-credentials", "-n", "sums")
    lab.run("online-endpoint", "regenerate-keys", "-n", "sums", "--key-type", "secondary")
    after = lab.json("online-endpoint", "get-credentials", "-n", "sums")
    assert after["primaryKey"] == keys["primaryKey"]
    assert after["secondaryKey"] != keys["secondaryKey"]
    assert lab.run("online-deployment", "get-logs", "-n", "blue", "-e", "sums").stdout


def test_a_broken_script_shows_where_and_leaves_the_traffic(lab, folder):
    lab.run("online-endpoint", "create", "-n", "sums")
    lab.run("online-deployment", "create", "-f", "deployment.yml", "--all-traffic", cwd=folder)
    broken = ("-n", "green", "--set", "code_configuration.code=./broken", "--all-traffic")
    done = lab.run("online-deployment", "create", "-f", "deployment.yml", *broken, cwd=folder, check=False)
    assert done.returncode == 1
    assert "score.py, line 2" in error(done)
    assert "no model here" in error(done)
    assert lab.json("online-endpoint", "show", "-n", "sums")["traffic"] == {"blue": 100}


def test_down_asks_about_running_jobs_and_each_answer_holds(platform, folder, eventually):
    platform.up()
    platform.run("compute", "create", "-n", "cpu", "--type", "amlcompute", "--max-instances", "2")

    def status(job: str) -> str:
        return platform.json("job", "show", "-n", job)["status"]

    submit = ("job", "create", "-f", "sleep.yml", "--query", "name", "-o", "tsv")
    name = platform.run(*submit, cwd=folder).stdout.strip()
    eventually(lambda: status(name) == "Running")
    asked = platform.run("down", check=False)
    assert asked.returncode == 5
    assert name in asked.stderr
    assert platform.home.is_up
    for answer in ("leave", "requeue", "requeue"):
        platform.run("down", "--jobs", answer)
        assert platform.processes() if answer == "leave" else platform.left() == {}
        platform.up()
        eventually(lambda: status(name) == "Running")
    platform.run("down", "--jobs", "cancel")
    assert platform.left() == {}
    platform.up()
    assert status(name) == "Canceled"


def test_down_does_not_wait_for_a_replica_that_hangs_in_init(platform, folder, eventually):
    platform.up()
    (folder / "score" / "hang.py").write_text("import time\ntime.sleep(600)\ndef run(raw): return 1\n")
    platform.run("online-endpoint", "create", "-n", "sums")
    script = ("--set", "code_configuration.scoring_script=hang.py", "--no-wait")
    platform.run("online-deployment", "create", "-f", "deployment.yml", *script, cwd=folder)
    eventually(platform.home.unfinished_launches)
    began = time.monotonic()
    platform.run("down")
    assert time.monotonic() - began < 60  # it would hang for ten minutes
    assert platform.left() == {}


def test_a_job_survives_the_death_of_the_server(platform, tmp_path, eventually):
    platform.up()
    platform.run("compute", "create", "-n", "cpu", "--type", "amlcompute")
    file, go = nap(tmp_path)
    name = platform.run("job", "create", "-f", file, "--query", "name", "-o", "tsv").stdout.strip()
    eventually(lambda: platform.json("job", "show", "-n", name)["status"] == "Running")
    os.kill(platform.home.server().pid, signal.SIGKILL)
    eventually(lambda: not platform.home.is_up)
    assert platform.home.unfinished_launches() == 1, "the job must have been running when its server died"
    time.sleep(1)
    platform.up()
    go.touch()
    assert platform.run("job", "stream", "-n", name).returncode == 0
    assert len(list((platform.root / "launches").glob(f"default.{name}.*"))) == 1
