"""Computes: named clusters whose instances are slots of this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from bancada.domain.base import CrossProblem, Entity
from bancada.domain.fields import ANY_CASE, NEEDED, READ_ONLY, WRITE_ONLY, OneOf, TextMap, name_like
from bancada.domain.shared import CreationContext, IdentityConfiguration

__all__ = ["AmlCompute", "AmlComputeSshSettings", "Compute", "ComputeBase", "ComputeName", "NetworkSettings"]

ComputeName = Annotated[
    str,
    name_like(
        r"[A-Za-z][A-Za-z0-9-]{0,30}[A-Za-z0-9]",
        "2 to 32 letters, digits and hyphens, starting with a letter and not ending with a hyphen",
    ),
]


class NetworkSettings(Entity):
    """A virtual network; accepted and kept."""

    vnet_name: str | None = Field(default=None)
    subnet: str | None = Field(default=None)
    public_ip_address: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    private_ip_address: str | None = Field(default=None, json_schema_extra=READ_ONLY)


class AmlComputeSshSettings(Entity):
    """SSH access to nodes; accepted and kept without the secrets."""

    admin_username: str | None = Field(default=None)
    admin_password: str | None = Field(default=None, json_schema_extra=WRITE_ONLY)
    ssh_key_value: str | None = Field(default=None, json_schema_extra=WRITE_ONLY)


class ComputeBase(Entity):
    """What every compute has."""

    positional = ("name", "location", "description", "resource_id", "tags")

    name: Annotated[ComputeName | None, NEEDED] = Field(default=None, validate_default=True)
    id: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    description: str | None = Field(default=None)
    tags: TextMap = Field(default_factory=dict)
    location: str | None = Field(default=None)
    resource_id: str | None = Field(default=None)
    provisioning_state: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    provisioning_errors: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    created_on: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    creation_context: CreationContext | None = Field(default=None, json_schema_extra=READ_ONLY)


class AmlCompute(ComputeBase):
    """A cluster. Its slots are `max_instances`, as far as the machine holds them, and at least one.

    The size's name is kept; idle_time_before_scale_down is in seconds.
    """

    type: Annotated[Literal["amlcompute"], ANY_CASE] = Field(default="amlcompute")
    size: str | None = Field(default=None)
    tier: Annotated[Literal["dedicated", "low_priority"], ANY_CASE] | None = Field(default=None)
    min_instances: int = Field(default=0, ge=0)
    max_instances: int = Field(default=4, ge=0)
    idle_time_before_scale_down: int = Field(default=120, ge=0)
    ssh_public_access_enabled: bool | None = Field(default=None)
    ssh_settings: AmlComputeSshSettings | None = Field(default=None)
    network_settings: NetworkSettings | None = Field(default=None)
    identity: IdentityConfiguration | None = Field(default=None)
    enable_node_public_ip: bool = Field(default=True)
    # How many instances of it may really run at once on this machine.
    slots: int | None = Field(default=None, json_schema_extra=READ_ONLY)

    @classmethod
    def cross_check(cls, fields: Mapping[str, Any]) -> Iterable[CrossProblem]:
        """The smallest size is not above the largest."""
        least, most = fields.get("min_instances"), fields.get("max_instances")
        if isinstance(least, int) and isinstance(most, int) and least > most:
            yield ("min_instances",), f"is {least}, but `max_instances` is {most}."


# A union of one for now: the annotation gives an unknown `type` its clear error.
Compute = Annotated[AmlCompute, OneOf("compute type")]
