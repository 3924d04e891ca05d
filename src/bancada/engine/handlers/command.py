"""Decides what a command job does next: wait for its environment, start, retry, end."""

from __future__ import annotations

from bancada.engine.actions import Action, EnsureBuild, Finish, Move, Run, Stop
from bancada.engine.documents import part
from bancada.engine.handlers.views import ExitView, JobView

__all__ = ["BUILDING", "advance", "explain", "run_when_built"]

# Why a job waits that is the first to need its environment. A first build is a minute of downloads and of compiling.
BUILDING = "building environment `{name}` (the first time only; usually a minute or two)"


def advance(job: JobView, now: float) -> list[Action]:
    """Return the next actions of a command job. Pure; called again after every commit that concerns the job."""
    if job.exit is not None:
        return _after_exit(job, job.exit)
    if job.status == "CancelRequested":
        return [Stop()] if job.attempt_open else [Finish("Canceled")]
    return [] if job.attempt_open else run_when_built(job)


def run_when_built(job: JobView) -> list[Action]:
    """Return what starts a job's next attempt, or brings its environment about first."""
    if job.build.state == "failed":
        return [Finish("Failed", error=job.build.error)]
    if job.build.state != "ready":
        name = job.state["environment"]["name"]
        return [EnsureBuild(job.state["environment"]), Move("Preparing", BUILDING.format(name=name))]
    return [Run(job.attempt + 1)]


def _after_exit(job: JobView, exit: ExitView) -> list[Action]:
    if job.status == "CancelRequested" or exit.reason == "stopped":
        return [Finish("Canceled")]
    if exit.reason == "exited" and exit.code == 0:
        return [Finish("Completed")]
    # User code is not idempotent: only what was lost with its keeper is tried again, never what failed by itself.
    # What `bancada down --jobs requeue` stopped starts anew however often that was.
    if exit.reason == "requeued" or (exit.reason == "lost" and job.attempt <= job.retries):
        return [Run(job.attempt + 1)]
    return [Finish("Failed", error={"code": "job.failed", "message": explain(job, exit), "reason": exit.reason})]


def explain(job: JobView, exit: ExitView) -> str:
    """Return why the attempt failed, with the script's last lines."""
    head = _headline(job, exit)
    tail = "\n".join(f"    {line}" for line in exit.last_lines)
    hint = _hint(exit.last_lines)
    return "\n".join(part for part in (head, tail, hint) if part)


def _headline(job: JobView, exit: ExitView) -> str:
    if exit.reason == "timeout":
        limit = part(job.spec, "limits").get("timeout")
        return f"The job ran longer than its limit of {limit} s and was ended."
    if exit.reason == "could_not_start":
        return f"The job could not be started: {exit.message}"
    if exit.reason == "not_collected":
        return f"The script ended, but what it left could not be kept: {exit.message}"
    if exit.reason == "lost":
        return (
            f"Attempt {job.attempt} was lost: its process and the process that watches it ended without a result "
            f"(killed, or the machine went down), and {job.attempt} of {job.retries + 1} attempts are used up."
        )
    if exit.signal is not None:
        why = " Out of memory is the usual reason." if exit.signal == 9 else ""
        return f"The job's process was ended by signal {exit.signal}.{why}"
    return f"The script ended with exit code {exit.code}." + (" Its last lines:" if exit.last_lines else "")


def _hint(lines: tuple[str, ...]) -> str:
    text = "\n".join(lines).lower()
    # Clients from 3.14 on save models in a format that refuses tree ensembles; nothing on the server can mend that.
    if "skops" in text and ("untrusted" in text or "trusted" in text):
        return (
            "This MLflow client saves scikit-learn models with skops, which refuses forests. "
            "Pin `mlflow<3.14` (3.13 and 2.22 work) in the environment's conda file."
        )
    if "no module named" in text:
        return "The environment lacks that package: add it to the environment's conda file and create a new version."
    return ""
