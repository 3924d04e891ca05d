"""What the registry's operations share: finding names and versions, ordering and paging versions in memory.

Versions are few (thousands, where runs are hundreds of thousands), so their searches are decided here and not in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bancada.engine.tracking.files import version_uri
from bancada.engine.tracking.operation import Caller, Page
from bancada.errors import Invalid, NotFound
from bancada.store import registry
from bancada.store.database import Tx
from bancada.store.filters import Order
from bancada.store.mapping import cursor_from_text, cursor_to_text
from bancada.store.registry import NO_STAGE, ModelName, ModelVersion

__all__ = [
    "IMPLIED_TAGS",
    "PRIVATE",
    "PROMPT_TAG",
    "STAGES",
    "NameDocument",
    "all_with_latest",
    "by_alias",
    "download_uri",
    "model_id_of",
    "name_document",
    "name_of",
    "ordered",
    "page_of",
    "private",
    "run_id_of",
    "run_link_of",
    "source_of",
    "stage_of",
    "tag_value",
    "version_of",
    "with_latest",
]

STAGES = (NO_STAGE, "Staging", "Production", "Archived")
# Beside the fields of a Model, what only MLflow's protocol shows of a version that came through it.
PRIVATE = "$mlflow"
# Clients add "is no prompt" to each search of theirs; what has no such tag is none.
PROMPT_TAG = "mlflow.prompt.is_prompt"
IMPLIED_TAGS: Mapping[str, str] = {PROMPT_TAG: "false"}
T = TypeVar("T")


@dataclass(frozen=True)
class NameDocument:
    """A registered model with its newest version of each stage."""

    name: ModelName
    latest: Sequence[ModelVersion] = ()


def private(version: ModelVersion) -> Mapping[str, Any]:
    """Return what only MLflow's protocol shows of a version."""
    return version.doc.get(PRIVATE) or {}


def source_of(version: ModelVersion) -> str:
    """Return where a version came from, as the client said; for models of the SDK, where it is."""
    return str(private(version).get("source") or version_uri(version.name, version.version))


def run_id_of(version: ModelVersion) -> str:
    """Return the run that made a version; '' when none is known."""
    return str(version.doc.get("job_name") or private(version).get("run_id") or "")


def model_id_of(version: ModelVersion) -> str:
    """Return the logged model that a version came from; '' when it came from none."""
    return str(private(version).get("model_id") or "")


def run_link_of(version: ModelVersion) -> str:
    """Return the link to a run elsewhere that the client gave."""
    return str(private(version).get("run_link") or "")


def download_uri(version: ModelVersion) -> str:
    """Return where a client reads a version's files: our copy, unless the source lies elsewhere."""
    if private(version).get("elsewhere"):
        return source_of(version)
    return version_uri(version.name, version.version)


def name_of(tx: Tx, caller: Caller, name: str) -> ModelName:
    """Return a registered model. Raises NotFound in MLflow's words."""
    found = registry.find_name(tx, caller.workspace, name)
    if found is None:
        raise NotFound(f"Registered Model with name={name} not found", kind="registered model", name=name)
    return found


def name_document(tx: Tx, caller: Caller, name: str) -> NameDocument:
    """Return a registered model with its newest versions. Raises NotFound."""
    return with_latest(tx, caller, name_of(tx, caller, name))


def with_latest(tx: Tx, caller: Caller, name: ModelName) -> NameDocument:
    """Return a registered model that was found already, with its newest version of each stage."""
    return all_with_latest(tx, caller, [name])[0]


def all_with_latest(tx: Tx, caller: Caller, names: Sequence[ModelName]) -> list[NameDocument]:
    """Do for several registered models what `with_latest` does for one."""
    versions = registry.versions_of(tx, caller.workspace, [one.name for one in names])
    return [NameDocument(one, _newest(versions[one.name])) for one in names]


def _newest(versions: Sequence[ModelVersion]) -> tuple[ModelVersion, ...]:
    newest = {one.stage: one for one in sorted(versions, key=lambda one: one.number)}
    return tuple(newest.values())


def version_of(tx: Tx, caller: Caller, name: str, version: str) -> ModelVersion:
    """Return a model version. Raises NotFound in MLflow's words."""
    found = registry.find_version(tx, caller.workspace, name, version)
    if found is None:
        raise NotFound(f"Model Version (name={name}, version={version}) not found", kind="model", name=name)
    return found


def by_alias(tx: Tx, caller: Caller, name: str, alias: str) -> ModelVersion:
    """Return the version that an alias names; `latest` is the newest. Raises Invalid for an unknown alias."""
    one = name_of(tx, caller, name)
    if alias.lower() == "latest":
        versions = sorted(registry.versions(tx, caller.workspace, name), key=lambda each: each.number)
        if versions:
            return versions[-1]
    version = one.aliases.get(alias)
    if version is None:
        # 400 and not 404 in MLflow, whose client knows the message.
        raise Invalid(f"Registered model alias {alias} not found.")
    return version_of(tx, caller, name, version)


def stage_of(text: str) -> str:
    """Return a stage in its own spelling. Raises Invalid for what is none."""
    for stage in STAGES:
        if stage.lower() == text.lower():
            return stage
    raise Invalid(f"Invalid Model Version stage: {text}. Value must be one of {', '.join(STAGES)}.")


def tag_value(tags: Mapping[str, str], key: str) -> str | None:
    """Return the tag that a search asks for."""
    return tags.get(key, IMPLIED_TAGS.get(key))


def ordered(
    items: Sequence[ModelVersion], orders: Sequence[Order], keys: Mapping[str, Callable[[ModelVersion], Any]]
) -> list[ModelVersion]:
    """Return the items by name and newest version, then by the given keys. Raises Invalid for an unknown key."""
    found = sorted(items, key=lambda one: (one.name, -one.number))
    # Sorting is stable: the last key first.
    for order in reversed(orders):
        if order.key not in keys:
            raise Invalid(f"Invalid order by key '{order.key}' specified. Valid keys are {sorted(keys)}")
        found.sort(key=keys[order.key], reverse=not order.ascending)
    return found


def page_of(items: Sequence[T], limit: int, token: str | None) -> Page[T]:
    """Return one page and the token of the next one. Raises Invalid for a foreign token."""
    offset = cursor_from_text(token) if token else 0
    if not isinstance(offset, int) or offset < 0:
        raise Invalid(f"Invalid page token: `{str(token)[:80]}` does not belong to this search.")
    following = cursor_to_text(offset + limit) if offset + limit < len(items) else None
    return Page(list(items[offset : offset + limit]), following)
