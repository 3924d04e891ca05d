"""The waits that a user feels: from submitting a job to its own imports done, from a deployment to its first answer.

    python bench/journey.py [--rounds 12]

The environment is the curated `sklearn-1.5`, built before the clock starts; `first_job_s` is the first job after that,
which may find the warm interpreter still getting ready. The comparison is a fresh `python` of the same environment.
Exit code 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path
from typing import Any

from lab import platform, report, row

from bancada.ml import MLClient, command
from bancada.ml.entities import CodeConfiguration, ManagedOnlineDeployment, ManagedOnlineEndpoint, Model

ENVIRONMENT = "azureml:sklearn-1.5@latest"
IMPORTS = "import numpy, pandas, sklearn.ensemble, mlflow\n"
JOB = IMPORTS + "import time\nprint(repr(time.time()))\n"
SCORE = """
import json, os
import pandas, sklearn.ensemble

def init():
    global factor
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "factor.txt")) as file:
        factor = int(file.read())

def run(raw):
    return [factor * value for value in json.loads(raw)["data"]]
"""
# Quiet 2-core machine. A warm start may cost 50 ms more than a bare fork, which takes 10 to 15 ms.
LIMITS = {"submit_to_imports_s": 0.065, "deployment_to_answer_s": 1.0}
WARM_TEMPLATE_S = 30.0


def main() -> int:
    """Measure, print, compare with the limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12, help="warm jobs")
    rounds = parser.parse_args().rounds
    with platform() as home, tempfile.TemporaryDirectory() as folder, settings(home):
        client = MLClient()
        figures = jobs(client, Path(folder), rounds)
        figures["deployment_to_answer_s"] = deployment(client, Path(folder))
        figures["fresh_python_s"] = fresh_python(client, Path(folder))
    row("figure", "seconds", "limit")
    for name, seconds in figures.items():
        row(name, f"{seconds:.3f}", f"{LIMITS[name]:.3f}" if name in LIMITS else "")
    ratio = figures["fresh_python_s"] / figures["submit_to_imports_s"]
    row("fresh python / warm job", f"{ratio:.0f} times")
    report(figures)
    return int(any(figures[name] > limit for name, limit in LIMITS.items()))


@contextlib.contextmanager
def settings(home: Path) -> Generator[None]:
    """Let the SDK of this process find the platform of `home`."""
    before = os.environ.get("BANCADA_HOME")
    os.environ["BANCADA_HOME"] = str(home)
    try:
        yield
    finally:
        os.environ.pop("BANCADA_HOME")
        if before is not None:
            os.environ["BANCADA_HOME"] = before


def jobs(client: MLClient, folder: Path, rounds: int) -> dict[str, float]:
    """Return the time from the call to the script's imports done: of the first job, and the median of warm ones."""
    code = folder / "job"
    code.mkdir()
    (code / "job.py").write_text("print('built')\n", encoding="utf-8")
    one_job(client, code)
    (code / "job.py").write_text(JOB, encoding="utf-8")
    first = one_job(client, code)
    deadline = time.monotonic() + WARM_TEMPLATE_S
    while one_job(client, code) > first / 4 and time.monotonic() < deadline:
        time.sleep(1.0)
    return {
        "first_job_s": first,
        "submit_to_imports_s": statistics.median(one_job(client, code) for _ in range(rounds)),
    }


def one_job(client: MLClient, code: Path) -> float:
    """Run one job; return the seconds from the call to what its script printed last (0 when that is no time)."""
    began = time.time()
    job = client.create_or_update(command(code=str(code), command="python job.py", environment=ENVIRONMENT))
    while (job := client.jobs.get(job.name)).status not in ("Completed", "Failed"):
        time.sleep(0.02)
    if job.status == "Failed":
        raise SystemExit(str(job.error))
    with tempfile.TemporaryDirectory() as target:
        client.jobs.download(job.name, download_path=target, all=True)
        log = next(Path(target).rglob("std_log.txt")).read_text(encoding="utf-8")
    last = log.split()[-1]
    return float(last) - began if last[0].isdigit() else 0.0


def deployment(client: MLClient, folder: Path) -> float:
    """Return the seconds from the deployment's acceptance to the first right answer over HTTP."""
    model = folder / "model"
    model.mkdir()
    (model / "factor.txt").write_text("3", encoding="utf-8")
    code = folder / "score"
    code.mkdir()
    (code / "score.py").write_text(SCORE, encoding="utf-8")
    client.models.create_or_update(Model(name="factor", path=str(model / "factor.txt")))
    endpoint: Any = client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="journey")).result()
    key = client.online_endpoints.get_keys("journey").primary_key
    blue = ManagedOnlineDeployment(
        name="blue",
        endpoint_name="journey",
        model="factor@latest",
        environment=ENVIRONMENT,
        code_configuration=CodeConfiguration(code=str(code), scoring_script="score.py"),
        instance_count=1,
    )
    began = time.monotonic()
    client.online_deployments.begin_create_or_update(blue)
    while ask(endpoint.scoring_uri, str(key)) != [6]:
        if time.monotonic() - began > 60:
            raise SystemExit("the deployment did not answer")
        time.sleep(0.01)
    return time.monotonic() - began


def ask(uri: str, key: str) -> Any:
    """Ask the deployment by name; None while it is not there."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "azureml-model-deployment": "blue"}
    request = urllib.request.Request(uri, b'{"data": [2]}', headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        error.close()
        return None


def fresh_python(client: MLClient, folder: Path) -> float:
    """Return the median time of the same imports in a fresh interpreter of the same environment."""
    (folder / "job" / "job.py").write_text("import sys\nprint(sys.prefix + '/bin/python')\n", encoding="utf-8")
    job = client.create_or_update(command(code=str(folder / "job"), command="python job.py", environment=ENVIRONMENT))
    while client.jobs.get(job.name).status not in ("Completed", "Failed"):
        time.sleep(0.05)
    with tempfile.TemporaryDirectory() as target:
        client.jobs.download(job.name, download_path=target, all=True)
        python = next(Path(target).rglob("std_log.txt")).read_text(encoding="utf-8").split()[-1]
    seconds: list[float] = []
    for _ in range(4):
        began = time.monotonic()
        subprocess.run([python, "-c", IMPORTS], check=True)
        seconds.append(time.monotonic() - began)
    return statistics.median(seconds[1:])


if __name__ == "__main__":
    raise SystemExit(main())
