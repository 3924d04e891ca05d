"""CRUD of every resource that is no job: data, environments, models, codes, components, computes, datastores.

Versioned assets are immutable but for their description, tags, properties and stage.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from bancada.domain.base import parse, to_stored
from bancada.domain.kinds import KINDS, Kind
from bancada.domain.references import AssetReference
from bancada.domain.shared import Asset
from bancada.domain.yaml_source import load_yaml
from bancada.engine.core import Core, Document
from bancada.engine.documents import iso_time
from bancada.engine.environments import curated_row
from bancada.engine.locations import Locations, find_version
from bancada.engine.models import ModelFiles
from bancada.errors import AlreadyExists, Conflict, Invalid, NotFound, Problem
from bancada.ids import content_hash
from bancada.store import events, jobs, registry, resources, workspaces
from bancada.store.database import Tx
from bancada.store.resources import Row

__all__ = ["Assets"]

MUTABLE = frozenset({"description", "tags", "properties", "stage", "display_name", "auto_delete_setting"})
# Kinds whose state a user watches.
PROVISIONED = frozenset({"computes", "online-endpoints", "online-deployments"})
# Set by the server, so no difference that a user made.
DERIVED = frozenset({"spec_version", "id", "creation_context", "latest_version", "provisioning_state", "version"})


class Assets:
    """What REST's generic routes call."""

    def __init__(self, core: Core, locations: Locations, models: ModelFiles) -> None:
        self._core = core
        self._locations = locations
        self._models = models

    def create(
        self,
        workspace: str,
        kind: str,
        doc: dict[str, Any],
        who: str,
        name: str | None = None,
        version: str | None = None,
    ) -> Document:
        """Create a resource, or change what may change. Without a version: the next one, if anything differs.

        Raises Invalid, NotFound (workspace, referenced thing), AlreadyExists (a version with other content).
        """
        table = KINDS[kind]
        given = {**doc, **({"name": name} if name else {}), **({"version": version} if version else {})}
        entity = parse(table.entity, given)
        self._require_name(workspace, kind, entity)
        body = to_stored(entity)
        if not body.get("name"):
            body["name"] = content_hash(body)[:32]
        body = self._settle_paths(workspace, kind, body)
        row = self._core.db.write(lambda tx: self._put(tx, workspace, table, body, who))
        return self.shown(row)

    def _require_name(self, workspace: str, kind: str, entity: Any) -> None:
        """Hold a new name to its rule; one that is there from before the rule may have further versions."""
        problem = entity.new_name_problem() if isinstance(entity, Asset) else None
        if problem and not self.versions(workspace, kind, str(entity.name)):
            raise Invalid.of([Problem("name", problem)])

    def _settle_paths(self, workspace: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        if kind == "data" and body.get("path"):
            kept = self._locations.keep(workspace, str(body["path"]))
            if not kept.startswith(("http://", "https://", "wasbs://")):
                _check_type(str(body.get("type")), self._locations.local_path(workspace, kept))
            return {**body, "path": kept}
        if kind == registry.KIND and body.get("path"):
            return self._models.resolve(workspace, body)
        if kind == "environments" and isinstance(body.get("conda_file"), str):
            return {**body, "conda_file": _conda_content(str(body["conda_file"]))}
        return body

    def _put(self, tx: Tx, workspace: str, table: Kind, body: dict[str, Any], who: str) -> Row:
        if workspaces.get(tx, workspace) is None:
            raise NotFound.of("workspace", workspace, existing=workspaces.names(tx))
        name = str(body["name"])
        if not table.is_versioned:
            return self._put_plain(tx, workspace, table, name, body, who)
        version = body.get("version")
        before = (
            resources.get(tx, workspace, table.key, name, str(version))
            if version
            else resources.latest(tx, workspace, table.key, name)
        )
        if before is not None and _same(before.doc, body):
            return self._touch(tx, before, body, who)
        if before is not None and version:
            taken = f"{table.label.capitalize()} `{name}` has a version {version} already, with other content."
            following = _next_version(tx, workspace, table.key, name)
            raise AlreadyExists(
                f"{taken} Versions do not change: create version {following}, or leave the version out.",
                kind=table.label,
                name=name,
                version=str(version),
            )
        body["version"] = str(version or _next_version(tx, workspace, table.key, name))
        return self._insert(tx, workspace, table, name, body, who)

    def _put_plain(self, tx: Tx, workspace: str, table: Kind, name: str, body: dict[str, Any], who: str) -> Row:
        before = resources.get(tx, workspace, table.key, name)
        if before is None:
            return self._insert(tx, workspace, table, name, body, who)
        events.append(tx, workspace, table.key, name, "updated", who, {})
        row = replace(before, doc=body, archived=False, updated_at=self._core.clock.now())
        return resources.put(tx, row, expect_revision=before.revision)

    def _touch(self, tx: Tx, before: Row, body: dict[str, Any], who: str) -> Row:
        changed = {key: body[key] for key in MUTABLE if key in body and body[key] != before.doc.get(key)}
        if not changed and not before.archived:
            return before
        events.append(tx, before.workspace, before.kind, before.name, "updated", who, {"fields": sorted(changed)})
        doc = {**before.doc, **changed}
        row = replace(before, doc=doc, archived=False, updated_at=self._core.clock.now())
        return resources.put(tx, row, expect_revision=before.revision)

    def _insert(self, tx: Tx, workspace: str, table: Kind, name: str, body: dict[str, Any], who: str) -> Row:
        now = self._core.clock.now()
        source = body.pop("$source", None)
        doc = {**body, "$by": who}
        row = Row(
            workspace=workspace,
            kind=table.key,
            name=name,
            version=str(body.get("version") or "") if table.is_versioned else "",
            doc=doc,
            state="Succeeded",
            revision=0,
            archived=False,
            created_at=now,
            updated_at=now,
        )
        if source is not None:
            self._models.adopt(tx, row, source)
        events.append(tx, workspace, table.key, name, "created", who, {"version": row.version})
        return resources.put(tx, row)

    def get(
        self, workspace: str, kind: str, name: str, version: str | None = None, label: str | None = None
    ) -> Document:
        """Return one resource; without version and label the latest. Raises NotFound naming what exists."""
        table = KINDS[kind]
        if not table.is_versioned:
            return self.shown(self._plain(workspace, table, name))
        reference = AssetReference(name, version, None if version else (label or "latest"))
        try:
            return self.shown(self._core.db.read(lambda tx: find_version(tx, workspace, kind, reference)))
        except NotFound:
            found = curated_row(name) if kind == "environments" else None
            if found is None:
                raise
            return Document(found, 1)

    def _plain(self, workspace: str, table: Kind, name: str) -> Row:
        row = self._core.db.read(lambda tx: resources.get(tx, workspace, table.key, name))
        if row is None:
            rows = self._core.db.read(lambda tx: resources.all_of(tx, workspace, table.key))
            raise NotFound.of(table.label, name, existing=[one.name for one in rows])
        return row

    def page(
        self,
        workspace: str,
        kind: str,
        *,
        name: str | None = None,
        archived: bool | None = False,
        limit: int = 100,
        cursor: str | None = None,
    ) -> tuple[list[Document], str | None]:
        """Return resources, newest first: the latest version of each name, or all versions of one."""

        def read(tx: Tx) -> tuple[list[Row], str | None]:
            if workspaces.get(tx, workspace) is None:
                raise NotFound.of("workspace", workspace, existing=workspaces.names(tx))
            return resources.page(tx, workspace, kind, name=name, archived=archived, limit=limit, cursor=cursor)

        rows, following = self._core.db.read(read)
        return [self.shown(row) for row in rows], following

    def versions(self, workspace: str, kind: str, name: str) -> list[str]:
        """Return the versions of a name, oldest first."""
        return self._core.db.read(lambda tx: resources.versions(tx, workspace, kind, name))

    def archive(self, workspace: str, kind: str, name: str, version: str | None, archived: bool, who: str) -> None:
        """Hide a version (or all of a name) from lists, or show it again."""

        def commit(tx: Tx) -> None:
            versions = [version] if version else resources.versions(tx, workspace, kind, name) or [""]
            for one in versions:
                row = resources.get(tx, workspace, kind, name, one)
                if row is None:
                    raise NotFound.of(KINDS[kind].label, name, version=one or None)
                resources.put(tx, replace(row, archived=archived), expect_revision=row.revision)
            events.append(tx, workspace, kind, name, "archived" if archived else "restored", who, {})

        self._core.db.write(commit)

    def delete(self, workspace: str, kind: str, name: str, who: str, version: str | None = None) -> None:
        """Delete a resource, or one version. Raises Conflict for a compute whose jobs still run."""
        table = KINDS[kind]
        self.get(workspace, kind, name, version)
        if kind == "computes":
            self._require_idle(workspace, name)

        def commit(tx: Tx) -> None:
            if kind == registry.KIND:
                _delete_models(tx, workspace, name, version)
            elif table.is_versioned:
                for one in [version] if version else resources.versions(tx, workspace, kind, name):
                    resources.delete(tx, workspace, kind, name, one)
            else:
                resources.delete(tx, workspace, kind, name)
            events.append(tx, workspace, kind, name, "deleted", who, {"version": version})

        self._core.db.write(commit)

    def _require_idle(self, workspace: str, name: str) -> None:
        rows = self._core.db.read(jobs.unfinished)
        using = [
            row.name
            for row in rows
            if row.workspace == workspace
            and str((row.spec or {}).get("compute") or "").removeprefix("azureml:") == name
        ]
        if using:
            raise Conflict(f"Compute `{name}` is in use by {', '.join(using[:5])}; cancel or wait.")

    def shown(self, row: Row) -> Document:
        """Return a row as users see it: without private keys, with id, version and creation context."""
        table = KINDS[row.kind]
        body = {key: value for key, value in row.doc.items() if not key.startswith("$") and key != "spec_version"}
        body["id"] = f"azureml:{row.name}:{row.version}" if table.is_versioned else f"azureml:{row.name}"
        body["name"] = row.name
        if table.is_versioned:
            body["version"] = row.version
            if row.archived:
                body["archived"] = True
        if row.kind in PROVISIONED:
            body["provisioning_state"] = row.state
        body["creation_context"] = {
            "created_at": iso_time(row.created_at),
            "created_by": str(row.doc.get("$by") or "owner"),
            "last_modified_at": iso_time(row.updated_at),
        }
        return Document(body, row.revision)


def _conda_content(text: str) -> Any:
    """Return what a conda file's text says, as a page sends it; the name of a file stays, to be refused by name."""
    if "\n" not in text.strip():
        return text
    document, _ = load_yaml(text)
    if not isinstance(document, dict):
        raise Invalid.of([Problem("conda_file", "expected a mapping with `dependencies`.")])
    return cast("dict[str, Any]", document)


def _check_type(kind: str, path: Path) -> None:
    if kind == "uri_file" and path.is_dir():
        raise Invalid.of([Problem("path", "is a folder, but the type is `uri_file`; use `uri_folder`.")])
    if kind == "uri_folder" and path.is_file():
        raise Invalid.of([Problem("path", "is a file, but the type is `uri_folder`; use `uri_file`.")])


def _next_version(tx: Tx, workspace: str, kind: str, name: str) -> str:
    # A model's deleted number is never given again: clients may still hold it.
    if kind == registry.KIND:
        return registry.new_version(tx, workspace, name)
    return resources.next_version(tx, workspace, kind, name)


def _delete_models(tx: Tx, workspace: str, name: str, version: str | None) -> None:
    if version is None:
        registry.delete_name(tx, workspace, name)
        return
    found = registry.find_version(tx, workspace, name, version)
    if found is not None:
        registry.delete_version(tx, workspace, found)


def _same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    ignored = MUTABLE | DERIVED

    def substance(doc: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in doc.items() if key not in ignored and not key.startswith("$")}

    return substance(before) == substance(after) and before.get("$digest") == after.get("$digest")
