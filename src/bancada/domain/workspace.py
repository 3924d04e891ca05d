"""Workspaces: the walls between projects. Azure's own settings are accepted and kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bancada.domain.base import Entity
from bancada.domain.fields import ANY_CASE, NEEDED, READ_ONLY, JsonMap, TextMap, name_like
from bancada.domain.shared import CreationContext, IdentityConfiguration

__all__ = ["CustomerManagedKey", "Workspace", "WorkspaceName"]

WorkspaceName = Annotated[
    str,
    name_like(
        r"[A-Za-z0-9][A-Za-z0-9_-]{1,62}",
        "2 to 63 letters, digits, hyphens and underscores, starting with a letter or digit",
    ),
]


class CustomerManagedKey(Entity):
    """A key of the customer's own; accepted and kept."""

    positional = ("key_vault", "key_uri", "cosmosdb_id", "storage_id", "search_id")

    key_vault: str | None = Field(default=None)
    key_uri: str | None = Field(default=None)
    cosmosdb_id: str | None = Field(default=None)
    storage_id: str | None = Field(default=None)
    search_id: str | None = Field(default=None)


class Workspace(Entity):
    """A workspace. mlflow_tracking_uri is what an MLflow client is given."""

    name: Annotated[WorkspaceName | None, NEEDED] = Field(default=None, validate_default=True)
    id: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    description: str | None = Field(default=None)
    tags: TextMap = Field(default_factory=dict)
    display_name: str | None = Field(default=None)
    location: str | None = Field(default=None)
    resource_group: str | None = Field(default=None)
    discovery_url: str | None = Field(default=None)
    hbi_workspace: bool | None = Field(default=None)
    storage_account: str | None = Field(default=None)
    container_registry: str | None = Field(default=None)
    key_vault: str | None = Field(default=None)
    application_insights: str | None = Field(default=None)
    customer_managed_key: CustomerManagedKey | None = Field(default=None)
    mlflow_tracking_uri: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    image_build_compute: str | None = Field(default=None)
    public_network_access: Annotated[Literal["Disabled", "Enabled"], ANY_CASE] | None = Field(default=None)
    network_acls: JsonMap | None = Field(default=None)
    system_datastores_auth_mode: str | None = Field(default=None)
    identity: IdentityConfiguration | None = Field(default=None)
    primary_user_assigned_identity: str | None = Field(default=None)
    workspace_hub: str | None = Field(default=None)
    hub_id: str | None = Field(default=None)
    managed_network: JsonMap | None = Field(default=None)
    provision_network_now: bool | None = Field(default=None)
    enable_data_isolation: bool | None = Field(default=None)
    allow_roleassignment_on_rg: bool | None = Field(default=None)
    serverless_compute: JsonMap | None = Field(default=None)
    # Ours: address prefixes and storage accounts (name or host) -> local folders, looked in first for `https://` and `wasbs://`.
    mirrors: TextMap = Field(default_factory=dict)
    provisioning_state: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    creation_context: CreationContext | None = Field(default=None, json_schema_extra=READ_ONLY)
