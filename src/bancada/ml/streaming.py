"""Prints a running job as Azure's client does: its addresses, its log as it grows, its end. The SDK's only printer."""

from __future__ import annotations

import codecs
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO, cast

from bancada.core.exceptions import as_azure
from bancada.domain.jobs.base import BUILD_LOG, STD_LOG
from bancada.domain.lifecycle import is_final
from bancada.errors import BancadaError, JobFailed, NotFound, ServerUnreachable, error_from_document
from bancada.ml.answers import Answer
from bancada.ml.scope import Scope

__all__ = ["follow"]

WAITING = frozenset({"NotStarted", "Queued", "Preparing", "Starting"})
# How often a job that waits, or a sweep, is looked at.
LOOK_S = 1.0
LOG_WAIT_S = 20.0
# A server that is started again after a crash: the job ran on meanwhile.
PATIENCE_S = 300.0


def follow(scope: Scope, name: str, out: TextIO | None = None) -> None:
    """Print a job until it ends. Raises JobFailed when it failed."""
    Follower(scope, name, out or sys.stdout).run()


@dataclass
class Follower:
    """One job being followed."""

    scope: Scope
    name: str
    out: TextIO
    # Offset of each log that was begun.
    offsets: dict[str, int] = field(default_factory=dict[str, int])
    decoders: dict[str, codecs.IncrementalDecoder] = field(default_factory=dict[str, codecs.IncrementalDecoder])
    said: str = ""
    seen_trials: set[str] = field(default_factory=set[str])

    @property
    def path(self) -> str:
        """The job's path on the server."""
        return self.scope.path("jobs", self.name)

    def run(self) -> None:
        """Follow it to its end."""
        answer = self._ask(lambda: self.scope.transport.request("GET", self.path))
        job = _job(answer)
        self._say(f"RunId: {self.name}\nWeb View: {_web_view(job)}\n")
        job = self._follow_sweep(answer) if job.get("type") == "sweep" else self._follow_command(answer)
        self._say(f"\nExecution Summary\n{'=' * 17}\nRunId: {self.name}\nWeb View: {_web_view(job)}\n")
        _raise_if_failed(job, self.name)

    def _follow_command(self, answer: Answer) -> dict[str, Any]:
        job = _job(answer)
        while not is_final(str(job["status"])):
            if job["status"] in WAITING:
                answer = self._wait(answer)
            else:
                self._read_log(STD_LOG, LOG_WAIT_S)
                answer = self._ask(lambda: self.scope.transport.request("GET", self.path))
            job = _job(answer)
        while self._read_log(STD_LOG, 0):
            pass
        return job

    def _wait(self, answer: Answer) -> Answer:
        """Show why the job waits, and its environment being built; return the job when something changed."""
        job = _job(answer)
        if self.offsets.pop(STD_LOG, None):
            self._say(f"\nThe attempt ended early; the job is {job['status']} again.")
            self.decoders.pop(STD_LOG, None)
        reason = str(job.get("status_reason") or "")
        if reason and reason != self.said:
            self._say(f"{job['status']}: {reason}")
            self.said = reason
        following = self._look(answer.revision)
        if _job(following)["status"] in WAITING:
            self._read_log(BUILD_LOG, 0)
        return following

    def _look(self, revision: int) -> Answer:
        """Return the job when it changed, or after a moment."""
        return self._ask(lambda: self.scope.poll(self.path, revision, LOOK_S))

    def _read_log(self, log: str, wait_s: float) -> bool:
        """Print what a log has more than before; tell whether there was anything."""
        offset = self.offsets.get(log, 0)
        query = {"path": log, "offset": offset, "wait_s": wait_s or None}
        try:
            answer = self._ask(
                lambda: self.scope.transport.request("GET", f"{self.path}/logs", query=query, timeout_s=wait_s + 30)
            )
        except NotFound:
            return False
        if not answer.data:
            return False
        if log not in self.offsets:
            title = f"Streaming {log}"
            self._say(f"\n{title}\n{'=' * len(title)}\n")
            self.decoders[log] = codecs.getincrementaldecoder("utf-8")("replace")
        self.out.write(self.decoders[log].decode(answer.data))
        self.out.flush()
        self.offsets[log] = int(answer.headers.get("X-Next-Offset") or offset + len(answer.data))
        return True

    def _follow_sweep(self, answer: Answer) -> dict[str, Any]:
        job = _job(answer)
        while not is_final(str(job["status"])):
            self._show_trials(job)
            answer = self._wait(answer) if job["status"] in WAITING else self._look(answer.revision)
            job = _job(answer)
        self._show_trials(job)
        return job

    def _show_trials(self, job: Mapping[str, Any]) -> None:
        listing = self.scope.path("jobs")
        trials = self._ask(
            lambda: self.scope.transport.items(listing, parent_job_name=self.name, limit=1000, list_view_type="All")
        )
        if any(trial.get("status") == "Preparing" for trial in trials) and not self.seen_trials:
            self._show_build(trials)
        ended = [one for one in trials if is_final(str(one.get("status"))) and one["name"] not in self.seen_trials]
        for trial in sorted(ended, key=_number):
            self.seen_trials.add(str(trial["name"]))
            self._say(self._trial_line(job, trial))

    def _show_build(self, trials: list[dict[str, Any]]) -> None:
        reasons = {str(one.get("status_reason") or "") for one in trials} - {""}
        reason = sorted(reasons)[0] if reasons else ""
        if reason and reason != self.said:
            self._say(reason)
            self.said = reason

    def _trial_line(self, job: Mapping[str, Any], trial: Mapping[str, Any]) -> str:
        total = _part(job, "limits").get("max_total_trials", "?")
        metric = str(_part(job, "objective").get("primary_metric") or "")
        value = self._metric(str(trial["name"]), metric)
        shown = f"  {metric}={value:.6g}" if value is not None else ""
        values = _hyperparameters(_part(trial, "properties").get("hyperparameters"))
        return f"Trial {len(self.seen_trials)} of {total}: {trial['name']} {trial['status']}{shown}  {values}".rstrip()

    def _metric(self, trial: str, metric: str) -> float | None:
        try:
            path = f"{self.scope.path('jobs', trial)}/summary"
            metrics = self._ask(lambda: self.scope.transport.document("GET", path))["metrics"]
            return float(metrics[metric])
        except (NotFound, KeyError, TypeError, ValueError):
            return None

    def _ask(self, request: Callable[[], Any]) -> Any:
        """Send a request, riding out a server that is away for a while."""
        deadline = time.monotonic() + PATIENCE_S
        told = False
        while True:
            try:
                return request()
            except ServerUnreachable as reason:
                if time.monotonic() > deadline or self.scope.transport.is_down:
                    raise
                if not told:
                    self._say(f"(The server is away: {reason.message} The job goes on meanwhile.)")
                    told = True
                time.sleep(1.0)

    def _say(self, text: str) -> None:
        self.out.write(f"{text}\n")
        self.out.flush()


def _job(answer: Answer) -> dict[str, Any]:
    return cast("dict[str, Any]", answer.json())


def _web_view(job: Mapping[str, Any]) -> str:
    return str(_part(_part(job, "services"), "Studio").get("endpoint") or "")


def _part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", document.get(key) or {})


def _number(trial: Mapping[str, Any]) -> tuple[str, int]:
    number = str(_part(trial, "properties").get("trial") or "")
    return str(trial.get("ended_at") or ""), int(number) if number.isdigit() else 0


def _hyperparameters(text: str | None) -> str:
    try:
        values: Any = json.loads(text or "{}")
    except ValueError:
        return ""
    if not isinstance(values, dict):
        return ""
    return " ".join(f"{name}={value}" for name, value in cast("dict[str, Any]", values).items())


def _raise_if_failed(job: Mapping[str, Any], name: str) -> None:
    if job["status"] != "Failed":
        return
    error = cast("Mapping[str, Any] | None", job.get("error"))
    reason: BancadaError | None = None
    if error:
        reason = error_from_document(error if "error" in error else {"error": error})
    message = reason.message if reason else "The server gives no reason."
    details = {**(reason.details if reason else {}), "name": name}
    raise as_azure(JobFailed(f"Job `{name}` failed. {message}", **details))
