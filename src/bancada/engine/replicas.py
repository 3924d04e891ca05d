"""Turns of online deployments: start replicas, publish them, replace dead ones, end them.

The private part of a deployment's row lies under `$state`: generation, live generation, launches, deaths, and what was
resolved when it was put (model, environment request, settings of the gateway). Only this module and `serving` write it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

from bancada.engine import router
from bancada.engine.builds import Builds
from bancada.engine.collection import collector_variables, payload_collection
from bancada.engine.core import Core
from bancada.engine.documents import part
from bancada.engine.handlers import deployment as decide
from bancada.engine.handlers.deployment import DeploymentAction, DeploymentView, ReplicaView
from bancada.engine.housekeeping import remove_launches
from bancada.engine.models import ModelFiles
from bancada.engine.paths import launch_name
from bancada.engine.staging import Staging, last_lines
from bancada.engine.worker import Pool
from bancada.errors import BancadaError, Conflict, Invalid
from bancada.executors import Exit, Launch
from bancada.ids import token_hash
from bancada.store import events, queue, resources, secrets
from bancada.store.database import Tx
from bancada.store.queue import Subject
from bancada.store.resources import Row

__all__ = [
    "DEPLOYMENTS",
    "ENDPOINTS",
    "DeploymentTurns",
    "Routes",
    "initial_state",
    "keys_name",
    "replica_documents",
    "replica_id",
    "scale_bounds",
    "wanted_replicas",
]

logger = logging.getLogger(__name__)

ENDPOINTS = "online-endpoints"
DEPLOYMENTS = "online-deployments"
# A big model may take minutes to load; after this a silent init() counts as failed.
READY_TIMEOUT_S = 600.0
# How often a starting replica's folder is looked at: a warm one is ready in tens of milliseconds.
READY_POLL_S = 0.005
# Lets the gateway's requests in flight end before a replica is told to stop.
DRAIN_GRACE_S = 10.0
# One that does not come back from a request has nothing left to finish.
HANG_GRACE_S = 0.5
# What a replica says of itself when it is ready, as far as users are shown it.
FACTS = ("n_jobs", "flavors", "batch", "batch_reason", "level", "level_reason")


def keys_name(endpoint: str) -> str:
    """Return the name under which an endpoint's two keys are kept."""
    return f"endpoint-keys/{endpoint}"


class Routes:
    """Publishes what the gateway needs to know: all endpoints of all workspaces, as one immutable table."""

    def __init__(self, core: Core) -> None:
        self._core = core
        # Two turns must not publish an older picture over a newer one.
        self._lock = threading.Lock()

    def publish(self) -> None:
        """Write the table that the database describes now, and wait (bounded) until the gateway serves by it."""
        with self._lock:
            table = self._core.db.read(self._table)
            router.publish(self._core.paths.root, self._core.paths.sockets, table)

    def _table(self, tx: Tx) -> dict[str, Any]:
        endpoints: dict[str, router.EndpointRoutes] = {}
        for row in resources.all_of(tx, None, ENDPOINTS):
            keys = json.loads(secrets.get(tx, row.workspace, keys_name(row.name)) or "[]")
            endpoints[f"{row.workspace}/{row.name}"] = router.EndpointRoutes(
                auth_mode=str(row.doc.get("auth_mode") or "key"),
                keys=tuple(keys),
                traffic=part(row.doc, "traffic"),
                mirror=part(row.doc, "mirror_traffic"),
                deployments={},
            )
        for row in resources.all_of(tx, None, DEPLOYMENTS):
            endpoint = endpoints.get(f"{row.workspace}/{row.name.partition('/')[0]}")
            state = part(row.doc, "$state")
            if endpoint is None or not state.get("live"):
                continue
            endpoint.deployments[row.name.partition("/")[2]] = self._deployment(row, state)
        sound = {address: routes for address, routes in endpoints.items() if _is_sound(address, routes)}
        return router.build_table(sound, owner_hash=token_hash(self._core.owner_token))

    def _deployment(self, row: Row, state: dict[str, Any]) -> router.DeploymentRoutes:
        settings = part(row.doc, "request_settings")
        live = [one for one in state["replicas"] if one["generation"] == state["live"] and one["state"] == "ready"]
        live = [one for one in live if not one.get("hangs")]
        return router.DeploymentRoutes(
            replicas=tuple(str(self.socket(one["launch"])) for one in live),
            max_concurrent_requests_per_instance=int(settings.get("max_concurrent_requests_per_instance") or 1),
            request_timeout_ms=int(settings.get("request_timeout_ms") or 5000),
            max_queue_wait_ms=int(settings.get("max_queue_wait_ms") or 500),
            instance_count=max(1, wanted_replicas(row)),
            collect=payload_collection(self._core, row),
        )

    def socket(self, launch: str) -> Path:
        """Return where a replica listens: a short name, because socket paths are short."""
        return self._core.paths.sockets / f"r-{hashlib.sha256(launch.encode()).hexdigest()[:16]}.sock"


