"""The routing table of the scoring gateway: built from what the store says, published as a file.

The file is the truth: the gateway reads it when it starts, when it is told to, and when it sees it change. So
a gateway that is down, or restarts alone, loses nothing. What the gateway does with it is in
`bancada.faces.gateway`.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from bancada.errors import Invalid, Problem, closest
from bancada.ids import token_hash

__all__ = ["DeploymentRoutes", "EndpointRoutes", "build_table", "check_traffic", "gateway_state", "publish"]

# Azure's limits: `request_settings` and `mirror_traffic` of managed online endpoints.
_MAX_TIMEOUT_MS, _MAX_MIRROR = 180_000, 50
# The gateway waits up to half a second for new replicas before it acknowledges.
_ACK_S = 2.0
_GATEWAY_SOCKET = "gateway.sock"


@dataclass(frozen=True)
class DeploymentRoutes:
    """One deployment as the gateway shall know it. Defaults are Azure's."""

    replicas: Sequence[str | Path] = ()  # sockets of the replicas that are ready
    max_concurrent_requests_per_instance: int = 1
    request_timeout_ms: int = 5000
    max_queue_wait_ms: int = 500
    # Limits follow the deployment's size, also while a dead replica is replaced; 0 means as many as there are.
    instance_count: int = 0
    # Whether a request whose replica died may be sent to another one.
    retry: bool = True
    # What of requests and answers is kept: source, folders by collection, share, rolling, captured header fields.
    collect: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class EndpointRoutes:
    """One endpoint as the gateway shall know it. `keys` are the keys themselves; their hashes are published."""

    auth_mode: str = "key"
    keys: Sequence[str] = ()
    traffic: Mapping[str, int] = field(default_factory=dict[str, int])
    mirror: Mapping[str, int] = field(default_factory=dict[str, int])
    deployments: dict[str, DeploymentRoutes] = field(default_factory=dict[str, DeploymentRoutes])


def build_table(endpoints: Mapping[str, EndpointRoutes], *, owner_hash: str = "") -> dict[str, Any]:
    """Return the table to publish, for endpoints by `<workspace>/<endpoint>`. Pure.

    A deployment that has traffic but is not there gets no replica: its share is answered 503, and the shares of the
    others stay what they are. With `owner_hash` the gateway asks for the owner's token at /metrics.

    Raises Invalid, with all problems at once, when traffic does not add up or a setting is out of bounds.
    """
    problems: list[Problem] = []
    table = {address: _endpoint(address, routes, problems) for address, routes in sorted(endpoints.items())}
    if problems:
        raise Invalid.of(problems)
    return {"version": 0, "owner": owner_hash or None, "endpoints": table}


def check_traffic(
    traffic: Mapping[str, int], mirror: Mapping[str, int], deployments: Iterable[str] | None = None
) -> list[Problem]:
    """Return what is wrong with an endpoint's `traffic` and `mirror_traffic`; empty when all is well.

    With `deployments`, the names that there are, shares of any other name are problems too.
    """
    problems: list[Problem] = []
    for path, shares in (("traffic", traffic), ("mirror_traffic", mirror)):
        if deployments is not None:
            problems += _unknown(path, shares, list(deployments))
        for name, share in shares.items():
            if not 0 <= share <= 100:
                problems.append(Problem(f"{path}.{name}", f"{share} is no percentage; use 0 to 100."))
    total = sum(traffic.values())
    if total not in (0, 100):
        problems.append(Problem("traffic", f"the percentages add up to {total}; they must add up to 100 or 0."))
    mirrored = [name for name, share in mirror.items() if share]
    if sum(mirror.values()) > _MAX_MIRROR or len(mirrored) > 1:
        problems.append(Problem("mirror_traffic", f"at most {_MAX_MIRROR} % can be mirrored, to one deployment."))
    for name in mirrored:
        if traffic.get(name):
            text = f"`{name}` has live traffic already; mirror to one that has none."
            problems.append(Problem(f"mirror_traffic.{name}", text))
    return problems


def publish(home: Path, sockets: Path, table: Mapping[str, Any]) -> bool:
    """Write the table for the gateway and wait, bounded, until it is in force.

    Returns False when no gateway acknowledged it in time; it then takes the table when it starts, or within a
    second of seeing it. The version is one above the last published one. One caller at a time.

    Raises OSError when the file cannot be written.
    """
    path = home / "gateway" / "routes.json"
    version = max(_last_version(path) + 1, int(table.get("version") or 0))
    _write(path, {**table, "version": version})
    answer = _ask(_control(home, sockets), {"reload": version})
    return answer is not None and int(answer.get("version") or 0) >= version


