"""Sweeps as they are written for Azure ML, sent by the command line, followed, looked at, and extended."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

# Logs as MLflow's client does; the minimal environment has none.
TRAIN = """\
import argparse, json, os, time, urllib.request

parser = argparse.ArgumentParser()
for name in ("learning_rate", "boosting", "layers", "data", "model"):
    parser.add_argument("--" + name)
given = parser.parse_args()
rate = float(given.learning_rate)
for step in range(3):
    body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "accuracy", "value": 1 - abs(rate - 0.3), "step": step,
            "timestamp": int(time.time() * 1000)}
    request = urllib.request.Request(
        os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric", json.dumps(body).encode(),
        {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"})
    urllib.request.urlopen(request).close()
if given.data:
    assert open(given.data).read() == "the data"
if given.model:
    open(os.path.join(given.model, "weights"), "w").write(given.learning_rate)
print(vars(given))
"""
# A sampling algorithm by its name, limits in seconds, a rule.
RANDOM = """\
$schema: https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json
type: sweep
trial:
  code: src
  command: >-
    python train.py
    --learning_rate ${{search_space.learning_rate}}
    --boosting ${{search_space.boosting}}
    --data ${{inputs.training}}
  environment: azureml:minimal@latest
inputs:
  training:
    type: uri_file
    path: data.txt
compute: azureml:cpu-cluster
sampling_algorithm: random
search_space:
  learning_rate:
    type: uniform
    min_value: 0.01
    max_value: 0.9
  boosting:
    type: choice
    values: ["gbdt", "dart"]
objective:
  goal: maximize
  primary_metric: accuracy
early_termination:
  type: median_stopping
  delay_evaluation: 5
  evaluation_interval: 2
limits:
  max_total_trials: 3
  max_concurrent_trials: 2
  timeout: 7200
  trial_timeout: 600
display_name: random-search
experiment_name: sweeps
description: Looks for a learning rate.
"""
# The algorithm as a mapping, quantised and logarithmic kinds, an output, resources and a queue.
SOBOL = """\
$schema: https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json
type: sweep
trial:
  code: ./src
  command: >-
    python train.py --learning_rate ${{search_space.rate}} --layers ${{search_space.layers}} --model ${{outputs.model}}
  environment: azureml:minimal@latest
  resources:
    instance_count: 1
outputs:
  model:
    type: uri_folder
compute: azureml:cpu-cluster
sampling_algorithm:
  type: random
  rule: sobol
  seed: 123
  logbase: e
search_space:
  rate: {type: loguniform, min_value: -6, max_value: 0}
  layers: {type: quniform, min_value: 1, max_value: 9, q: 2}
objective: {goal: Maximize, primary_metric: accuracy}
early_termination: {type: bandit, slack_factor: 0.2, evaluation_interval: 1, delay_evaluation: 10}
limits: {max_total_trials: 4, max_concurrent_trials: 4}
queue_settings: {job_tier: standard}
resources: {shm_size: 1g}
"""
GRID = """\
type: sweep
trial:
  code: src
  command: python train.py --learning_rate ${{search_space.learning_rate}} --layers '${{search_space.layers}}'
  environment: azureml:minimal@latest
compute: azureml:cpu-cluster
sampling_algorithm: grid
search_space:
  learning_rate: {type: choice, values: [0.1, 0.3]}
  layers:
    type: choice
    values:
      - {kind: dense, units: {type: choice, values: [8, 16]}}
      - {kind: none}
objective: {primary_metric: accuracy, goal: maximize}
limits: {max_total_trials: 20, max_concurrent_trials: 2}
"""


@pytest.fixture(scope="module")
def folder(running, tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("sweeps")
    texts = {"src/train.py": TRAIN, "data.txt": "the data", "random.yml": RANDOM, "sobol.yml": SOBOL, "grid.yml": GRID}
    for name, text in texts.items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text(text)
    running.run("compute", "create", "-n", "cpu-cluster", "--type", "AmlCompute", "--max-instances", "4")
    return made


def test_a_random_sweep_runs_and_goes_on_with_a_higher_limit(running, folder):
    done = running.run("job", "create", "-f", str(folder / "random.yml"), "--set", "name=first", "--stream")
    assert "Trial 3 of 3: first_" in done.stdout
    shown = running.json("job", "show", "-n", "first")
    assert shown["status"] == "Completed"
    results = shown["results"]
    assert results["counts"] == {"Completed": 3}
    assert results["best_trial"] == shown["properties"]["best_child_run_id"]
    assert set(results["best_parameters"]) == {"learning_rate", "boosting"}
    assert len(results["metric_over_trials"]) == 3
    trial = running.json("job", "show", "-n", results["best_trial"])
    assert json.loads(trial["properties"]["hyperparameters"]) == results["best_parameters"]
    assert json.loads(trial["tags"]["hyperparameters"]) == results["best_parameters"]
    assert trial["limits"]["timeout"] == 600
    running.run("job", "update", "-n", "first", "--set", "limits.max_total_trials=4")
    running.run("job", "stream", "-n", "first")
    # The same sweep, written anew with a higher limit, is the same sweep.
    again = ["--set", "name=first", "limits.max_total_trials=5"]
    running.run("job", "create", "-f", str(folder / "random.yml"), *again, "--stream")
    shown = running.json("job", "show", "-n", "first")
    assert (shown["status"], shown["results"]["counts"]) == ("Completed", {"Completed": 5})
    refused = running.run("job", "create", "-f", str(folder / "random.yml"), *again, check=False)
    assert refused.returncode != 0
    assert "exists already" in refused.stderr


def test_a_sobol_sweep_passes_outputs_resources_and_queue_to_its_trials(running, folder):
    running.run("job", "create", "-f", str(folder / "sobol.yml"), "--set", "name=second", "--stream")
    results = running.json("job", "show", "-n", "second")["results"]
    assert results["counts"] == {"Completed": 4}
    assert results["importance"].keys() == {"rate", "layers"}
    trial = running.json("job", "show", "-n", "second_0")
    assert trial["resources"]["shm_size"] == "1g"
    assert trial["queue_settings"] == {"job_tier": "standard"}
    assert trial["outputs"]["model"]["type"] == "uri_folder"
    running.run("job", "download", "-n", "second_0", "--output-name", "model", "-p", str(folder / "got"))
    written = (folder / "got" / "named-outputs" / "model" / "weights").read_text()
    assert float(written) == json.loads(trial["properties"]["hyperparameters"])["rate"]
    assert all(one["results"] for one in [running.json("job", "show", "-n", "second")])


def test_a_grid_of_nested_choices_is_walked_through(running, folder):
    running.run("job", "create", "-f", str(folder / "grid.yml"), "--set", "name=third", "--stream")
    results = running.json("job", "show", "-n", "third")["results"]
    assert results["counts"] == {"Completed": 6}
    points = [json.loads(running.json("job", "show", "-n", f"third_{index}")["properties"]["hyperparameters"])
              for index in range(6)]  # fmt: skip
    assert {"kind": "dense", "units": 16} in [one["layers"] for one in points]
    assert {"kind": "none"} in [one["layers"] for one in points]


def test_a_terminal_sees_a_live_table(running, folder):
    spec = {**yaml.safe_load(RANDOM), "name": "fourth"}
    (folder / "fourth.yml").write_text(yaml.safe_dump(spec))
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "bancada.cli", "job", "create", "-f", str(folder / "fourth.yml"), "--stream"]
    process = subprocess.Popen(command, stdout=slave, stderr=slave, env={**running.variables, "COLUMNS": "100"})
    os.close(slave)
    seen = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    assert process.wait(180) == 0
    text = seen.decode()
    assert "fourth: Completed, 3 of 3 trials done (3 completed)" in text
    assert "best so far" in text
    assert "Best accuracy: " in text
    assert "\x1b[" in text
