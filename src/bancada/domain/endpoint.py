"""Online endpoints: an address with keys and a traffic rule over deployments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from bancada.domain.base import CrossProblem, Entity
from bancada.domain.fields import ANY_CASE, NEEDED, READ_ONLY, JsonMap, TextMap, name_like
from bancada.domain.shared import CreationContext, IdentityConfiguration

__all__ = [
    "EndpointAuthKeys",
    "EndpointAuthToken",
    "EndpointName",
    "KubernetesOnlineEndpoint",
    "ManagedOnlineEndpoint",
    "OnlineEndpoint",
    "Percent",
]

EndpointName = Annotated[
    str,
    name_like(
        r"[A-Za-z]([-A-Za-z0-9]{0,62}[A-Za-z0-9])?",
        "up to 64 letters, digits and hyphens, starting with a letter and not ending with a hyphen",
    ),
]
Percent = Annotated[int, Field(ge=0, le=100)]

MOST_MIRRORED = 50
"""Azure mirrors at most half of the traffic."""


class OnlineEndpoint(Entity):
    """An online endpoint. traffic and mirror_traffic map a deployment's name to a percentage."""

    name: Annotated[EndpointName | None, NEEDED] = Field(default=None, validate_default=True)
    id: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    description: str | None = Field(default=None)
    tags: TextMap = Field(default_factory=dict)
    properties: JsonMap = Field(default_factory=dict)
    auth_mode: Annotated[Literal["key", "aml_token", "aad_token"], ANY_CASE] = Field(default="key")
    location: str | None = Field(default=None)
    traffic: dict[str, Percent] = Field(default_factory=dict)
    mirror_traffic: dict[str, Percent] = Field(default_factory=dict)
    identity: IdentityConfiguration | None = Field(default=None)
    compute: str | None = Field(default=None)
    public_network_access: Annotated[Literal["enabled", "disabled"], ANY_CASE] | None = Field(default=None)
    kind: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    scoring_uri: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    openapi_uri: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    provisioning_state: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    creation_context: CreationContext | None = Field(default=None, json_schema_extra=READ_ONLY)

    @classmethod
    def cross_check(cls, fields: Mapping[str, Any]) -> Iterable[CrossProblem]:
        """Traffic sums to 0 or 100; mirrored traffic goes to one deployment, at most half of it."""
        total = _total(fields.get("traffic"))
        if total not in (None, 0, 100):
            yield ("traffic",), f"the percentages sum to {total}; they must sum to 0 or 100."
        mirrored = _total(fields.get("mirror_traffic"))
        if mirrored is not None and mirrored > MOST_MIRRORED:
            yield (
                ("mirror_traffic",),
                f"the percentages sum to {mirrored}; at most {MOST_MIRRORED} can be mirrored.",
            )
        yield from _mirror_problems(_shares(fields.get("traffic")), _shares(fields.get("mirror_traffic")))

    def links(self) -> dict[str, str]:
        """The scoring address."""
        return {"Scoring URI": self.scoring_uri} if self.scoring_uri else {}


def _shares(value: Any) -> dict[str, Any]:
    """Return the deployments that get something."""
    if not isinstance(value, Mapping):
        return {}
    return {name: share for name, share in cast("Mapping[str, Any]", value).items() if share}


def _mirror_problems(live: Mapping[str, Any], mirrored: Mapping[str, Any]) -> Iterable[CrossProblem]:
    if len(mirrored) > 1:
        yield ("mirror_traffic",), f"one deployment can be mirrored to, not {len(mirrored)}."
    for name in mirrored:
        if name in live:
            yield ("mirror_traffic", name), f"`{name}` has live traffic already; mirror to one that has none."


def _total(shares: Any) -> int | None:
    if not isinstance(shares, Mapping):
        return None
    values = list(cast("Mapping[str, Any]", shares).values())
    return sum(values) if all(isinstance(one, int) for one in values) else None


class ManagedOnlineEndpoint(OnlineEndpoint):
    """An online endpoint of this platform."""


class KubernetesOnlineEndpoint(OnlineEndpoint):
    """The same here as a managed one; the compute's name is kept."""


class EndpointAuthKeys(Entity):
    """The two keys of an endpoint; either opens it."""

    primary_key: str | None = Field(default=None)
    secondary_key: str | None = Field(default=None)

    @classmethod
    def normalise(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Take REST's spelling too."""
        return {{"primaryKey": "primary_key", "secondaryKey": "secondary_key"}.get(k, k): v for k, v in given.items()}

    def __repr__(self) -> str:
        return "EndpointAuthKeys(primary_key=…, secondary_key=…)"

    __str__ = __repr__


class EndpointAuthToken(Entity):
    """A token that opens an endpoint."""

    access_token: str | None = Field(default=None)
    expiry_time_utc: float = Field(default=0)
    refresh_after_time_utc: float = Field(default=0)
    token_type: str | None = Field(default=None)

    def __repr__(self) -> str:
        return "EndpointAuthToken(access_token=…)"

    __str__ = __repr__
