"""The home page of a workspace in one answer: what runs, what waits and why, what came out, how the machine is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from bancada.engine.core import Core
from bancada.engine.deployment_rows import DEPLOYMENTS, ENDPOINTS
from bancada.engine.documents import iso_time, part
from bancada.engine.ledger import Ledger
from bancada.engine.model_origins import MetricFigure, SourceJob, source_job
from bancada.errors import NotFound
from bancada.store import experiments, jobs, registry, resources, tallies, workspaces
from bancada.store.database import Tx
from bancada.store.jobs import JobRow
from bancada.store.resources import Row
from bancada.store.tallies import NameRow

__all__ = ["HomeEndpoint", "HomeJob", "HomeModel", "JobCounts", "Machine", "Summaries", "Summary", "machine"]

RECENT_JOBS = 10
BEST_MODELS = 5
QUEUE_SHOWN = 20
QUEUED = frozenset({"NotStarted", "Queued", "Provisioning", "Preparing"})


class JobCounts(TypedDict):
    """Jobs of a workspace without children, by where they stand; `queued` are those that do not run yet."""

    running: int
    queued: int
    completed: int
    failed: int
    canceled: int


class HomeJob(TypedDict):
    """A job in a short list."""

    name: str
    display_name: str
    type: str
    status: str
    experiment_name: str
    created_at: str
    started_at: NotRequired[str]
    ended_at: NotRequired[str]
    duration_s: NotRequired[float]
    user: str
    status_reason: NotRequired[str]
    queue_position: NotRequired[int]


class HomeModel(TypedDict):
    """A model's newest version and what the job that made it measured."""

    name: str
    version: str
    type: str
    created_at: str
    versions: int
    source_job: NotRequired[SourceJob]
    metrics: dict[str, MetricFigure]


class HomeDeployment(TypedDict):
    """One deployment of an endpoint: its share of the traffic in percent, and its replicas that are ready."""

    name: str
    state: str
    traffic: int
    replicas: int


class HomeEndpoint(TypedDict):
    """An endpoint. `state`: `healthy` when every deployment with traffic has a replica, `idle` without traffic."""

    name: str
    state: Literal["healthy", "unhealthy", "updating", "idle"]
    traffic: dict[str, int]
    scoring_uri: str
    deployments: list[HomeDeployment]


class Machine(TypedDict):
    """The machine. `in_use`: cores that the ledger has given to jobs; `load`: mean of ready processes in a minute."""

    cores: int
    in_use: int
    waiting: int
    load: NotRequired[float]
    memory_total_bytes: NotRequired[int]
    memory_free_bytes: NotRequired[int]
    disk_total_bytes: int
    disk_free_bytes: int


class Waiting(TypedDict):
    """A job that waits: since when, why, and at which place of the queue when it is in one."""

    name: str
    display_name: str
    status: str
    reason: str
    since: str
    position: NotRequired[int]


class Summary(TypedDict):
    """Everything that the home page shows."""

    jobs: JobCounts
    recent_jobs: list[HomeJob]
    best_models: list[HomeModel]
    endpoints: list[HomeEndpoint]
    machine: Machine
    queue: list[Waiting]


