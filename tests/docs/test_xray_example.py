"""The x-ray example keeps its promises; a slow test runs its demo, from nothing to an answer, on digits."""

from __future__ import annotations

import base64
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml
from scipy import stats

from bancada.domain.jobs import CommandJob, SweepJob
from bancada.ml import load_job, load_online_deployment, load_online_endpoint

XRAY = Path(__file__).resolve().parents[2] / "examples" / "xray"
SOURCE = XRAY / "src"
# Building the environment for the first time downloads 200 MB.
LONGEST_S = 900


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"xray_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def judging(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that judges; it imports its neighbours by their bare names, as scripts do."""
    pytest.importorskip("sklearn")
    monkeypatch.syspath_prepend(str(SOURCE))
    for name in ("judging", "model"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module("judging")
    for name in ("judging", "model"):
        sys.modules.pop(name, None)


class Client:
    """Stands for a client: keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.jobs = self

    def create_or_update(self, job: Any) -> Any:
        self.sent.append(job)
        job.name = "made"
        return job

    def stream(self, name: str) -> None:
        """Show nothing."""

    def get(self, name: str) -> Any:
        return self.sent[-1]


def test_yaml_and_python_describe_the_same_jobs() -> None:
    story = load(XRAY / "walkthrough.py")
    written: Any = load_job(XRAY / "sweep.yml")
    built = story.search(Client(), "azureml:xray@latest", 6)
    assert isinstance(written, SweepJob)
    assert isinstance(built, SweepJob)
    for name in ("search_space", "objective", "limits", "sampling_algorithm", "experiment_name", "display_name"):
        assert getattr(built, name) == getattr(written, name), name
    client = Client()
    story.digits(client)
    prepared: Any = load_job(XRAY / "digits.yml")
    assert prepared.command == client.sent[0].command
    job: Any = load_job(XRAY / "job.yml")
    assert isinstance(job, CommandJob)
    assert {job.environment, prepared.environment, written.trial.environment} == {story.ENVIRONMENT}
    deployment = load_online_deployment(XRAY / "deployment.yml")
    assert deployment.endpoint_name == load_online_endpoint(XRAY / "endpoint.yml").name == story.ENDPOINT


def test_the_sample_request_is_azures_image_request() -> None:
    request = json.loads((SOURCE / "sample_request.json").read_text(encoding="utf-8"))
    assert request["input_data"]["columns"] == ["image"]
    ((image,),) = request["input_data"]["data"]
    assert base64.b64decode(image, validate=True).startswith(b"\x89PNG")


def test_scripts_are_plain_mlflow() -> None:
    for path in SOURCE.glob("*.py"):
        assert "bancada" not in path.read_text(encoding="utf-8"), path.name


def test_the_environment_for_pytorch_is_valid() -> None:
    conda = yaml.safe_load((XRAY / "conda-torch.yaml").read_text(encoding="utf-8"))
    from bancada.executors.environment_values import EnvironmentRequest
    from bancada.executors.packages import package_set

    found = package_set(EnvironmentRequest(name="torch", version="1", conda=conda))
    assert "torch" in found.names
    assert any(one.startswith("--extra-index-url") for one in found.options)


TWO = {"classes": ["normal", "pneumonia"], "positive": "pneumonia", "threshold": 0.5}


def test_the_threshold_is_the_highest_that_keeps_the_sensitivity_with_confidence(judging: Any) -> None:
    positives, others = np.linspace(0.2, 1, 400), np.linspace(0, 0.6, 100)
    is_positive = np.arange(500) < 400
    threshold = judging.threshold_for(0.95, np.concatenate([positives, others]), is_positive)
    found = int((positives >= threshold).sum())
    assert judging.wilson_lower(found, 400) >= 0.95 > judging.wilson_lower(found - 1, 400)
    assert found / 400 > 0.95
    for hits, count in ((390, 400), (10, 10), (1, 7)):
        interval = stats.binomtest(hits, count).proportion_ci(confidence_level=0.9, method="wilson")
        assert judging.wilson_lower(hits, count) == pytest.approx(interval.low, abs=1e-4)
    # Ten images cannot show 95 %: none is missed.
    few = np.array([0.3, *np.linspace(0.7, 0.9, 9), 0.1, 0.8])
    assert judging.threshold_for(0.95, few, np.arange(12) < 10) == pytest.approx(0.2)
    assert judging.threshold_for(0.95, few, np.zeros(12, dtype=bool)) == 0.5


def test_two_classes_are_judged_at_the_threshold(judging: Any) -> None:
    positive = np.array([0.9, 0.6, 0.4, 0.7, 0.1, 0.2])
    labels = np.array([1, 1, 1, 0, 0, 0])
    measured = judging.judge(np.stack([1 - positive, positive], axis=1), labels, TWO)
    assert measured == pytest.approx({"auc": 7 / 9, "accuracy": 4 / 6, "sensitivity": 2 / 3, "specificity": 2 / 3})
    low = judging.judge(np.stack([1 - positive, positive], axis=1), labels, {**TWO, "threshold": 0.3})
    assert (low["sensitivity"], low["specificity"]) == (1.0, pytest.approx(2 / 3))
    # The positive class may be the first by name.
    turned = {"classes": ["ill", "well"], "positive": "ill", "threshold": 0.5}
    again = judging.judge(np.stack([positive, 1 - positive], axis=1), 1 - labels, turned)
    assert again == pytest.approx(measured)


def test_more_classes_are_judged_by_their_mean(judging: Any) -> None:
    probabilities = np.eye(3)[[0, 0, 1, 2, 1]] * 0.7 + 0.1
    settings = {"classes": ["a", "b", "c"], "positive": None, "threshold": None}
    measured = judging.judge(probabilities, np.array([0, 0, 1, 2, 2]), settings)
    assert measured["accuracy"] == pytest.approx(0.8)
    assert measured["sensitivity"] == pytest.approx((1 + 1 + 0.5) / 3)
    assert measured["specificity"] == pytest.approx((1 + 0.75 + 1) / 3)
    # Without any image of a class the means are over the others.
    assert judging.judge(probabilities[:3], np.array([0, 0, 1]), settings)["sensitivity"] == 1.0


@pytest.fixture
def temporary() -> Generator[Path]:
    """Yield a short-named temporary folder: sockets lie below it, and their paths have 108 bytes at most."""
    folder = Path(tempfile.mkdtemp(prefix="bcd-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_demo_trains_searches_deploys_and_answers_on_digits(temporary: Path) -> None:
    kept = {name: one for name, one in os.environ.items() if not name.startswith("BANCADA_") or name == "BANCADA_CACHE"}
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(XRAY / "demo.py"), "--trials", "2"],
        env={**kept, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 0, said[-3000:] + done.stderr[-3000:]
    print(f"{time.monotonic() - started:.0f} s")
    assert "sensitivity" in said
    assert "Best trial:" in said
    assert "First answer" in said
    right, count = said.split("Answers: ")[1].split(" right")[0].split(" of ")
    assert int(count) == 64
    assert int(right) >= 58, said[-2000:]
    assert "digit-8 0." in said
    assert "Deleted: workspace xray-ws" in said
    assert [path.name for path in temporary.glob("bancada-demo-*")] == []
