"""Entities in Python: Azure's arguments, validation on assignment, documents, stored form, paths, looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bancada.domain import base
from bancada.domain.base import Entity, from_stored, local_paths, map_paths, parse, to_stored
from bancada.domain.data import Data
from bancada.domain.deployment import CodeConfiguration, ManagedOnlineDeployment, OnlineRequestSettings
from bancada.domain.endpoint import EndpointAuthKeys, ManagedOnlineEndpoint
from bancada.domain.environment import Environment
from bancada.domain.io import Input
from bancada.domain.jobs import CommandJob, Job, SweepJob
from bancada.domain.jobs.command import ParameterizedCommand
from bancada.domain.jobs.search_space import Choice, QUniform, Uniform
from bancada.domain.jobs.sweep import BanditPolicy, BayesianSamplingAlgorithm, Objective, SweepJobLimits
from bancada.domain.model import Model
from bancada.domain.references import is_local
from bancada.errors import Internal, Invalid


def test_azures_positional_arguments_are_taken() -> None:
    assert Choice([1, "a", -1]).values == [1, "a", -1]
    assert Uniform(0, 1) == Uniform(min_value=0, max_value=1)
    assert QUniform(1, 9, 2).q == 2
    assert Objective("Maximize", "Score").goal == "maximize"
    assert CodeConfiguration("./src", "score.py").scoring_script == "score.py"
    assert CodeConfiguration(code=Path("src"), scoring_script=Path("score.py")).code == "src"
    assert OnlineRequestSettings(4, 9000).request_timeout_ms == 9000
    with pytest.raises(TypeError, match="takes 1 positional"):
        Choice([1], [2])


def test_a_choice_nests() -> None:
    nested = Choice([{"model": "a", "depth": Choice([1, 2])}, {"model": "b", "rate": Uniform(0, 1)}])
    assert Choice(**nested.document()) == nested


def test_whole_numbers_stay_whole_and_booleans_stay_booleans() -> None:
    values = Choice([1, 1.0, True, "1"]).values
    assert values is not None
    assert [type(one) for one in values] == [int, float, bool, str]
    job = CommandJob(inputs={"a": 1, "b": True, "c": 0.5, "d": "x", "e": Input(path="./d", type="uri_file")})
    assert job.document()["inputs"]["b"] is True


def test_assignment_is_checked() -> None:
    endpoint = ManagedOnlineEndpoint(name="heart")
    endpoint.traffic = {"blue": 100}
    with pytest.raises(Invalid, match="traffic"):
        endpoint.traffic = {"blue": 101}
    with pytest.raises(Invalid, match="Did you mean `traffic`"):
        endpoint.trafic = {}
    assert endpoint.traffic == {"blue": 100}
    assert endpoint.scoring_uri is None


def test_assigning_none_puts_the_default_back() -> None:
    job = CommandJob(tags={"a": "b"}, compute="cpu")
    job.tags, job.compute = None, None
    assert (job.tags, job.compute) == ({}, None)


def test_none_as_an_argument_means_the_default() -> None:
    assert ManagedOnlineDeployment(name="blue", instance_count=None).instance_count == 1


def test_the_short_way_to_give_code_is_taken() -> None:
    deployment: Any = ManagedOnlineDeployment.model_validate(
        {"name": "blue", "code_path": "./src", "scoring_script": "score.py"}
    )
    assert deployment.code_configuration == CodeConfiguration("./src", "score.py")


def test_a_document_is_json_without_none() -> None:
    job = CommandJob(command="a", environment="e:1", status="Running")
    assert "compute" not in job.document()
    assert job.document()["status"] == "Running"
    assert "status" not in job.document(read_only=False)


def test_nulls_inside_of_a_conda_file_are_kept() -> None:
    assert Environment(name="e", conda_file={"a": None}).document()["conda_file"] == {"a": None}


def test_stored_documents_are_read_leniently() -> None:
    job = SweepJob(trial=ParameterizedCommand("c"), search_space={"n": Choice([1])})
    stored = to_stored(job)
    stored["from_the_future"] = 1
    stored["trial"]["also_new"] = 2
    assert from_stored(Job, stored) == job
    with pytest.raises(Internal, match="stored document"):
        from_stored(Job, {"type": "sweep", "limits": 3})


def test_an_old_document_is_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "SPEC_VERSION", 3)
    monkeypatch.setitem(base.UPGRADERS, 1, lambda old: {**old, "compute": old["target"]})
    monkeypatch.setitem(base.UPGRADERS, 2, lambda old: {**old, "compute": old["compute"].upper()})
    assert from_stored(Job, {"spec_version": 1, "target": "cpu"}).compute == "CPU"
    assert to_stored(CommandJob())["spec_version"] == 3


def test_names_that_mlflow_allows_are_read_from_the_store() -> None:
    assert from_stored(Model, {"name": "a@b"}).name == "a@b"
    with pytest.raises(Invalid, match="not a valid name"):
        Model(name="a@b")


def test_an_asset_takes_a_name_that_may_be_there_and_says_what_is_wrong_with_a_new_one() -> None:
    found = Data(name="my däta!").new_name_problem()
    assert found is not None
    assert found.startswith("`my däta!` is not a valid name: letters, digits, `_`, `-` and `.`, starting with")
    assert found.endswith(". Use `my-data`, for example.")
    assert Environment(name="my-data").new_name_problem() is None
    assert Model(name="my däta!").new_name_problem() is None
    with pytest.raises(Invalid, match=r"`a/b` is not a valid name: letters, digits.* Use `a-b`, for example\."):
        Data(name="a/b")


EXAMPLES = [
    CommandJob(command="a ${{inputs.n}}", environment="e:1", inputs={"n": 3, "d": Input(path="azureml:d:1")}),
    SweepJob(
        trial=ParameterizedCommand("c", environment=Environment(image="i")),
        search_space={"n": Choice([1, {"a": Uniform(0, 1)}])},
        objective=Objective("minimize", "loss"),
        limits=SweepJobLimits(max_total_trials=2),
        early_termination=BanditPolicy(slack_factor=0.1),
        sampling_algorithm=BayesianSamplingAlgorithm(seed=1),
    ),
    Model(name="m", version=3, path="azureml://jobs/j/outputs/artifacts/paths/m", tags={"a": "b"}),
    ManagedOnlineEndpoint(name="heart", traffic={"blue": 90, "green": 10}, mirror_traffic={"red": 10}),
    ManagedOnlineDeployment(
        name="blue",
        endpoint_name="heart",
        model="azureml:m:1",
        environment="azureml:e@latest",
        code_configuration=CodeConfiguration("azureml:c:1", "score.py"),
        request_settings=OnlineRequestSettings(2),
    ),
]


@pytest.mark.parametrize("entity", EXAMPLES, ids=lambda one: type(one).__name__)
def test_a_document_is_read_back_as_the_same_entity(entity: Entity) -> None:
    assert parse(type(entity), entity.document()) == entity
    assert from_stored(type(entity), to_stored(entity)) == entity


def test_a_command_job_can_be_the_trial() -> None:
    trial = CommandJob(command="c", environment="e:1", display_name="not part of a trial")
    assert SweepJob(trial=trial).document()["trial"].keys() == {
        "command",
        "environment",
        "environment_variables",
    }


def test_local_paths_are_found_wherever_they_stand() -> None:
    job = SweepJob(
        trial=ParameterizedCommand("c", code="./src", environment=Environment(conda_file="c.yml")),
        inputs={"d": Input(path="./d.csv"), "e": Input(path="azureml:e:1"), "n": 3},
    )
    assert sorted((text, mark.role) for text, mark in local_paths(job)) == [
        ("./d.csv", "content"),
        ("./src", "code"),
        ("azureml:e:1", "content"),
        ("c.yml", "text"),
    ]


def test_mapping_paths_leaves_the_original_alone() -> None:
    job = CommandJob(code="./src", inputs={"d": Input(path="./d"), "e": Input(path="azureml:e:1")})
    moved = map_paths(job, lambda text, mark: f"/base/{text}" if is_local(text) else text)
    assert (moved.code, moved.inputs["d"].path, moved.inputs["e"].path) == (
        "/base/./src",
        "/base/./d",
        "azureml:e:1",
    )
    assert job.code == "./src"
    assert isinstance(job.inputs["d"], Input)
    assert job.inputs["d"].path == "./d"


def test_entities_show_themselves_like_their_yaml() -> None:
    job = CommandJob(command="a\nb", environment="e:1", inputs={"n": 3, "s": "yes"})
    assert str(job) == 'inputs:\n  n: 3\n  s: "yes"\ncommand: |\n  a\n  b\nenvironment: e:1\ntype: command'
    assert repr(job).startswith("CommandJob\n  inputs:")


def test_notebooks_get_a_table_with_links_and_no_script() -> None:
    job = CommandJob(command="<script>", services={"Studio": {"type": "Studio", "endpoint": "http://h/jobs/a"}})
    table: str = job._repr_html_()
    assert "<script>" not in table
    assert "href='http://h/jobs/a'" in table
    assert job.studio_url == "http://h/jobs/a"


def test_keys_are_not_shown() -> None:
    keys = EndpointAuthKeys(primaryKey="secret", secondaryKey="other")
    assert keys.primary_key == "secret"
    assert "secret" not in repr(keys) + str(keys)
