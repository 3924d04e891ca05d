"""Operations on versions of registered models. A version is a model of ours: the same row, the same files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bancada.engine.tracking import limits, sources
from bancada.engine.tracking.access import require_owner
from bancada.engine.tracking.lookup import (
    by_alias,
    name_of,
    ordered,
    page_of,
    run_id_of,
    source_of,
    stage_of,
    tag_value,
    version_of,
)
from bancada.engine.tracking.operation import Caller, Operation, Page
from bancada.engine.tracking.sources import NewVersion
from bancada.errors import Invalid, NotFound
from bancada.ids import Clock
from bancada.store import events, filters, registry, resources, trees
from bancada.store.database import Tx
from bancada.store.filters import Clause, Order
from bancada.store.registry import ModelVersion

__all__ = ["Versions"]

SEARCH_DEFAULT, SEARCH_MOST = 10_000, 200_000
ACTIVE_STAGES = ("Staging", "Production")


class Versions:
    """What the protocol does to versions of registered models."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def create(self, caller: Caller, new: NewVersion) -> Operation[ModelVersion]:
        """Register a version: its files are copied into the model's own tree (rows only, no bytes).

        Raises NotFound for the name, Invalid for a source on the client's own disk.
        """
        limits.check_model_name(new.name)
        for key, value in new.tags.items():
            limits.check_registry_tag(key, value)
        sources.check_source(new.source)
        now = self._clock.now()

        def act(tx: Tx) -> ModelVersion:
            registry.touch(tx, caller.workspace, name_of(tx, caller, new.name), now=now)
            version = registry.new_version(tx, caller.workspace, new.name)
            source = sources.resolve(tx, caller, new)
            doc = sources.model_document(tx, caller, new, version, source)
            row = resources.Row(caller.workspace, registry.KIND, new.name, version, doc, created_at=now, updated_at=now)
            resources.put(tx, row, expect_revision=0)
            if source.root:
                to_root = registry.artifact_root(new.name, version)
                trees.copy_tree(tx, caller.workspace, source.root, source.prefix, to_root)
            sources.note_registration(tx, caller, doc)
            who = caller.principal.name
            events.append(tx, caller.workspace, registry.KIND, new.name, "created", who, {"version": version})
            return version_of(tx, caller, new.name, version)

        return Operation(act)

    def get(self, caller: Caller, name: str, version: str) -> Operation[ModelVersion]:
        """Give a version. Raises NotFound."""
        return Operation(lambda tx: version_of(tx, caller, name, version), "look")

    def by_alias(self, caller: Caller, name: str, alias: str) -> Operation[ModelVersion]:
        """Give the version that an alias points at; `latest` is the newest."""
        return Operation(lambda tx: by_alias(tx, caller, name, alias), "look")

    def describe(self, caller: Caller, name: str, version: str, description: str) -> Operation[ModelVersion]:
        """Change a version's description."""
        return self._change(caller, name, version, lambda doc: {**doc, "description": description})

    def set_tag(self, caller: Caller, name: str, version: str, key: str, value: str) -> Operation[ModelVersion]:
        """Set a tag of a version; the last value wins."""
        limits.check_registry_tag(key, value)
        return self._change(caller, name, version, lambda doc: {**doc, "tags": {**(doc.get("tags") or {}), key: value}})

    def delete_tag(self, caller: Caller, name: str, version: str, key: str) -> Operation[ModelVersion]:
        """Delete a tag of a version; one that is not there is no error, as in MLflow."""

        def without(doc: dict[str, Any]) -> dict[str, Any]:
            tags: dict[str, Any] = doc.get("tags") or {}
            return {**doc, "tags": {one: value for one, value in tags.items() if one != key}}

        return self._change(caller, name, version, without)

    def _change(
        self, caller: Caller, name: str, version: str, change: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> Operation[ModelVersion]:
        now = self._clock.now()

        def act(tx: Tx) -> ModelVersion:
            _save(tx, caller, version_of(tx, caller, name, version), change, now)
            return version_of(tx, caller, name, version)

        return Operation(act)

    def move(
        self, caller: Caller, name: str, version: str, stage: str, *, archive_others: bool
    ) -> Operation[ModelVersion]:
        """Give a version a stage; with `archive_others` the versions that had it go to Archived."""
        wanted = stage_of(stage)
        if archive_others and wanted not in ACTIVE_STAGES:
            raise Invalid(
                "Model version transition cannot archive existing model versions because"
                f" '{stage}' is not an Active stage. Valid stages are {list(ACTIVE_STAGES)}"
            )
        now = self._clock.now()

        def act(tx: Tx) -> ModelVersion:
            one = version_of(tx, caller, name, version)
            others = registry.versions(tx, caller.workspace, name) if archive_others else []
            for other in others:
                if other.stage == wanted and other.version != version:
                    _save(tx, caller, other, lambda doc: {**doc, "stage": "Archived"}, now)
            _save(tx, caller, one, lambda doc: {**doc, "stage": wanted}, now)
            return version_of(tx, caller, name, version)

        return Operation(act)

    def delete(self, caller: Caller, name: str, version: str) -> Operation[None]:
        """Delete a version; its number is never given again."""
        require_owner(caller, "delete versions of registered models")

        def act(tx: Tx) -> None:
            registry.delete_version(tx, caller.workspace, version_of(tx, caller, name, version))
            who = caller.principal.name
            events.append(tx, caller.workspace, registry.KIND, name, "deleted", who, {"version": version})

        return Operation(act)

    def search(
        self,
        caller: Caller,
        *,
        filter_text: str = "",
        order_by: Sequence[str] = (),
        max_results: float | None = None,
        token: str | None = None,
    ) -> Operation[Page[ModelVersion]]:
        """Give the versions that match a filter; last changed first unless ordered otherwise."""
        clauses = filters.parse_filter(filter_text, "model_versions")
        orders = filters.parse_orders(order_by, "model_versions")
        limit = limits.page_size(max_results, default=SEARCH_DEFAULT, most=SEARCH_MOST)
        named = next((str(one.value) for one in clauses if one.key == "name" and one.operator == "="), None)

        def act(tx: Tx) -> Page[ModelVersion]:
            found = [
                one
                for one in registry.versions(tx, caller.workspace, named)
                if all(filters.holds(clause, _version_value(one, clause)) for clause in clauses)
            ]
            by_default = [] if orders else [Order("attribute", "last_updated_timestamp", ascending=False)]
            return page_of(ordered(found, [*orders, *by_default], _VERSION_ORDER), limit, token)

        return Operation(act, "scan")


def _save(
    tx: Tx, caller: Caller, version: ModelVersion, change: Callable[[dict[str, Any]], dict[str, Any]], now: float
) -> None:
    row = resources.get(tx, caller.workspace, registry.KIND, version.name, version.version)
    if row is None:
        raise NotFound(f"Model Version (name={version.name}, version={version.version}) not found")
    resources.put(tx, replace(row, doc=change(row.doc), updated_at=now), expect_revision=row.revision)
    who = caller.principal.name
    events.append(tx, caller.workspace, registry.KIND, row.name, "updated", who, {"version": row.version})


def _version_value(one: ModelVersion, clause: Clause) -> str | float | None:
    if clause.entity == "tag":
        return tag_value(one.tags, clause.key)
    values: Mapping[str, str | float | None] = {
        "name": one.name,
        "run_id": run_id_of(one),
        "source_path": source_of(one),
        "version_number": one.number,
    }
    return values[clause.key]


_VERSION_ORDER: Mapping[str, Callable[[ModelVersion], Any]] = {
    "name": lambda one: one.name,
    "version_number": lambda one: one.number,
    "creation_timestamp": lambda one: one.created_at,
    "last_updated_timestamp": lambda one: one.updated_at,
}
