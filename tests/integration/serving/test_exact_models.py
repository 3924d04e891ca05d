"""Exact equivalents of scikit-learn models, in an environment that has it: the same bits, errors included."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from exact_world import exact_python

import bancada.runtime

pytestmark = pytest.mark.slow

REFUSED = {"unknown step", "own class", "boosting from a model", "histogram boosting, categories"}


@pytest.fixture(scope="module")
def cases() -> dict[str, dict[str, Any]]:
    script = Path(__file__).with_name("exact_cases.py")
    words = [exact_python(), script, bancada.runtime.__path__[0]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return {one["case"]: one for one in map(json.loads, done.stdout.splitlines())}


def test_what_is_understood_is_served_with_the_same_bits(cases: dict[str, dict[str, Any]]):
    found = {name: one for name, one in cases.items() if name != "shadow"}
    assert len(found) == 28
    assert {name for name, one in found.items() if not one["served"]} == REFUSED, found
    for name, one in found.items():
        assert one["differing"] == [], name
        assert one["level"] == ("L0" if name in REFUSED else "L1")
        assert one["clean"], f"{name}: a copy or a pickle is the plain model"
        assert one["refit"], f"{name}: a model that is fitted again answers as fitted again"


def test_what_is_not_understood_says_why(cases: dict[str, dict[str, Any]]):
    assert "PolynomialFeatures" in cases["unknown step"]["reason"]
    assert "LogisticRegression" in cases["boosting from a model"]["reason"]
    assert "categories" in cases["histogram boosting, categories"]["reason"]
    assert "Own" in cases["own class"]["reason"]


def test_every_threshold_is_tried(cases: dict[str, dict[str, Any]]):
    assert "on and beside 600 of 600 thresholds" in cases["forest behind encoders"]["reason"]
    for name in ("lightgbm", "xgboost", "histogram boosting", "boosting"):
        tried, total = cases[name]["reason"].partition("beside ")[2].split(" ")[0:3:2]
        assert tried == total, name
        assert int(total) > 20, name


def test_a_difference_while_serving_ends_it(cases: dict[str, dict[str, Any]]):
    assert cases["shadow"] == {"case": "shadow", "served": False, "same": True}