class DeploymentTurns:
    """Moves deployments. The only writer of their `$state` after `serving` has put them."""

    def __init__(
        self, core: Core, staging: Staging, models: ModelFiles, builds: Builds, routes: Routes, pool: Pool
    ) -> None:
        self._core = core
        self._staging = staging
        self._models = models
        self._builds = builds
        self._routes = routes
        self._pool = pool
        # Launches that this process looks after; after a restart each is taken up again once.
        self._watched: set[str] = set()

    def adopt(self) -> None:
        """Publish what the database knows, and look at every deployment once."""
        self._routes.publish()

        def wake(tx: Tx) -> None:
            for row in resources.all_of(tx, None, DEPLOYMENTS):
                queue.put(tx, Subject(row.workspace, "deployment", row.name), due_at=self._core.clock.now())

        self._core.db.write(wake)

    def turn(self, subject: Subject) -> float | None:
        """Advance one deployment."""
        row = self._row(subject)
        if row is None:
            return None
        row = self._refresh(row)
        view = self._view(row)
        again: float | None = None
        for action in decide.advance(view, self._core.clock.now()):
            row, at = self._one(row, action)
            again = at if again is None else again
        return again

    def nudge(self) -> None:
        """Look again at deployments on their way: their news may have been lost in a fault."""
        rows = self._core.db.read(lambda tx: resources.all_of(tx, None, DEPLOYMENTS))
        moving = [row for row in rows if row.state in ("Creating", "Updating") or row.doc["$state"].get("deleting")]

        def wake(tx: Tx) -> None:
            for row in moving:
                queue.put(tx, Subject(row.workspace, "deployment", row.name), due_at=self._core.clock.now())

        if moving:
            self._core.db.write(wake)

    def _row(self, subject: Subject) -> Row | None:
        return self._core.db.read(lambda tx: resources.get(tx, subject.workspace, DEPLOYMENTS, subject.name))

    def _refresh(self, row: Row) -> Row:
        """Take in how each launch stands; commit what changed."""
        state = row.doc["$state"]
        seen = [self._look(row, one) for one in state["replicas"]]
        ended = [one for one in seen if one["state"] == "ended"]
        if seen == state["replicas"]:
            return row
        lost = [one for one in ended if one.get("was_ready") and not one.get("told")]
        if state["live"] == state["generation"]:
            # A replacement that cannot start counts like a death: it is tried again, but not for ever.
            lost += [one for one in seen if one["state"] == "failed" and one not in state["replicas"]]
        died = [self._core.clock.now() for _ in lost]
        deaths = [*state.get("deaths", []), *died][-20:]
        keep = [one for one in seen if one["state"] != "ended"]
        failures = [one for one in keep if one["state"] == "failed"]
        keep = [one for one in keep if one not in failures[:-1]]
        row = self._save(row, {**state, "replicas": keep, "deaths": deaths})
        if died:
            self._note(row, "replica died", {"replicas": [one["launch"] for one in lost]})
        self._routes.publish()
        return row

    def _look(self, row: Row, one: dict[str, Any]) -> dict[str, Any]:
        if one["state"] in ("failed", "ended"):
            return one
        folder = self._core.paths.launch(one["launch"])
        state, ended = self._core.executor.state(folder)
        if state == "running":
            self._follow(row, one["launch"])
            if one.get("told"):
                return {**one, "state": "leaving"}
            if one["state"] == "ready" or not (folder / "ready.json").is_file():
                return one
            return {**one, "state": "ready", "was_ready": True, "facts": _ready_facts(folder)}
        if state == "unknown":
            # Committed, but not begun (or the server died in between): starting is idempotent per id.
            if one["launch"] not in self._watched:
                self._begin(row, one["launch"])
            return one
        if one.get("was_ready") or one.get("told"):
            return {**one, "state": "ended"}
        return {**one, "state": "failed", "error": self._failure(one["launch"], ended)}

    def _failure(self, launch: str, ended: Exit | None) -> dict[str, Any]:
        told = self._core.paths.launch(launch) / "failure.json"
        lines = last_lines(self._core.paths.log(launch))
        if told.is_file():
            failure: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
            place = (
                f"{failure.get('file')}, line {failure.get('line')}" if failure.get("file") else "the scoring script"
            )
            text = f"The replica could not start: {place}: {failure.get('message')}"
            return {"code": "deployment.failed", "message": text, "details": failure}
        why = ended.message or ended.reason if ended is not None else "ended"
        code = f" with exit code {ended.code}" if ended is not None and ended.code is not None else ""
        tail = "\n".join(f"    {line}" for line in lines)
        text = f"The replica ended{code} before it was ready ({why})." + (f" Its last lines:\n{tail}" if tail else "")
        return {"code": "deployment.failed", "message": text, "details": {}}

    def _view(self, row: Row) -> DeploymentView:
        state = row.doc["$state"]
        return DeploymentView(
            name=row.name.partition("/")[2],
            wanted=wanted_replicas(row),
            generation=state["generation"],
            live=state["live"],
            build=self._builds.view(state["environment"]),
            replicas=tuple(
                ReplicaView(one["launch"], one["generation"], one["state"], one.get("error"), bool(one.get("hangs")))
                for one in state["replicas"]
            ),
            deaths=tuple(state.get("deaths", [])),
            deleting=bool(state.get("deleting")),
            failed=row.state == "Failed",
            # Also after a server died between going live and saying so.
            unsaid=row.state in ("Creating", "Updating"),
        )

    def _one(self, row: Row, action: DeploymentAction) -> tuple[Row, float | None]:
        match action:
            case decide.EnsureBuild():
                subject = Subject(row.workspace, "deployment", row.name)
                request = row.doc["$state"]["environment"]
                self._core.db.write(lambda tx: self._builds.ensure(tx, request, subject))
            case decide.StartReplica():
                row = self._start(row)
            case decide.StopReplica():
                row = self._stop(row, action.launch, hangs=action.hangs)
            case decide.GoLive():
                row = self._go_live(row)
            case decide.Fail():
                row = self._fail(row, action.error)
            case decide.WaitUntil():
                return row, action.at
            case decide.Remove():
                self._remove(row)
            case _:
                assert_never(action)
        return row, None

    def _save(self, row: Row, private: dict[str, Any], **changes: Any) -> Row:
        more = changes.pop("doc", {})

        def commit(tx: Tx) -> Row:
            fresh = resources.get(tx, row.workspace, DEPLOYMENTS, row.name)
            if fresh is None or fresh.revision != row.revision:
                raise Conflict(f"Deployment `{row.name}` changed meanwhile.")
            doc = {**fresh.doc, "$state": private, **more}
            updated = replace(fresh, doc=doc, updated_at=self._core.clock.now(), **changes)
            return resources.put(tx, updated, expect_revision=fresh.revision)

        return self._core.db.write(commit)

    def _note(self, row: Row, what: str, data: dict[str, Any]) -> None:
        self._core.db.write(lambda tx: events.append(tx, row.workspace, "deployment", row.name, what, "worker", data))

    def _start(self, row: Row) -> Row:
        state = row.doc["$state"]
        number = int(state["next"])
        launch = replica_id(row, number)
        replica = {"launch": launch, "generation": state["generation"], "state": "starting"}
        row = self._save(row, {**state, "next": number + 1, "replicas": [*state["replicas"], replica]})
        self._begin(row, launch)
        return row

    def _begin(self, row: Row, launch: str) -> None:
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
        """Stage and start one replica, then wait until it is ready or over. Runs on the pool."""
        try:
            launch = self._launch(row, launch_id)
            self._core.executor.start(launch)
        except (BancadaError, OSError) as error:
            self._could_not_start(row, launch_id, str(error))
            return
        if self._is_unwanted(row, launch_id):
            # Told to end before there was anything to tell.
            self._core.executor.stop(launch.folder, DRAIN_GRACE_S)
        self._core.executor.watch(launch.folder, self._waker(row))
        self._announce_ready(row, launch_id)

    def _is_unwanted(self, row: Row, launch: str) -> bool:
        fresh = self._row(Subject(row.workspace, "deployment", row.name))
        known: list[dict[str, Any]] = fresh.doc["$state"]["replicas"] if fresh is not None else []
        return not any(one["launch"] == launch and not one.get("told") for one in known)

    def _wait_ready(self, launch: str) -> None:
        folder = self._core.paths.launch(launch)
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            if any((folder / name).exists() for name in ("ready.json", "failure.json", "exit.json")):
                return
            time.sleep(READY_POLL_S)
        self._core.executor.stop(folder, 0.0)

    def _follow(self, row: Row, launch: str) -> None:
        """Take up a replica that an earlier server started."""
        if launch in self._watched:
            return
        self._watched.add(launch)
        folder = self._core.paths.launch(launch)
        if not (folder / "ready.json").exists():
            self._pool.submit(lambda: self._announce_ready(row, launch))
        self._core.executor.watch(folder, self._waker(row))

    def _announce_ready(self, row: Row, launch: str) -> None:
        self._wait_ready(launch)
        self._waker(row)(self._core.paths.launch(launch))

    def _waker(self, row: Row) -> Callable[[Path], None]:
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

    def _stop(self, row: Row, launch: str, *, hangs: bool) -> Row:
        state = row.doc["$state"]
        if any(one["launch"] == launch and one.get("told") for one in state["replicas"]):
            return row
        marked = [
            {**one, "told": True, "state": "leaving"} if one["launch"] == launch else one for one in state["replicas"]
        ]
        row = self._save(row, {**state, "replicas": marked})
        # The gateway first: it sends nothing more there, and takes the answers to what it has sent.
        self._routes.publish()
        if hangs:
            self._note(row, "replica replaced", {"replica": launch, "reason": "it did not come back from a timeout"})
        self._core.executor.stop(self._core.paths.launch(launch), HANG_GRACE_S if hangs else DRAIN_GRACE_S)
        self._core.executor.watch(self._core.paths.launch(launch), self._waker(row))
        return row

    def _go_live(self, row: Row) -> Row:
        state = row.doc["$state"]
        row = self._save(row, {**state, "live": state["generation"]})
        self._routes.publish()
        # Only now: whoever reads that it Succeeded may ask the gateway at once.
        row = self._save(row, row.doc["$state"], state="Succeeded", doc={"error": None})
        self._note(row, "Succeeded", {"generation": state["generation"]})
        subject = Subject(row.workspace, "deployment", row.name)
        # Once more: the generation before is stopped only now that nobody is sent to it.
        self._core.db.write(lambda tx: queue.put(tx, subject, due_at=self._core.clock.now()))
        return row

    def _fail(self, row: Row, error: dict[str, Any]) -> Row:
        row = self._save(row, row.doc["$state"], state="Failed", doc={"error": error})
        self._note(row, "Failed", {"error": error})
        subject = Subject(row.workspace, "deployment", row.name)
        self._core.db.write(lambda tx: queue.put(tx, subject, due_at=self._core.clock.now()))
        return row

    def _remove(self, row: Row) -> None:
        def commit(tx: Tx) -> None:
            resources.delete(tx, row.workspace, DEPLOYMENTS, row.name)
            events.append(tx, row.workspace, "deployment", row.name, "deleted", "worker", {})

        # First the folders: a new deployment of the name would take the ends of this one's replicas for its own.
        numbers = range(1, int(row.doc["$state"]["next"]))
        remove_launches(self._core, (replica_id(row, number) for number in numbers))
        self._core.db.write(commit)
        self._routes.publish()


