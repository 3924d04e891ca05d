"""Prints a running job as Azure's client does: its addresses, its log as it grows, its end. The SDK's only printer."""

from __future__ import annotations

import codecs
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO, cast

from bancada.core.exceptions import as_azure
from bancada.domain.jobs.base import BUILD_LOG, STD_LOG
from bancada.domain.lifecycle import is_final
from bancada.errors import BancadaError, JobFailed, NotFound, ServerUnreachable, error_from_document
from bancada.ml import leaderboard, sweep_table
from bancada.ml.answers import Answer
from bancada.ml.closing import closing_lines
from bancada.ml.scope import Scope

__all__ = ["follow"]

WAITING = frozenset({"NotStarted", "Queued", "Preparing", "Starting"})
# How often a job that waits, or a sweep, is looked at.
LOOK_S = 1.0
LOG_WAIT_S = 20.0
# After so long without a word it says what is waited for; then after twice as long, and so on.
SILENCE_S = 3.0
TRIALS_AT_ONCE = 200
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
    # Of an AutoML job's log: the line that has not come whole yet, and whether the first candidate was told.
    line: str = ""
    head_ended: bool = False
    seen_trials: set[str] = field(default_factory=set[str])
    # Trials of pages that change no more, where the first page that may change begins, and lines of the last drawing.
    settled: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    cursor: str | None = None
    drawn: int = 0
    # The warning that was shown, whether a trial was seen to run, when the last news was, when to say that none came.
    warned: str = ""
    begun: bool = False
    heard: float = field(default_factory=time.monotonic)
    patience_s: float = SILENCE_S

    @property
    def path(self) -> str:
        """The job's path on the server."""
        return self.scope.path("jobs", self.name)

    def run(self) -> None:
        """Follow it to its end."""
        answer = self._ask(lambda: self.scope.transport.request("GET", self.path))
        job = _job(answer)
        self._say(f"RunId: {self.name}\nWeb View: {_web_view(job)}\n")
        follow = {"sweep": self._follow_sweep, "automl": self._follow_automl}.get(str(job.get("type")))
        job = follow(answer) if follow else self._follow_command(answer)
        self._warn(job)
        self._say(f"\nExecution Summary\n{'=' * 17}\nRunId: {self.name}\nWeb View: {_web_view(job)}")
        self._say("\n".join([*closing_lines(job, self._metrics(job)), ""]))
        _raise_if_failed(job, self.name)

    def _metrics(self, job: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the metrics that a job's own run ended with; those of a sweep and of AutoML are its best trial's."""
        if job["status"] != "Completed" or job.get("results"):
            return {}
        try:
            return _part(self._ask(lambda: self.scope.transport.document("GET", f"{self.path}/summary")), "metrics")
        except BancadaError:  # an older server, or the job was deleted meanwhile: the job succeeded all the same
            return {}

    def _follow_command(self, answer: Answer) -> dict[str, Any]:
        job = _job(answer)
        while not is_final(str(job["status"])):
            self._warn(job)
            if job["status"] in WAITING:
                answer = self._wait(answer)
            else:
                begun = STD_LOG in self.offsets
                if not self._read_log(STD_LOG, LOG_WAIT_S if begun else SILENCE_S) and not begun:
                    self._still("Running: the script has printed nothing yet")
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
            self.line, self.head_ended = "", False
        reason = _reason(job)
        text = f"{job['status']}: {reason}" if reason else str(job["status"])
        if reason and text != self.said:
            self._say(text)
            self.said = text
        else:
            self._still(text)
        following = self._look(answer.revision)
        # An environment that was there already has a log, too: of its build, whenever that was.
        if job["status"] == "Preparing":
            self._read_log(BUILD_LOG, 0)
        return following

    def _look(self, revision: int) -> Answer:
        """Return the job when it changed, or after a moment."""
        return self._ask(lambda: self.scope.poll(self.path, revision, LOOK_S))

    def _read_log(self, log: str, wait_s: float) -> bool:
        """Print what a log has more than before; tell whether there was anything."""
        is_new = log not in self.offsets
        text = self._more_of(log, wait_s)
        if text is None:
            return False
        if is_new:
            title = f"Streaming {log}"
            self._say(f"\n{title}\n{'=' * len(title)}\n")
        self._news()
        self.out.write(text)
        self.out.flush()
        return True

    def _more_of(self, log: str, wait_s: float) -> str | None:
        """Return what a log has more than before; None for nothing."""
        offset = self.offsets.get(log, 0)
        query = {"path": log, "offset": offset, "wait_s": wait_s or None}
        try:
            answer = self._ask(
                lambda: self.scope.transport.request("GET", f"{self.path}/logs", query=query, timeout_s=wait_s + 30)
            )
        except NotFound:
            return None
        if not answer.data:
            return None
        if log not in self.offsets:
            self.decoders[log] = codecs.getincrementaldecoder("utf-8")("replace")
        self.offsets[log] = int(answer.headers.get("X-Next-Offset") or offset + len(answer.data))
        return self.decoders[log].decode(answer.data)

    def _show_head(self) -> None:
        """Print an AutoML job's log up to the first candidate: what was read, types of columns, guard rails.

        Candidates come from the leaderboard, which says more of them.
        """
        while not self.head_ended and (text := self._more_of(STD_LOG, 0)) is not None:
            *lines, self.line = (self.line + text).split("\n")
            for line in lines:
                self.head_ended = self.head_ended or line.startswith(leaderboard.CANDIDATE)
                if not self.head_ended:
                    self._say(line)

    def _follow_sweep(self, answer: Answer) -> dict[str, Any]:
        return self._follow_table(answer, self._draw_trials if self.out.isatty() else self._show_trials)

    def _follow_automl(self, answer: Answer) -> dict[str, Any]:
        job = self._follow_table(answer, self._draw_candidates if self.out.isatty() else self._show_candidates)
        # What a program says last when it is killed may have no end of a line.
        if self.line and not self.head_ended and not self.line.startswith(leaderboard.CANDIDATE):
            self._say(self.line)
        return job

    def _follow_table(self, answer: Answer, show: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
        job = _job(answer)
        while not is_final(str(job["status"])):
            self._warn(job)
            show(job)
            answer = self._wait(answer) if job["status"] in WAITING else self._look(answer.revision)
            job = _job(answer)
        show(job)
        return job

    def _show_trials(self, job: Mapping[str, Any]) -> None:
        """Print a line for each trial that ended since the last look."""
        total = sweep_table.expected(job) or "?"
        metric = str(_part(job, "objective").get("primary_metric") or "")
        trials = self._trials()
        ended = [one for one in trials if is_final(str(one["status"])) and one["name"] not in self.seen_trials]
        for trial in sorted(ended, key=lambda one: (str(one.get("ended_at") or ""), int(one["trial"]))):
            self.seen_trials.add(str(trial["name"]))
            self._say(sweep_table.trial_line(trial, len(self.seen_trials), total, metric))
        self._tell_active([one for one in trials if not is_final(str(one["status"]))], total)

    def _tell_active(self, active: list[dict[str, Any]], total: Any) -> None:
        """Say what the first trial does until it runs; later, how many run when nothing else is to be said."""
        if not active:
            return
        first = min(active, key=lambda one: int(one["trial"]))
        if not self.begun and not self.seen_trials:
            why = " (its interpreter gets warm)" if first["status"] == "Starting" else ""
            text = f"{first['status']}: trial {first['name']}{why}  {sweep_table.parameters_text(first)}".rstrip()
            self.begun = first["status"] == "Running"
            if text != self.said:
                self._say(text)
                self.said = text
                return
        running = sum(one["status"] == "Running" for one in active)
        self._still(f"Running: {running} of {len(active)} open trials run, {len(self.seen_trials)} of {total} ended")

    def _draw_trials(self, job: Mapping[str, Any]) -> None:
        """Draw the table of trials over the one before."""
        self._draw(job, sweep_table.frame)

    def _draw_candidates(self, job: Mapping[str, Any]) -> None:
        """Draw the leaderboard over the one before."""
        self._show_head()
        self._draw(job, leaderboard.frame)

    def _show_candidates(self, job: Mapping[str, Any]) -> None:
        """Print a line for each candidate that ended since the last look."""
        rows = self._trials()
        # After them: what was said before a candidate ended is there by now.
        self._show_head()
        for row in rows:
            if row["name"] not in self.seen_trials and is_final(str(row["status"])):
                self.seen_trials.add(str(row["name"]))
                # Of all that were told, not of those with lower numbers: candidates end in an order of their own.
                told = leaderboard.best_values(job, [one for one in rows if one["name"] in self.seen_trials])
                best = told[max(told)] if row["status"] == "Completed" and told else None
                self._say(leaderboard.candidate_line(job, row, best, time.time()))
        if job["status"] == "Running":
            self._still(f"Running: {len(rows)} candidates have ended{leaderboard.time_left(job, time.time())}")

    def _draw(self, job: Mapping[str, Any], frame: Callable[..., list[str]]) -> None:
        trials = self._trials()
        if not trials:
            return
        width, height = shutil.get_terminal_size()
        lines = frame(job, trials, time.time(), width=width, height=height - 2)
        back = f"\x1b[{self.drawn}A\x1b[J" if self.drawn else ""
        self.out.write(back + "".join(f"{line}\n" for line in lines))
        self.out.flush()
        self.drawn = len(lines)

    def _trials(self) -> list[dict[str, Any]]:
        """Return the table of trials. Pages on which all have ended are asked for once."""
        path = f"{self.path}/trials"
        cursor, fresh = self.cursor, list[dict[str, Any]]()
        while True:
            query = {"limit": TRIALS_AT_ONCE, "cursor": cursor}
            page = self._ask(lambda query=query: self.scope.transport.document("GET", path, query=query))
            fresh += page["items"]
            if cursor == self.cursor and page["next"] and all(is_final(str(one["status"])) for one in page["items"]):
                self.settled += page["items"]
                self.cursor, fresh = page["next"], []
            cursor = page["next"]
            if not cursor:
                return [*self.settled, *fresh]

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

    def _warn(self, job: Mapping[str, Any]) -> None:
        """Show a job's warning once."""
        text = str(_part(job, "properties").get("warning") or "")
        if text and text != self.warned:
            self.warned = text
            self._say(f"WARNING: {text}")

    def _still(self, text: str) -> None:
        """Say what is waited for when nothing was said for long; ever more rarely."""
        silent = time.monotonic() - self.heard
        if silent >= self.patience_s and not self.drawn:
            self.patience_s *= 2
            self.out.write(f"{text} ({silent:.0f} s)\n")
            self.out.flush()

    def _news(self) -> None:
        self.drawn = 0  # what follows is drawn below
        self.heard, self.patience_s = time.monotonic(), SILENCE_S

    def _say(self, text: str) -> None:
        self._news()
        self.out.write(f"{text}\n")
        self.out.flush()


def _job(answer: Answer) -> dict[str, Any]:
    return cast("dict[str, Any]", answer.json())


def _web_view(job: Mapping[str, Any]) -> str:
    return str(_part(_part(job, "services"), "Studio").get("endpoint") or "")


def _part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", document.get(key) or {})


def _reason(job: Mapping[str, Any]) -> str:
    """Return why a job waits: the server's words, with its place in the queue."""
    reason = str(job.get("status_reason") or "")
    if not reason and job["status"] == "Starting":
        return "its interpreter gets warm"
    position = job.get("queue_position")
    place = f"place {position} in the queue" if position else ""
    return f"{reason} ({place})" if reason and place else reason or place


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
