"""What is wrong with a user's own words is told before anything is sent, and as Azure's errors are caught."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from rest_world import FakeServer

from bancada.core.exceptions import AzureError, HttpResponseError
from bancada.domain.io import Input
from bancada.errors import Invalid
from bancada.ml import MLClient, command, load_job
from bancada.ml.absent import ABSENT
from bancada.ml.builders import Command
from bancada.ml.entities import Data, Environment
from bancada.ml.loaders import check_job_file


def broken() -> Command:
    inputs = {"d": Input(path="/nope/d.csv", type="uri_file")}
    environment = Environment(name="e", image="i", conda_file="/nope/conda.yml")
    return command(command="a", code="/nope/src", environment=environment, inputs=inputs)


def test_all_missing_paths_are_told_at_once_and_nothing_is_sent(server: FakeServer, client: MLClient) -> None:
    result = client.jobs.validate(broken())
    assert sorted(result.error_messages) == ["code", "environment.conda_file", "inputs.d.path"]
    assert result.error_messages["code"] == "the path `/nope/src` does not exist."
    with pytest.raises(Invalid, match=r"code: the path[\s\S]*inputs\.d\.path: the path"):
        client.jobs.create_or_update(broken())
    assert not server.asked


def test_missing_paths_of_a_file_come_with_its_other_problems(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yml"
    file.write_text(
        "type: sweep\n"
        "trial:\n"
        "  code: src\n"
        "  comand: python a.py\n"
        "  environment:\n"
        "    conda_file: conda.yml\n"
        "inputs:\n"
        "  path: /only/text\n"
        "  d: {type: uri_file, path: d.csv}\n"
        "  known: {type: uri_file, path: azureml:heart:1}\n"
    )
    with pytest.raises(Invalid) as caught:
        check_job_file(file)
    found = {one.path: (one.line, one.message) for one in caught.value.problems}
    assert found["trial.code"] == (3, f"the path `src` does not exist ({tmp_path / 'src'}).")
    assert found["trial.environment.conda_file"][0] == 6
    assert found["inputs.d.path"][0] == 9
    assert "trial.comand" in found
    assert "inputs.path" not in found
    assert "inputs.known.path" not in found


def test_a_sound_file_passes(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    file = tmp_path / "job.yml"
    file.write_text("command: a\ncode: src\nenvironment: azureml:e:1\n")
    check_job_file(file)
    assert load_job(file).document()["code"] == str(tmp_path / "src")


def test_what_is_invalid_is_caught_as_azures_error(client: MLClient, tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text("comand: a\n")
    with pytest.raises(HttpResponseError) as caught:
        load_job(file)
    assert isinstance(caught.value, Invalid)
    assert caught.value.problems[0].line == 1
    assert caught.value.status_code == 400
    with pytest.raises(AzureError):
        Data(nmae="x")  # type: ignore[call-arg]
    with pytest.raises(AzureError):
        client.jobs.create_or_update(broken())
    with pytest.raises(AzureError):
        client.data.create_or_update(Data(name="d", path="/nope", type="uri_file"))
    with pytest.raises(AzureError):
        client.jobs.validate(broken(), raise_on_failure=True)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("ComputeInstance", "AmlCompute"), ("PipelineJob", "command"), ("BatchEndpoint", "ManagedOnlineEndpoint")],
)
def test_an_entity_that_is_not_there_says_so(name: str, hint: str) -> None:
    with pytest.raises(ImportError, match=f"`{name}` of Azure ML is not there in this version.*{hint}"):
        exec(f"from bancada.ml.entities import {name}")


def test_no_absent_entity_is_there() -> None:
    module = importlib.import_module("bancada.ml.entities")
    assert not ABSENT & set(module.__all__)
    assert not hasattr(module, "Nonsense")
