"""Workspaces: the folder, the default datastores and computes, and deletion that frees the disk."""

from __future__ import annotations

import shutil
import time
from typing import Any

from bancada.domain.base import parse
from bancada.domain.datastore import DEFAULT_DATASTORE
from bancada.domain.workspace import Workspace
from bancada.engine.core import Core, Document
from bancada.engine.endpoints import request_delete
from bancada.engine.jobs import request_cancel
from bancada.errors import Conflict, NotFound
from bancada.store import events, jobs, resources, workspaces
from bancada.store.database import Tx
from bancada.store.resources import Row

__all__ = ["Workspaces"]

ARTIFACT_DATASTORE = "workspaceartifactstore"
# Deleting waits so long for running jobs to end.
DELETE_WAIT_S = 60.0


class Workspaces:
    """CRUD of workspaces."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def put(self, name: str, doc: dict[str, Any], who: str) -> Document:
        """Create a workspace or change its description and tags."""
        # The name is also a folder and a part of addresses, and comes from settings, too.
        parse(Workspace, {"name": name})

        def commit(tx: Tx) -> None:
            if workspaces.get(tx, name) is None:
                workspaces.create(tx, {**doc, "name": name})
                self._furnish(tx, name, who)
            else:
                workspaces.update(tx, name, {**doc, "name": name})
            events.append(tx, name, "workspace", name, "written", who, {})

        self._core.db.write(commit)
        for datastore in (DEFAULT_DATASTORE, ARTIFACT_DATASTORE):
            self._core.paths.datastore(name, datastore).mkdir(parents=True, exist_ok=True)
        return self.get(name)

    def _furnish(self, tx: Tx, name: str, who: str) -> None:
        now = self._core.clock.now()
        for datastore, container in (
            (DEFAULT_DATASTORE, "azureml-blobstore"),
            (ARTIFACT_DATASTORE, "azureml"),
        ):
            doc = {
                "name": datastore,
                "type": "azure_blob",
                "account_name": f"{name.lower()}storage",
                "container_name": container,
                "description": "Kept in the home of this platform.",
            }
            row = Row(workspace=name, kind="datastores", name=datastore, doc=doc, created_at=now, updated_at=now)
            resources.put(tx, row)

    def ensure(self, name: str) -> None:
        """Create the workspace when it is not there (the default one, at the first start)."""
        if self._core.db.read(lambda tx: workspaces.get(tx, name)) is None:
            self.put(name, {}, "system")

    def get(self, name: str) -> Document:
        """Return one workspace. Raises NotFound, naming those that exist."""

        def read(tx: Tx) -> Document:
            found = workspaces.get(tx, name)
            if found is None:
                raise NotFound.of("workspace", name, existing=workspaces.names(tx))
            return self._shown(found, workspaces.revision(tx, name))

        return self._core.db.read(read)

    def list(self) -> list[Document]:
        """Return all workspaces by name."""
        return [self._shown(one, 0) for one in self._core.db.read(workspaces.list_)]

    def _shown(self, doc: dict[str, Any], revision: int) -> Document:
        name = str(doc["name"])
        body = {
            **doc,
            "id": name,
            "display_name": doc.get("display_name") or name,
            "mlflow_tracking_uri": self._core.addresses.tracking(name),
            "storage_account": f"{name.lower()}storage",
        }
        return Document(body, revision)

    def delete(self, name: str, who: str) -> None:
        """End everything in the workspace, delete its rows and its folder.

        Raises Conflict when jobs or deployments do not end in time; calling again goes on.
        """
        self.get(name)
        deadline = time.monotonic() + DELETE_WAIT_S
        while True:
            self._end_work(name, who, deadline)
            if self._core.db.write(lambda tx: _delete_if_idle(tx, name)):
                break
        self._core.changes.announce()
        self._core.artifacts.delete_workspace(name)
        shutil.rmtree(self._core.paths.workspace(name), ignore_errors=True)
        for folder in (self._core.paths.root / "work", self._core.paths.launches):
            for one in folder.glob(f"{name}.*"):
                shutil.rmtree(one, ignore_errors=True)

    def _end_work(self, name: str, who: str, deadline: float) -> None:
        self._core.db.write(lambda tx: self._cancel_all(tx, name, who))
        while True:
            mark = self._core.changes.mark
            left = self._core.db.read(lambda tx: _unfinished(tx, name))
            replicas = self._core.db.read(lambda tx: resources.all_of(tx, name, "online-deployments"))
            if not left and not replicas:
                return
            if time.monotonic() > deadline:
                names = ", ".join(left[:5] or [row.name for row in replicas[:5]])
                raise Conflict(f"Workspace `{name}` still has work that does not end: {names}. Try again in a minute.")
            self._core.changes.wait(mark, 0.5)

    def _cancel_all(self, tx: Tx, name: str, who: str) -> None:
        for row in jobs.unfinished(tx):
            if row.workspace == name:
                request_cancel(tx, row, who, self._core.clock.now())
        for row in resources.all_of(tx, name, "online-deployments"):
            request_delete(tx, row, who, self._core.clock.now())


def _unfinished(tx: Tx, name: str) -> list[str]:
    return [row.name for row in jobs.unfinished(tx) if row.workspace == name]


def _delete_if_idle(tx: Tx, name: str) -> bool:
    # Asked in the same transaction: a job that came after the others had ended must not run on without its row.
    if _unfinished(tx, name) or resources.all_of(tx, name, "online-deployments"):
        return False
    workspaces.delete(tx, name)
    return True
