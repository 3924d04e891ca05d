"""When a built environment has what a model asks for: names, exact versions, the Python. What asks for more fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from bancada.engine.serving_environments import lacking
from bancada.executors.environments import BuiltEnvironment, EnvironmentRequest
from bancada.executors.packages import package_set

HAS = {"pip": "26.1", "setuptools": "82.0", "wheel": "0.46", "pyyaml": "6.0.2", "numpy": "2.4.6", "torch": "2.9.0+cpu"}
BUILT = BuiltEnvironment("k", Path("/e"), Path("/e/bin/python"), "3.11", (), HAS, ())


def ask(*lines: str, python: str = "python=3.11.7") -> str:
    conda = {"dependencies": [python, "pip<=26.0", {"pip": list(lines)}]}
    return lacking(package_set(EnvironmentRequest("m-model", "1", conda=conda)), BUILT)


@pytest.mark.parametrize("line", ["PyYAML==6.0.2", "numpy == 2.4.6", "numpy", "torch==2.9.0+cpu"])
def test_a_pin_is_met_by_its_version_and_a_name_by_any(line: str):
    assert ask(line) == ""


@pytest.mark.parametrize(
    "line",
    [
        "numpy==2.4.5",
        "numpy==2.4.*",
        "numpy>=2",
        "numpy[extra]==2.4.6",
        "numpy==2.4.6; python_version < '3.12'",
        "numpy==2.4.6 --hash=sha256:00",
        "numpy @ https://example.org/numpy-2.4.6-py3-none-any.whl",
        "torch==2.9.0",
    ],
)
def test_what_asks_for_more_or_another_is_named(line: str):
    assert "the model asks for `" in ask(line)


def test_a_missing_package_another_python_and_an_index_are_named():
    assert ask("scipy==1.17.1") == "It does not have `scipy==1.17.1`."
    assert ask("https://example.org/own-1.0-py3-none-any.whl").startswith("It does not have `https://")
    assert ask("numpy==2.4.6", python="python=3.12.1") == "It has Python 3.11, and the model asks for another."
    assert "`--extra-index-url`" in ask("numpy==2.4.6", "--extra-index-url https://example.org/simple")
