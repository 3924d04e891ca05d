"""Environment builds: one Launch for each request, shared by all jobs that need it, watched and cancelled like a job.

A build is a row of kind `environment-builds`, named by the hash of its request; its state is Creating, Succeeded,
Failed, or Canceled (nobody waits for it any more), and its document lists who waits.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bancada.engine.core import Core
from bancada.engine.handlers.views import BuildView
from bancada.engine.worker import Pool
from bancada.errors import BancadaError
from bancada.executors import Launch
from bancada.executors.build import order_document
from bancada.executors.environments import BuiltEnvironment, EnvironmentRequest, find
from bancada.store import events, queue, resources
from bancada.store.database import Tx
from bancada.store.queue import Subject
from bancada.store.resources import Row

__all__ = ["KIND", "WORKSPACE", "BuildStory", "Builds", "build_name"]

KIND = "environment-builds"
# Builds belong to the machine, not to a workspace: two workspaces with one environment build it once.
WORKSPACE = ""


@dataclass(frozen=True)
class BuildStory:
    """What is known of the newest build of a request: its log, its times, and why it failed."""

    log: Path | None = None
    started_at: float | None = None
    ended_at: float | None = None
    error: dict[str, Any] | None = None


class Builds:
    """Turns of builds, and the question that everybody asks: is this environment there?"""

    def __init__(self, core: Core, pool: Pool) -> None:
        self._core = core
        self._pool = pool
        # Environments seen ready in this process: `find` costs file reads, a sweep asks at every turn.
        self._ready: dict[str, BuiltEnvironment] = {}
        # Launches that this process starts or watches.
        self._tended: set[str] = set()

    def find(self, request: dict[str, Any]) -> BuiltEnvironment | None:
        """Return the environment when it is ready."""
        key = build_name(request)
        ready = self._ready.get(key)
        if ready is None or not ready.interpreter.exists():
            ready = find(EnvironmentRequest.from_document(request), self._core.settings.cache)
            if ready is not None:
                self._ready[key] = ready
        return ready

    def view(self, request: dict[str, Any] | None) -> BuildView:
        """Return where the build of this request stands."""
        if request is None:
            return BuildView("none")
        if self.find(request) is not None:
            return BuildView("ready")
        row = self._core.db.read(lambda tx: resources.get(tx, WORKSPACE, KIND, build_name(request)))
        if row is None or row.state in ("Succeeded", "Canceled"):
            return BuildView("none")
        if row.state == "Failed":
            return BuildView("failed", row.doc.get("error"))
        return BuildView("building")

    def ensure(self, tx: Tx, request: dict[str, Any], waiter: Subject) -> None:
        """See that the build runs and that `waiter` is woken at its end. Repeating is harmless."""
        name = build_name(request)
        row = resources.get(tx, WORKSPACE, KIND, name)
        entry = [waiter.workspace, waiter.kind, waiter.name]
        if row is not None and row.state == "Creating":
            if entry not in row.doc["waiters"]:
                doc = {**row.doc, "waiters": [*row.doc["waiters"], entry]}
                resources.put(tx, replace(row, doc=doc), expect_revision=row.revision)
            return
        number = int(row.doc["number"]) + 1 if row else 1
        now = self._core.clock.now()
        doc = {
            "request": request,
            "waiters": [entry],
            "number": number,
            "launch": f"build-{name[:16]}.{number}",
            "started_at": now,
        }
        resources.put(
            tx,
            Row(
                workspace=WORKSPACE,
                kind=KIND,
                name=name,
                version="",
                doc=doc,
                state="Creating",
                revision=0,
                archived=False,
                created_at=now,
                updated_at=now,
            ),
            expect_revision=row.revision if row else None,
        )
        events.append(
            tx, WORKSPACE, "environment", str(request.get("name")), "build started", "worker", {"build": name}
        )
        queue.put(tx, Subject(WORKSPACE, "build", name), due_at=now)

    def want(self, tx: Tx, request: dict[str, Any]) -> None:
        """See that the build runs although no job waits for it: somebody wants to see it done."""
        # The build waits for itself, so that it is not called off when the last job leaves.
        self.ensure(tx, request, Subject(WORKSPACE, "build", build_name(request)))

    def preheat(self, request: dict[str, Any], variables: Mapping[str, str] | None = None) -> None:
        """Get warm for what will run in this environment, if it is there; `variables` are the user's."""
        environment = self.find(request)
        if environment is None or not self._core.settings.templates:
            return
        self._core.executor.preheat(
            Launch(
                id="preheat",
                folder=self._core.paths.launch("preheat"),
                argv=("python", "preheat.py"),
                shell=None,
                interpreter=environment.interpreter,
                environment_key=environment.key,
                cwd=self._core.paths.root,
                variables=variables or {},
                log=self._core.paths.log("preheat"),
                warm=True,
                preload=environment.preload,
            )
        )

    def forget_failure(self, tx: Tx, request: dict[str, Any]) -> None:
        """Let a failed build be tried again: whoever submits anew asks for a new try."""
        name = build_name(request)
        row = resources.get(tx, WORKSPACE, KIND, name)
        if row is not None and row.state == "Failed":
            # Not deleted: the next try needs a number of its own, or it would find the old launch's end.
            resources.put(tx, replace(row, state="Canceled"), expect_revision=row.revision)

    def log_path(self, request: dict[str, Any]) -> Path | None:
        """Return the log of the last build of this request, if there was one."""
        row = self._core.db.read(lambda tx: resources.get(tx, WORKSPACE, KIND, build_name(request)))
        return self._core.paths.log(row.doc["launch"]) if row else None

    def story(self, request: dict[str, Any]) -> BuildStory:
        """Return what is known of the newest build of this request; nothing when another home made it."""
        row = self._core.db.read(lambda tx: resources.get(tx, WORKSPACE, KIND, build_name(request)))
        if row is None:
            return BuildStory()
        doc = row.doc
        log = self._core.paths.log(doc["launch"])
        return BuildStory(log, doc.get("started_at"), doc.get("ended_at"), doc.get("error"))

    def leave(self, request: dict[str, Any], waiter: Subject) -> None:
        """Note that `waiter` was cancelled; a build that nobody waits for is called off."""
        name = build_name(request)

        def remove(tx: Tx) -> str | None:
            row = resources.get(tx, WORKSPACE, KIND, name)
            if row is None or row.state != "Creating":
                return None
            left = [one for one in row.doc["waiters"] if one != [waiter.workspace, waiter.kind, waiter.name]]
            # Over from this moment: who asks for it between this commit and its process' end gets a build of its own.
            state = row.state if left else "Canceled"
            doc = {**row.doc, "waiters": left}
            resources.put(tx, replace(row, doc=doc, state=state), expect_revision=row.revision)
            return None if left else str(row.doc["launch"])

        launch = self._core.db.write(remove)
        if launch is not None:
            self._core.executor.stop(self._core.paths.launch(launch))

    def adopt(self) -> None:
        """Wake every build that was under way: its turn finds out how it stands."""

        def wake(tx: Tx) -> None:
            for row in resources.all_of(tx, WORKSPACE, KIND, state="Creating"):
                queue.put(tx, Subject(WORKSPACE, "build", row.name), due_at=self._core.clock.now())

        self._core.db.write(wake)

    def nudge(self) -> None:
        """Look again at builds under way: their news may have been lost in a fault."""
        if self._core.db.read(lambda tx: resources.all_of(tx, WORKSPACE, KIND, state="Creating")):
            self.adopt()

    def turn(self, subject: Subject) -> float | None:
        """Start the build, or take in its result."""
        row = self._core.db.read(lambda tx: resources.get(tx, WORKSPACE, KIND, subject.name))
        if row is None:
            return None
        if row.state != "Creating":
            self._tended.discard(str(row.doc["launch"]))
            return None
        folder = self._core.paths.launch(row.doc["launch"])
        state, ended = self._core.executor.state(folder)
        if state in ("running", "unknown"):
            if folder.name not in self._tended:
                self._tended.add(folder.name)
                self._pool.submit(lambda: self._start(subject, row))
        else:
            self._tended.discard(folder.name)
            self._settle(row, "" if ended is None else ended.reason)
        return None

    def _wake(self, subject: Subject) -> None:
        self._core.db.write(lambda tx: queue.put(tx, subject, due_at=self._core.clock.now()))

    def _start(self, subject: Subject, row: Row) -> None:
        # Starting is idempotent per id: one that an earlier server started is only watched.
        try:
            launch = self._launch(row)
            self._core.executor.start(launch)
        except (BancadaError, OSError) as error:
            self._tended.discard(str(row.doc["launch"]))
            self._settle(row, "could_not_start", f"The environment could not be built: {error}")
            return
        except Exception:
            # The next look begins it again.
            self._tended.discard(str(row.doc["launch"]))
            raise
        self._core.executor.watch(launch.folder, lambda _folder: self._wake(subject))

    def _launch(self, row: Row) -> Launch:
        launch_id = str(row.doc["launch"])
        work = self._core.paths.work(launch_id)
        (work / "user_logs").mkdir(parents=True, exist_ok=True)
        request = work / "request.json"
        order = order_document(
            EnvironmentRequest.from_document(row.doc["request"]),
            self._core.settings.cache,
            index=self._core.settings.uv_index,
            download_python=self._core.settings.python_downloads,
        )
        request.write_text(json.dumps(order), encoding="utf-8")
        words = [sys.executable, "-m", "bancada.executors.build", str(request), str(work / "result.json")]
        return Launch(
            id=launch_id,
            folder=self._core.paths.launch(launch_id),
            argv=None,
            shell=f"exec {shlex.join(words)}",
            interpreter=Path(sys.executable),
            environment_key="",
            cwd=work,
            variables={},
            log=self._core.paths.log(launch_id),
            kind="build",
            warm=False,
        )

    def _settle(self, row: Row, reason: str, message: str = "") -> None:
        request = row.doc["request"]
        done = self.find(request) is not None
        self.preheat(request)
        error = None if done else self._error(row, reason, message)

        def commit(tx: Tx) -> None:
            fresh = resources.get(tx, WORKSPACE, KIND, row.name)
            if fresh is None or fresh.state != "Creating":
                return
            ended_at = self._core.clock.now()
            doc: dict[str, Any] = {**fresh.doc, "waiters": [], "error": error, "ended_at": ended_at}
            resources.put(
                tx,
                replace(fresh, doc=doc, state="Succeeded" if done else "Failed"),
                expect_revision=fresh.revision,
            )
            what = "build succeeded" if done else "build failed"
            events.append(tx, WORKSPACE, "environment", str(request.get("name")), what, "worker", {"build": row.name})
            for workspace, kind, name in fresh.doc["waiters"]:
                queue.put(tx, Subject(workspace, kind, name), due_at=self._core.clock.now())

        self._core.db.write(commit)

    def _error(self, row: Row, reason: str, message: str) -> dict[str, Any]:
        result = self._core.paths.work(row.doc["launch"]) / "result.json"
        if result.is_file():
            document: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
            if "error" in document:
                return document["error"]
        name = row.doc["request"].get("name")
        text = message or f"The build of environment `{name}` ended without a result ({reason})."
        return {"code": "environment.failed", "message": text, "details": {}}


def build_name(request: dict[str, Any]) -> str:
    """Return the name of the build of a request: the hash of what it asks for."""
    return EnvironmentRequest.from_document(request).digest
