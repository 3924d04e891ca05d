"""Models without a script, straight from JSON to their exact equivalents, in an environment that has the libraries."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from exact_world import exact_python

import bancada.runtime

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    script = Path(__file__).with_name("direct_cases.py")
    words = [exact_python(), "-W", "ignore", script, bancada.runtime.__path__[0], tmp_path_factory.mktemp("models")]
    variables = {**os.environ, "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "0"}
    done = subprocess.run(words, capture_output=True, text=True, timeout=900, env=variables)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {one["case"]: one for one in found}


def test_every_answer_is_the_originals(cases: dict[str, dict[str, Any]]):
    assert len(cases) == 9
    for name, one in cases.items():
        assert one["differing"] == [], name


def test_what_is_understood_goes_straight_alone_and_together(cases: dict[str, dict[str, Any]]):
    for name, one in cases.items():
        if name == "unknown":
            assert (one["level"], one["straight"]) == ("L0", 0)
            assert "no exact equivalent" in one["note"]
            continue
        assert one["level"] == "L2", one
        # Odd requests go the other way: the count proves that the rest did not.
        assert 15 <= one["straight"] < one["requests"], name
        assert one["batch"] == 64, name
        if name != "linear":  # whose rows may be scored together only through the original
            assert one["batched"] >= 15, name
