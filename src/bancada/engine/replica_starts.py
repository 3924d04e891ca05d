"""Starts replicas of deployments and tells when they are ready or over. What to start is decided by the turns."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bancada.engine.builds import Builds
from bancada.engine.collection import collector_variables
from bancada.engine.core import Core
from bancada.engine.deployment_rows import DEPLOYMENTS
from bancada.engine.documents import part
from bancada.engine.models import ModelFiles
from bancada.engine.routes import Routes
from bancada.engine.staging import Staging
from bancada.engine.worker import Pool
from bancada.errors import BancadaError, Conflict
from bancada.executors import Launch
from bancada.store import queue, resources
from bancada.store.database import Tx
from bancada.store.queue import Subject
from bancada.store.resources import Row

__all__ = ["DRAIN_GRACE_S", "ReadyWatch", "ReplicaStarts", "ready_limit_s"]

logger = logging.getLogger(__name__)

# A big model may take minutes to load; after this a silent init() counts as failed.
READY_TIMEOUT_S = 600.0
# How often a starting replica's folder is looked at: a warm one is ready in tens of milliseconds, and one that is not
# ready after some seconds has a big model.
READY_POLL_S, SLOW_AFTER_S, SLOW_POLL_S = 0.005, 3.0, 0.1
# Lets the gateway's requests in flight end before a replica is told to stop.
DRAIN_GRACE_S = 10.0
# Deployments whose interpreters are kept warm, those that changed last: of some 100 MB each that their replicas do not
# share, and the pool of templates holds four.
KEPT_WARM = 2
READY_FILES = ("ready.json", "failure.json", "exit.json")


def ready_limit_s(doc: dict[str, Any]) -> float:
    """Return how long a replica may take until it is ready: what a probe allows that the deployment sets, else a lot.

    As where Azure runs it: a liveness probe that fails as often as it may ends the container.
    """
    probe = part(doc, "liveness_probe") or part(doc, "readiness_probe")
    if not probe:
        return READY_TIMEOUT_S
    return float(probe["initial_delay"] + probe["period"] * probe["failure_threshold"])


@dataclass
class _Starting:
    folder: Path
    on_settled: Callable[[], None]
    on_timeout: Callable[[], None]
    until: float
    since: float
    look_at: float


class ReadyWatch:
    """Looks at the folders of all replicas that start, on one thread: one that hangs in init() holds up no other.

    Concurrency: `add` from any thread; callbacks come from the watching thread and must be short.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._starting: list[_Starting] = []
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def add(self, folder: Path, limit_s: float, on_settled: Callable[[], None], on_timeout: Callable[[], None]) -> None:
        """Call `on_settled` once when the launch in a folder is ready or over, after `on_timeout` if too late."""
        now = time.monotonic()
        with self._changed:
            self._starting.append(_Starting(folder, on_settled, on_timeout, now + limit_s, now, now))
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._run, name="bancada-ready", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Look no more; what starts goes on."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._is_closed:
                    return
                if not self._starting:
                    self._changed.wait()
                    continue
                soonest = min(one.look_at for one in self._starting)
                self._changed.wait(max(0.0, soonest - time.monotonic()))
                due = [one for one in self._starting if one.look_at <= time.monotonic()]
            for one in due:
                if self._settled(one):
                    with self._changed:
                        self._starting.remove(one)

    def _settled(self, one: _Starting) -> bool:
        now = time.monotonic()
        over = now > one.until
        if not over and not any((one.folder / name).exists() for name in READY_FILES):
            one.look_at = now + (READY_POLL_S if now - one.since < SLOW_AFTER_S else SLOW_POLL_S)
            return False
        try:
            if over:
                one.on_timeout()
            one.on_settled()
        # The thread's edge: a database that is away for a moment must not end it. The nudge looks again.
        except Exception:
            logger.exception("nobody could be told that %s is ready or over", one.folder.name)
        return True


