"""Handlers are pure: a view goes in, actions come out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from bancada.engine import actions as act
from bancada.engine.handlers import command, sweep
from bancada.engine.handlers.command import BUILDING
from bancada.engine.handlers.views import BuildView, ChildView, ExitView, JobView
from bancada.learning.samplers import Ask

READY = BuildView("ready")


def job(**changes: Any) -> JobView:
    base = JobView(
        workspace="w",
        name="j",
        spec={"command": "python a.py"},
        status="Queued",
        state={"environment": {"name": "env"}},
        attempt=0,
        created_at=0.0,
        build=READY,
    )
    return replace(base, **changes)


def test_a_command_job_builds_its_environment_first():
    actions = command.advance(job(build=BuildView("none")), 0.0)
    assert actions == [act.EnsureBuild({"name": "env"}), act.Move("Preparing", BUILDING.format(name="env"))]


def test_a_command_job_with_an_environment_asks_to_run():
    assert command.advance(job(), 0.0) == [act.Run(1)]


def test_a_command_job_whose_environment_failed_fails_with_the_builders_error():
    error = {"code": "environment.unsolvable", "message": "no"}
    assert command.advance(job(build=BuildView("failed", error)), 0.0) == [act.Finish("Failed", error=error)]


def test_nothing_is_decided_while_an_attempt_is_open():
    assert command.advance(job(attempt=1, attempt_open=True, status="Running"), 0.0) == []


def test_a_cancelled_job_is_stopped_then_canceled():
    running = job(status="CancelRequested", attempt=1, attempt_open=True)
    assert command.advance(running, 0.0) == [act.Stop()]
    ended = replace(running, attempt_open=False, exit=ExitView("stopped", signal=15))
    assert command.advance(ended, 0.0) == [act.Finish("Canceled")]
    assert command.advance(job(status="CancelRequested"), 0.0) == [act.Finish("Canceled")]


def test_a_script_that_fails_shows_its_last_lines_and_is_not_retried():
    ended = ExitView("exited", code=1, last_lines=("Traceback", "ValueError: bad"))
    (finish,) = command.advance(job(attempt=1, status="Running", exit=ended), 0.0)
    assert isinstance(finish, act.Finish)
    assert finish.status == "Failed"
    assert finish.error is not None
    assert "exit code 1" in finish.error["message"]
    assert "ValueError: bad" in finish.error["message"]


def test_a_lost_attempt_is_tried_again_once_then_fails_with_the_reason():
    lost = job(attempt=1, status="Running", exit=ExitView("lost"), retries=1)
    assert command.advance(lost, 0.0) == [act.Run(2)]
    (finish,) = command.advance(replace(lost, attempt=2), 0.0)
    assert isinstance(finish, act.Finish)
    assert finish.error is not None
    assert "was lost" in finish.error["message"]


def test_a_client_that_refuses_forests_is_named_with_the_pin():
    ended = ExitView("exited", code=1, last_lines=("skops: UntrustedTypesFoundException: untrusted types",))
    (finish,) = command.advance(job(attempt=1, status="Running", exit=ended), 0.0)
    assert isinstance(finish, act.Finish)
    assert finish.error is not None
    assert "mlflow<3.14" in finish.error["message"]


class Counting:
    """A sampler that hands out 0, 1, 2 … up to a size."""

    def __init__(self, size: int | None = None) -> None:
        self.size = size

    def next_point(self, ask: Ask) -> dict[str, Any] | None:
        used = len(ask.points())
        return None if self.size is not None and used >= self.size else {"x": used}


def sweep_job(children: tuple[ChildView, ...] = (), **changes: Any) -> JobView:
    spec = {
        "type": "sweep",
        "name": "s",
        "trial": {"command": "python a.py --x ${{search_space.x}}", "code": "azureml:trees/abcdef12"},
        "objective": {"goal": "maximize", "primary_metric": "Score"},
        "limits": {"max_total_trials": 5, "max_concurrent_trials": 2},
        "inputs": {"data": {"path": "azureml:d:1", "type": "uri_file"}},
    }
    base = job(name="s", spec=spec, state={"environment": {"name": "env"}, "seed": 7}, children=children)
    return replace(base, **changes)


def child(index: int, status: str = "Completed", best: float | None = 0.5, **changes: Any) -> ChildView:
    view = ChildView(f"s_{index}", index, status, {"x": index}, best=best, ended_at=float(index))
    return replace(view, **changes)


def submitted(actions: list[act.Action]) -> list[str]:
    return [one.name for one in actions if isinstance(one, act.Submit)]


def test_a_sweep_submits_up_to_the_concurrent_limit_with_derived_names():
    assert submitted(sweep.advance(sweep_job(), 0.0, Counting())) == ["s_0", "s_1"]
    again = sweep_job((child(0), child(1, "Running", None)), status="Running")
    assert submitted(sweep.advance(again, 0.0, Counting())) == ["s_2"]


def test_a_sweep_goes_on_behind_a_trial_that_was_deleted():
    left = sweep_job((child(1), child(2, "Running", None)), status="Running")
    assert submitted(sweep.advance(left, 0.0, Counting()))[:1] == ["s_3"]


def test_outputs_that_were_not_kept_are_a_failure_that_says_so():
    (over,) = command.advance(job(exit=ExitView("not_collected", message="the disk is full")), 0.0)
    assert isinstance(over, act.Finish)
    assert over.status == "Failed"
    assert over.error is not None
    assert "what it left could not be kept: the disk is full" in over.error["message"]


def test_search_values_become_inputs_of_the_trial():
    (first, _) = [one for one in sweep.advance(sweep_job(), 0.0, Counting()) if isinstance(one, act.Submit)]
    assert first.spec["command"] == "python a.py --x ${{inputs.x}}"
    assert first.spec["inputs"]["x"] == 0
    assert first.spec["inputs"]["data"]["path"] == "azureml:d:1"


@pytest.mark.parametrize(("goal", "best"), [("maximize", "s_3"), ("minimize", "s_1")])
def test_the_best_trial_is_chosen_by_goal_and_nan_never_wins(goal: str, best: str):
    children = (child(0, best=math.nan), child(1, best=0.1), child(2, best=0.5), child(3, best=0.9), child(4, best=0.9))
    view = sweep_job(children, status="Running")
    view.spec["objective"]["goal"] = goal
    finish = sweep.advance(view, 0.0, Counting())[-1]
    assert isinstance(finish, act.Finish)
    assert finish.status == "Completed"
    assert finish.properties["best_child_run_id"] == best


def test_a_sweep_whose_space_is_exhausted_ends_early():
    view = sweep_job((child(0), child(1)), status="Running")
    finish = sweep.advance(view, 0.0, Counting(size=2))[-1]
    assert isinstance(finish, act.Finish)
    assert finish.status == "Completed"


def test_a_primary_metric_never_logged_is_warned_once_then_fails_after_three_in_a_row():
    silent = {"best": None, "metrics": ("accuracy", "loss")}
    first = sweep.advance(sweep_job((child(0, **silent),), status="Running"), 0.0, Counting())
    warning = next(one for one in first if isinstance(one, act.Warn))
    assert "`Score`" in warning.message
    assert "`accuracy`, `loss`" in warning.message
    view = sweep_job(tuple(child(i, **silent) for i in range(3)), status="Running")
    (finish,) = sweep.advance(view, 0.0, Counting())
    assert isinstance(finish, act.Finish)
    assert finish.status == "Failed"
    assert finish.error is not None
    assert "`accuracy`, `loss`" in finish.error["message"]


@pytest.mark.parametrize(("logged", "hint"), [("score", "Did you mean `score`?"), ("Scores", "`Scores`?"), ("x", "")])
def test_a_metric_of_nearly_the_primary_ones_name_is_named(logged: str, hint: str):
    view = sweep_job((child(0, best=None, metrics=(logged,)),))
    (warning,) = [one for one in sweep.advance(view, 0.0, Counting()) if isinstance(one, act.Warn)]
    assert warning.message.endswith(hint or "`x`.")


def test_three_failures_in_a_row_end_the_sweep_with_the_common_reason():
    failed = tuple(child(i, "Failed", None, error={"message": "no file"}) for i in range(3))
    (finish,) = sweep.advance(sweep_job(failed, status="Running"), 0.0, Counting())
    assert isinstance(finish, act.Finish)
    assert finish.error is not None
    assert "no file" in finish.error["message"]


def test_trials_cancelled_by_three_failures_in_a_row_do_not_start_the_sweep_again():
    failed = tuple(child(i, "Failed", None, error={"message": "no file"}, ended_at=float(i)) for i in range(3))
    running = sweep_job((*failed, child(3, "Running", None)), status="Running")
    assert sweep.advance(running, 0.0, Counting()) == [act.CancelChildren()]
    ended = sweep_job((*failed, child(3, "Canceled", None, ended_at=4.0)), status="Running")
    (finish,) = sweep.advance(ended, 0.0, Counting())
    assert isinstance(finish, act.Finish)
    assert finish.error is not None
    assert "no file" in finish.error["message"]


class Broken:
    size = None

    def __init__(self, point: Any = None) -> None:
        self.point = point

    def next_point(self, ask: Ask) -> Any:
        return self.point or 1 / len(ask.history)


@pytest.mark.parametrize("sampler", [Broken(), Broken({"x": object()}), Broken({"x": math.nan})])
def test_a_sampler_that_fails_ends_the_sweep_with_the_reason_when_its_trials_have_ended(sampler: Any):
    (finish,) = [one for one in sweep.advance(sweep_job(), 0.0, sampler) if not isinstance(one, act.Remember)]
    assert isinstance(finish, act.Finish)
    assert finish.status == "Failed"
    assert "The sampler failed after 0 trials" in (finish.error or {})["message"]
    running = sweep_job((child(0, "Running"),), status="Running")
    assert sweep.broken(running, "gone") == [], "what runs may end"
    cancelled = sweep_job((child(0, "Running"),), status="CancelRequested")
    assert sweep.broken(cancelled, "gone") == [act.CancelChildren()]
    assert sweep.broken(sweep_job(status="CancelRequested"), "gone") == [act.Finish("Canceled", {})]


def test_one_failure_is_one_row_not_the_end():
    view = sweep_job((child(0, "Failed", None), child(1)), status="Running")
    assert submitted(sweep.advance(view, 0.0, Counting())) == ["s_2", "s_3"]


def test_a_cancelled_sweep_ends_its_trials_first():
    view = sweep_job((child(0), child(1, "Running", None)), status="CancelRequested")
    assert sweep.advance(view, 0.0, Counting()) == [act.CancelChildren()]
    ended = sweep_job((child(0), child(1, "Canceled", None)), status="CancelRequested")
    (finish,) = sweep.advance(ended, 0.0, Counting())
    assert isinstance(finish, act.Finish)
    assert finish.status == "Canceled"
    assert finish.properties["best_child_run_id"] == "s_0"


def test_a_sweep_past_its_timeout_stops_its_trials_and_keeps_the_best():
    view = sweep_job((child(0), child(1, "Running", None)), status="Running")
    view.spec["limits"]["timeout"] = 10
    view.state["started_at"] = 0.0
    assert sweep.advance(view, 11.0, Counting()) == [act.CancelChildren()]