def gateway_state(home: Path, sockets: Path) -> dict[str, Any] | None:
    """Return what the gateway says about each deployment; None when it does not answer.

    `deployments` lists answers by status, requests in flight and waiting, and each replica's socket under `links`,
    with `overdue_s` above 0 for one that did not come back from a timeout and should be replaced.
    """
    return _ask(_control(home, sockets), {"stats": True})


def _control(home: Path, sockets: Path) -> Path:
    """Return where the gateway listens to us; a gateway that was started by hand says so in its record."""
    try:
        return Path(json.loads((home / "gateway" / "gateway.json").read_bytes())["control"])
    except (OSError, ValueError, KeyError, TypeError):
        return sockets / _GATEWAY_SOCKET


def _unknown(path: str, shares: Mapping[str, int], known: Sequence[str]) -> list[Problem]:
    problems: list[Problem] = []
    for name, share in shares.items():
        if name not in known and share:
            near = closest(name, known)
            there = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(known) or 'none'}."
            problems.append(Problem(f"{path}.{name}", f"the endpoint has no deployment `{name}`; {there}"))
    return problems


def _endpoint(address: str, routes: EndpointRoutes, problems: list[Problem]) -> dict[str, Any]:
    traffic = {name: int(share) for name, share in routes.traffic.items()}
    mirror = {name: int(share) for name, share in routes.mirror.items()}
    found = check_traffic(traffic, mirror)
    problems += [Problem(f"{address}: {one.path}", one.message) for one in found]
    absent = {name for name, share in (*traffic.items(), *mirror.items()) if share} - set(routes.deployments)
    deployments = {**routes.deployments, **{name: DeploymentRoutes() for name in sorted(absent)}}
    return {
        "auth_mode": routes.auth_mode,
        "keys": [token_hash(key) for key in routes.keys if key],  # an empty key would let everybody in
        "traffic": traffic,
        "mirror": mirror,
        "deployments": {
            name: _deployment(f"{address}/{name}", one, problems) for name, one in sorted(deployments.items())
        },
    }


def _deployment(address: str, routes: DeploymentRoutes, problems: list[Problem]) -> dict[str, Any]:
    for name, value, low, high in (
        ("request_timeout_ms", routes.request_timeout_ms, 1, _MAX_TIMEOUT_MS),
        ("max_queue_wait_ms", routes.max_queue_wait_ms, 0, _MAX_TIMEOUT_MS),
        ("max_concurrent_requests_per_instance", routes.max_concurrent_requests_per_instance, 1, 10_000),
    ):
        if not low <= value <= high:
            text = f"{value} is out of bounds; use {low} to {high}."
            problems.append(Problem(f"{address}: request_settings.{name}", text))
    return {
        "replicas": [str(path) for path in routes.replicas],
        "instance_count": routes.instance_count or max(1, len(routes.replicas)),
        "max_concurrent_requests_per_instance": routes.max_concurrent_requests_per_instance,
        "request_timeout_ms": routes.request_timeout_ms,
        "max_queue_wait_ms": routes.max_queue_wait_ms,
        "retry": routes.retry,
        **({"collect": dict(routes.collect)} if routes.collect else {}),
    }


def _last_version(path: Path) -> int:
    try:
        return int(json.loads(path.read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0  # none yet, or not ours: the gateway compares the file, not the number


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(f".{os.getpid()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        json.dump(document, stream, separators=(",", ":"))
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)


def _ask(path: Path, question: Mapping[str, Any]) -> dict[str, Any] | None:
    """Send one line to the gateway and read one; None when it is not there or does not answer in time."""
    until = time.monotonic() + _ACK_S
    with contextlib.suppress(OSError, ValueError):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(_ACK_S)
            peer.connect(str(path))
            peer.sendall(json.dumps(question).encode() + b"\n")
            text = b""
            while not text.endswith(b"\n") and time.monotonic() < until:
                data = peer.recv(1 << 16)
                if not data:
                    return None
                text += data
            answer: Any = json.loads(text)
            return cast("dict[str, Any]", answer) if isinstance(answer, dict) else None
    return None
