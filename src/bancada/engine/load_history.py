"""The last hour of each deployment, in memory: what the gateway counted every few seconds. Not for Prometheus.

`load` looks at the gateway once a second while anything is live; here a look every five seconds is kept.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

from typing_extensions import TypedDict

__all__ = ["INTERVAL_S", "LONGEST_S", "DeploymentHistory", "LoadHistory"]

INTERVAL_S = 5.0
LONGEST_S = 3600.0
# Looks come a second apart and never exactly: one that is this early is the next one.
EARLY_S = 0.5


class DeploymentHistory(TypedDict):
    """Figures by interval, oldest first; `times` are the ends, in seconds since the epoch.

    `requests` and `errors` (answers of 400 and above) are those of the interval. A quantile is null in an interval
    without requests. `in_flight` and `replicas` are those at its end. A gap in `times` is a time without a look.
    """

    interval_s: float
    times: list[float]
    requests: list[int]
    errors: list[int]
    p50_ms: list[float | None]
    p95_ms: list[float | None]
    in_flight: list[int]
    replicas: list[int]


@dataclass(frozen=True)
class Look:
    """What the gateway had counted until one moment."""

    at: float
    requests: int
    errors: int
    # Upper bound in seconds (None: no bound) and how many were counted below it, by bucket, not running totals.
    buckets: Sequence[tuple[float | None, int]] = field(default_factory=tuple)
    in_flight: int = 0
    replicas: int = 0


class LoadHistory:
    """Rings of looks. Concurrency: any thread; each call is short."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rings: dict[tuple[str, str, str], deque[Look]] = {}
        self._last = 0.0

    def note(self, at: float, state: Mapping[str, Any]) -> None:
        """Keep what the gateway says, if the last look that was kept is long enough ago."""
        with self._lock:
            if 0.0 <= at - self._last < INTERVAL_S - EARLY_S:
                return
            self._last = at
            for one in cast("list[dict[str, Any]]", state.get("deployments") or []):
                key = str(one["workspace"]), str(one["endpoint"]), str(one["deployment"])
                ring = self._rings.setdefault(key, deque(maxlen=int(LONGEST_S / INTERVAL_S) + 1))
                ring.append(look_of(one, at))
            self._rings = {key: ring for key, ring in self._rings.items() if at - ring[-1].at <= LONGEST_S}

    def looks(self, workspace: str, endpoint: str, deployment: str) -> int:
        """Return how many looks at a deployment are kept."""
        with self._lock:
            return len(self._rings.get((workspace, endpoint, deployment), ()))

    def of(self, workspace: str, endpoint: str, deployment: str, since: float) -> DeploymentHistory:
        """Return a deployment's figures from a moment on; empty when nothing was seen of it."""
        with self._lock:
            looks = list(self._rings.get((workspace, endpoint, deployment), ()))
        pairs = [(last, look) for last, look in pairwise(looks) if look.at >= since]
        pairs = [(last, look) for last, look in pairs if look.at - last.at <= 3 * INTERVAL_S]
        spans = [_between(last, look) for last, look in pairs]
        return DeploymentHistory(
            interval_s=INTERVAL_S,
            times=[look.at for _, look in pairs],
            requests=[span.requests for span in spans],
            errors=[span.errors for span in spans],
            p50_ms=[_quantile_ms(span.buckets, 0.5) for span in spans],
            p95_ms=[_quantile_ms(span.buckets, 0.95) for span in spans],
            in_flight=[look.in_flight for _, look in pairs],
            replicas=[look.replicas for _, look in pairs],
        )


def look_of(one: Mapping[str, Any], at: float) -> Look:
    """Return what matters of the gateway's words about one deployment."""
    answers = {int(status): int(count) for status, count in dict(one.get("answers") or {}).items()}
    latency: Mapping[str, Any] = one.get("latency") or {}
    return Look(
        at=at,
        requests=sum(answers.values()),
        errors=sum(count for status, count in answers.items() if status >= 400),
        buckets=tuple((bound, int(count)) for bound, count in latency.get("buckets_s") or ()),
        in_flight=int(one.get("in_flight") or 0),
        replicas=int(one.get("replicas") or 0),
    )


def _between(last: Look, look: Look) -> Look:
    """Return what was counted between two looks; a gateway that was started again counts from zero."""
    if look.requests < last.requests:
        return look
    before = dict(last.buckets)
    buckets = tuple((bound, max(0, count - before.get(bound, 0))) for bound, count in look.buckets)
    return Look(look.at, look.requests - last.requests, max(0, look.errors - last.errors), buckets)


def _quantile_ms(buckets: Sequence[tuple[float | None, int]], share: float) -> float | None:
    """Return a quantile in ms, linear inside its bucket; the last bound for what lies above all. None without any."""
    left = share * sum(count for _, count in buckets)
    if not left:
        return None
    low = 0.0
    for bound, count in buckets:
        if bound is None:
            break
        if count and left <= count:
            return round((low + (bound - low) * left / count) * 1e3, 3)
        left -= count
        low = bound
    return round(low * 1e3, 3)
