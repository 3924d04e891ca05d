"""The engine: what the platform does, without any protocol. `Platform` is what faces hold."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from bancada.engine.asset_rows import AssetRows
from bancada.engine.assets import Assets
from bancada.engine.attempts import AttemptRunner
from bancada.engine.authorize import Authorizer, Principal
from bancada.engine.builds import Builds
from bancada.engine.charts import Charts
from bancada.engine.core import Addresses, Changes, Core, Document
from bancada.engine.data_checks import DataChecks
from bancada.engine.data_files import DataFiles
from bancada.engine.deployment_reports import DeploymentReports
from bancada.engine.deployments import Deployments
from bancada.engine.documents import part
from bancada.engine.drafts import JobDrafts
from bancada.engine.endpoints import Endpoints
from bancada.engine.environment_builds import EnvironmentBuilds
from bancada.engine.housekeeping import Housekeeping
from bancada.engine.invoke import Invocations
from bancada.engine.job_news import JobNews
from bancada.engine.job_rows import JobTables
from bancada.engine.job_sources import JobSources
from bancada.engine.jobs import JobOperations
from bancada.engine.ledger import Ledger, machine_cores
from bancada.engine.load import LOOK_S, LoadWatch
from bancada.engine.locations import Locations
from bancada.engine.metric_wakes import MetricWakes
from bancada.engine.models import ModelFiles
from bancada.engine.preview import Previews
from bancada.engine.profiles import Profiles
from bancada.engine.replica_starts import ReplicaStarts
from bancada.engine.replicas import DeploymentTurns
from bancada.engine.routes import Routes
from bancada.engine.staging import Staging
from bancada.engine.summary import Summaries
from bancada.engine.tables import TableProcesses
from bancada.engine.turns import JobTurns
from bancada.engine.uploads import Uploads
from bancada.engine.usage import Usages
from bancada.engine.worker import Chore, Pool, Turns, Worker
from bancada.engine.workspaces import Workspaces
from bancada.store import events, jobs, resources, workspaces
from bancada.store.events import Event

__all__ = ["Addresses", "Core", "Document", "Platform", "Principal"]

# Staging and collecting wait for the disk, not for the processor.
POOL_SIZE = 8
# Takes up what a fault (a full disk, a lost database) left behind; there is nothing to do else.
NUDGE_S = 5.0
HOUSEKEEPING_S = 3600.0
# A laptop's server may never live for an hour; at the very start it has better things to do.
HOUSEKEEPING_FIRST_S = 60.0
# After a start: what was live is looked after first. Who lets warm interpreters go sooner than this wants the memory.
WARMING_FIRST_S = 2.0
SHORTEST_IDLE_S = 60.0
# Starting one may wait for a template.
REPLICA_POOL_SIZE = 16


class Platform:
    """The operations of one home, and the worker that moves them.

    Concurrency: every operation may be called from any thread. Most take a database commit; deletions wait until what
    they delete has ended, and what takes files in (uploads, models and inputs from elsewhere) as long as they need.
    """

    def __init__(self, core: Core) -> None:
        self.core = core
        self._pool = Pool(POOL_SIZE)
        self._replica_pool = Pool(REPLICA_POOL_SIZE)
        self._ledger = Ledger(machine_cores(core.settings))
        locations = Locations(core)
        builds = Builds(core, self._pool)
        staging = Staging(core, locations)
        models = ModelFiles(core, locations)
        runner = AttemptRunner(core, staging, builds, self._pool)
        self.routes = Routes(core)
        self.authorize = Authorizer(core.db, core.owner_token)
        self.workspaces = Workspaces(core)
        self.uploads = Uploads(core)
        self.assets = Assets(core, locations, models)
        self.jobs = JobOperations(core, locations, builds)
        self.job_tables = JobTables(core)
        self.job_drafts = JobDrafts(core)
        self.job_sources = JobSources(core, self.jobs, locations, builds)
        self.charts = Charts(core)
        self.endpoints = Endpoints(core, self.assets, self.routes)
        self.deployments = Deployments(core, self.assets, locations, builds, self.routes)
        self.deployment_reports = DeploymentReports(core, locations, builds)
        self._tables = TableProcesses()
        self.data_files = DataFiles(core, locations)
        self.previews = Previews(self.data_files, locations, self._tables)
        self.profiles = Profiles(core, self.data_files, self._tables)
        self.data_checks = DataChecks(core, locations, self.data_files, self._tables, builds)
        self.summaries = Summaries(core, self._ledger)
        self.usages = Usages(core, self._pool)
        self.asset_rows = AssetRows(core, self._ledger)
        self.environment_builds = EnvironmentBuilds(core, builds)
        self.invocations = Invocations(core)
        # Told of every logged metric by the face that takes them in.
        self.on_metric = MetricWakes(core)
        self.job_news = JobNews()
        job_turns = JobTurns(core, runner, builds, self._ledger, self.on_metric)
        self.replica_starts = ReplicaStarts(core, staging, models, builds, self.routes, self._replica_pool)
        deployment_turns = DeploymentTurns(core, builds, self.routes, self.replica_starts)
        turns: dict[str, Turns] = {"job": job_turns, "deployment": deployment_turns, "build": builds}
        nudges = [Chore(NUDGE_S, one.nudge) for one in turns.values()]
        self.housekeeping = Housekeeping(core, self._pool)
        cleaning = Chore(HOUSEKEEPING_S, self.housekeeping.begin, HOUSEKEEPING_FIRST_S)
        self.load = LoadWatch(core, self.routes, self._pool)
        chores = [*nudges, cleaning, Chore(LOOK_S, self.load.begin)]
        if core.settings.idle_template_s >= SHORTEST_IDLE_S:
            every_s = core.settings.idle_template_s / 2
            chores.append(Chore(every_s, self.replica_starts.begin_keeping_warm, WARMING_FIRST_S))
        self._worker = Worker(core, turns, chores, aside=("deployment", "build"))

    @property
    def db(self) -> Any:
        """The database, for faces whose protocol reads it directly (MLflow's)."""
        return self.core.db

    @property
    def changes(self) -> Changes:
        """News of commits."""
        return self.core.changes

    def start(self) -> None:
        """Adopt what outlived the last server and begin to work."""
        self._worker.start()

    def stop_worker(self) -> None:
        """Move nothing any more; what is under way on the pools goes on. The first half of `close`."""
        self._worker.stop()

    def close(self) -> None:
        """Stop the worker; what runs goes on and is adopted by the next server."""
        self._worker.stop()
        self._tables.close()
        self.profiles.close()
        self.data_checks.close()
        self.invocations.close()
        self.replica_starts.close()
        self._pool.close()
        self._replica_pool.close()
        self.core.executor.close()

    def revision(self, workspace: str, kind: str, name: str) -> int:
        """Return the revision of a job or an unversioned resource; 0 when it is not there."""

        def read(tx: Any) -> int:
            row = jobs.get(tx, workspace, name) if kind == "jobs" else resources.get(tx, workspace, kind, name)
            return row.revision if row is not None else 0

        return self.core.db.read(read)

    async def wait(self, workspace: str, kind: str, name: str, revision: int, timeout_s: float) -> None:
        """Return when the thing's revision is not `revision` any more, or the time is over."""
        deadline = time.monotonic() + timeout_s
        while True:
            mark = self.core.changes.mark
            now = await asyncio.to_thread(self.revision, workspace, kind, name)
            left = deadline - time.monotonic()
            if now != revision or left <= 0:
                return
            await self.core.changes.wait_async(mark, min(left, 5.0))

    def events(self, workspace: str | None, after: int, limit: int) -> list[Event]:
        """Return events after a sequence number, oldest first."""
        return self.core.db.read(lambda tx: events.after(tx, after, workspace, limit))

    def last_event(self) -> int:
        """Return the newest event's sequence number."""
        return self.core.db.read(events.last)

    def status(self) -> dict[str, Any]:
        """Return counts for `bancada status`."""

        def read(tx: Any) -> dict[str, Any]:
            unfinished = jobs.unfinished(tx)
            active = [row for row in unfinished if row.status in ("Starting", "Running", "Finalizing")]
            replicas = [
                one
                for row in resources.all_of(tx, None, "online-deployments")
                for one in part(row.doc, "$state").get("replicas", [])
                if one["state"] == "ready"
            ]
            return {
                "workspaces": len(workspaces.list_(tx)),
                "jobs_running": [row.name for row in active if row.type in ("command", "automl")],
                "jobs_waiting": [row.name for row in unfinished if row not in active],
                "replicas": len(replicas),
            }

        return {**self.core.db.read(read), "ledger": dict(self._ledger.usage)}
