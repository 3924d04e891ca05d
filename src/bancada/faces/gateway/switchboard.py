"""The table in force with what is alive behind it: who may call, which deployment gets a request."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from time import monotonic
from typing import Any

from bancada.faces.gateway.answers import Refusal, refuse
from bancada.faces.gateway.balance import Exchange, Nobody, Pool, Sink, TrafficDeck
from bancada.faces.gateway.collecting import Collecting
from bancada.faces.gateway.metrics import prometheus_text
from bancada.faces.gateway.table import EndpointRoute, RoutingTable, is_authorized

__all__ = ["LiveEndpoint", "Switchboard", "Target"]

# What may follow an endpoint's address, and the path that the replica is asked for.
_INNER = ("/score", "/swagger.json")


class LiveEndpoint:
    """One endpoint of the table in force, with its deck of cards and its deployments' pools."""

    def __init__(self, route: EndpointRoute, pools: dict[str, Pool]) -> None:
        self.route = route
        self.pools = pools
        self.deck = TrafficDeck(route.traffic)
        self.mirrors = tuple(route.mirror.items())


class Target:
    """What an address stands for."""

    __slots__ = ("endpoint", "path")

    def __init__(self, endpoint: LiveEndpoint, path: str) -> None:
        self.endpoint = endpoint
        self.path = path


class Switchboard:
    """Finds the target of an address and hands requests to pools. A table changes in one turn of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.table = RoutingTable()
        self.refused: Counter[int] = Counter()
        self.collecting = Collecting()
        self._targets: dict[bytes, Target] = {}
        self._pools: dict[tuple[str, str], Pool] = {}
        self._nobody = Nobody()

    def apply(self, table: RoutingTable) -> list[asyncio.Future[None]]:
        """Put a table in force; return what becomes done when its new replicas were tried for the first time.

        A request that is on its way keeps the replica that it was sent to.
        """
        fresh: list[asyncio.Future[None]] = []
        pools: dict[tuple[str, str], Pool] = {}
        targets: dict[bytes, Target] = {}
        for address, endpoint in table.endpoints.items():
            inside = {name: self._pool(endpoint, name, pools, fresh) for name in endpoint.deployments}
            live = LiveEndpoint(endpoint, inside)
            for path in _INNER:
                targets[f"/endpoints/{address}{path}".encode()] = Target(live, path)
        for key, pool in self._pools.items():
            if key not in pools:
                pool.close()
        self.table, self._pools, self._targets = table, pools, targets
        return fresh

    def _pool(
        self,
        endpoint: EndpointRoute,
        name: str,
        pools: dict[tuple[str, str], Pool],
        fresh: list[asyncio.Future[None]],
    ) -> Pool:
        key, route = (endpoint.address, name), endpoint.deployments[name]
        pool = self._pools.get(key)
        if pool is None:
            names = {"workspace": endpoint.workspace, "endpoint": endpoint.name, "deployment": name}
            pool = Pool(route, names, self.loop, collecting=self.collecting)
            fresh.extend(link.settled for link in pool.links.values())
        else:
            fresh.extend(link.settled for link in pool.update(route))
        pools[key] = pool
        return pool

    def find(self, path: bytes) -> Target | Refusal:
        """Return the target of an address; else a refusal that says what is wrong with it."""
        target = self._targets.get(path)
        if target is not None:
            return target
        shown = path.decode("latin-1")
        parts = shown.split("/")
        if len(parts) == 5 and parts[1] == "endpoints" and f"/{parts[4]}" in _INNER:
            return refuse("EndpointNotFound", {"workspace": parts[2], "endpoint": parts[3]})
        return refuse("NotFound", {"path": shown[:200]})

    def admit(self, target: Target, authorization: bytes | None) -> Refusal | None:
        """Return a refusal when the key is not one of the endpoint's."""
        route = target.endpoint.route
        if is_authorized(authorization, route.keys):
            return None
        return refuse("Unauthorized", {"endpoint": route.name})

    def submit(
        self, target: Target, wanted: str, fields: dict[str, Any], body: bytes, sink: Sink
    ) -> Exchange | Refusal:
        """Hand a request to the deployment that its header names, else to one by the traffic rule."""
        live = target.endpoint
        name = wanted or live.deck.draw()
        pool = live.pools.get(name) if name else None
        if pool is None:
            existing = ", ".join(sorted(live.pools)) or "none"
            code = "DeploymentNotFound" if wanted else "NoTraffic"
            facts = {"endpoint": live.route.name, "deployment": wanted[:100], "existing": existing}
            return refuse(code, facts)
        exchange = pool.submit(fields, body, sink)
        if live.mirrors and not wanted:
            self._mirror(live, fields, body)
        return exchange

    def _mirror(self, live: LiveEndpoint, fields: dict[str, Any], body: bytes) -> None:
        for name, share in live.mirrors:
            if random.random() * 100 < share:
                pool = live.pools[name]
                if isinstance(pool.submit(fields, body, self._nobody), Exchange):
                    pool.metrics.mirrored += 1

    def metrics_text(self) -> str:
        """Return the text for /metrics."""
        rows = [(pool.names, pool.metrics, _gauges(pool)) for pool in self._pools.values()]
        return prometheus_text(rows, self.refused)

    def document(self) -> dict[str, Any]:
        """Return the state of every deployment as JSON values, for the server."""
        return {
            "version": self.table.version,
            "collected": {"written": self.collecting.written, "dropped": self.collecting.dropped},
            "deployments": [
                {**pool.names, **_gauges(pool), **pool.metrics.document(), "links": _links(pool)}
                for pool in self._pools.values()
            ],
        }

    @property
    def in_flight(self) -> int:
        """How many requests are waiting or being scored."""
        return sum(pool.in_flight for pool in self._pools.values())

    def close(self) -> None:
        """Hang up on every replica, and write what was collected."""
        self.collecting.close()
        for pool in self._pools.values():
            for link in pool.links.values():
                link.close()


def _gauges(pool: Pool) -> dict[str, int]:
    return {"in_flight": pool.in_flight, "waiting": len(pool.waiting), "replicas": pool.usable}


def _links(pool: Pool) -> list[dict[str, Any]]:
    """Each replica with what it works on. `overdue_s` above 0: it did not come back from a timeout."""
    now = monotonic()
    return [
        {
            "socket": link.path,
            "usable": link.usable,
            "outstanding": len(link.outstanding),
            "capacity": link.capacity,
            "overdue_s": round(max([now - one.deadline for one in link.outstanding.values()] or [0.0]), 3),
        }
        for link in pool.links.values()
    ]
