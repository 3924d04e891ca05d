"""`command(…)` and what it becomes: called with other inputs, made a sweep, made a plain job."""

from __future__ import annotations

from pathlib import Path

import pytest

from bancada.domain.base import check
from bancada.domain.io import Input
from bancada.errors import Invalid
from bancada.ml import command
from bancada.ml.constants import AssetTypes, InputOutputModes
from bancada.ml.entities import Command, CommandJob
from bancada.ml.sweep import BayesianSamplingAlgorithm, Choice, MedianStoppingPolicy, SweepJob, Uniform


def heart() -> Command:
    return command(
        inputs={
            "input_data": Input(type=AssetTypes.URI_FILE, path="azureml:heart:1", mode=InputOutputModes.RO_MOUNT),
            "n_estimators": 100,
            "criterion": "gini",
        },
        compute="cluster",
        environment="sklearn-env:1",
        code="./src",
        command="python train.py --d ${{inputs.input_data}} --n ${{inputs.n_estimators}} --c ${{inputs.criterion}}",
        experiment_name="heart",
        display_name="heart-train",
    )


def test_a_command_is_a_command_job_with_azures_shortcuts() -> None:
    job = command(
        command="ls",
        environment="e:1",
        code=Path("src"),
        instance_count=2,
        timeout=60,
        priority="High",
        tags={"a": "b"},
    )
    assert isinstance(job, CommandJob)
    assert job.code == "src"
    assert job.resources is not None
    assert job.resources.instance_count == 2
    assert job.limits is not None
    assert job.limits.timeout == 60
    assert job.queue_settings is not None
    assert job.queue_settings.priority == "high"


def test_calling_gives_a_copy_with_other_inputs() -> None:
    job = heart()
    other = job(n_estimators=5)
    assert (other.inputs["n_estimators"], job.inputs["n_estimators"]) == (5, 100)
    assert other.job().document()["inputs"]["n_estimators"] == 5


def test_a_misspelt_input_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Invalid, match=r"inputs\.n_estimator: is no input of this command; inputs: input_data, n_est"):
        heart()(n_estimator=Choice([1]))


def test_the_walkthroughs_sweep() -> None:
    job = heart()
    sweep = job(n_estimators=Choice([10, 50]), criterion=Choice(["gini", "entropy"])).sweep(
        sampling_algorithm="bayesian",
        primary_metric="Score",
        goal="maximize",
        max_total_trials=25,
        max_concurrent_trials=3,
    )
    assert isinstance(sweep, SweepJob)
    check(sweep)
    assert sweep.trial is not None
    assert sweep.trial.command == (
        "python train.py --d ${{inputs.input_data}} --n ${{search_space.n_estimators}} --c ${{search_space.criterion}}"
    )
    assert list(sweep.inputs) == ["input_data"]
    assert sweep.search_space == {"n_estimators": Choice([10, 50]), "criterion": Choice(["gini", "entropy"])}
    assert sweep.limits is not None
    assert (sweep.limits.max_total_trials, sweep.limits.max_concurrent_trials) == (25, 3)
    assert (sweep.compute, sweep.experiment_name, sweep.display_name) == ("cluster", "heart", "heart-train")


def test_limits_objective_and_policy_can_be_set_later() -> None:
    sweep = heart()(n_estimators=Uniform(1, 9)).sweep(
        primary_metric="a", goal="Minimize", sampling_algorithm=BayesianSamplingAlgorithm(seed=3)
    )
    sweep.set_limits(max_total_trials=4, timeout=7200)
    sweep.set_limits(max_concurrent_trials=2)
    sweep.set_objective(goal="maximize")
    sweep.early_termination = MedianStoppingPolicy(delay_evaluation=5, evaluation_interval=2)
    check(sweep)
    document = sweep.document()
    assert document["limits"] == {"max_total_trials": 4, "max_concurrent_trials": 2, "timeout": 7200}
    assert document["objective"] == {"goal": "maximize", "primary_metric": "a"}
    assert document["sampling_algorithm"] == {"type": "bayesian", "seed": 3}


def test_a_search_space_can_be_given_apart() -> None:
    sweep = heart().sweep(primary_metric="a", goal="maximize", search_space={"n_estimators": Choice([1])})
    assert sweep.trial is not None
    assert "${{search_space.n_estimators}}" in sweep.trial.command
    assert "n_estimators" not in sweep.inputs


def test_a_distribution_without_a_sweep_is_refused() -> None:
    with pytest.raises(Invalid, match="make a sweep of the job"):
        heart()(n_estimators=Choice([1])).job()


def test_a_declared_literal_is_its_default() -> None:
    job = command(command="a ${{inputs.n}}", environment="e:1", inputs={"n": Input(type="integer", default=3)})
    assert job.inputs == {"n": 3}


def test_resources_merge() -> None:
    job = command(command="a", environment="e:1", instance_type="S")
    job.set_resources(instance_count=3, shm_size="2g")
    assert job.resources is not None
    assert job.resources.document() == {"instance_type": "S", "instance_count": 3, "shm_size": "2g"}
    job.set_limits(timeout=5)
    job.set_queue_settings(job_tier="Spot")
    assert job.job().document()["queue_settings"] == {"job_tier": "spot"}
