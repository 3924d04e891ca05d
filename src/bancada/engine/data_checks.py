"""Checks of an AutoML job's data before it is submitted: columns, guard rails, how long it will take.

The work is done by a process of its own (`tables`); answers are kept in memory, as long as the files and what is asked
stay the same. Who writes a job changes it faster than a large table is read: what nobody asks for any more gives way to
what somebody waits for. The job checks again by itself.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, cast

from typing_extensions import TypedDict

from bancada.domain.jobs.automl_settings import ALGORITHMS, METRICS
from bancada.engine.automl import environment_of
from bancada.engine.builds import Builds
from bancada.engine.core import Core
from bancada.engine.data_files import DataFiles, TableOptions
from bancada.engine.documents import part
from bancada.engine.environments import resolve
from bancada.engine.leaderboard import run_metric
from bancada.engine.ledger import machine_cores
from bancada.engine.locations import Locations
from bancada.engine.tables import TableProcesses, Unwanted, order_of, stamps_of
from bancada.engine.worker import Pool
from bancada.errors import BancadaError, Internal, Invalid, Problem
from bancada.ids import content_hash
from bancada.learning.column_kinds import COLUMN_TYPES, DROPPED, Kind, KindReason
from bancada.learning.data_checks import Status
from bancada.learning.training_time import DEFAULT_TIMEOUT_S, Plan, estimate

logger = logging.getLogger(__name__)

__all__ = ["CheckedColumn", "DataCheck", "DataChecks", "Rail", "TrainingEstimate"]

TIMEOUT_S = 300.0
# Bytes of answers that are kept: one of a table with a thousand columns has some 100 kB.
KEPT_BYTES = 4 << 20
# Whoever waits for a check looks again every half second, so this long without a look means that nobody waits.
PATIENCE_S = 2.0
LARGEST = 1e9


class CheckedColumn(TypedDict):
    """A column and what AutoML will take it for. `ignored`, `constant`, `identifier`, `duplicate`: left out."""

    name: str
    kind: Kind
    reason: KindReason
    missing: int
    distinct: int
    copy_of: NotRequired[str]


class Rail(TypedDict):
    """A guard rail: `reason` is what was found as a word, `values` its figures. `failed`: training cannot begin."""

    name: str
    status: Status
    reason: str
    values: dict[str, Any]
    columns: list[str]


class TargetClass(TypedDict):
    """A class of the target and its rows."""

    value: str
    count: int


class TrainingEstimate(TypedDict):
    """Seconds of a training: `total_s` as expected on an idle machine, `most_s` as promised.

    `environment` says whether it is built yet.
    """

    search_s: float
    total_s: float
    most_s: float
    folds: int
    environment: Literal["ready", "absent"]


class CheckFailure(TypedDict):
    """Why the data could not be checked."""

    code: str
    message: str


class DataCheck(TypedDict):
    """What was found, or how far it is. Without a target, only columns; `sampled`: told from some of the rows."""

    state: Literal["ready", "computing", "failed"]
    columns: list[CheckedColumn]
    rails: list[Rail]
    rows: NotRequired[int]
    sampled: NotRequired[bool]
    classes: NotRequired[list[TargetClass]]
    estimate: NotRequired[TrainingEstimate]
    error: NotRequired[CheckFailure]


class DataChecks:
    """Answers with what is known; what is not is computed behind the answer.

    Concurrency: any thread may ask. One process at a time works.
    """

    def __init__(
        self, core: Core, locations: Locations, files: DataFiles, processes: TableProcesses, builds: Builds
    ) -> None:
        self._core = core
        self._locations = locations
        self._files = files
        self._processes = processes
        self._builds = builds
        self._pool = Pool(1)
        self._lock = threading.Lock()
        # Answers as JSON, by what was asked; the one that was asked for last is at the end.
        self._found: OrderedDict[str, bytes] = OrderedDict()
        # When those that are computed, or wait for their turn, were last asked for.
        self._wanted: dict[str, float] = {}

    def check(self, workspace: str, job: Mapping[str, Any]) -> DataCheck:
        """Return what is known of the training data of an AutoML job that is being written.

        Raises Invalid when it names no data or what they are called is no type, NotFound for data that are not there.
        """
        path = part(job, "training_data").get("path")
        if not path:
            raise Invalid.of([Problem("training_data.path", "is needed: the table to be checked.")])
        place = self._locations.local_path(workspace, str(path))
        table = self._files.whole_table(workspace, place, TableOptions())
        plan = _plan(job, machine_cores(self._core.settings))
        order = {**order_of(table), "what": "checks", "asked": _asked(job)}
        key = content_hash([workspace, order, stamps_of(table)])
        with self._lock:
            text = self._found.get(key)
            is_new = text is None and key not in self._wanted
            if text is None:
                self._wanted[key] = time.monotonic()
            else:
                self._found.move_to_end(key)
            found = None if text is None else cast("DataCheck", json.loads(text))
            if found is not None and found["state"] == "failed":
                del self._found[key]  # told once: who asks again wants it tried again
        if is_new:
            self._pool.submit(lambda: self._compute(key, order))
        if found is None:
            return DataCheck(state="computing", columns=[], rails=[])
        return self._timed(workspace, job, plan, found)

    def _timed(self, workspace: str, job: Mapping[str, Any], plan: Plan, found: DataCheck) -> DataCheck:
        """Add how long the training will take: limits change more often than data are looked at."""
        if "rows" not in found:
            return found
        target = job.get("target_column_name")
        used = sum(one["kind"] not in DROPPED and one["name"] != target for one in found["columns"])
        told = estimate(plan, found["rows"], max(1, used), len(found.get("classes", [])))
        request = self._core.db.read(lambda tx: resolve(tx, workspace, environment_of(job))[1])
        state = "ready" if self._builds.find(request) is not None else "absent"
        return cast("DataCheck", {**found, "estimate": {**told, "environment": state}})

    def _compute(self, key: str, order: Mapping[str, Any]) -> None:
        try:
            found = self._answer(key, order)
        except Exception as reason:  # whatever it was: without an answer whoever waits for it would wait for ever
            logger.exception("the check of a table failed")
            found = _failed(Internal(f"The data could not be checked: {type(reason).__name__}."))
        with self._lock:
            # Whoever asks for what was given up begins it anew.
            del self._wanted[key]
            if found is None:
                return
            self._found[key] = json.dumps(found).encode()
            kept = sum(len(one) for one in self._found.values())
            while kept > KEPT_BYTES and len(self._found) > 1:
                kept -= len(self._found.popitem(last=False)[1])

    def _answer(self, key: str, order: Mapping[str, Any]) -> DataCheck | None:
        """Return what is found out; None when it gave way to another check, before it began or in the middle."""
        if not self._is_wanted(key):
            return None
        try:
            found = self._processes.run(order, TIMEOUT_S, lambda: self._is_wanted(key))
            return cast("DataCheck", {"state": "ready", **found})
        except Unwanted:
            return None
        except BancadaError as error:
            return _failed(error)
        except OSError as reason:  # a full disk; without an answer whoever waits for it would wait for ever
            return _failed(Internal(f"The data could not be checked: {reason}."))

    def _is_wanted(self, key: str) -> bool:
        """Tell whether somebody waits for a check, or nobody for another one."""
        with self._lock:
            since = time.monotonic() - PATIENCE_S
            return self._wanted[key] > since or all(one <= since for one in self._wanted.values())

    def close(self) -> None:
        """Start nothing any more."""
        self._pool.close()


def _failed(error: BancadaError) -> DataCheck:
    failure = CheckFailure(code=error.full_code, message=error.message)
    return DataCheck(state="failed", columns=[], rails=[], error=failure)


def _asked(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the checks need to know of a job; its words were not checked before."""
    task = str(job.get("task") or "")
    if task and task not in METRICS:
        raise Invalid.of([Problem("task", f"`{task}` is none of {', '.join(METRICS)}.")])
    types = {str(name): str(word) for name, word in part(part(job, "featurization"), "column_name_and_types").items()}
    for name, word in types.items():
        if word.lower() not in COLUMN_TYPES:
            known = ", ".join(COLUMN_TYPES)
            where = f"featurization.column_name_and_types.{name}"
            raise Invalid.of([Problem(where, f"`{word}` is no type of a column; known: {known}.")])
    label = job.get("positive_label")
    weight = job.get("weight_column_name")
    return {
        "target": str(job["target_column_name"]) if job.get("target_column_name") else None,
        "task": task,
        "metric": run_metric(str(job.get("primary_metric") or (METRICS[task][0] if task else ""))),
        "types": types,
        "positive_label": None if label is None else str(label),
        "aside": [*_texts(job.get("cv_split_column_names")), *([str(weight)] if weight else [])],
        "folds": _folds(job) or 5,
        "mode": str(part(job, "featurization").get("mode") or "auto"),
    }


