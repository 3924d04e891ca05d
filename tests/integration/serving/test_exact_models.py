"""Exact equivalents of scikit-learn models, in an environment that has it: the same bits, errors included."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import bancada.runtime
from bancada.executors.environments import EnvironmentRequest, build
from bancada.settings import load_settings

pytestmark = pytest.mark.slow

SERVED = {
    "forest behind encoders",
    "regression",
    "boosting",
    "histogram boosting",
    "linear",
    "linear on a frame",
    "forest on an array",
    "bare forest, text labels",
}


@pytest.fixture(scope="module")
def cases() -> dict[str, dict[str, Any]]:
    packages = ["mlflow-skinny==3.13.0", "scikit-learn==1.7.2", "numpy==1.26.4", "pandas==1.5.3", "cloudpickle==3.1.2"]
    conda = {"dependencies": ["python=3.11", "pip", {"pip": packages}]}
    request = EnvironmentRequest(name="mlflow", version="1", conda=conda)
    environment = build(request, load_settings({}).cache, print)
    script = Path(__file__).with_name("exact_cases.py")
    words = [environment.interpreter, script, bancada.runtime.__path__[0]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return {one["case"]: one for one in map(json.loads, done.stdout.splitlines())}


def test_what_is_understood_is_served_with_the_same_bits(cases: dict[str, dict[str, Any]]):
    found = {name: one for name, one in cases.items() if name != "shadow"}
    assert {name for name, one in found.items() if one["served"]} == SERVED, found
    for name, one in found.items():
        assert one["differing"] == [], name
        assert one["level"] == ("L1" if name in SERVED else "L0")
        assert one["clean"], f"{name}: a copy or a pickle is the plain model"
        assert one["refit"], f"{name}: a model that is fitted again answers as fitted again"


def test_what_is_not_understood_says_why(cases: dict[str, dict[str, Any]]):
    assert "PolynomialFeatures" in cases["unknown step"]["reason"]
    assert "Own" in cases["own class"]["reason"]


def test_a_difference_while_serving_ends_it(cases: dict[str, dict[str, Any]]):
    assert cases["shadow"] == {"case": "shadow", "served": False, "same": True}