class Summaries:
    """Reads workspaces at a glance."""

    def __init__(self, core: Core, ledger: Ledger) -> None:
        self._core = core
        self._ledger = ledger

    def summary(self, workspace: str) -> Summary:
        """Return the home page's content. Raises NotFound."""

        def read(tx: Tx) -> Summary:
            if workspaces.get(tx, workspace) is None:
                raise NotFound.of("workspace", workspace, existing=workspaces.names(tx))
            recent, _ = jobs.page(tx, workspace, limit=RECENT_JOBS)
            newest = tallies.newest_rows(tx, workspace, registry.KIND, limit=BEST_MODELS, offset=0)
            return Summary(
                jobs=_counts(tallies.jobs_by_status(tx, workspace)),
                recent_jobs=[self._job(tx, row) for row in recent],
                best_models=[_model(tx, one) for one in newest.rows],
                endpoints=self._endpoints(tx, workspace),
                machine=machine(self._ledger, self._core.paths.root),
                queue=_queue(tx, workspace),
            )

        return self._core.db.read(read)

    def _job(self, tx: Tx, row: JobRow) -> HomeJob:
        experiment = experiments.get(tx, row.workspace, row.experiment_id)
        found = HomeJob(
            name=row.name,
            display_name=row.display_name,
            type=row.type or "base",
            status=row.status,
            experiment_name=experiment.name if experiment else "",
            created_at=iso_time(row.created_at),
            user=row.user,
        )
        if row.started_at is not None:
            found["started_at"] = iso_time(row.started_at)
            found["duration_s"] = round((row.ended_at or self._core.clock.now()) - row.started_at, 3)
        if row.ended_at is not None:
            found["ended_at"] = iso_time(row.ended_at)
        if row.state.get("reason"):
            found["status_reason"] = str(row.state["reason"])
        if row.state.get("position"):
            found["queue_position"] = int(row.state["position"])
        return found

    def _endpoints(self, tx: Tx, workspace: str) -> list[HomeEndpoint]:
        below: dict[str, list[Row]] = {}
        for row in resources.all_of(tx, workspace, DEPLOYMENTS):
            below.setdefault(row.name.partition("/")[0], []).append(row)
        rows = resources.all_of(tx, workspace, ENDPOINTS)
        return [self._endpoint(row, below.get(row.name, [])) for row in reversed(rows)]

    def _endpoint(self, row: Row, deployments: list[Row]) -> HomeEndpoint:
        traffic = {name: int(share) for name, share in part(row.doc, "traffic").items()}
        found = [_deployment(one, traffic) for one in deployments]
        served = [one for one in found if one["traffic"]]
        state: Literal["healthy", "unhealthy", "updating", "idle"] = "healthy"
        if any(not one["replicas"] for one in served):
            state = "unhealthy"
        elif any(one["state"] in ("Creating", "Updating", "Deleting") for one in found):
            state = "updating"
        elif not served:
            state = "idle"
        return HomeEndpoint(
            name=row.name,
            state=state,
            traffic=traffic,
            scoring_uri=self._core.addresses.scoring(row.workspace, row.name),
            deployments=found,
        )


def _counts(found: dict[str, int]) -> JobCounts:
    ended = {"Completed", "Failed", "Canceled"}
    return JobCounts(
        running=sum(count for status, count in found.items() if status not in QUEUED | ended),
        queued=sum(count for status, count in found.items() if status in QUEUED),
        completed=found.get("Completed", 0),
        failed=found.get("Failed", 0),
        canceled=found.get("Canceled", 0),
    )


def _model(tx: Tx, one: NameRow) -> HomeModel:
    row = one.latest
    found = HomeModel(
        name=row.name,
        version=row.version,
        type=str(row.doc.get("type") or "custom_model"),
        created_at=iso_time(row.created_at),
        versions=one.versions,
        metrics={},
    )
    source = source_job(tx, row)
    if source is not None:
        found["source_job"] = source
        found["metrics"] = source["metrics"]
    return found


def _deployment(row: Row, traffic: dict[str, int]) -> HomeDeployment:
    state = part(row.doc, "$state")
    replicas: list[dict[str, Any]] = state.get("replicas") or []
    name = row.name.partition("/")[2]
    return HomeDeployment(
        name=name,
        state="Deleting" if state.get("deleting") else row.state,
        traffic=traffic.get(name, 0),
        replicas=sum(1 for one in replicas if one["state"] == "ready"),
    )


def _queue(tx: Tx, workspace: str) -> list[Waiting]:
    rows = [row for row in jobs.unfinished(tx) if row.workspace == workspace and row.status in QUEUED]
    rows.sort(key=lambda row: (int(row.state.get("position") or 0), row.created_at, row.index or 0))
    return [_waiting(row) for row in rows[:QUEUE_SHOWN]]


def _waiting(row: JobRow) -> Waiting:
    found = Waiting(
        name=row.name,
        display_name=row.display_name,
        status=row.status,
        reason=str(row.state.get("reason") or "was submitted just now"),
        since=iso_time(row.created_at),
    )
    if row.state.get("position"):
        found["position"] = int(row.state["position"])
    return found


def machine(ledger: Ledger, home: Path) -> Machine:
    """Return how the machine is now; what the system does not tell is left out."""
    usage, disk = ledger.usage, shutil.disk_usage(home)
    found = Machine(
        cores=usage["cores"],
        in_use=usage["in_use"],
        waiting=usage["waiting"],
        disk_total_bytes=disk.total,
        disk_free_bytes=disk.free,
    )
    if hasattr(os, "getloadavg"):
        found["load"] = round(os.getloadavg()[0], 2)
    memory = _memory()
    if memory is not None:
        found["memory_total_bytes"], found["memory_free_bytes"] = memory
    return found


def _memory() -> tuple[int, int] | None:
    """Return all memory, and what could be had without swapping, in bytes; None where the system does not say."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in text.splitlines()) if rest}
    return kib["MemTotal"] * 1024, kib.get("MemAvailable", kib.get("MemFree", 0)) * 1024
