"""The routing table: what the server published, read once and never changed. Not for live state.

The file is `<home>/gateway/routes.json`, written by `bancada.engine.router`. Unknown fields are left alone,
so that an older gateway can read a newer server's table.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bancada.faces.gateway.collecting import CollectRoute, parse_collect
from bancada.ids import token_hash

__all__ = [
    "DeploymentRoute",
    "EndpointRoute",
    "RoutingTable",
    "TableError",
    "is_authorized",
    "parse_table",
    "read_table",
]

# Azure's defaults for `request_settings`.
_CONCURRENT, _TIMEOUT_MS, _QUEUE_WAIT_MS = 1, 5000, 500
_BEARER = b"bearer "


class TableError(Exception):
    """The published table cannot be read; the gateway keeps the one that it has."""


@dataclass(frozen=True)
class DeploymentRoute:
    """Where the replicas of one deployment listen and what may be sent to them."""

    name: str
    replicas: tuple[str, ...]
    instances: int
    max_concurrent: int
    request_timeout_s: float
    max_queue_wait_s: float
    # Whether a request whose replica died may be sent to another one.
    retry: bool = True
    # What of its requests and answers is kept.
    collect: CollectRoute | None = None

    @property
    def slots(self) -> int:
        """Requests that count as being worked on; those above wait at most `max_queue_wait_s`."""
        return self.max_concurrent * self.instances

    @property
    def limit(self) -> int:
        """Requests in flight above which Azure's layer answers 429."""
        return 2 * self.slots


@dataclass(frozen=True)
class EndpointRoute:
    """One endpoint: who may call it and how its traffic is split."""

    workspace: str
    name: str
    keys: tuple[bytes, ...]  # sha256 in hex; empty means that nobody may call
    traffic: Mapping[str, int]
    mirror: Mapping[str, int]
    deployments: Mapping[str, DeploymentRoute]

    @property
    def address(self) -> str:
        """The name under which the table knows it."""
        return f"{self.workspace}/{self.name}"


@dataclass(frozen=True)
class RoutingTable:
    """Everything that the gateway knows, as of one version."""

    version: int = 0
    endpoints: Mapping[str, EndpointRoute] = field(default_factory=lambda: MappingProxyType({}))
    # sha256 in hex of the owner's token; asked for at /metrics when the server published it.
    owner: bytes | None = None


def is_authorized(authorization: bytes | None, hashes: Sequence[bytes]) -> bool:
    """Tell whether a header `Bearer <key>` holds one of the keys. Takes the same time for any wrong key."""
    if not authorization or authorization[:7].lower() != _BEARER:
        return False
    given = token_hash(authorization[7:].strip().decode("latin-1")).encode()
    found = False
    for known in hashes:  # no early end: the time must not tell which key came close
        found |= hmac.compare_digest(given, known)
    return found


def read_table(path: Path) -> RoutingTable:
    """Return the published table; an empty one when nothing was published yet. Raises TableError."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return RoutingTable()
    except OSError as reason:
        raise TableError(f"{path} cannot be read: {reason}") from reason
    try:
        return parse_table(json.loads(text))
    except (ValueError, TypeError, AttributeError, KeyError) as reason:
        raise TableError(f"{path} is no routing table: {reason!r}") from reason


def parse_table(document: Mapping[str, Any]) -> RoutingTable:
    """Return the table that a JSON document describes. Raises ValueError, TypeError or KeyError."""
    endpoints = {address: _endpoint(address, body) for address, body in dict(document["endpoints"]).items()}
    owner = document.get("owner")
    return RoutingTable(
        version=int(document["version"]),
        endpoints=MappingProxyType(endpoints),
        owner=str(owner).encode("ascii") if owner else None,
    )


def _endpoint(address: str, body: Mapping[str, Any]) -> EndpointRoute:
    workspace, _, name = address.partition("/")
    if not workspace or not name:
        raise ValueError(f"`{address}` is not <workspace>/<endpoint>")
    deployments = {one: _deployment(one, inner) for one, inner in dict(body.get("deployments") or {}).items()}
    return EndpointRoute(
        workspace=workspace,
        name=name,
        keys=tuple(str(key).encode("ascii") for key in body.get("keys") or ()),
        traffic=_shares(body.get("traffic"), deployments),
        mirror=_shares(body.get("mirror"), deployments),
        deployments=MappingProxyType(deployments),
    )


def _deployment(name: str, body: Mapping[str, Any]) -> DeploymentRoute:
    replicas = tuple(str(path) for path in body.get("replicas") or ())
    wait_ms = body.get("max_queue_wait_ms")
    return DeploymentRoute(
        name=name,
        replicas=replicas,
        # While a dead replica is replaced it is not in the list, but the deployment's size is what it was.
        instances=max(1, int(body.get("instance_count") or len(replicas))),
        max_concurrent=max(1, int(body.get("max_concurrent_requests_per_instance") or _CONCURRENT)),
        request_timeout_s=float(body.get("request_timeout_ms") or _TIMEOUT_MS) / 1000,
        max_queue_wait_s=float(_QUEUE_WAIT_MS if wait_ms is None else wait_ms) / 1000,
        retry=bool(body.get("retry", True)),
        collect=parse_collect(body.get("collect")),
    )


def _shares(body: Mapping[str, Any] | None, deployments: Mapping[str, DeploymentRoute]) -> Mapping[str, int]:
    given = {name: int(share) for name, share in (body or {}).items()}
    # One endpoint's mistake must not keep the table of all others out: what has no deployment gets no traffic.
    return MappingProxyType({name: share for name, share in given.items() if share > 0 and name in deployments})
