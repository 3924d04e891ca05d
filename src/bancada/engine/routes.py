"""What the gateway is told: all endpoints of all workspaces, as one table made of the database."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from pathlib import Path
from typing import Any

from bancada.engine import router
from bancada.engine.collection import payload_collection
from bancada.engine.core import Core
from bancada.engine.deployment_rows import DEPLOYMENTS, ENDPOINTS, keys_name, wanted_instances
from bancada.engine.documents import part
from bancada.errors import Invalid
from bancada.ids import token_hash
from bancada.store import resources, secrets
from bancada.store.database import Tx
from bancada.store.resources import Row

__all__ = ["Routes"]

logger = logging.getLogger(__name__)


class Routes:
    """Publishes what the gateway needs to know: all endpoints of all workspaces, as one immutable table."""

    def __init__(self, core: Core) -> None:
        self._core = core
        # Two turns must not publish an older picture over a newer one.
        self._lock = threading.Lock()
        # What the gateway said that it serves by; None when it did not say so.
        self._in_force: dict[str, Any] | None = None

    def publish(self) -> None:
        """Write the table that the database describes now, and wait (bounded) until the gateway serves by it."""
        with self._lock:
            table = self._core.db.read(self._table)
            if table == self._in_force:
                return
            self._in_force = None
            if router.publish(self._core.paths.root, self._core.paths.sockets, table):
                self._in_force = table

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
            instance_count=max(1, wanted_instances(row)),
            collect=payload_collection(self._core, row),
        )

    def socket(self, launch: str) -> Path:
        """Return where a replica listens: a short name, because socket paths are short."""
        return self._core.paths.sockets / f"r-{hashlib.sha256(launch.encode()).hexdigest()[:16]}.sock"


def _is_sound(address: str, routes: router.EndpointRoutes) -> bool:
    """Tell whether an endpoint can be published; one that cannot must not take the others with it."""
    try:
        router.build_table({address: routes})
    except Invalid as error:
        logger.error("endpoint %s is left out of the gateway's table: %s", address, error.message)
        return False
    return True
