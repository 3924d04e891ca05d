"""Operations on jobs: submit, follow, cancel, download."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, cast

from bancada.core.exceptions import ResourceExistsError, faced
from bancada.core.paging import ItemPaged
from bancada.core.polling import LROPoller
from bancada.domain.base import check
from bancada.domain.jobs import BaseJob, Job
from bancada.domain.jobs.sweep import SweepJobLimits
from bancada.domain.lifecycle import is_final
from bancada.domain.shared import JobService
from bancada.errors import Conflict, Invalid, Problem
from bancada.ids import job_name
from bancada.ml.builders import Command
from bancada.ml.downloads import download_all
from bancada.ml.scope import Scope
from bancada.ml.streaming import follow
from bancada.ml.transport import LONG_TIMEOUT_S, segment
from bancada.ml.uploads import absent_paths

__all__ = ["JobOperations", "ValidationResult"]

JOB_TYPES = frozenset({"command", "sweep", "automl"})
MUTABLE = ("display_name", "description", "tags", "properties")
# What makes two sweeps of one name the same sweep: then other limits are new limits for it.
OF_A_SWEEP = ("objective", "search_space")


@dataclass(frozen=True)
class ValidationResult:
    """What `jobs.validate` found: messages by path; none when it passed."""

    error_messages: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.error_messages


class JobOperations:
    """`ml_client.jobs`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def create_or_update(
        self,
        job: BaseJob,
        *,
        description: str | None = None,
        compute: str | None = None,
        tags: dict[str, str] | None = None,
        experiment_name: str | None = None,
        skip_validation: bool = False,
    ) -> Any:
        """Submit a job and return it as the server knows it; local code and inputs are uploaded first.

        A job that came from the server keeps its name: only its description can change then, and the limits of a
        sweep. A sweep that has ended goes on when its limits allow more trials, also when it is written anew under
        its name.
        Without an experiment name it is the current folder's name.
        Raises Invalid with all problems before anything is sent.
        """
        del skip_validation  # the server would refuse it anyway, only later
        changes = {
            "description": description, "compute": compute, "tags": tags, "experiment_name": experiment_name
        }  # fmt: skip
        wanted = _plain(job).model_copy(update={name: value for name, value in changes.items() if value is not None})
        wanted.experiment_name = wanted.experiment_name or Path.cwd().name or None
        # The name is made here, so that a request that must be repeated submits the job once.
        wanted.name = wanted.name or job_name()
        _require_paths(wanted)
        document = self._scope.sent(wanted)
        try:
            return self._read(self._scope.transport.document("PUT", self._path(wanted.name), body=document))
        except ResourceExistsError:
            if job.id is not None:
                changed = {name: document.get(name) for name in MUTABLE}
                return self._change(wanted.name, {**changed, "limits": self._other_limits(wanted.name, document)})
            if job.name is not None and (limits := self._other_limits(wanted.name, document)):
                return self._change(wanted.name, {"limits": limits})
            if job.name is None:  # our own name: the first answer was lost on its way
                return self.get(wanted.name)
            raise

    def validate(self, job: BaseJob, *, raise_on_failure: bool = False) -> ValidationResult:
        """Check a job without sending it, the local paths that it names, too."""
        try:
            _require_paths(_plain(job))
        except Invalid as reason:
            if raise_on_failure:
                raise
            return ValidationResult({one.path: one.message for one in reason.problems})
        return ValidationResult()

    def get(self, name: str) -> Any:
        """Return a job. Raises ResourceNotFoundError with near names."""
        return self._read(self._scope.transport.document("GET", self._path(name)))

    def list(
        self, *, parent_job_name: str | None = None, list_view_type: str = "ActiveOnly", **options: Any
    ) -> ItemPaged[Any]:
        """List jobs, newest first; trials and other children only of the named parent."""
        del options
        return self._scope.listed(
            self._scope.path("jobs"), self._read, parent_job_name=parent_job_name, list_view_type=list_view_type
        )

    def update(
        self,
        name: str,
        *,
        display_name: str | None = None,
        description: str | None = None,
        tags: dict[str, str] | None = None,
        properties: dict[str, str] | None = None,
        limits: SweepJobLimits | Mapping[str, int] | None = None,
    ) -> Any:
        """Change what describes a job, or the limits of a sweep; one that has ended goes on when they allow it."""
        values = {"display_name": display_name, "description": description, "tags": tags, "properties": properties}
        given = limits.document() if isinstance(limits, SweepJobLimits) else limits
        return self._change(name, {**values, "limits": given})

    def _other_limits(self, name: str, document: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the limits of a sweep's document when they differ from those of the same sweep on the server."""
        if document.get("type") != "sweep":
            return None
        known: dict[str, Any] = self._scope.transport.document("GET", self._path(name))
        before: dict[str, Any] = known.get("limits") or {}
        wanted = {key: value for key, value in dict(document.get("limits") or {}).items() if value is not None}
        is_same = all(known.get(key) == document.get(key) for key in OF_A_SWEEP)
        has_other = any(before.get(key) != value for key, value in wanted.items())
        return wanted if is_same and has_other else None

    def _change(self, name: str, values: Mapping[str, Any]) -> Any:
        body = {key: value for key, value in values.items() if value is not None}
        return self._read(self._scope.transport.document("PATCH", self._path(name), body=body))

    def archive(self, name: str) -> None:
        """Hide a job from lists."""
        self._scope.transport.request("POST", f"{self._path(name)}/archive")

    def restore(self, name: str) -> None:
        """Show an archived job in lists again."""
        self._scope.transport.request("POST", f"{self._path(name)}/restore")

    def begin_cancel(self, name: str, **options: Any) -> LROPoller[None]:
        """Cancel a job; the poller is done when it has ended. Cancelling an ended job does nothing."""
        del options
        path = self._path(name)
        try:
            self._scope.transport.request("POST", f"{path}/cancel")
        except Conflict:
            if not is_final(self.get(name).status or ""):
                raise

        def run(say: Any) -> None:
            self._scope.awaited(path, lambda one: is_final(str(one.get("status"))), say)

        return LROPoller(run, name=f"cancel {name}")

    def begin_delete(self, name: str) -> LROPoller[None]:
        """Delete an ended job with its children, metrics and files."""
        self.get(name)

        def run(say: Any) -> None:
            say("Deleting")
            self._scope.transport.request("DELETE", self._path(name), timeout_s=LONG_TIMEOUT_S)

        return LROPoller(run, name=f"delete {name}", must_finish=True)

    def stream(self, name: str) -> None:
        """Print a job's log as it grows, until the job ends; of a sweep, a line for each trial that ended.

        Raises JobFailed, also an HttpResponseError, when the job failed.
        """
        follow(self._scope, name)

    def download(
        self,
        name: str,
        *,
        download_path: PathLike[str] | str = ".",
        output_name: str | None = None,
        all: bool = False,
    ) -> None:
        """Download a job's files: its artifacts and logs to `artifacts/`, named outputs to `named-outputs/<output>/`.

        Without output_name and all: the artifacts alone. Raises JobException when the job has not ended yet.
        """
        job = cast("BaseJob", self.get(name))
        root = Path(download_path)
        outputs = [one for one in job.outputs if one != "default"]
        if output_name in (None, "default", "artifacts") or all:
            download_all(self._scope.transport, f"{self._path(name)}/files", root / "artifacts")
        for output in outputs if all else [one for one in (output_name,) if one not in (None, "default", "artifacts")]:
            listing = f"{self._path(name)}/outputs/{segment(str(output))}/files"
            download_all(self._scope.transport, listing, root / "named-outputs" / str(output))

    def show_services(self, name: str, node_index: int = 0) -> dict[str, JobService]:
        """Return the addresses that belong to a job."""
        del node_index
        return cast("BaseJob", self.get(name)).services

    def _path(self, name: str) -> str:
        return self._scope.path("jobs", name)

    def _read(self, document: dict[str, Any]) -> Any:
        # A run that no job made (a plain MLflow run) has no job type; it shows what all jobs have.
        return self._scope.read(Job if document.get("type") in JOB_TYPES else BaseJob, document)


@faced()
def _require_paths(job: BaseJob) -> None:
    """Raise Invalid with all problems of a job, the local paths that do not exist among them."""
    problems: list[Problem] = []
    try:
        check(job)
    except Invalid as reason:
        problems = reason.problems
    problems += absent_paths(job.document())
    if problems:
        raise Invalid.of(problems)


def _plain(job: BaseJob) -> BaseJob:
    return job.job() if isinstance(job, Command) else job
