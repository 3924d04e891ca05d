"""The tables of models, data assets and computes: one line a name, with what the page shows beside it."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from bancada.engine.core import Core
from bancada.engine.documents import iso_time, part
from bancada.engine.ledger import Ledger
from bancada.engine.model_origins import SourceJob, source_job
from bancada.errors import NotFound
from bancada.store import registry, resources, tallies, workspaces
from bancada.store.database import Tx
from bancada.store.resources import Row
from bancada.store.tallies import NameRow

__all__ = ["AssetRow", "AssetRows", "AssetTable", "ComputeState", "ComputeTable"]

# Words of one search; each is one more look at every name.
MOST_WORDS = 10


class AssetRow(TypedDict):
    """One name: its newest version, how many there are. Models have the job that made the newest version."""

    name: str
    latest_version: str
    versions: int
    type: str
    description: NotRequired[str]
    tags: dict[str, str]
    path: NotRequired[str]
    created_at: str
    modified_at: str
    created_by: str
    archived: bool
    stage: NotRequired[str]
    aliases: NotRequired[dict[str, str]]
    source_job: NotRequired[SourceJob]


class AssetTable(TypedDict):
    """One window of a table of names, and how many there are in all."""

    items: list[AssetRow]
    total: int
    offset: int


class ComputeState(TypedDict):
    """A cluster and its load: `slots` jobs may run at a time on this machine, `in_use` do, `queued` wait for it."""

    name: str
    type: str
    size: NotRequired[str]
    state: Literal["idle", "busy", "full"]
    min_instances: int
    max_instances: int
    slots: int
    in_use: int
    queued: int
    created_at: str


class ComputeTable(TypedDict):
    """All clusters of a workspace, newest first."""

    items: list[ComputeState]


class AssetRows:
    """Reads the tables of one home."""

    def __init__(self, core: Core, ledger: Ledger) -> None:
        self._core = core
        self._ledger = ledger

    def rows(
        self, workspace: str, kind: str, *, search: str = "", archived: bool | None = False, limit: int, offset: int
    ) -> AssetTable:
        """Return one window of the names of `models` or `data`; all words of `search` occur in the name."""
        words = tuple(dict.fromkeys(search.split()))[:MOST_WORDS]

        def read(tx: Tx) -> AssetTable:
            _require_workspace(tx, workspace)
            found = tallies.newest_rows(tx, workspace, kind, words=words, archived=archived, limit=limit, offset=offset)
            names = [one.latest.name for one in found.rows]
            aliases = {one.name: dict(one.aliases) for one in registry.names(tx, workspace, names)}
            items = [_asset(tx, one, aliases if kind == registry.KIND else {}) for one in found.rows]
            return AssetTable(items=items, total=found.total, offset=offset)

        return self._core.db.read(read)

    def computes(self, workspace: str) -> ComputeTable:
        """Return all clusters with their load."""

        def read(tx: Tx) -> list[Row]:
            _require_workspace(tx, workspace)
            return resources.all_of(tx, workspace, "computes")

        return ComputeTable(items=[self._compute(row) for row in reversed(self._core.db.read(read))])

    def compute(self, workspace: str, name: str) -> ComputeState:
        """Return one cluster with its load. Raises NotFound."""

        def read(tx: Tx) -> Row:
            row = resources.get(tx, workspace, "computes", name)
            if row is None:
                existing = [one.name for one in resources.all_of(tx, workspace, "computes")]
                raise NotFound.of("compute", name, existing=existing)
            return row

        return self._compute(self._core.db.read(read))

    def _compute(self, row: Row) -> ComputeState:
        most = int(row.doc.get("max_instances") or 1)
        slots = max(1, min(most, self._ledger.cores))
        in_use, queued = self._ledger.load_of(row.workspace, row.name)
        found = ComputeState(
            name=row.name,
            type=str(row.doc.get("type") or "amlcompute"),
            state="idle" if not in_use else "busy" if in_use < slots else "full",
            min_instances=int(row.doc.get("min_instances") or 0),
            max_instances=most,
            slots=slots,
            in_use=in_use,
            queued=queued,
            created_at=iso_time(row.created_at),
        )
        if row.doc.get("size"):
            found["size"] = str(row.doc["size"])
        return found


def _require_workspace(tx: Tx, workspace: str) -> None:
    if workspaces.get(tx, workspace) is None:
        raise NotFound.of("workspace", workspace, existing=workspaces.names(tx))


def _asset(tx: Tx, one: NameRow, aliases: dict[str, dict[str, str]]) -> AssetRow:
    row, doc = one.latest, one.latest.doc
    tags: dict[str, Any] = part(doc, "tags")
    found = AssetRow(
        name=row.name,
        latest_version=row.version,
        versions=one.versions,
        type=str(doc.get("type") or ""),
        tags={key: str(value) for key, value in tags.items()},
        created_at=iso_time(one.created_at),
        modified_at=iso_time(row.updated_at),
        created_by=str(doc.get("$by") or "owner"),
        archived=row.archived,
    )
    if doc.get("description"):
        found["description"] = str(doc["description"])
    if doc.get("path"):
        found["path"] = str(doc["path"])
    if row.kind != registry.KIND:
        return found
    if doc.get("stage"):
        found["stage"] = str(doc["stage"])
    if aliases.get(row.name):
        found["aliases"] = aliases[row.name]
    source = source_job(tx, row)
    if source is not None:
        found["source_job"] = source
    return found
