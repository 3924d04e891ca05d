"""Operations on registered models: names with tags, description and newest versions. Versions are in `versions.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bancada.engine.tracking import limits
from bancada.engine.tracking.access import require_owner
from bancada.engine.tracking.lookup import (
    IMPLIED_TAGS,
    STAGES,
    NameDocument,
    all_with_latest,
    name_document,
    name_of,
    stage_of,
    version_of,
)
from bancada.engine.tracking.operation import Caller, Operation, Page
from bancada.ids import Clock
from bancada.store import events, filters, registry, search
from bancada.store.database import Tx
from bancada.store.registry import ModelVersion

__all__ = ["Registry"]

SEARCH_DEFAULT, SEARCH_MOST = 100, 1000


class Registry:
    """What the protocol does to registered models."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def create(
        self, caller: Caller, name: str, *, description: str = "", tags: Mapping[str, str] | None = None
    ) -> Operation[NameDocument]:
        """Register a name. Raises AlreadyExists."""
        limits.check_model_name(name)
        for key, value in (tags or {}).items():
            limits.check_registry_tag(key, value)
        now = self._clock.now()

        def act(tx: Tx) -> NameDocument:
            who = caller.principal.name
            registry.create_name(tx, caller.workspace, name, description=description, user_name=who, tags=tags, now=now)
            return name_document(tx, caller, name)

        return Operation(act)

    def get(self, caller: Caller, name: str) -> Operation[NameDocument]:
        """Give a registered model. Raises NotFound."""
        limits.check_model_name(name)
        return Operation(lambda tx: name_document(tx, caller, name), "look")

    def describe(self, caller: Caller, name: str, description: str) -> Operation[NameDocument]:
        """Change the description of a name."""
        now = self._clock.now()

        def act(tx: Tx) -> NameDocument:
            registry.describe(tx, caller.workspace, name_of(tx, caller, name), description, now=now)
            return name_document(tx, caller, name)

        return Operation(act)

    def rename(self, caller: Caller, name: str, new_name: str) -> Operation[NameDocument]:
        """Rename a registered model with its versions. Raises AlreadyExists."""
        require_owner(caller, "rename registered models")
        limits.check_model_name(new_name, "new_name")
        now = self._clock.now()

        def act(tx: Tx) -> NameDocument:
            registry.rename(tx, caller.workspace, name_of(tx, caller, name), new_name, now=now)
            who = caller.principal.name
            events.append(tx, caller.workspace, registry.KIND, new_name, "renamed", who, {"from": name})
            return name_document(tx, caller, new_name)

        return Operation(act)

    def delete(self, caller: Caller, name: str) -> Operation[None]:
        """Delete a registered model with its versions."""
        require_owner(caller, "delete registered models")

        def act(tx: Tx) -> None:
            registry.delete_name(tx, caller.workspace, name_of(tx, caller, name).name)
            events.append(tx, caller.workspace, registry.KIND, name, "deleted", caller.principal.name)

        return Operation(act)

    def search(
        self,
        caller: Caller,
        *,
        filter_text: str = "",
        order_by: Sequence[str] = (),
        max_results: float | None = None,
        token: str | None = None,
    ) -> Operation[Page[NameDocument]]:
        """Give the registered models that match a filter, by name unless ordered otherwise."""
        clauses = filters.parse_filter(filter_text, "registered_models")
        orders = filters.parse_orders(order_by, "registered_models")
        limit = limits.page_size(max_results, default=SEARCH_DEFAULT, most=SEARCH_MOST)

        def act(tx: Tx) -> Page[NameDocument]:
            page = search.registered_models(
                tx, caller.workspace, clauses, orders, missing_tags=IMPLIED_TAGS, limit=limit, token=token
            )
            found = registry.names(tx, caller.workspace, page.names)
            return Page(all_with_latest(tx, caller, found), page.next_token)

        return Operation(act, "scan")

    def set_tag(self, caller: Caller, name: str, key: str, value: str) -> Operation[None]:
        """Set a tag of a name; the last value wins."""
        limits.check_registry_tag(key, value)
        return Operation(lambda tx: registry.set_tag(tx, caller.workspace, name_of(tx, caller, name).name, key, value))

    def delete_tag(self, caller: Caller, name: str, key: str) -> Operation[None]:
        """Delete a tag of a name; one that is not there is no error, as in MLflow."""
        return Operation(lambda tx: registry.delete_tag(tx, caller.workspace, name_of(tx, caller, name).name, key))

    def latest(self, caller: Caller, name: str, stages: Sequence[str]) -> Operation[list[ModelVersion]]:
        """Give the newest version of each stage, or of the given ones."""
        wanted = {stage_of(one) for one in stages} or set(STAGES)

        def act(tx: Tx) -> list[ModelVersion]:
            return [one for one in name_document(tx, caller, name).latest if one.stage in wanted]

        return Operation(act, "look")

    def set_alias(self, caller: Caller, name: str, alias: str, version: str) -> Operation[None]:
        """Point an alias at a version. Raises NotFound for either."""
        limits.check_alias(alias)

        def act(tx: Tx) -> None:
            registry.set_alias(tx, caller.workspace, name, alias, version_of(tx, caller, name, version).version)

        return Operation(act)

    def delete_alias(self, caller: Caller, name: str, alias: str) -> Operation[None]:
        """Delete an alias; one that is not there is no error, as in MLflow."""
        return Operation(lambda tx: registry.delete_alias(tx, caller.workspace, name_of(tx, caller, name).name, alias))
