"""Writes what the engine reports as MLflow runs: a child run for each candidate, the best so far on the job's own run.

Engine and server do not wait for each other: what is reported is queued, and one thread sends it. After a restart the
engine reports again what it had found; children that are there are known by their numbers, and none is written twice.
"""

from __future__ import annotations

import json
import math
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from .client import Refused, Tracking
from .findings import finding_lines
from .journal import Entry, Journal
from .publish import publish_charts, publish_checks

__all__ = ["BEST_TAG", "NUMBER_TAG", "Recorder"]

BEST_TAG = "automl_best_child_run_id"
NUMBER_TAG = "automl.candidate"
# Every candidate has it.
FIT_METRIC = "automl_fit_seconds"
_STATUS = {"completed": "FINISHED", "stopped": "KILLED", "failed": "FAILED"}


class Recorder:
    """An observer of the engine (see `automl.observer`).

    Concurrency: its methods are called by the thread that fits; `_send_all` runs in a thread of its own.
    """

    def __init__(self, tracking: Tracking, metric: str, journal: Journal, say: Callable[[str], None]) -> None:
        self._tracking = tracking
        self._metric = metric
        self._journal = journal
        self._say = say
        # number of a candidate -> its run; written by the sending thread only.
        self.runs: dict[int, str] = {}
        # Those that the attempt before made and was killed before it had written what they found.
        self._half_written: set[int] = set()
        self._best: int | None = None
        self._is_gone = False
        self._seen: set[int] = set()
        self._started = time.monotonic()
        self._orders: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._send_all, name="recorder", daemon=True)
        self._orders.put(self._take_over)
        self._thread.start()

    # ------------------------------------------------------------------ what the engine calls

    def on_data_checked(self, columns: Sequence[Any], rails: Sequence[Any]) -> None:
        """Say what was found about the data before the first model."""
        for line in finding_lines(columns, rails):
            self._say(line)
        self._orders.put(lambda: publish_checks(self._tracking, columns, rails))

    def on_candidate(self, row: Any) -> None:
        """Write a candidate that has ended."""
        self._say(_line(row, self._metric))
        self._seen.add(row.number)
        at = time.time()
        self._orders.put(lambda: self._write(row, at))
        self._note()

    def on_charts(self, row: Any, charts: Callable[[], Mapping[str, Any]]) -> None:
        """Write a candidate's charts beside it: they are made by the thread that sends, which nobody waits for."""
        number = row.number
        self._orders.put(lambda: self._write_charts(number, charts))

    def on_best(self, row: Any) -> None:
        """Name the best so far on the job's run, unless an earlier attempt had a better one."""
        if self._journal.beats_earlier(row.score):
            self._take_best(row)

    def _take_best(self, row: Any) -> None:
        entry = self._journal.current
        self._best = entry.best = row.number
        entry.score, entry.algorithm = row.score, row.algorithm
        self._orders.put(lambda: self._name_best(row.number, row.algorithm, row.score, row))
        self._note()

    def on_progress(self, progress: Any) -> None:
        """Take where the run stands. Raises Refused when the server has given this attempt up."""
        del progress
        self._note()
        if self._is_gone:
            raise Refused("The server takes nothing more from this attempt.")

    def _note(self) -> None:
        self._journal.current.spent_s = time.monotonic() - self._started
        self._journal.current.candidates = len(self._seen)
        self._journal.save()

    # ------------------------------------------------------------------ what the program calls

    def settle(self, row: Any) -> None:
        """Take the engine's last word about which row is the best.

        It knew all that earlier attempts had found: what they had called the best was an ensemble without a model.
        """
        if row.number not in self._seen:
            self.on_candidate(row)
        self._take_best(row)

    def settle_on(self, entry: Entry | None) -> None:
        """Take an earlier attempt's best for the job's."""
        if entry is None or entry.best is None:
            return
        number, algorithm, score = entry.best, entry.algorithm, entry.score
        self._best = number
        self._orders.put(lambda: self._name_best(number, algorithm, score, None))

    @property
    def best_run(self) -> str | None:
        """The run of the best candidate; known after `flush`."""
        return None if self._best is None else self.runs.get(self._best)

    def later(self, order: Callable[[], None]) -> None:
        """Send something after what is waiting."""
        self._orders.put(order)

    def flush(self) -> None:
        """Return when everything that was reported has been sent."""
        done = threading.Event()
        self._orders.put(done.set)
        done.wait()

    def close(self) -> None:
        """Send what is left and end the thread."""
        self._orders.put(None)
        self._thread.join()

    # ------------------------------------------------------------------ the sending thread

    def _send_all(self) -> None:
        while (order := self._orders.get()) is not None:
            try:
                order()
            except Refused as reason:
                print(f"Not recorded: {reason}", file=sys.stderr, flush=True)
                # For good: what is refused later, for a reason of its own, makes this attempt no current one.
                self._is_gone = self._is_gone or "superseded" in str(reason)

    def _take_over(self) -> None:
        for run in self._tracking.children():
            tags = {one["key"]: one["value"] for one in run["data"].get("tags", [])}
            if NUMBER_TAG not in tags:
                continue
            number = int(tags[NUMBER_TAG])
            self.runs[number] = str(run["info"]["run_id"])
            if not any(one["key"] == FIT_METRIC for one in run["data"].get("metrics", [])):
                self._half_written.add(number)

    def _write(self, row: Any, at: float) -> None:
        if row.number in self.runs:
            if row.number in self._half_written:
                self._half_written.discard(row.number)
                self._fill(self.runs[row.number], row)
            return
        tags = {
            NUMBER_TAG: str(row.number),
            "automl.algorithm": row.algorithm,
            "automl.state": row.state,
            "automl.primary_metric": self._metric,
        }
        if row.error:
            tags["automl.error"] = row.error
        if row.members:
            tags["automl.members"] = json.dumps(_plain(row.members))
        name = f"{self._tracking.job}_{row.number}"
        run = self._tracking.create_child(name, tags, at - row.fit_s)
        self.runs[row.number] = run
        self._fill(run, row)

    def _fill(self, run: str, row: Any) -> None:
        self._tracking.log(run, metrics=_metrics(row, self._metric), params=_params(row))
        self._tracking.end(run, _STATUS[row.state])

    def _write_charts(self, number: int, charts: Callable[[], Mapping[str, Any]]) -> None:
        run = self.runs.get(number)
        if run is None:
            return
        try:
            publish_charts(self._tracking, run, charts())
        except Refused:
            raise
        except Exception as reason:  # a chart is not worth the job, and without this thread the job would not end
            self._say(f"The charts of candidate {number} could not be made: {reason}")

    def _name_best(self, number: int, algorithm: str, score: float | None, row: Any) -> None:
        run = self.runs.get(number)
        if run is None:
            return
        tags = {BEST_TAG: run, "automl.best_algorithm": algorithm, "automl.primary_metric": self._metric}
        if score is not None:
            tags["automl.best_score"] = repr(float(score))
        found = {} if row is None else _metrics(row, self._metric)
        metrics = {key: value for key, value in found.items() if not key.startswith("automl_")}
        self._tracking.log(self._tracking.job, metrics=metrics, tags=tags, step=number)


