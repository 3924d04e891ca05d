"""`MLClient`: one workspace on one server, and its operation groups."""

from __future__ import annotations

import json
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn, cast

from bancada.core.exceptions import as_azure, faced
from bancada.core.polling import LROPoller
from bancada.domain.base import Entity
from bancada.domain.compute import AmlCompute
from bancada.domain.data import CodeAsset, Data
from bancada.domain.datastore import DatastoreBase
from bancada.domain.deployment import OnlineDeployment
from bancada.domain.endpoint import OnlineEndpoint
from bancada.domain.environment import Environment
from bancada.domain.jobs import BaseJob
from bancada.domain.model import Model
from bancada.domain.workspace import Workspace
from bancada.errors import BancadaError, Invalid, NotFound, NotSupported, Problem
from bancada.ml.connection import connect
from bancada.ml.operations import (
    CodeOperations,
    ComputeOperations,
    DataOperations,
    DatastoreOperations,
    EnvironmentOperations,
    JobOperations,
    ModelOperations,
    OnlineDeploymentOperations,
    OnlineEndpointOperations,
    WorkspaceOperations,
)
from bancada.ml.scope import Scope
from bancada.ml.transport import Transport
from bancada.settings import Settings, load_settings

__all__ = ["MLClient"]

CONFIG_NAME = "config.json"
# Where Azure looks in each folder on the way up.
CONFIG_FOLDERS = (".", ".azureml", "aml_config")
# Groups of Azure's client that this version does not have; the message says so instead of setting a riddle.
MISSING_GROUPS = frozenset(
    {
        "azure_openai_deployments",
        "batch_deployments",
        "batch_endpoints",
        "capability_hosts",
        "components",
        "connections",
        "deployment_templates",
        "evaluators",
        "feature_sets",
        "feature_store_entities",
        "feature_stores",
        "indexes",
        "marketplace_subscriptions",
        "registries",
        "schedules",
        "serverless_endpoints",
        "workspace_outbound_rules",
    }
)


