"""A new version of a real model live under load: from asking for it to its first answer, and no request lost.

    python bench/rollout.py [--rounds 3] [--connections 16]

A forest behind a scoring script, in the curated `sklearn-1.5`, is asked all the time (31 records, the client on the
same cores). Meanwhile the deployment is moved to the next version of its model, again and again: the time counts from
the call of the SDK to the first answer of the new version. Exit code 1 when the limit is missed or a request got no
answer.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from journey import ENVIRONMENT, settings
from lab import platform, report, row

from bancada.ml import MLClient, command
from bancada.ml.entities import (
    CodeConfiguration,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    OnlineRequestSettings,
)

LIMIT_S = 1.0
# The heart model of `serving.py` in short; it says which version answered.
TRAIN = """
import joblib, numpy as np, pandas as pd, sys
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
draw = np.random.default_rng(0)
frame = pd.DataFrame(draw.normal(size=(272, 13)), columns=["c%d" % at for at in range(13)])
model = make_pipeline(StandardScaler(), RandomForestClassifier(100, random_state=0)).fit(frame, frame.c0 > 0)
joblib.dump(model, "outputs/model.pkl")
"""
SCORE = """
import json, os
import joblib, pandas as pd

def init():
    global model, version
    folder = os.environ["AZUREML_MODEL_DIR"]
    version = open(os.path.join(folder, "model", "version.txt")).read()
    model = joblib.load(os.path.join(folder, "model", "model.pkl"))

def run(raw):
    rows = pd.DataFrame(json.loads(raw)["data"])
    if len(rows) == 1:
        return version
    return model.predict(rows).tolist()
"""


def main() -> int:
    """Measure, print, compare with the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    with platform() as home, tempfile.TemporaryDirectory() as folder, settings(home):
        client = MLClient()
        work = Path(folder)
        model = trained(client, work)
        waits, load, level = rollouts(client, work, model, options)
    row("from the call to the first answer, s", *(f"{one:.3f}" for one in waits))
    row("requests meanwhile", load["requests"])
    row("without an answer", load["errors"])
    print(f"level: {level}; load {os.getloadavg()[0]:.1f}")
    report({"live_s": statistics.median(waits), "requests": load["requests"], "errors": load["errors"]})
    return int(statistics.median(waits) > LIMIT_S or load["errors"] > 0)


def trained(client: MLClient, work: Path) -> bytes:
    """Train the model in the environment that will serve it."""
    (work / "train").mkdir()
    (work / "train" / "train.py").write_text(TRAIN)
    job = client.jobs.create_or_update(
        command(code=work / "train", command="mkdir -p outputs && python train.py", environment=ENVIRONMENT)
    )
    client.jobs.stream(job.name)
    client.jobs.download(job.name, download_path=work / "trained")
    return next((work / "trained").rglob("model.pkl")).read_bytes()


def rollouts(
    client: MLClient, work: Path, model: bytes, options: argparse.Namespace
) -> tuple[list[float], dict[str, float], str]:
    """Return the time of each rollout, what the load saw, and which level served."""
    (work / "code").mkdir()
    (work / "code" / "score.py").write_text(SCORE)
    client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="rolling")).result()
    move(client, work, model, 1)
    endpoint = client.online_endpoints.get("rolling")
    endpoint.traffic = {"blue": 100}
    client.online_endpoints.begin_create_or_update(endpoint).result()
    key = client.online_endpoints.get_keys("rolling").primary_key
    one = {f"c{at}": 0.5 for at in range(13)}
    (work / "body.json").write_text(json.dumps({"data": [one] * 31}))
    words = [sys.executable, Path(__file__).with_name("serving.py"), "--key", key, "--load", endpoint.scoring_uri]
    words += [work / "body.json", str(options.connections), str(8 * options.rounds), "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as load:
        time.sleep(2)
        waits: list[float] = []
        for version in range(2, options.rounds + 2):
            began = time.monotonic()
            mover = threading.Thread(target=move, args=(client, work, model, version))
            mover.start()
            while ask_version(endpoint.scoring_uri, key, one) != str(version):
                time.sleep(0.005)
            waits.append(time.monotonic() - began)
            mover.join()
            time.sleep(1)
        seen = json.loads(load.communicate()[0])
    shown = json.loads(client.online_deployments.get("blue", "rolling").properties["replicas"])
    return waits, seen, f"{shown[0].get('level')}: {shown[0].get('level_reason')}"


def ask_version(uri: str, key: str, one: dict[str, float]) -> str:
    """Return the version that answers."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(uri, json.dumps({"data": [one]}).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer))


def move(client: MLClient, work: Path, model: bytes, version: int) -> None:
    """Register a version of the model and put the deployment onto it."""
    folder = work / "versions" / str(version) / "model"
    folder.mkdir(parents=True)
    (folder / "model.pkl").write_bytes(model)
    (folder / "version.txt").write_text(str(version))
    registered = client.models.create_or_update(Model(name="rolling", path=folder, type="custom_model"))
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name="rolling",
        model=f"azureml:rolling:{registered.version}",
        environment=ENVIRONMENT,
        code_configuration=CodeConfiguration(code=work / "code", scoring_script="score.py"),
        request_settings=OnlineRequestSettings(
            max_concurrent_requests_per_instance=64, request_timeout_ms=60_000, max_queue_wait_ms=60_000
        ),
        instance_count=2,
    )
    client.online_deployments.begin_create_or_update(deployment).result()


if __name__ == "__main__":
    raise SystemExit(main())
