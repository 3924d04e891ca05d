"""YAML files: read with lines, overridden, paths relative to the file, all problems at once."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from bancada.domain.environment import Environment
from bancada.domain.jobs import CommandJob, SweepJob
from bancada.errors import Invalid
from bancada.ml import (
    load_compute,
    load_data,
    load_datastore,
    load_environment,
    load_job,
    load_model,
    load_online_deployment,
    load_online_endpoint,
    load_workspace,
)
from bancada.ml.loaders import load_yaml

JOB = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
command: >-
  python train.py --data ${{inputs.data}} --n ${{inputs.n}}
code: src
environment: azureml:sklearn-env@latest
inputs:
  data:
    type: uri_file
    path: ../heart.csv
  n: 3
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_job_file_becomes_a_job_with_absolute_paths(tmp_path: Path) -> None:
    job = load_job(write(tmp_path / "jobs" / "job.yml", JOB))
    assert isinstance(job, CommandJob)
    assert job.code == str(tmp_path / "jobs" / "src")
    assert job.document()["inputs"]["data"]["path"] == str(tmp_path / "heart.csv")
    assert job.inputs["n"] == 3
    assert job.environment == "azureml:sklearn-env@latest"


def test_every_problem_has_its_line(tmp_path: Path) -> None:
    file = write(
        tmp_path / "job.yml",
        "type: sweep\n"
        "trial:\n"
        "  comand: a\n"
        "  environment: e:1\n"
        "search_space:\n"
        "  n:\n"
        "    type: choice\n"
        "    values: 3\n"
        "objective: {goal: up, primary_metric: s}\n",
    )
    with pytest.raises(Invalid) as caught:
        load_job(file)
    assert [(one.line, one.path) for one in caught.value.problems] == [
        (1, "limits"),
        (2, "trial.command"),
        (3, "trial.comand"),
        (8, "search_space.n.values"),
        (9, "objective.goal"),
    ]
    assert str(caught.value).splitlines()[2] == f"{file}:3: trial.comand: unknown key. Did you mean `command`?"


def test_what_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"job\.yml:3: this is not YAML"):
        load_job(write(tmp_path / "job.yml", "a: 1\nb: [\n"))


def test_a_key_given_twice_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r":3: inputs: is given twice"):
        load_job(write(tmp_path / "job.yml", "inputs: {}\ncommand: a\ninputs: {}\n"))


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="found nothing"):
        load_job(write(tmp_path / "job.yml", "# nothing\n"))


def test_a_missing_file_is_told_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Invalid, match=f"the file {tmp_path}/nope.yml does not exist"):
        load_job("nope.yml")
    with pytest.raises(Invalid, match="is a folder"):
        load_job(tmp_path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("0.5", 0.5),
        ("3", 3),
        ("-3", -3),
        ("010", "010"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("true", True),
        ("1_000", 1000),
        ("0x10", 16),
        (".5", 0.5),
        ("1e", "1e"),
        ("a1", "a1"),
        ("'3'", "3"),
        ("-.inf", float("-inf")),
        ("", None),
    ],
)
def test_plain_words_are_read_as_meant(text: str, value: Any) -> None:
    document, _ = load_yaml(f"x: {text}")
    assert (document["x"], type(document["x"])) == (value, type(value))


def test_lines_follow_nested_paths_and_aliases() -> None:
    document, lines = load_yaml("a: &x\n  b: 1\nc:\n  - *x\n  - d: 2\n")
    assert document == {"a": {"b": 1}, "c": [{"b": 1}, {"d": 2}]}
    assert (lines["a.b"], lines["c"], lines["c[1].d"]) == (2, 3, 5)


def test_values_can_be_overridden_by_dotted_path(tmp_path: Path) -> None:
    job = load_job(
        write(tmp_path / "job.yml", JOB),
        params_override=[{"compute": "cpu"}, {"limits.timeout": 60}, {"inputs.n": 5, "tags.a": "b"}],
    )
    assert isinstance(job, CommandJob)
    assert (job.compute, job.inputs["n"], job.tags) == ("cpu", 5, {"a": "b"})
    assert job.limits is not None
    assert job.limits.timeout == 60


def test_a_wrong_override_is_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"limits\.timeut: unknown key\. Did you mean `timeout`"):
        load_job(write(tmp_path / "job.yml", JOB), params_override=[{"limits.timeut": 60}])


def test_a_stream_is_read_relative_to_its_origin(tmp_path: Path) -> None:
    job = load_job(io.StringIO(JOB), relative_origin=str(tmp_path / "x.yml"))
    assert isinstance(job, CommandJob)
    assert job.code == str(tmp_path / "src")


def test_an_environment_can_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "envs" / "env.yml", "name: e\nconda_file: conda.yml\n")
    text = JOB.replace("azureml:sklearn-env@latest", "file:../envs/env.yml")
    job = load_job(write(tmp_path / "jobs" / "job.yml", text))
    assert isinstance(job.environment, Environment)
    assert job.environment.conda_file == str(tmp_path / "envs" / "conda.yml")


def test_a_sweep_file_becomes_a_sweep(tmp_path: Path) -> None:
    sweep = load_job(
        write(
            tmp_path / "sweep.yml",
            "type: sweep\n"
            "trial:\n  code: ./src\n  command: a ${{search_space.lr}}\n  environment: e:1\n"
            "search_space:\n  lr: {type: loguniform, min_value: -7, max_value: 1e-1}\n"
            "sampling_algorithm: {type: random, seed: 7}\n"
            "objective: {goal: Maximize, primary_metric: Score}\n"
            "limits: {max_total_trials: 4}\n",
        )
    )
    assert isinstance(sweep, SweepJob)
    assert sweep.trial is not None
    assert sweep.trial.code == str(tmp_path / "src")
    assert sweep.sampling.type == "random"


def test_every_kind_of_file_is_read(tmp_path: Path) -> None:
    def at(name: str, text: str) -> Path:
        return write(tmp_path / f"{name}.yml", text)

    assert load_data(at("data", "name: d\npath: d.csv\ntype: uri_file\n")).path == str(tmp_path / "d.csv")
    assert load_environment(at("env", "name: e\nconda_file: c.yml\n")).conda_file == str(tmp_path / "c.yml")
    assert (
        load_model(at("model", "name: m\nversion: 2\npath: azureml://jobs/j/outputs/artifacts/paths/m\n")).version
        == "2"
    )
    assert load_compute(at("compute", "name: cpu\ntype: amlcompute\nmax_instances: 2\n")).max_instances == 2
    assert load_datastore(at("store", "name: s\ntype: file\npath: /data\n")).name == "s"
    assert load_workspace(at("workspace", "name: lab\n")).name == "lab"
    assert load_online_endpoint(at("endpoint", "name: heart\nauth_mode: key\n")).auth_mode == "key"
    deployment = load_online_deployment(
        at(
            "deployment",
            "name: blue\nendpoint_name: heart\nmodel: azureml:m:1\nenvironment: azureml:e:1\n"
            "code_configuration:\n  code: ./src\n  scoring_script: score.py\ninstance_type: S\ninstance_count: 1\n",
        )
    )
    assert deployment.code_configuration is not None
    assert deployment.code_configuration.code == str(tmp_path / "src")
