"""Decides what a sweep does next: which trials to submit, when it is over, which one is best."""

from __future__ import annotations

import copy
import json
import math
from typing import Any, Literal

from bancada.engine.actions import (
    Action,
    CancelChildren,
    EnsureBuild,
    Finish,
    Move,
    Remember,
    StopChild,
    Submit,
    WakeAt,
    Warn,
)
from bancada.engine.documents import part
from bancada.engine.handlers.command import BUILDING
from bancada.engine.handlers.views import ChildView, JobView
from bancada.errors import closest
from bancada.learning.samplers import Ask, Sampler, Trial
from bancada.learning.stopping import Curve, Verdict, decide

__all__ = ["advance", "best_child", "broken", "trial_spec"]

FINAL = frozenset({"Completed", "Failed", "Canceled"})
# After so many failures in a row the rest would fail too: the sweep ends and tells the common reason.
FAILURES_IN_A_ROW = 3
DEFAULT_TRIALS = 1000


def advance(job: JobView, now: float, sampler: Sampler, policy: Any = None) -> list[Action]:
    """Return the next actions of a sweep. Pure: the sampler is a function of seed, index and history.

    `policy` is the sweep's `early_termination` entity, or None.
    """
    active = [child for child in job.children if child.status not in FINAL]
    if job.status == "CancelRequested":
        return [CancelChildren()] if active else [Finish("Canceled", _summary(job))]
    if job.build.state == "failed":
        return [Finish("Failed", error=job.build.error)]
    if job.build.state != "ready":
        name = job.state["environment"]["name"]
        return [EnsureBuild(job.state["environment"]), Move("Preparing", BUILDING.format(name=name))]
    failure = _common_failure(job)
    if failure is not None:
        return [CancelChildren()] if active else [Finish("Failed", _summary(job), error=failure)]
    warnings = _warnings(job)
    if _out_of_time(job, now):
        over: list[Action] = [CancelChildren()] if active else [_end(job, "the sweep's timeout was reached")]
        return warnings + over
    try:
        fresh = _next_trials(job, sampler, len(active))
    # A sampler may be anybody's: its fault ends the sweep with a reason, where the worker would only try again.
    except Exception as reason:
        text = f"The sampler failed after {len(job.children)} trials: {type(reason).__name__}: {reason}"
        return [*warnings, *broken(job, text)]
    if not fresh and not active:
        return [*warnings, _end(job, "")]
    return [*warnings, *_running(job, now), *_stopped(job, policy), *fresh]


def broken(job: JobView, message: str) -> list[Action]:
    """Return the actions of a sweep that cannot go on, for a reason that is not its trials': those under way end."""
    is_cancelled = job.status == "CancelRequested"
    if any(child.status not in FINAL for child in job.children):
        return [CancelChildren()] if is_cancelled else []
    if is_cancelled:
        return [Finish("Canceled", _summary(job))]
    return [Finish("Failed", _summary(job), error={"code": "job.failed", "message": message})]


def _stopped(job: JobView, policy: Any) -> list[Action]:
    if policy is None:
        return []
    curves = [Curve(child.name, child.curve, child.status == "Running") for child in job.children if child.curve]
    return [_stop(str(policy.type), verdict) for verdict in decide(policy, _goal(job), curves)]


def _stop(rule: str, verdict: Verdict) -> StopChild:
    numbers = {"interval": verdict.interval, "value": verdict.value, "limit": verdict.limit}
    tags = {"early_termination": rule, **{f"early_termination.{key}": repr(one) for key, one in numbers.items()}}
    story = json.dumps({"policy": rule, **numbers, "reason": verdict.reason})
    return StopChild(verdict.trial, tags=tags, properties={"early_termination": story})


def _running(job: JobView, now: float) -> list[Action]:
    actions: list[Action] = []
    if job.status != "Running":
        actions.append(Move("Running"))
    if "started_at" not in job.state:
        actions.append(Remember({"started_at": now}))
    timeout = _limits(job).get("timeout")
    if timeout:
        actions.append(WakeAt(float(job.state.get("started_at", now)) + float(timeout)))
    return actions


def _limits(job: JobView) -> dict[str, Any]:
    return part(job.spec, "limits")


def _out_of_time(job: JobView, now: float) -> bool:
    timeout = _limits(job).get("timeout")
    started = job.state.get("started_at")
    return bool(timeout and started is not None and now >= float(started) + float(timeout))


def _next_trials(job: JobView, sampler: Sampler, active: int) -> list[Action]:
    limits = _limits(job)
    total = int(limits.get("max_total_trials") or DEFAULT_TRIALS)
    concurrent = int(limits.get("max_concurrent_trials") or total)
    room = min(concurrent - active, total - len(job.children))
    history = [_trial(child) for child in job.children if child.status in FINAL]
    pending = [child.point for child in job.children if child.status not in FINAL]
    fresh: list[Action] = []
    # After the greatest, not after their number: a name is used once, also when its trial was deleted.
    first = max((child.index for child in job.children), default=-1) + 1
    for index in range(first, first + max(0, room)):
        ask = Ask(int(job.state["seed"]), index, history, pending, goal=_goal(job))
        point = sampler.next_point(ask)
        if point is None:
            break
        # What cannot be written down must not get as far as the database.
        json.dumps(point, allow_nan=False)
        pending = [*pending, point]
        fresh.append(_submit(job, index, dict(point)))
    return fresh