def _line(row: Any, metric: str) -> str:
    shown = f"{metric}={row.score:.6g}" if row.score is not None else ""
    why = f"  ({row.error})" if row.error else ""
    return f"Candidate {row.number}: {row.name} {row.state}  {shown}  {row.fit_s:.1f} s{why}"


def _metrics(row: Any, metric: str) -> dict[str, float]:
    """Return what a candidate scored, and beside it what it costs."""
    found = {str(key): float(value) for key, value in row.metrics.items()}
    if row.score is not None:
        found[metric] = float(row.score)
    if row.error_of_score is not None:
        found[f"{metric}_error"] = float(row.error_of_score)
    costs = {FIT_METRIC: row.fit_s, "automl_predict_1000_seconds": row.predict_s}
    found |= {key: float(value) for key, value in costs.items()}
    if row.size_bytes:
        found["automl_size_bytes"] = float(row.size_bytes)
    return {key: value for key, value in found.items() if math.isfinite(value)}


def _params(row: Any) -> dict[str, str]:
    values = {"algorithm": row.algorithm, "name": row.name, "folds": row.folds, **dict(row.parameters)}
    return {str(key): str(_plain(value)) for key, value in values.items()}


def _plain(value: Any) -> Any:
    """Return a value that JSON knows; numpy's numbers become Python's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in cast("Sequence[Any]", value)]
    as_python: Any = getattr(value, "tolist", None)
    return value if as_python is None else as_python()
