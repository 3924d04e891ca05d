"""Watches what the gateway says about load: scales deployments between their bounds, finds replicas that hang.

What follows from it is decided by each deployment's own turn: here only `scale` and `hangs` of its private state
are written, and the deployment is woken.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from bancada.engine import router
from bancada.engine.core import Core
from bancada.engine.deployment_rows import DEPLOYMENTS, scale_bounds, wanted_instances, workers_of
from bancada.engine.documents import part
from bancada.engine.load_history import LoadHistory
from bancada.engine.routes import Routes
from bancada.engine.worker import Pool
from bancada.errors import Conflict
from bancada.store import events, queue, resources
from bancada.store.database import Tx
from bancada.store.queue import Subject
from bancada.store.resources import Row

__all__ = ["LOOK_S", "Load", "LoadWatch", "Reading", "needed_replicas", "reading_of"]

# Up within a second, as Azure's router for Kubernetes does.
LOOK_S = 1.0
# Down only after a minute of less load: a replica that is not needed costs less than a queue.
CALM_S = 60.0
# Azure's default of target_utilization_percentage.
TARGET_PERCENT = 70
# The alarm inside the replica comes 0.05 s after the deadline; who is not back a second later is stuck in C code.
HANGS_AFTER_S = 1.0


@dataclass(frozen=True)
class Reading:
    """What the gateway counted for one deployment at one moment."""

    at: float
    # Sum of all answered requests' times, arrival to answer: its growth over a second is the mean number in flight.
    latency_s: float
    busy: int
    waiting: int
    # Requests that one replica works on at a time.
    capacity: int = 1


@dataclass
class Load:
    """One deployment's recent past."""

    last: Reading | None = None
    # (time, replicas needed then), of the last CALM_S.
    needs: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])

    def wanted(self, reading: Reading, target_percent: int, bounds: tuple[int, int], now: int) -> int:
        """Return how many replicas there shall be, given how many there are meant to be `now`."""
        last, self.last = self.last, reading
        if last is None or reading.latency_s < last.latency_s:
            # The first look, or a gateway that was started again: nothing to compare with.
            return now
        need = needed_replicas(last, reading, target_percent)
        low, high = bounds
        self.needs = [(at, one) for at, one in self.needs if reading.at - at < CALM_S]
        self.needs.append((reading.at, need))
        if need > now:
            return min(high, max(low, need))
        calm = reading.at - self.needs[0][0] >= CALM_S - 2 * LOOK_S
        return min(high, max(low, max(one for _, one in self.needs))) if calm else min(high, max(low, now))


def needed_replicas(last: Reading, reading: Reading, target_percent: int) -> int:
    """Return the replicas for which the load between two readings is the target utilization.

    Load is the mean number of requests in flight (Little's law: time spent by requests, over time); when some wait
    now, at least what is in flight now. 0 means that nothing was asked.
    """
    span_s = max(reading.at - last.at, 1e-3)
    mean = (reading.latency_s - last.latency_s) / span_s
    current = reading.busy + reading.waiting if reading.waiting else 0
    return math.ceil(round(max(mean, current) / reading.capacity / (target_percent / 100), 6))


class LoadWatch:
    """A chore of the worker: asks the gateway once a second, if any deployment is live."""

    def __init__(self, core: Core, routes: Routes, pool: Pool) -> None:
        self._core = core
        self._routes = routes
        self._pool = pool
        self._busy = threading.Lock()
        self._loads: dict[tuple[str, str], Load] = {}
        self.history = LoadHistory()

    def begin(self) -> None:
        """Look, on the pool: a gateway that hangs must not hold up the worker."""
        self._pool.submit(self.look)

    def look(self) -> None:
        """Look once; a look that is under way already is enough."""
        if not self._busy.acquire(blocking=False):
            return
        try:
            rows = [row for row in self._core.db.read(_rows) if part(row.doc, "$state").get("live")]
            if not rows:
                self._loads.clear()
                return
            state = router.gateway_state(self._core.paths.root, self._core.paths.sockets)
            if state is not None:
                self.history.note(self._core.clock.now(), state)
                self._judge(rows, state)
        finally:
            self._busy.release()

    def _judge(self, rows: list[Row], state: Mapping[str, Any]) -> None:
        found = {
            (str(one["workspace"]), f"{one['endpoint']}/{one['deployment']}"): one
            for one in cast("list[dict[str, Any]]", state["deployments"])
        }
        self._loads = {key: load for key, load in self._loads.items() if key in found}
        for row in rows:
            seen = found.get((row.workspace, row.name))
            if seen is not None and row.state != "Failed" and not row.doc["$state"].get("deleting"):
                self._judge_one(row, seen)

    def _judge_one(self, row: Row, seen: Mapping[str, Any]) -> None:
        hanging = self._hanging(row, seen)
        scale = self._scale(row, seen)
        if not hanging and scale is None:
            return
        try:
            self._core.db.write(lambda tx: self._note(tx, row, hanging, scale))
        except Conflict:
            # Its turn moved it meanwhile: the next look is a second away.
            return

    def _hanging(self, row: Row, seen: Mapping[str, Any]) -> set[str]:
        late = {str(one["socket"]) for one in seen["links"] if float(one["overdue_s"]) > HANGS_AFTER_S}
        if not late:
            return set()
        replicas = [one for one in row.doc["$state"]["replicas"] if one["state"] == "ready" and not one.get("hangs")]
        return {one["launch"] for one in replicas if str(self._routes.socket(one["launch"])) in late}

    def _scale(self, row: Row, seen: Mapping[str, Any]) -> int | None:
        settings = part(row.doc, "scale_settings")
        if settings.get("type") != "target_utilization":
            return None
        load = self._loads.setdefault((row.workspace, row.name), Load())
        target = int(settings.get("target_utilization_percentage") or TARGET_PERCENT)
        now = wanted_instances(row)
        reading = reading_of(seen, self._core.clock.now())
        # What is scaled are instances: one works on as many requests as its replicas together.
        reading = replace(reading, capacity=reading.capacity * workers_of(row.doc))
        wanted = load.wanted(reading, target, scale_bounds(row), now)
        return wanted if wanted != now else None

    def _note(self, tx: Tx, row: Row, hanging: set[str], scale: int | None) -> None:
        state = row.doc["$state"]
        replicas = [{**one, "hangs": True} if one["launch"] in hanging else one for one in state["replicas"]]
        fresh = {**state, "replicas": replicas, **({"scale": scale} if scale is not None else {})}
        resources.put(tx, replace(row, doc={**row.doc, "$state": fresh}), expect_revision=row.revision)
        if scale is not None:
            data = {"from": wanted_instances(row), "to": scale}
            events.append(tx, row.workspace, "deployment", row.name, "scaled", "worker", data)
        queue.put(tx, Subject(row.workspace, "deployment", row.name), due_at=self._core.clock.now())


def reading_of(seen: Mapping[str, Any], at: float) -> Reading:
    """Return what matters of the gateway's words about one deployment."""
    links = cast("list[dict[str, Any]]", seen["links"])
    return Reading(
        at=at,
        latency_s=float(seen["latency_s"]),
        busy=sum(1 for one in links if one["outstanding"]),
        waiting=int(seen["waiting"]),
        capacity=max([int(one.get("capacity") or 1) for one in links] or [1]),
    )


def _rows(tx: Tx) -> list[Row]:
    return resources.all_of(tx, None, DEPLOYMENTS)
