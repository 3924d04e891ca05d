"""The table of resource kinds. Store, REST, CLI, SDK and schemas read it; a new kind is one more row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bancada.domain.compute import Compute
from bancada.domain.data import CodeAsset, Data
from bancada.domain.datastore import Datastore
from bancada.domain.deployment import ManagedOnlineDeployment
from bancada.domain.endpoint import ManagedOnlineEndpoint
from bancada.domain.environment import Environment
from bancada.domain.jobs import Job
from bancada.domain.model import Model
from bancada.domain.workspace import Workspace
from bancada.errors import closest

__all__ = ["JOBS", "KINDS", "RESOURCE_KINDS", "WORKSPACES", "Kind", "kind_of"]


@dataclass(frozen=True)
class Kind:
    """One kind of resource.

    key: its name in the store and its REST segment. noun: its CLI noun. label: what messages call one of it,
    also in error codes (`environment.not_found`). entity: class or union, for `base.parse`.
    """

    key: str
    noun: str
    label: str
    entity: Any
    is_versioned: bool

    @property
    def segment(self) -> str:
        """The REST path segment."""
        return self.key


JOBS = Kind("jobs", "job", "job", Job, False)
WORKSPACES = Kind("workspaces", "workspace", "workspace", Workspace, False)

RESOURCE_KINDS: tuple[Kind, ...] = (
    Kind("data", "data", "data asset", Data, True),
    Kind("environments", "environment", "environment", Environment, True),
    Kind("models", "model", "model", Model, True),
    Kind("codes", "code", "code", CodeAsset, True),
    Kind("computes", "compute", "compute", Compute, False),
    Kind("datastores", "datastore", "datastore", Datastore, False),
    Kind("online-endpoints", "online-endpoint", "endpoint", ManagedOnlineEndpoint, False),
    # Lives under its endpoint: its name in the store is `<endpoint>/<deployment>`.
    Kind("online-deployments", "online-deployment", "deployment", ManagedOnlineDeployment, False),
)
"""The kinds kept in `store.resources`."""

KINDS: dict[str, Kind] = {kind.key: kind for kind in (WORKSPACES, JOBS, *RESOURCE_KINDS)}


def kind_of(key: str) -> Kind:
    """Return the kind of a key. Raises KeyError, with the nearest key, for an unknown one."""
    if key in KINDS:
        return KINDS[key]
    raise KeyError(f"There is no kind `{key}`; nearest: {closest(key, KINDS) or 'none'}")
