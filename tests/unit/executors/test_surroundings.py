"""What a user's process inherits, and which variables separate templates."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from bancada.executors import Launch
from bancada.executors.surroundings import environment_of, read_at_import, template_environment

SERVER = {
    "HOME": "/home/u",
    "USER": "u",
    "LANG": "de_DE.UTF-8",
    "LC_TIME": "C",
    "TMPDIR": "/scratch",
    "PATH": f"{Path(sys.prefix) / 'bin'}:/usr/bin:/bin",
    "https_proxy": "http://proxy",
    "CUDA_VISIBLE_DEVICES": "1",
    "BANCADA_TOKEN": "secret",
    "BANCADA_HOME": "/home/u/.bancada",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": "/src",
    "OMP_NUM_THREADS": "7",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "UV_INDEX_URL": "http://index",
}


def launch(**changes: Any) -> Launch:
    values: dict[str, Any] = {
        "id": "job.1",
        "folder": Path("/h/launches/job.1"),
        "argv": ("python", "t.py"),
        "shell": None,
        "interpreter": Path("/envs/e/bin/python"),
        "environment_key": "e",
        "cwd": Path("/h/work/job.1/code"),
        "variables": {},
        "log": Path("/h/log"),
    }
    return Launch(**{**values, **changes})


def test_only_what_is_about_the_machine_is_handed_down() -> None:
    given = environment_of(launch(), SERVER)
    assert {name for name in given if name in SERVER} == {
        *("HOME", "USER", "LANG", "LC_TIME", "TMPDIR", "PATH", "https_proxy", "CUDA_VISIBLE_DEVICES")
    }
    assert given["BANCADA_LAUNCH"] == "job.1"
    assert (given["OMP_WAIT_POLICY"], given["GOMP_SPINCOUNT"], given["PYTHONUNBUFFERED"]) == ("PASSIVE", "0", "1")


def test_the_launch_has_the_last_word() -> None:
    given = environment_of(launch(variables={"HOME": "/elsewhere", "GOMP_SPINCOUNT": "9", "X": "1"}), SERVER)
    assert (given["HOME"], given["GOMP_SPINCOUNT"], given["X"]) == ("/elsewhere", "9", "1")


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="the tests run outside of a virtual environment")
def test_path_begins_with_the_environment_and_leaves_the_servers_own_out() -> None:
    assert environment_of(launch(), SERVER)["PATH"] == "/envs/e/bin:/usr/bin:/bin"
    given = environment_of(launch(variables={"PATH": "/mine"}), SERVER)
    assert given["PATH"] == "/envs/e/bin:/mine"
    assert environment_of(launch(), {})["PATH"] == "/envs/e/bin:/usr/local/bin:/usr/bin:/bin"


def test_a_build_reaches_our_code_and_the_package_index() -> None:
    given = environment_of(launch(kind="build", argv=None, shell="x"), SERVER)
    assert (given["PYTHONPATH"], given["UV_INDEX_URL"]) == ("/src", "http://index")
    assert "BANCADA_TOKEN" not in given
    assert "PYTHONDONTWRITEBYTECODE" not in given


@pytest.mark.parametrize(
    "name", ["OMP_NUM_THREADS", "MPLBACKEND", "PYTHONHASHSEED", "LD_PRELOAD", "TZ", "MALLOC_ARENA_MAX", "LC_ALL"]
)
def test_a_variable_read_at_import_separates_templates(name: str) -> None:
    plain = environment_of(launch(), SERVER)
    special = environment_of(launch(variables={name: "1"}), SERVER)
    assert read_at_import(plain) != read_at_import(special)
    assert template_environment(special)[name] == "1"


@pytest.mark.parametrize("name", ["MLFLOW_RUN_ID", "AZUREML_RUN_ID", "MLFLOW_TRACKING_TOKEN", "X", "PYTHONUNBUFFERED"])
def test_a_variable_read_when_used_does_not(name: str) -> None:
    plain = environment_of(launch(), SERVER)
    special = environment_of(launch(id="job.2", variables={name: "other"}), SERVER)
    assert read_at_import(plain) == read_at_import(special)
    assert template_environment(plain) == template_environment(special)


def test_exactly_one_program_is_given() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        launch(shell="python t.py")
    with pytest.raises(ValueError, match="exactly one"):
        launch(argv=None)
    assert launch(argv=None, kind="replica", socket=Path("/s")).kind == "replica"
