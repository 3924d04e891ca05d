"""What one job was made of: its code, its environment, its settings as texts; its phases; its difference to another."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from bancada.domain.jobs.base import BUILD_LOG
from bancada.engine.builds import KIND, WORKSPACE, Builds, build_name
from bancada.engine.core import Core
from bancada.engine.difference import MOST_DIFF_BYTES, Side, difference
from bancada.engine.documents import part
from bancada.engine.handlers.automl import BEST_TAG
from bancada.engine.job_answers import CodeFiles, JobDifference, JobEnvironment, JobSpecification, JobTimeline, JobUse
from bancada.engine.jobs import JobOperations
from bancada.engine.locations import Locations
from bancada.engine.specification import specification
from bancada.engine.timeline import timeline
from bancada.errors import BancadaError, Invalid, NotFound, Problem
from bancada.executors.environments import BuiltEnvironment
from bancada.store import attempts, events, resources, tracking
from bancada.store.database import Tx
from bancada.store.events import Event
from bancada.store.jobs import JobRow
from bancada.store.trees import Entry

__all__ = ["JobSources"]

# Tags that the platform writes to tell what came out; those of a trial are only so in a trial.
_RESULTS = ("bancada.", "automl.", BEST_TAG)
_RESULTS_OF_TRIALS = ("hyperparameters", "trial", "early_termination")


class JobSources:
    """Answers about one job.

    Concurrency: reads only; every method may be called from any thread.
    """

    def __init__(self, core: Core, jobs: JobOperations, locations: Locations, builds: Builds) -> None:
        self._core = core
        self._jobs = jobs
        self._locations = locations
        self._builds = builds
        # Environments never change, and counting the bytes of one takes a while.
        self._sizes: dict[str, int] = {}

    def timeline(self, workspace: str, name: str) -> JobTimeline:
        """Return the phases of a job. Raises NotFound."""
        row = self._jobs.row(workspace, name)

        def read(tx: Tx) -> tuple[list[Event], dict[str, Any]]:
            attempt = attempts.get(tx, workspace, name, row.attempt) if row.attempt else None
            ended = attempt.exit if attempt is not None else None
            # A deleted job's events stay: those of the name that lies before this one's start are not its own.
            own = [one for one in events.of_subject(tx, workspace, "job", name) if one.at >= row.created_at - 1e-3]
            return own, ended or {}

        told, ended = self._core.db.read(read)
        at = ended.get("process_ended_at")
        found = timeline(row, told, None if at is None else float(at))
        used = _used(ended)
        if used is not None:
            found["used"] = used
        return found

    def specification(self, workspace: str, name: str) -> JobSpecification:
        """Return a job as texts that submit it again. Raises Invalid for a run that no job made."""
        row = self._jobs.row(workspace, name)
        if row.type is None:
            raise Invalid.of(
                [Problem("name", f"`{name}` is a run that no job made; there is nothing to submit again.")]
            )
        logged = self._core.db.read(lambda tx: tracking.run_summary(tx, workspace, name))
        tags = {key: value for key, value in logged.tags.items() if not _is_result(key, row)}
        spec = {**(row.spec or {}), "tags": tags, "type": row.type}
        if row.display_name != row.name:
            spec["display_name"] = row.display_name
        return specification(workspace, spec)

    # ---------------------------------------------------------------------------- code

    def code(self, workspace: str, name: str) -> CodeFiles:
        """Return the files of a job's code as they were uploaded; none for a job without."""
        entries = self._code(workspace, self._jobs.row(workspace, name))
        return {"items": [{"path": one.path, "size": one.size} for one in entries.values()]}

    def code_file(self, workspace: str, name: str, path: str) -> Path:
        """Return the stored file behind one path of a job's code; only to be read. Raises NotFound."""
        entries = self._code(workspace, self._jobs.row(workspace, name))
        if path not in entries:
            raise NotFound.of("file", path, existing=list(entries))
        return self._core.artifacts.path(workspace, entries[path].digest)

    def _code(self, workspace: str, row: JobRow) -> dict[str, Entry]:
        spec = row.spec or {}
        code = (spec.get("trial") or spec).get("code")
        if not code:
            return {}
        return {one.path: one for one in self._locations.files(workspace, str(code)).relative()}

    # ---------------------------------------------------------------------------- environment

    def environment(self, workspace: str, name: str) -> JobEnvironment:
        """Return the environment that a job runs in, and how its build went. Raises NotFound for the job."""
        row = self._jobs.row(workspace, name)
        request: dict[str, Any] | None = row.state.get("environment")
        if request is None:
            return {"reference": "", "state": "absent", "packages": [], "definition": {}}
        view = self._builds.view(request)
        found: JobEnvironment = {
            "reference": _reference(row, request),
            "state": "absent" if view.state == "none" else view.state,
            "packages": [],
            "definition": {key: value for key, value in request.items() if value not in (None, False)},
        }
        if view.error is not None:
            found["error"] = view.error
        built = self._builds.find(request)
        if built is not None:
            found["python"] = built.python
            found["packages"] = [{"name": one, "version": built.packages[one]} for one in sorted(built.packages)]
            found["size_bytes"] = self._size(built)
            found["warnings"] = list(built.warnings)
        seconds = self._build_seconds(request)
        if seconds is not None:
            found["build_seconds"] = seconds
        log = self._builds.log_path(request)
        if log is not None and log.is_file():
            found["log_path"] = BUILD_LOG
        return found

    def _size(self, built: BuiltEnvironment) -> int:
        if built.key not in self._sizes:
            self._sizes[built.key] = _bytes_below(built.root)
        return self._sizes[built.key]

    def _build_seconds(self, request: dict[str, Any]) -> float | None:
        """Return how long the last build took that this home has made; one from a shared cache took none."""
        build = build_name(request)

        def read(tx: Tx) -> list[Event]:
            if resources.get(tx, WORKSPACE, KIND, build) is None:
                return []
            return events.of_subject(tx, WORKSPACE, "environment", str(request.get("name")))

        began: float | None = None
        seconds: float | None = None
        for one in self._core.db.read(read):
            if one.data.get("build") != build:
                continue
            if one.what == "build started":
                began = one.at
            elif began is not None:
                seconds = round(one.at - began, 3)
        return seconds

    # ---------------------------------------------------------------------------- difference

    def difference(self, workspace: str, name: str, other: str) -> JobDifference:
        """Return what differs between two jobs, from the first to the other. Raises NotFound for either."""
        if not other:
            raise Invalid.of([Problem("to", "is missing: name the job to compare with.")])
        return difference(self._side(workspace, name), self._side(workspace, other))

    def _side(self, workspace: str, name: str) -> Side:
        row = self._jobs.row(workspace, name)
        try:
            code = self._code(workspace, row)
        except BancadaError:
            code = {}  # what the job named is gone: the rest can still be compared
        request = row.state.get("environment")
        built = self._builds.find(request) if request is not None else None
        params = self._core.db.read(lambda tx: tracking.run_summary(tx, workspace, name)).params

        def read(path: str) -> bytes | None:
            entry = code[path]
            if entry.size > MOST_DIFF_BYTES:
                return None
            return self._core.artifacts.path(workspace, entry.digest).read_bytes()

        return Side(
            spec=row.spec or {},
            params=params,
            code={path: str(entry.digest) for path, entry in code.items()},
            packages=built.packages if built is not None else {},
            read=read,
            inputs=_inputs(row.spec or {}),
        )