def _trial(child: ChildView) -> Trial:
    value = child.best if child.best is not None and math.isfinite(child.best) else None
    return Trial(point=child.point, value=value, status=child.status)


def _goal(job: JobView) -> Literal["minimize", "maximize"]:
    return "minimize" if str(job.spec["objective"]["goal"]).lower() == "minimize" else "maximize"


def _submit(job: JobView, index: int, point: dict[str, Any]) -> Submit:
    name = f"{job.name}_{index}"
    return Submit(
        name=name,
        index=index,
        spec=trial_spec(job.spec, point, name, index),
        point=point,
        tags={"hyperparameters": json.dumps(point), "trial": str(index)},
        properties={"azureml.sweep": job.name},
    )


def trial_spec(sweep: dict[str, Any], point: dict[str, Any], name: str, index: int) -> dict[str, Any]:
    """Return the command job of one trial: the sweep's trial, with the point's values in place of inputs."""
    spec: dict[str, Any] = copy.deepcopy(sweep["trial"])
    spec["type"] = "command"
    spec["name"] = name
    spec["display_name"] = f"{sweep.get('display_name') or sweep.get('name') or 'trial'}_{index}"
    for key in ("experiment_name", "compute", "resources", "queue_settings"):
        if sweep.get(key) is not None:
            spec[key] = copy.deepcopy(sweep[key])
    spec["inputs"] = {**copy.deepcopy(part(sweep, "inputs")), **_flat(point)}
    if sweep.get("outputs"):
        spec["outputs"] = copy.deepcopy(sweep["outputs"])
    trial_timeout = part(sweep, "limits").get("trial_timeout")
    if trial_timeout:
        spec["limits"] = {"timeout": trial_timeout}
    # `${{search_space.x}}` in the command is the trial's input x.
    spec["command"] = str(spec["command"]).replace("${{search_space.", "${{inputs.")
    return spec


def _flat(point: dict[str, Any]) -> dict[str, Any]:
    # A value of a nested choice is a dictionary of further values: the script gets them as JSON.
    return {key: json.dumps(value) if isinstance(value, dict) else value for key, value in point.items()}


def best_child(job: JobView) -> ChildView | None:
    """Return the child with the best value of the primary metric; the earlier one when two are equal.

    Trials that failed or were cancelled count only when no trial completed; NaN never counts.
    """
    scored = [child for child in job.children if child.best is not None and not math.isnan(child.best)]
    completed = [child for child in scored if child.status == "Completed"]
    sign = -1.0 if _goal(job) == "minimize" else 1.0
    return max(completed or scored, key=lambda child: (sign * (child.best or 0.0), -child.index), default=None)


def _summary(job: JobView) -> dict[str, str]:
    best = best_child(job)
    if best is None:
        return {}
    return {
        "best_child_run_id": best.name,
        "score": repr(best.best),
        "best_parameters": json.dumps(best.point),
    }


def _end(job: JobView, reason: str) -> Finish:
    if best_child(job) is not None:
        return Finish("Completed", _summary(job))
    metric = job.spec["objective"]["primary_metric"]
    message = f"No trial logged the primary metric `{metric}`." + (f" Also, {reason}." if reason else "")
    return Finish("Failed", error={"code": "job.failed", "message": f"{message} {_named_metrics(job)}".strip()})


def _named_metrics(job: JobView) -> str:
    names = sorted({name for child in job.children for name in child.metrics})
    if not names:
        return "The trials logged no metric at all; log one with `mlflow.log_metric(name, value)`."
    listed = f"The trials logged: {', '.join(f'`{name}`' for name in names[:20])}."
    # `score` for `Score` is the usual slip, so case does not count.
    folded = {name.lower(): name for name in names}
    near = closest(str(job.spec["objective"]["primary_metric"]).lower(), folded)
    return f"{listed} Did you mean `{folded[near[0]]}`?" if near else listed


def _unscored(job: JobView) -> list[ChildView]:
    return [child for child in job.children if child.status == "Completed" and child.best is None]


def _warnings(job: JobView) -> list[Action]:
    if job.state.get("warned_metric") or not _unscored(job):
        return []
    metric = job.spec["objective"]["primary_metric"]
    first = _unscored(job)[0]
    text = f"Trial `{first.name}` completed without logging the primary metric `{metric}`. {_named_metrics(job)}"
    return [Warn(text), Remember({"warned_metric": True})]


def _common_failure(job: JobView) -> dict[str, Any] | None:
    # Cancelled ones say nothing: the trials that this very failure cancelled must not end the row.
    # Nor does what went wrong before the sweep was extended.
    since = float(job.state.get("extended_at") or 0.0)
    told = [one for one in job.children if one.status in ("Completed", "Failed") and (one.ended_at or 0.0) >= since]
    ended = sorted(told, key=lambda one: one.ended_at or 0.0)
    last = ended[-FAILURES_IN_A_ROW:]
    if len(last) < FAILURES_IN_A_ROW:
        return None
    if all(child.status == "Failed" for child in last):
        reason = str((last[-1].error or {}).get("message") or "no reason was recorded")
        text = f"{FAILURES_IN_A_ROW} trials failed in a row; the last one, `{last[-1].name}`: {reason}"
        return {"code": "job.failed", "message": text}
    if all(child.status == "Completed" and child.best is None for child in last):
        metric = job.spec["objective"]["primary_metric"]
        text = f"{FAILURES_IN_A_ROW} trials in a row completed without logging the primary metric `{metric}`. "
        return {"code": "job.failed", "message": text + _named_metrics(job)}
    return None
