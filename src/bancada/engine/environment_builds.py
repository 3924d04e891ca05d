"""The build behind an environment version, as its page shows it: where it stands, what is in it, its log.

Building itself is in `builds`; here a person only asks for it, where else a job does.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from bancada.engine.builds import Builds
from bancada.engine.core import Core
from bancada.engine.documents import iso_time
from bancada.engine.environments import CuratedEnvironments, curated_environments, resolve
from bancada.engine.usage import disk_bytes
from bancada.errors import NotSupported
from bancada.executors.environments import BuiltEnvironment
from bancada.store import tallies
from bancada.store.database import Tx

__all__ = ["BuildLog", "BuildState", "EnvironmentBuild", "EnvironmentBuilds", "EnvironmentPackage"]

LOG_CHUNK = 1 << 20

BuildState = Literal["absent", "building", "ready", "failed", "unsupported"]


class EnvironmentPackage(TypedDict):
    """One package that is installed."""

    name: str
    version: str


class BuildFailure(TypedDict):
    """Why there is no environment."""

    code: str
    message: str


class EnvironmentBuild(TypedDict):
    """Where an environment's build stands; `absent` until somebody needs it. Its size counts files that others share.

    `has_log` says whether there is a log to show: an environment that another home built has none here.
    """

    state: BuildState
    python: NotRequired[str]
    packages: list[EnvironmentPackage]
    warnings: list[str]
    size_bytes: NotRequired[int]
    seconds: NotRequired[float]
    started_at: NotRequired[str]
    key: NotRequired[str]
    error: NotRequired[BuildFailure]
    used_by_jobs: int
    has_log: bool


@dataclass(frozen=True)
class BuildLog:
    """A piece of a build's log, where the next one begins, and where the build stands."""

    data: bytes
    following: int
    state: BuildState


class EnvironmentBuilds:
    """Asks about builds by the environment's name and version. Raises NotFound for one that is not there."""

    def __init__(self, core: Core, builds: Builds) -> None:
        self._core = core
        self._builds = builds
        self._lock = threading.Lock()
        # What is built does not change: its folder is walked once.
        self._sizes: dict[str, int] = {}

    def curated(self) -> CuratedEnvironments:
        """Return the environments that come with the platform; the same in every workspace."""
        return curated_environments()

    def build(self, workspace: str, name: str, version: str) -> EnvironmentBuild:
        """Return where the build of an environment version stands."""
        reference, request, refused = self._request(workspace, name, version)
        used = self._core.db.read(lambda tx: tallies.jobs_using(tx, workspace, reference))
        if request is None:
            return EnvironmentBuild(
                state="unsupported",
                packages=[],
                warnings=[],
                used_by_jobs=used,
                has_log=False,
                error=BuildFailure(code="not_supported", message=refused),
            )
        story = self._builds.story(request)
        found = EnvironmentBuild(
            state=self._state(request), packages=[], warnings=[], used_by_jobs=used, has_log=_has(story.log)
        )
        if story.started_at is not None:
            found["started_at"] = iso_time(story.started_at)
            ended_at = self._core.clock.now() if found["state"] == "building" else story.ended_at
            if ended_at is not None:
                found["seconds"] = round(ended_at - story.started_at, 3)
        if found["state"] == "failed" and story.error:
            code, message = str(story.error.get("code")), str(story.error.get("message"))
            found["error"] = BuildFailure(code=code, message=message)
        ready = self._builds.find(request)
        if ready is not None:
            self._add_contents(found, ready)
        return found

    def _add_contents(self, found: EnvironmentBuild, ready: BuiltEnvironment) -> None:
        found["packages"] = [EnvironmentPackage(name=name, version=one) for name, one in sorted(ready.packages.items())]
        found["warnings"] = list(ready.warnings)
        found["python"], found["key"], found["size_bytes"] = ready.python, ready.key, self._size(ready)

    def _size(self, ready: BuiltEnvironment) -> int:
        with self._lock:
            known = self._sizes.get(ready.key)
        if known is None:
            known, _ = disk_bytes([ready.root])
            with self._lock:
                self._sizes[ready.key] = known
        return known

    def _request(self, workspace: str, name: str, version: str) -> tuple[str, dict[str, Any] | None, str]:
        """Return the reference, the builder's request, and why there is none when there is none."""
        reference = f"azureml:{name}:{version}"
        try:
            return reference, self._core.db.read(lambda tx: resolve(tx, workspace, reference))[1], ""
        except NotSupported as reason:
            return reference, None, reason.message

    def _state(self, request: dict[str, Any]) -> BuildState:
        match self._builds.view(request).state:
            case "ready":
                return "ready"
            case "building":
                return "building"
            case "failed":
                return "failed"
            case _:
                return "absent"

    def log(self, workspace: str, name: str, version: str, offset: int) -> BuildLog:
        """Return what the newest build printed after an offset; nothing when there was none here."""
        _, request, refused = self._request(workspace, name, version)
        if request is None:
            raise NotSupported(refused)
        # Asked first: what is printed between the two looks is shown by the next one.
        state = self._state(request)
        path = self._builds.story(request).log
        if path is None or not path.is_file():
            return BuildLog(b"", offset, state)
        with path.open("rb") as stream:
            stream.seek(offset)
            data = stream.read(LOG_CHUNK)
        return BuildLog(data, offset + len(data), state)

    def start(self, workspace: str, name: str, version: str) -> EnvironmentBuild:
        """See that the environment is there or being built; a build that failed is tried again."""
        _, request, refused = self._request(workspace, name, version)
        if request is None:
            raise NotSupported(refused)
        if self._builds.find(request) is None:

            def commit(tx: Tx) -> None:
                self._builds.forget_failure(tx, request)
                self._builds.want(tx, request)

            self._core.db.write(commit)
        return self.build(workspace, name, version)


def _has(log: Path | None) -> bool:
    return log is not None and log.is_file()
