"""Turns of online deployments: start replicas, publish them, replace dead ones, end them.

Only this module, `deployments` and `load` write the private part of a deployment's row; see `deployment_rows`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

from bancada.engine.builds import Builds
from bancada.engine.core import Core
from bancada.engine.deployment_rows import DEPLOYMENTS, replica_id, wanted_replicas
from bancada.engine.handlers import deployment as decide
from bancada.engine.handlers.deployment import DeploymentAction, DeploymentView, ReplicaView
from bancada.engine.housekeeping import remove_launches
from bancada.engine.replica_starts import DRAIN_GRACE_S, ReplicaStarts
from bancada.engine.routes import Routes
from bancada.engine.staging import last_lines
from bancada.errors import Conflict
from bancada.executors import Exit
from bancada.store import events, queue, resources
from bancada.store.database import Tx
from bancada.store.queue import Subject
from bancada.store.resources import Row

__all__ = ["DeploymentTurns"]

# One that does not come back from a request has nothing left to finish.
HANG_GRACE_S = 0.5
# What a replica says of itself when it is ready, as far as users are shown it.
FACTS = ("n_jobs", "flavors", "batch", "batch_reason", "level", "level_reason")


class DeploymentTurns:
    """Moves deployments. The only writer of their `$state` after `serving` has put them."""

    def __init__(self, core: Core, builds: Builds, routes: Routes, starts: ReplicaStarts) -> None:
        self._core = core
        self._builds = builds
        self._routes = routes
        self._starts = starts

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
            self._starts.follow(row, one["launch"])
            if one.get("told"):
                return {**one, "state": "leaving"}
            if one["state"] == "ready" or not (folder / "ready.json").is_file():
                return one
            return {**one, "state": "ready", "was_ready": True, "facts": _ready_facts(folder)}
        if state == "unknown":
            # Committed, but not begun (or the server died in between): starting is idempotent per id.
            if not self._starts.looks_after(one["launch"]):
                self._starts.begin(row, one["launch"])
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
            endpoint=row.name.partition("/")[0],
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
        self._starts.begin(row, launch)
        return row

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
        self._core.executor.watch(self._core.paths.launch(launch), self._starts.waker(row))
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


def _ready_facts(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / "ready.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: found[name] for name in FACTS if found.get(name)}