def _is_result(tag: str, row: JobRow) -> bool:
    """Tell whether a tag says what came out of a job: a copy of the job must not begin with it."""
    if tag.startswith("mlflow."):
        return True
    if tag in part(row.spec, "tags"):  # a user wrote it
        return False
    return tag.startswith(_RESULTS) or (row.parent is not None and tag.partition(".")[0] in _RESULTS_OF_TRIALS)


def _used(ended: Mapping[str, Any]) -> JobUse | None:
    """Return what an ended process used; nothing for one of which that is not known."""
    if not ended.get("cpu_s") or ended.get("process_ended_at") is None or ended.get("started_at") is None:
        return None
    wall = float(ended["process_ended_at"]) - float(ended["started_at"])
    return {
        "cpu_seconds": round(float(ended["cpu_s"]), 3),
        "wall_seconds": round(max(wall, 0.0), 3),
        "peak_memory_bytes": int(ended.get("peak_rss_bytes") or 0),
    }


def _reference(row: JobRow, request: dict[str, Any]) -> str:
    spec = row.spec or {}
    named = (spec.get("trial") or spec).get("environment")
    return named if isinstance(named, str) else str(request.get("name") or "")


def _inputs(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a job's inputs, of data what tells one from another."""
    found: dict[str, Any] = {}
    for key, value in part(spec, "inputs").items():
        if isinstance(value, dict):
            told = {name: one for name, one in cast("dict[str, Any]", value).items() if one is not None}
            found[key] = told["path"] if set(told) <= {"path", "type", "mode"} and "path" in told else told
        else:
            found[key] = value
    return found


def _bytes_below(root: Path) -> int:
    """Return the bytes of all files below a folder; those linked from a cache of packages count, too."""
    total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:
                continue  # gone meanwhile
    return total
