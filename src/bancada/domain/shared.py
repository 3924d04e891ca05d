"""Small parts that several entities carry: who made a thing, identities, resources, queue settings.

Not for anything that stands alone. Identities and most resource hints are only kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from bancada.domain.base import Entity
from bancada.domain.fields import (
    ANY_CASE,
    PLAIN_NAME,
    READ_ONLY,
    WRITE_ONLY,
    AssetName,
    AssetVersion,
    JsonMap,
    OneOf,
    TextMap,
)

__all__ = [
    "AmlTokenConfiguration",
    "Asset",
    "CreationContext",
    "IdentityConfiguration",
    "JobIdentity",
    "JobResourceConfiguration",
    "JobService",
    "ManagedIdentityConfiguration",
    "QueueSettings",
    "ResourceConfiguration",
    "UserIdentityConfiguration",
]


class CreationContext(Entity):
    """Who made a thing and when; set by the server."""

    created_at: datetime | None = Field(default=None)
    created_by: str | None = Field(default=None)
    created_by_type: str | None = Field(default=None)
    last_modified_at: datetime | None = Field(default=None)
    last_modified_by: str | None = Field(default=None)
    last_modified_by_type: str | None = Field(default=None)


class Asset(Entity):
    """What every versioned thing has."""

    positional = ("name", "version", "description", "tags", "properties")

    name: AssetName | None = Field(default=None)
    version: AssetVersion | None = Field(default=None)
    id: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    description: str | None = Field(default=None)
    tags: TextMap = Field(default_factory=dict)
    properties: JsonMap = Field(default_factory=dict)
    creation_context: CreationContext | None = Field(default=None, json_schema_extra=READ_ONLY)
    latest_version: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    datastore: str | None = Field(default=None)
    auto_delete_setting: JsonMap | None = Field(default=None)
    archived: bool | None = Field(default=None, json_schema_extra=READ_ONLY)

    def new_name_problem(self) -> str | None:
        """Return what is wrong with the name if no asset of the kind has it yet; None when nothing is."""
        return PLAIN_NAME.problem(self.name) if self.name else None


class ManagedIdentityConfiguration(Entity):
    """A managed identity; accepted and kept."""

    type: Annotated[Literal["managed_identity", "managed"], ANY_CASE] = Field(default="managed_identity")
    client_id: str | None = Field(default=None)
    object_id: str | None = Field(default=None)
    resource_id: str | None = Field(default=None)
    principal_id: str | None = Field(default=None)
    msi_resource_id: str | None = Field(default=None)


class AmlTokenConfiguration(Entity):
    """The workspace's own token; accepted and kept."""

    type: Annotated[Literal["aml_token"], ANY_CASE] = Field(default="aml_token")


class UserIdentityConfiguration(Entity):
    """The submitting user's identity; accepted and kept."""

    type: Annotated[Literal["user_identity"], ANY_CASE] = Field(default="user_identity")


JobIdentity = Annotated[
    ManagedIdentityConfiguration | AmlTokenConfiguration | UserIdentityConfiguration, OneOf("identity type")
]


class IdentityConfiguration(Entity):
    """Identity of a workspace, compute or endpoint; accepted and kept."""

    type: (
        Annotated[Literal["system_assigned", "user_assigned", "none", "system_assigned,user_assigned"], ANY_CASE] | None
    ) = Field(default=None)
    user_assigned_identities: Any = Field(default=None)  # a list here, a mapping there: Azure's, carried as it is
    principal_id: str | None = Field(default=None)
    tenant_id: str | None = Field(default=None)


class ResourceConfiguration(Entity):
    """How many instances of which kind something runs on."""

    instance_count: int | None = Field(default=None, ge=1)
    instance_type: str | None = Field(default=None)
    properties: JsonMap | None = Field(default=None)


class JobResourceConfiguration(ResourceConfiguration):
    """A job's resources; docker settings are accepted and kept."""

    locations: list[str] | None = Field(default=None)
    docker_args: Annotated[str | list[str], OneOf("docker arguments")] | None = Field(default=None)
    shm_size: str | None = Field(default=None)
    max_instance_count: int | None = Field(default=None, ge=1)


class QueueSettings(Entity):
    """Place in the queue: priority `high` goes before `medium` before `low`; the tier is kept only."""

    job_tier: Annotated[Literal["spot", "basic", "standard", "premium", "null"], ANY_CASE] | None = Field(default=None)
    priority: Annotated[Literal["low", "medium", "high"], ANY_CASE] | None = Field(default=None)


class JobService(Entity):
    """An address that belongs to a job, such as `Studio`; interactive services are not started here."""

    type: str | None = Field(default=None)
    endpoint: str | None = Field(default=None)
    port: int | None = Field(default=None)
    nodes: str | None = Field(default=None)
    status: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    error_message: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    properties: JsonMap | None = Field(default=None)
    ssh_public_keys: str | None = Field(default=None, json_schema_extra=WRITE_ONLY)
    log_dir: str | None = Field(default=None)