class ReplicaStarts:
    """Stages and starts replicas, on the pool, and wakes their deployments when there is news."""

    def __init__(
        self, core: Core, staging: Staging, models: ModelFiles, builds: Builds, routes: Routes, pool: Pool
    ) -> None:
        self._core = core
        self._staging = staging
        self._models = models
        self._builds = builds
        self._routes = routes
        self._pool = pool
        self._ready = ReadyWatch()
        # Launches that this process looks after; after a restart each is taken up again once.
        self._watched: set[str] = set()

    def close(self) -> None:
        """Look after nothing any more; what runs goes on."""
        self._ready.close()

    def begin_keeping_warm(self) -> None:
        """Keep the interpreters of live deployments warm: their next replicas shall start as soon as the last ones."""
        self._pool.submit(self._keep_warm)

    def _keep_warm(self) -> None:
        rows = self._core.db.read(lambda tx: resources.all_of(tx, None, DEPLOYMENTS))
        live = [row for row in rows if part(row.doc, "$state").get("live") and not row.doc["$state"].get("deleting")]
        kept: list[tuple[Any, dict[str, Any]]] = []
        for row in sorted(live, key=lambda one: one.updated_at, reverse=True):
            one = (row.doc["$state"]["environment"], part(row.doc, "environment_variables"))
            if one not in kept and len(kept) < KEPT_WARM:
                kept.append(one)
        for request, given in kept:
            self._builds.preheat(request, {str(name): str(value) for name, value in given.items()})

    def looks_after(self, launch: str) -> bool:
        """Tell whether this process started a replica, or took it up."""
        return launch in self._watched

    def begin(self, row: Row, launch: str) -> None:
        """Start a replica soon; starting is idempotent per launch."""
        self._watched.add(launch)

        def bring_up() -> None:
            try:
                self._bring_up(row, launch)
            except Exception:
                # The next look begins it again.
                self._watched.discard(launch)
                raise

        self._pool.submit(bring_up)

    def _bring_up(self, row: Row, launch_id: str) -> None:
        """Stage and start one replica. Runs on the pool."""
        try:
            launch = self._launch(row, launch_id)
            self._core.executor.start(launch)
        except (BancadaError, OSError) as error:
            self._could_not_start(row, launch_id, str(error))
            return
        if self._is_unwanted(row, launch_id):
            # Told to end before there was anything to tell.
            self._core.executor.stop(launch.folder, DRAIN_GRACE_S)
        self._core.executor.watch(launch.folder, self.waker(row))
        self._announce_ready(row, launch.folder)

    def _is_unwanted(self, row: Row, launch: str) -> bool:
        fresh = self._core.db.read(lambda tx: resources.get(tx, row.workspace, DEPLOYMENTS, row.name))
        known: list[dict[str, Any]] = fresh.doc["$state"]["replicas"] if fresh is not None else []
        return not any(one["launch"] == launch and not one.get("told") for one in known)

    def follow(self, row: Row, launch: str) -> None:
        """Take up a replica that an earlier server started."""
        if launch in self._watched:
            return
        self._watched.add(launch)
        folder = self._core.paths.launch(launch)
        if not (folder / "ready.json").exists():
            self._announce_ready(row, folder)
        self._core.executor.watch(folder, self.waker(row))

    def _announce_ready(self, row: Row, folder: Path) -> None:
        wake = self.waker(row)
        # Ending takes its time: not on the thread that looks after all others.
        self._ready.add(
            folder,
            ready_limit_s(row.doc),
            lambda: self._pool.submit(lambda: wake(folder)),
            lambda: self._pool.submit(lambda: self._core.executor.stop(folder, 0.0)),
        )

    def waker(self, row: Row) -> Callable[[Path], None]:
        """Return what makes a deployment due, for the executor to call when a replica ends."""
        subject = Subject(row.workspace, "deployment", row.name)

        def wake(_folder: Path) -> None:
            self._core.db.write(lambda tx: queue.put(tx, subject, due_at=self._core.clock.now()))

        return wake

    def _could_not_start(self, row: Row, launch: str, message: str) -> None:
        subject = Subject(row.workspace, "deployment", row.name)
        error: dict[str, Any] = {
            "code": "deployment.failed",
            "message": f"The replica could not be started: {message}",
            "details": {},
        }

        def commit(tx: Tx) -> None:
            fresh = resources.get(tx, row.workspace, DEPLOYMENTS, row.name)
            if fresh is None:
                return
            state = fresh.doc["$state"]
            marked = [
                {**one, "state": "failed", "error": error} if one["launch"] == launch else one
                for one in state["replicas"]
            ]
            doc = {**fresh.doc, "$state": {**state, "replicas": marked}}
            resources.put(tx, replace(fresh, doc=doc), expect_revision=fresh.revision)
            queue.put(tx, subject, due_at=self._core.clock.now())

        self._core.db.write(commit)

    def _launch(self, row: Row, launch_id: str) -> Launch:
        state = row.doc["$state"]
        environment = self._builds.find(state["environment"])
        if environment is None:
            raise Conflict("the environment vanished from the cache; update the deployment to build it again")
        work = self._core.paths.work(launch_id)
        # A server that died between staging and starting left its files here.
        shutil.rmtree(work, ignore_errors=True)
        code = work / "code"
        code.mkdir(parents=True)
        (work / "user_logs").mkdir(exist_ok=True)
        settings = part(row.doc, "code_configuration")
        self._staging.materialise_code(row.workspace, settings.get("code"), code)
        return Launch(
            id=launch_id,
            folder=self._core.paths.launch(launch_id),
            argv=None,
            shell=None,
            interpreter=environment.interpreter,
            environment_key=environment.key,
            cwd=code,
            variables=self._variables(row, state, code),
            log=self._core.paths.log(launch_id),
            kind="replica",
            socket=self._routes.socket(launch_id),
            warm=self._core.settings.templates,
            preload=environment.preload,
        )

    def _variables(self, row: Row, state: dict[str, Any], code: Path) -> dict[str, str]:
        endpoint, _, deployment = row.name.partition("/")
        variables = {
            "AZUREML_ENTRY_SCRIPT": str(part(row.doc, "code_configuration").get("scoring_script") or "score.py"),
            "AML_APP_ROOT": str(code),
            "SERVICE_NAME": endpoint,
            "AZUREML_DEPLOYMENT_NAME": deployment,
            "WORKSPACE_NAME": row.workspace,
        }
        if state.get("program"):
            # In place of a script; MLflow's own address keeps it from making a database of its own.
            del variables["AZUREML_ENTRY_SCRIPT"]
            variables["BANCADA_SCORING_PROGRAM"] = str(state["program"])
            variables["MLFLOW_TRACKING_URI"] = self._core.addresses.tracking(row.workspace)
        if state.get("model"):
            variables["AZUREML_MODEL_DIR"] = str(self._model_dir(row.workspace, state["model"]))
        variables.update(collector_variables(self._core, row, code.parent))
        given = part(row.doc, "environment_variables")
        return {**variables, **{str(key): str(value) for key, value in given.items()}}

    def _model_dir(self, workspace: str, model: dict[str, str]) -> Path:
        row = self._core.db.read(lambda tx: resources.get(tx, workspace, "models", model["name"], model["version"]))
        if row is None:
            raise Conflict(f"model `{model['name']}` has no version {model['version']} any more")
        return self._models.folder(workspace, row)
