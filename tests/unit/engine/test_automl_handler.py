"""What an AutoML job does next: pure decisions from a view."""

from __future__ import annotations

from typing import Any

from bancada.engine.actions import EnsureBuild, Finish, Move, Run, Stop
from bancada.engine.automl import as_command_spec, environment_of
from bancada.engine.handlers.automl import BEST_TAG, ERROR_TAG, METRIC_TAG, SCORE_TAG, TRIES, advance
from bancada.engine.handlers.command import BUILDING
from bancada.engine.handlers.views import BuildView, ExitView, JobView

BEST = {BEST_TAG: "child", SCORE_TAG: "0.07", METRIC_TAG: "normalized_root_mean_squared_error"}
PROPERTIES = {"best_child_run_id": "child", "score": "0.07", "primary_metric": "normalized_root_mean_squared_error"}


def view(**changes: Any) -> JobView:
    fields: dict[str, Any] = {
        "workspace": "w",
        "name": "j",
        "spec": {},
        "status": "Running",
        "state": {"environment": {"name": "automl"}},
        "attempt": 1,
        "created_at": 0.0,
        "build": BuildView("ready"),
    }
    return JobView(**{**fields, **changes})


def test_it_waits_for_its_environment_and_then_runs() -> None:
    waiting = advance(view(status="Queued", attempt=0, build=BuildView("none")), 0.0)
    assert waiting == [EnsureBuild({"name": "automl"}), Move("Preparing", BUILDING.format(name="automl"))]
    assert advance(view(status="Preparing", attempt=0), 0.0) == [Run(1)]
    assert advance(view(attempt_open=True), 0.0) == []


def test_a_failed_build_fails_it() -> None:
    error = {"message": "no"}
    assert advance(view(attempt=0, build=BuildView("failed", error)), 0.0) == [Finish("Failed", error=error)]


def test_a_good_end_names_the_best_child() -> None:
    assert advance(view(exit=ExitView("exited", 0), tags=BEST), 0.0) == [Finish("Completed", PROPERTIES)]


def test_a_good_end_without_a_model_is_a_failure() -> None:
    (action,) = advance(view(exit=ExitView("exited", 0)), 0.0)
    assert isinstance(action, Finish)
    assert action.status == "Failed"
    assert action.error is not None
    assert "without a model" in action.error["message"]


def test_cancelling_ends_the_process_and_keeps_the_best_so_far() -> None:
    assert advance(view(status="CancelRequested", attempt_open=True, tags=BEST), 0.0) == [Stop()]
    ended = advance(view(status="CancelRequested", exit=ExitView("exited", 0), tags=BEST), 0.0)
    assert ended == [Finish("Canceled", PROPERTIES)]
    assert advance(view(status="CancelRequested", attempt=0), 0.0) == [Finish("Canceled", {})]


def test_a_killed_one_goes_on_until_its_tries_are_used_up() -> None:
    for ended in (ExitView("lost"), ExitView("killed", signal=9)):
        assert advance(view(exit=ended), 0.0) == [Run(2)]
        (action,) = advance(view(exit=ended, attempt=TRIES, tags=BEST), 0.0)
        assert isinstance(action, Finish)
        assert (action.status, action.properties) == ("Failed", PROPERTIES)


def test_what_was_put_back_starts_anew_however_often() -> None:
    assert advance(view(exit=ExitView("requeued"), attempt=9), 0.0) == [Run(10)]


def test_a_problem_of_the_data_is_told_in_its_own_words_and_not_tried_again() -> None:
    (action,) = advance(view(exit=ExitView("exited", 1, last_lines=("x",)), tags={ERROR_TAG: "No such column."}), 0.0)
    assert isinstance(action, Finish)
    assert action.error == {"code": "job.failed", "message": "No such column.", "reason": "exited"}


def test_tables_are_the_inputs_of_its_command_and_the_time_limit_has_slack() -> None:
    spec = {
        "training_data": {"path": "a"},
        "test_data": None,
        "limits": {"timeout_minutes": 2},
        "outputs": {"out": {}},
        "environment_variables": {"A": "1"},
    }
    command = as_command_spec(spec)
    assert command["inputs"] == {"training_data": {"path": "a"}}
    assert command["limits"]["timeout"] > 120
    assert (command["outputs"], command["environment_variables"]) == ({"out": {}}, {"A": "1"})
    assert as_command_spec({})["limits"] == {}


def test_a_job_may_name_its_own_environment() -> None:
    assert environment_of({}) == "azureml:automl@latest"
    assert environment_of({"environment_id": "azureml:mine:1"}) == "azureml:mine:1"
