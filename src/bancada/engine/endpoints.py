"""Online endpoints as faces see them: their shares of traffic, and their keys. For deployments see `deployments`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bancada import ids
from bancada.domain.base import parse
from bancada.domain.endpoint import ManagedOnlineEndpoint
from bancada.engine.assets import Assets
from bancada.engine.core import Core, Document
from bancada.engine.deployment_rows import DEPLOYMENTS, ENDPOINTS, keys_name
from bancada.engine.documents import part
from bancada.engine.routes import Routes
from bancada.errors import Conflict, Invalid, NotFound, Problem
from bancada.store import events, queue, resources, secrets, workspaces
from bancada.store.database import Tx
from bancada.store.queue import Subject
from bancada.store.resources import Row

__all__ = ["Endpoints", "await_gone", "deployments_of", "find_endpoint", "request_delete"]

# Deleting waits so long for replicas to end.
DELETE_WAIT_S = 30.0


class Endpoints:
    """CRUD of endpoints, and keys."""

    def __init__(self, core: Core, assets: Assets, routes: Routes) -> None:
        self._core = core
        self._assets = assets
        self._routes = routes

    def put_endpoint(self, workspace: str, name: str, doc: dict[str, Any], who: str) -> Document:
        """Create an endpoint, or change its traffic, description and tags.

        Raises Invalid when traffic names a deployment that does not exist or is not ready.
        """
        entity: ManagedOnlineEndpoint = parse(ManagedOnlineEndpoint, {**doc, "name": name})
        body = entity.document(read_only=False)
        row = self._core.db.write(lambda tx: self._write_endpoint(tx, workspace, name, body, who))
        self._routes.publish()
        return self._shown_endpoint(row)

    def _write_endpoint(self, tx: Tx, workspace: str, name: str, body: dict[str, Any], who: str) -> Row:
        if workspaces.get(tx, workspace) is None:
            raise NotFound.of("workspace", workspace, existing=workspaces.names(tx))
        before = resources.get(tx, workspace, ENDPOINTS, name)
        for shares in ("traffic", "mirror_traffic"):
            # Who writes an endpoint again without a word about traffic does not mean to cut it off; 0 does.
            if before is not None and not body.get(shares):
                body[shares] = part(before.doc, shares)
        # A mirror that was only kept ends where its deployment gets live traffic: the gateway could not serve both.
        live = part(body, "traffic")
        if before is not None and part(body, "mirror_traffic") == part(before.doc, "mirror_traffic"):
            kept = part(body, "mirror_traffic")
            body["mirror_traffic"] = {one: share for one, share in kept.items() if not live.get(one)}
        self._check_shares(tx, workspace, name, body)
        now = self._core.clock.now()
        if before is None:
            keys = json.dumps([ids.new_key(), ids.new_key()])
            secrets.put(tx, workspace, keys_name(name), keys)
            row = Row(
                workspace=workspace,
                kind=ENDPOINTS,
                name=name,
                version="",
                doc={**body, "$by": who},
                state="Succeeded",
                revision=0,
                archived=False,
                created_at=now,
                updated_at=now,
            )
            events.append(tx, workspace, "endpoint", name, "created", who, {})
            return resources.put(tx, row)
        events.append(tx, workspace, "endpoint", name, "updated", who, {"traffic": part(body, "traffic")})
        doc = {**body, "$by": before.doc.get("$by")}
        return resources.put(tx, replace(before, doc=doc, updated_at=now), expect_revision=before.revision)

    def _check_shares(self, tx: Tx, workspace: str, name: str, body: dict[str, Any]) -> None:
        there = {row.name.partition("/")[2]: row for row in deployments_of(tx, workspace, name)}
        problems: list[Problem] = []
        for field in ("traffic", "mirror_traffic"):
            for deployment, share in part(body, field).items():
                row = there.get(deployment)
                if row is None:
                    known = ", ".join(f"`{one}`" for one in there) or "none yet"
                    text = f"endpoint `{name}` has no such deployment (it has: {known})."
                    problems.append(Problem(f"{field}.{deployment}", text))
                elif share and not row.doc["$state"]["live"]:
                    text = f"the deployment is {row.state}; traffic goes only to one that Succeeded."
                    problems.append(Problem(f"{field}.{deployment}", text))
        if problems:
            raise Invalid.of(problems)

    def get_endpoint(self, workspace: str, name: str) -> Document:
        """Return one endpoint."""
        return self._shown_endpoint(self._core.db.read(lambda tx: find_endpoint(tx, workspace, name)))

    def page_endpoints(
        self, workspace: str, *, limit: int = 100, cursor: str | None = None
    ) -> tuple[list[Document], str | None]:
        """Return endpoints, newest first."""
        rows, following = self._core.db.read(
            lambda tx: resources.page(tx, workspace, ENDPOINTS, limit=limit, cursor=cursor)
        )
        return [self._shown_endpoint(row) for row in rows], following

    def _shown_endpoint(self, row: Row) -> Document:
        found = self._assets.shown(row)
        scoring = self._core.addresses.scoring(row.workspace, row.name)
        body: dict[str, Any] = {
            "auth_mode": "key",
            "traffic": {},
            **found.body,
            "kind": "Managed",
            "scoring_uri": scoring,
            "openapi_uri": scoring.removesuffix("score") + "swagger.json",
        }
        return Document(body, found.revision)

    def delete_endpoint(self, workspace: str, name: str, who: str) -> None:
        """Delete an endpoint with its deployments; returns when nothing of it runs any more."""

        def begin(tx: Tx) -> None:
            find_endpoint(tx, workspace, name)
            for row in deployments_of(tx, workspace, name):
                request_delete(tx, row, who, self._core.clock.now())

        self._core.db.write(begin)
        await_gone(self._core, lambda tx: deployments_of(tx, workspace, name), f"endpoint `{name}`")

        def end(tx: Tx) -> None:
            if deployments_of(tx, workspace, name):
                raise Conflict(f"Endpoint `{name}` got a new deployment while it was deleted; delete it again.")
            resources.delete(tx, workspace, ENDPOINTS, name)
            secrets.delete(tx, workspace, keys_name(name))
            events.append(tx, workspace, "endpoint", name, "deleted", who, {})

        self._core.db.write(end)
        self._routes.publish()

    def keys(self, workspace: str, name: str) -> dict[str, str]:
        """Return both keys of an endpoint."""

        def read(tx: Tx) -> list[str]:
            find_endpoint(tx, workspace, name)
            return json.loads(secrets.get(tx, workspace, keys_name(name)) or '["", ""]')

        primary, secondary = self._core.db.read(read)
        return {"primaryKey": primary, "secondaryKey": secondary}

    def regenerate_keys(self, workspace: str, name: str, key_type: str, who: str) -> dict[str, str]:
        """Replace one key; the other goes on working, so that clients can move over."""
        if key_type.lower() not in ("primary", "secondary"):
            raise Invalid.of([Problem("key_type", f"`{key_type}` is neither `primary` nor `secondary`.")])

        def commit(tx: Tx) -> None:
            find_endpoint(tx, workspace, name)
            keys: list[str] = json.loads(secrets.get(tx, workspace, keys_name(name)) or '["", ""]')
            keys[0 if key_type.lower() == "primary" else 1] = ids.new_key()
            secrets.put(tx, workspace, keys_name(name), json.dumps(keys))
            events.append(tx, workspace, "endpoint", name, "key regenerated", who, {"key_type": key_type.lower()})

        self._core.db.write(commit)
        self._routes.publish()
        return self.keys(workspace, name)


def find_endpoint(tx: Tx, workspace: str, name: str) -> Row:
    """Return an endpoint's row. Raises NotFound."""
    row = resources.get(tx, workspace, ENDPOINTS, name)
    if row is None:
        existing = [one.name for one in resources.all_of(tx, workspace, ENDPOINTS)]
        raise NotFound.of("endpoint", name, existing=existing)
    return row


def deployments_of(tx: Tx, workspace: str, endpoint: str) -> list[Row]:
    """Return the rows of an endpoint's deployments."""
    rows = resources.all_of(tx, workspace, DEPLOYMENTS)
    return [row for row in rows if row.name.partition("/")[0] == endpoint]


def await_gone(core: Core, left: Callable[[Tx], object], what: str) -> None:
    """Wait until nothing is left of what is being deleted. Raises Conflict when that takes too long."""
    deadline = time.monotonic() + DELETE_WAIT_S
    while True:
        mark = core.changes.mark
        if not core.db.read(left):
            return
        if time.monotonic() > deadline:
            raise Conflict(f"The replicas of {what} do not end; delete it again in a minute.")
        core.changes.wait(mark, 0.5)


def request_delete(tx: Tx, row: Row, who: str, now: float) -> None:
    """Mark a deployment as going and make it due."""
    state = {**row.doc["$state"], "deleting": True}
    resources.put(tx, replace(row, doc={**row.doc, "$state": state}), expect_revision=row.revision)
    events.append(tx, row.workspace, "deployment", row.name, "Deleting", who, {})
    queue.put(tx, Subject(row.workspace, "deployment", row.name), due_at=now)