class MLClient:
    """A client of one workspace. Making it talks to nobody; the first call does.

    The credential, subscription and resource group are accepted and kept: on one's own machine the home decides
    which server and which token. workspace_name falls back to the setting `workspace`.

    Example:
        >>> ml_client = MLClient(workspace_name="default")
        >>> ml_client.workspace_name
        'default'
    """

    def __init__(
        self,
        credential: Any = None,
        subscription_id: str | None = None,
        resource_group_name: str | None = None,
        workspace_name: str | None = None,
        registry_name: str | None = None,
        *,
        settings: Settings | None = None,
        **options: Any,
    ) -> None:
        if registry_name is not None:
            text = f"Registry `{registry_name}`: this version has no registries besides the curated environments."
            raise as_azure(NotSupported(text))
        self._settings = settings or load_settings()
        self._credential = credential
        self._subscription_id = subscription_id
        self._resource_group_name = resource_group_name or options.get("resource_group")
        self._workspace_name = workspace_name or self._settings.workspace
        self._scope = Scope(Transport(lambda: connect(self._settings)), self._workspace_name)

    @classmethod
    def from_settings(cls, settings: Settings) -> MLClient:
        """Return a client for settings that were loaded already."""
        return cls(workspace_name=settings.workspace, settings=settings)

    @classmethod
    def from_config(
        cls,
        credential: Any = None,
        *,
        path: PathLike[str] | str | None = None,
        file_name: str | None = None,
        **options: Any,
    ) -> MLClient:
        """Return a client for the workspace that a `config.json` names, here or in a folder above.

        path is a file or the folder to begin in. Raises ResourceNotFoundError when there is no such file.
        """
        found = _find_config(Path(path or "."), file_name or CONFIG_NAME)
        values = _read_config(found)
        return cls(
            credential,
            values.get("subscription_id"),
            values.get("resource_group") or values.get("resource_group_name"),
            values.get("workspace_name"),
            **options,
        )

    @property
    def subscription_id(self) -> str | None:
        """What was given; it decides nothing here."""
        return self._subscription_id

    @property
    def resource_group_name(self) -> str | None:
        """What was given; it decides nothing here."""
        return self._resource_group_name

    @property
    def workspace_name(self) -> str:
        """The workspace of all calls."""
        return self._workspace_name

    @cached_property
    def workspaces(self) -> WorkspaceOperations:
        """Workspaces."""
        return WorkspaceOperations(self._scope)

    @cached_property
    def jobs(self) -> JobOperations:
        """Jobs."""
        return JobOperations(self._scope)

    @cached_property
    def data(self) -> DataOperations:
        """Data assets."""
        return DataOperations(self._scope)

    @cached_property
    def environments(self) -> EnvironmentOperations:
        """Environments."""
        return EnvironmentOperations(self._scope)

    @cached_property
    def models(self) -> ModelOperations:
        """Models."""
        return ModelOperations(self._scope)

    @cached_property
    def codes(self) -> CodeOperations:
        """Code folders kept under a name."""
        return CodeOperations(self._scope)

    @cached_property
    def compute(self) -> ComputeOperations:
        """Computes."""
        return ComputeOperations(self._scope)

    @cached_property
    def datastores(self) -> DatastoreOperations:
        """Datastores."""
        return DatastoreOperations(self._scope)

    @cached_property
    def online_endpoints(self) -> OnlineEndpointOperations:
        """Online endpoints."""
        return OnlineEndpointOperations(self._scope)

    @cached_property
    def online_deployments(self) -> OnlineDeploymentOperations:
        """Online deployments."""
        return OnlineDeploymentOperations(self._scope)

    def create_or_update(self, entity: Any, **options: Any) -> Any:
        """Create or change a job, data asset, model, environment or datastore; return what the server made of it."""
        if isinstance(entity, BaseJob):
            return self.jobs.create_or_update(entity, **options)
        if isinstance(entity, DatastoreBase):
            return self.datastores.create_or_update(entity)
        if isinstance(entity, Data):
            return self.data.create_or_update(entity)
        if isinstance(entity, Model):
            return self.models.create_or_update(entity)
        if isinstance(entity, Environment):
            return self.environments.create_or_update(entity)
        if isinstance(entity, CodeAsset):
            return self.codes.create_or_update(entity)
        raise _misfit(entity, "create_or_update", "begin_create_or_update")

    def begin_create_or_update(self, entity: Any, **options: Any) -> LROPoller[Any]:
        """Create or change a workspace, compute, endpoint or deployment; return a poller."""
        if isinstance(entity, Workspace):
            return self.workspaces.begin_create(entity, **options)
        if isinstance(entity, AmlCompute):
            return self.compute.begin_create_or_update(entity)
        if isinstance(entity, OnlineEndpoint):
            return self.online_endpoints.begin_create_or_update(entity, **options)
        if isinstance(entity, OnlineDeployment):
            return self.online_deployments.begin_create_or_update(entity, **options)
        raise _misfit(entity, "begin_create_or_update", "create_or_update")

    def close(self) -> None:
        """Close the connections to the server."""
        self._scope.transport.close()

    def __getattr__(self, name: str) -> NoReturn:
        if name in MISSING_GROUPS:
            raise AttributeError(f"`ml_client.{name}` is not there in this version of Bancada.")
        raise AttributeError(f"MLClient has no attribute `{name}`.")

    def __repr__(self) -> str:
        return f"MLClient(workspace_name={self._workspace_name!r}, home={str(self._settings.home)!r})"


def _misfit(entity: Any, asked: str, other: str) -> BancadaError:
    hint = f" Use `{other}` for it." if isinstance(entity, Entity) else ""
    return as_azure(Invalid.of([Problem("entity", f"`{asked}` does not take a {type(entity).__name__}.{hint}")]))


def _find_config(start: Path, file_name: str) -> Path:
    first = start.expanduser().absolute()
    if first.is_file():
        return first
    for folder in (first, *first.parents):
        for inner in CONFIG_FOLDERS:
            if (folder / inner / file_name).is_file():
                return folder / inner / file_name
    raise as_azure(
        NotFound(
            f"There is no `{file_name}` in {first} or in a folder above it. "
            'It holds {"subscription_id": …, "resource_group": …, "workspace_name": …}; only the last one matters.',
            kind="config",
            name=file_name,
        )
    )


@faced()
def _read_config(path: Path) -> dict[str, str]:
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as reason:
        raise Invalid.of([Problem("", f"this is not JSON: {reason}.")], source=str(path)) from reason
    if not isinstance(content, dict) or not cast("dict[str, Any]", content).get("workspace_name"):
        raise Invalid.of([Problem("workspace_name", "is required, but missing.")], source=str(path))
    return {str(key): str(value) for key, value in cast("dict[str, Any]", content).items()}
