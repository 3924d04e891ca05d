"""A user's text becomes an entity, or all its problems at once with paths, lines and what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from bancada.domain.base import check, parse
from bancada.domain.compute import AmlCompute, Compute
from bancada.domain.datastore import Datastore, FileDatastore
from bancada.domain.deployment import CodeConfiguration, ManagedOnlineDeployment
from bancada.domain.endpoint import ManagedOnlineEndpoint
from bancada.domain.environment import Environment
from bancada.domain.jobs import CommandJob, Job, SweepJob
from bancada.domain.jobs.search_space import Choice
from bancada.domain.model import Model
from bancada.errors import Invalid, Problem

COMMAND = {"command": "python a.py --x ${{inputs.x}}", "environment": "azureml:env:1", "inputs": {"x": 3}}
SWEEP: dict[str, Any] = {
    "type": "sweep",
    "trial": {"command": "python a.py --n ${{search_space.n}}", "environment": "env@latest", "code": "./src"},
    "search_space": {"n": {"type": "choice", "values": [10, 50]}},
    "sampling_algorithm": "bayesian",
    "objective": {"goal": "maximize", "primary_metric": "Score"},
    "limits": {"max_total_trials": 4, "max_concurrent_trials": 2},
}


def problems(kind: Any, document: Any, lines: dict[str, int] | None = None) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse(kind, document, lines)
    return {one.path: one.message for one in caught.value.problems}


def test_a_job_without_type_is_a_command_job() -> None:
    job = parse(Job, COMMAND)
    assert isinstance(job, CommandJob)
    assert job.inputs == {"x": 3}


def test_a_sweep_is_told_by_its_type_in_any_case() -> None:
    job = parse(Job, {**SWEEP, "type": "Sweep"})
    assert isinstance(job, SweepJob)
    assert job.sampling.type == "bayesian"
    assert job.search_space == {"n": Choice([10, 50])}


def test_all_problems_come_at_once_with_lines() -> None:
    document = {"comand": "x", "environment": 3, "limits": {"timeout": "soon"}, "inputs": {"a": [1]}}
    lines = {"": 1, "comand": 2, "environment": 3, "limits": 4, "limits.timeout": 5, "inputs.a": 7}
    with pytest.raises(Invalid) as caught:
        parse(Job, document, lines, "job.yml")
    assert caught.value.problems == [
        Problem("command", "is required, but missing.", 1),
        Problem("comand", "unknown key. Did you mean `command`?", 2),
        Problem("environment", "expected a mapping or text, found `3`.", 3),
        Problem("limits.timeout", "expected a whole number, found `soon`.", 5),
        Problem("inputs.a", "expected a mapping, true or false, a number or text, found a list.", 7),
    ]
    assert str(caught.value).splitlines()[1] == "job.yml:2: comand: unknown key. Did you mean `command`?"


def test_nested_problems_name_their_path_and_never_a_union_branch() -> None:
    document = {
        **SWEEP,
        "trial": {"enviroment": "x", "command": "c"},
        "search_space": {
            "n": {"type": "choice", "valus": [1]},
            "m": {"type": "unifrm"},
            "z": {"min_value": 1},
        },
        "sampling_algorithm": {"type": "bayes"},
        "early_termination": {"type": "bandit", "slack_factor": "much"},
    }
    found = problems(Job, document)
    assert found["trial.environment"] == "is required, but missing."
    assert found["trial.enviroment"] == "unknown key. Did you mean `environment`?"
    assert found["search_space.n.valus"] == "unknown key. Did you mean `values`?"
    assert "Did you mean `uniform`?" in found["search_space.m"]
    assert found["search_space.z"].startswith("`type` is required, but missing; the distribution is one of: choice")
    assert found["sampling_algorithm.type"] == "`bayes` is no sampling algorithm; the nearest is `bayesian`."
    assert found["early_termination.slack_factor"] == "expected a number, found `much`."
    assert not any("¦" in path + message for path, message in found.items())


def test_an_unknown_job_type_names_the_known_ones() -> None:
    assert problems(Job, {"type": "sweeep"}) == {
        "": "`sweeep` is no job type of this version. Known: command, sweep, automl. Did you mean `sweep`?"
    }


def test_names_in_commands_are_checked_even_beside_other_problems() -> None:
    found = problems(Job, {**COMMAND, "command": "a ${{inputs.y}}", "nonsense": 1})
    assert found["command"] == "`${{inputs.y}}` is no input; inputs: x."
    assert "nonsense" in found
    assert problems(Job, {**SWEEP, "trial": {"command": "${{inputs.q}}", "environment": "e:1"}}) == {
        "trial.command": "`${{inputs.q}}` is no input; inputs: n."
    }


def test_an_environment_that_is_no_reference_is_refused() -> None:
    assert "names no environment" in problems(Job, {**COMMAND, "environment": "./conda.yml"})["environment"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (
            {"search_space": {"n": {"type": "uniform", "min_value": 3, "max_value": 1}}},
            "search_space.n.min_value",
        ),
        ({"search_space": {"n": {"type": "normal", "mu": 0, "sigma": 0}}}, "search_space.n.sigma"),
        ({"search_space": {"n": {"type": "choice", "values": []}}}, "search_space.n.values"),
        (
            {"search_space": {"n": {"type": "randint", "upper": 5}}, "sampling_algorithm": "grid"},
            "search_space.n",
        ),
        ({"search_space": {}, "trial": {"command": "c", "environment": "e:1"}}, "search_space"),
        ({"limits": {"max_total_trials": 2, "max_concurrent_trials": 5}}, "limits.max_concurrent_trials"),
        ({"limits": {}}, "limits.max_total_trials"),
        ({"limits": None}, "limits"),
        ({"objective": {"goal": "maximise", "primary_metric": "s"}}, "objective.goal"),
        ({"objective": {"goal": "Maximize"}}, "objective.primary_metric"),
    ],
)
def test_a_senseless_sweep_is_refused(change: dict[str, Any], path: str) -> None:
    assert list(problems(Job, {**SWEEP, **change})) == [path]


def test_null_means_not_given_and_schema_is_ignored() -> None:
    job = parse(Job, {**COMMAND, "$schema": "https://x", "tags": None, "compute": None})
    assert job.tags == {}


def test_a_text_that_is_no_mapping_is_refused() -> None:
    assert problems(Job, ["a"]) == {"": "expected a mapping (`name: value`), found a list."}
    assert problems(Job, None) == {"": "expected a mapping (`name: value`), found nothing."}


def test_numbers_become_text_where_azure_takes_them() -> None:
    model = parse(Model, {"name": "m", "version": 3, "path": "./m", "tags": {"a": 1, "b": True}})
    assert (model.version, model.tags) == ("3", {"a": "1", "b": "True"})


def test_unions_of_resources_are_told_by_type() -> None:
    assert parse(Compute, {"name": "cpu", "type": "AmlCompute", "size": "STANDARD_DS3_V2"}) == AmlCompute(
        name="cpu", size="STANDARD_DS3_V2"
    )
    assert parse(Datastore, {"name": "d", "type": "file", "path": "/data"}) == FileDatastore(name="d", path="/data")
    assert "Known: amlcompute" in problems(Compute, {"name": "cpu", "type": "kubernetes"})[""]


@pytest.mark.parametrize("name", ["a b", "-x", "x-", "1x", ""])
def test_a_bad_endpoint_name_is_explained(name: str) -> None:
    assert "letters, digits and hyphens" in problems(ManagedOnlineEndpoint, {"name": name})["name"]


def test_traffic_sums_to_nothing_or_all() -> None:
    assert "sum to 90" in problems(ManagedOnlineEndpoint, {"name": "heart", "traffic": {"a": 90}})["traffic"]
    assert (
        "at most 50"
        in problems(ManagedOnlineEndpoint, {"name": "heart", "mirror_traffic": {"a": 60}})["mirror_traffic"]
    )
    assert parse(ManagedOnlineEndpoint, {"name": "heart", "traffic": {"a": 90, "b": 10}}).traffic["b"] == 10


def test_an_environment_says_what_it_consists_of() -> None:
    assert "conda_file" in problems(Environment, {"name": "e"})[""]
    assert parse(Environment, {"name": "e", "conda_file": {"dependencies": ["python=3.11"]}}).version is None


def test_an_entity_made_in_python_is_checked_like_a_text() -> None:
    check(CommandJob(command="a", environment="e:1"))
    with pytest.raises(Invalid) as caught:
        check(SweepJob())
    assert {one.path for one in caught.value.problems} == {"trial", "search_space", "objective", "limits"}


def test_a_deployment_with_code_needs_its_script() -> None:
    deployment = ManagedOnlineDeployment(
        name="blue", endpoint_name="heart", code_configuration=CodeConfiguration("./src")
    )
    with pytest.raises(Invalid, match=r"code_configuration\.scoring_script: is required"):
        check(deployment)


def test_what_the_gateway_cannot_be_told_is_refused_at_once() -> None:
    # Accepted, one such endpoint would keep the routing table of all others out.
    both = {"name": "e", "traffic": {"a": 100}, "mirror_traffic": {"a": 10}}
    assert "live traffic already" in problems(ManagedOnlineEndpoint, both)["mirror_traffic.a"]
    two = {"name": "e", "mirror_traffic": {"a": 10, "b": 10}}
    assert "one deployment" in problems(ManagedOnlineEndpoint, two)["mirror_traffic"]
    limits = {
        "request_timeout_ms": 180_001,
        "max_queue_wait_ms": 180_001,
        "max_concurrent_requests_per_instance": 10_001,
    }
    deployment = {"name": "blue", "endpoint_name": "heart", "environment": "env:1", "request_settings": limits}
    assert set(problems(ManagedOnlineDeployment, deployment)) == {f"request_settings.{name}" for name in limits}


def test_a_job_may_write_a_model_of_any_name_that_models_have():
    outputs = {"m": {"type": "mlflow_model", "name": "my model (monthly)"}}
    job = parse(CommandJob, {**COMMAND, "outputs": outputs})
    assert job.outputs["m"].name == "my model (monthly)"  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
