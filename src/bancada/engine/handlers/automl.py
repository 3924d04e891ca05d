"""Decides what an AutoML job does next. It is one process that goes on from its checkpoint when it was lost."""

from __future__ import annotations

from bancada.engine.actions import Action, Finish, Run, Stop
from bancada.engine.handlers.command import explain, run_when_built
from bancada.engine.handlers.views import ExitView, JobView

__all__ = ["BEST_TAG", "ERROR_TAG", "METRIC_TAG", "SCORE_TAG", "advance"]

# Tags that the job's program sets on its run: the best child so far, its score, and why the job cannot go on.
BEST_TAG = "automl_best_child_run_id"
SCORE_TAG = "automl.best_score"
METRIC_TAG = "automl.primary_metric"
ERROR_TAG = "automl.error"
# A job that is killed (also by its system, for memory) goes on where it was; what kills it each time ends it.
TRIES = 3


def advance(job: JobView, now: float) -> list[Action]:
    """Return the next actions of an AutoML job. Pure; called again after every commit that concerns the job."""
    if job.exit is not None:
        return _after_exit(job, job.exit)
    if job.status == "CancelRequested":
        return [Stop()] if job.attempt_open else [Finish("Canceled", _summary(job))]
    return [] if job.attempt_open else run_when_built(job)


def _after_exit(job: JobView, exit: ExitView) -> list[Action]:
    if job.status == "CancelRequested" or exit.reason == "stopped":
        return [Finish("Canceled", _summary(job))]
    if exit.reason == "exited" and exit.code == 0 and BEST_TAG in job.tags:
        return [Finish("Completed", _summary(job))]
    if exit.reason == "requeued" or (_was_killed(exit) and job.attempt < TRIES):
        return [Run(job.attempt + 1)]
    return [Finish("Failed", _summary(job), error=_error(job, exit))]


def _was_killed(exit: ExitView) -> bool:
    # Unlike a user's script it may be started again at any time: its checkpoint says what is done.
    return exit.reason == "lost" or exit.signal is not None


def _error(job: JobView, exit: ExitView) -> dict[str, str]:
    message = job.tags.get(ERROR_TAG)
    if message is None and exit.reason == "timeout":
        message = "The job did not end long after its time was over, and was ended by force."
    if message is None and exit.reason == "exited" and exit.code == 0:
        message = "The job ended without a model: no candidate could be trained."
    return {"code": "job.failed", "message": message or explain(job, exit), "reason": exit.reason}


def _summary(job: JobView) -> dict[str, str]:
    """Return the job's properties at its end: also a cancelled job keeps the best that was found."""
    best = job.tags.get(BEST_TAG)
    if best is None:
        return {}
    named = {"score": job.tags.get(SCORE_TAG), "primary_metric": job.tags.get(METRIC_TAG)}
    return {"best_child_run_id": best, **{key: value for key, value in named.items() if value is not None}}
