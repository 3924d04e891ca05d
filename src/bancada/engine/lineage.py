"""Which jobs made or used a version of a data asset. What a model comes from is `model_origins`."""

from __future__ import annotations

from typing import Any, NotRequired

from typing_extensions import TypedDict

from bancada.domain import references
from bancada.domain.jobs.automl import TABLES
from bancada.domain.references import AssetReference, BadReference
from bancada.engine.core import Core
from bancada.engine.documents import iso_time, part
from bancada.engine.locations import find_version, kind_of
from bancada.engine.model_origins import source_name
from bancada.store import jobs
from bancada.store.database import Tx
from bancada.store.jobs import JobRow

__all__ = ["DataJobs", "LineageJob", "data_jobs", "pin_inputs"]

# Jobs that one answer names; the page says that there are more.
MOST_JOBS = 50


class LineageJob(TypedDict):
    """One job that made or used something."""

    name: str
    display_name: str
    type: str
    status: str
    created_at: str


class DataJobs(TypedDict):
    """The jobs around a version of a data asset: the one that made it, and the newest that read it.

    Trials are not named, their sweep is. `has_more`: there are older ones.
    """

    made_by: NotRequired[LineageJob]
    used_by: list[LineageJob]
    has_more: bool


def data_jobs(core: Core, workspace: str, name: str, version: str) -> DataJobs:
    """Return the jobs around a version. Raises NotFound with the versions that there are."""

    def read(tx: Tx) -> DataJobs:
        row = find_version(tx, workspace, "data", AssetReference(name, version))
        found = jobs.naming(tx, workspace, str(AssetReference(name, version)), limit=MOST_JOBS + 1)
        answer = DataJobs(used_by=[_job(one) for one in found[:MOST_JOBS]], has_more=len(found) > MOST_JOBS)
        maker = source_name(row)
        made = jobs.get(tx, workspace, maker) if maker else None
        if made is not None and not made.deleted:
            answer["made_by"] = _job(made)
        return answer

    return core.db.read(read)


def _job(row: JobRow) -> LineageJob:
    return LineageJob(
        name=row.name,
        display_name=row.display_name,
        type=row.type or "base",
        status=row.status,
        created_at=iso_time(row.created_at),
    )


def pin_inputs(tx: Tx, workspace: str, spec: dict[str, Any]) -> None:
    """Write into a job's inputs and tables which version `@latest`, or no version, is now, as Azure does.

    A job then says for ever what it read, also after newer versions came. Raises NotFound.
    """
    inputs = part(spec, "inputs")
    for place in (*(part(inputs, key) for key in inputs), *(part(spec, key) for key in TABLES)):
        pinned = _pinned(tx, workspace, place)
        if pinned:
            place["path"] = pinned


def _pinned(tx: Tx, workspace: str, place: dict[str, Any]) -> str | None:
    try:
        reference = references.parse(str(place.get("path") or ""))
    except BadReference:
        return None  # refused, or known to be none of ours, before
    if not isinstance(reference, AssetReference) or reference.version is not None:
        return None
    row = find_version(tx, workspace, kind_of(place.get("type")), reference)
    return str(AssetReference(row.name, row.version))