def _plan(job: Mapping[str, Any], cores: int) -> Plan:
    limits, training = part(job, "limits"), part(job, "training")
    task = str(job.get("task") or "regression")
    allowed = _texts(training.get("allowed_training_algorithms")) or list(ALGORITHMS.get(task, ()))
    blocked = set(_texts(training.get("blocked_training_algorithms")))
    side_by_side = _number(limits, "max_concurrent_trials")
    minutes = _number(limits, "timeout_minutes")
    trials = _number(limits, "max_trials")
    return Plan(
        algorithms=[one for one in allowed if one not in blocked],
        timeout_s=minutes * 60 if minutes else DEFAULT_TIMEOUT_S,
        max_trials=int(trials) if trials else None,
        workers=max(1, min(cores, int(side_by_side or cores))),
        folds=_folds(job),
    )


def _folds(job: Mapping[str, Any]) -> int | None:
    """Return the number of folds that a job asks for; None when the engine chooses."""
    asked = job.get("n_cross_validations")
    if isinstance(asked, int):
        if not 2 <= asked <= LARGEST:
            raise Invalid.of([Problem("n_cross_validations", f"is {asked}; use 2 or more.")])
        return asked
    columns = _texts(job.get("cv_split_column_names"))
    if columns:
        return len(columns)
    return 1 if job.get("validation_data_size") or job.get("validation_data") else None


def _number(values: Mapping[str, Any], key: str) -> float | None:
    found = values.get(key)
    if found is None:
        return None
    # Also not Infinity or NaN, which Python reads in JSON.
    if not isinstance(found, (int, float)) or isinstance(found, bool) or not 0 < found <= LARGEST:
        raise Invalid.of([Problem(f"limits.{key}", f"`{found}` is no number above 0.")])
    return float(found)


def _texts(value: Any) -> Sequence[str]:
    return [str(one) for one in cast("list[Any]", value)] if isinstance(value, list) else []