def _is_sound(address: str, routes: router.EndpointRoutes) -> bool:
    """Tell whether an endpoint can be published; one that cannot must not take the others with it."""
    try:
        router.build_table({address: routes})
    except Invalid as error:
        logger.error("endpoint %s is left out of the gateway's table: %s", address, error.message)
        return False
    return True


def replica_id(row: Row, number: int) -> str:
    """Return the launch of a deployment's replica. The `r` tells it from attempts: job names may have dots."""
    return launch_name(row.workspace, *row.name.split("/"), f"r{number}")


def initial_state(generation: int = 1) -> dict[str, Any]:
    """Return the private state of a deployment that was just put."""
    return {"generation": generation, "live": 0, "next": 1, "replicas": [], "deaths": []}


def replica_documents(row: Row) -> list[dict[str, Any]]:
    """Return what users see of a deployment's replicas."""
    state = part(row.doc, "$state")
    return [
        {"name": one["launch"], "state": one["state"], "generation": one["generation"], **(one.get("facts") or {})}
        for one in state.get("replicas", [])
    ]


def wanted_replicas(row: Row) -> int:
    """Return how many replicas a deployment shall have: its instance_count, or what its load asks for."""
    scale = part(row.doc, "scale_settings")
    count = int(row.doc.get("instance_count") or 1)
    if scale.get("type") != "target_utilization":
        return count
    low, high = scale_bounds(row)
    return min(high, max(low, int(part(row.doc, "$state").get("scale") or low)))


def scale_bounds(row: Row) -> tuple[int, int]:
    """Return the fewest and most replicas of a deployment that follows its load."""
    scale = part(row.doc, "scale_settings")
    given = scale.get("min_instances")
    low = 1 if given is None else int(given)
    high = int(scale.get("max_instances") or row.doc.get("instance_count") or 1)
    return low, max(low, high, 1)


def _ready_facts(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / "ready.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: found[name] for name in FACTS if found.get(name)}
