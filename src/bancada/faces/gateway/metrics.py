"""Counts and times of the gateway, for each deployment, as Prometheus text and as JSON."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["DeploymentMetrics", "Histogram", "prometheus_text"]

# Seconds. Fine below 10 ms, where models live, coarse up to Azure's longest request_timeout_ms of 180 s.
_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0)


class Histogram:
    """Observed seconds in fixed buckets."""

    __slots__ = ("counts", "total_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS) + 1)
        self.total_s = 0.0

    def observe(self, seconds: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(_BOUNDS, seconds)] += 1
        self.total_s += seconds

    @property
    def count(self) -> int:
        """How many observations there were."""
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """Return about below which time a share of the observations lies: a line is drawn through its bucket."""
        left = share * self.count
        low = 0.0
        for bound, count in zip(_BOUNDS, self.counts, strict=False):
            if count and left <= count:
                return low + (bound - low) * left / count
            left -= count
            low = bound
        return low

    def document(self) -> dict[str, Any]:
        """Return it as JSON values; times in milliseconds, as Azure's metrics are."""
        count = self.count
        quantiles = {f"p{share}_ms": round(self.quantile(share / 100) * 1e3, 3) for share in (50, 90, 95, 99)}
        buckets = [[bound, number] for bound, number in zip((*_BOUNDS, None), self.counts, strict=True)]
        mean_ms = round(self.total_s / count * 1e3, 3) if count else 0.0
        return {"count": count, "mean_ms": mean_ms, **quantiles, "buckets_s": buckets}

    def lines(self, name: str, labels: str) -> Iterable[str]:
        """Give Prometheus's lines of it."""
        running = 0
        for bound, count in zip(_BOUNDS, self.counts, strict=False):
            running += count
            yield f'{name}_bucket{{{labels},le="{bound:g}"}} {running}'
        yield f'{name}_bucket{{{labels},le="+Inf"}} {self.count}'
        yield f"{name}_sum{{{labels}}} {self.total_s:.6f}"
        yield f"{name}_count{{{labels}}} {self.count}"


class DeploymentMetrics:
    """What happened at one deployment since the gateway started. Gauges are read when they are asked for."""

    __slots__ = ("answers", "latency", "mirrored", "queue", "replicas_lost", "retried")

    def __init__(self) -> None:
        self.answers: Counter[int] = Counter()  # by the status that the client saw
        self.latency = Histogram()  # arrival to answer
        self.queue = Histogram()  # arrival to being sent to a replica
        self.retried = 0
        self.replicas_lost = 0
        self.mirrored = 0

    def document(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        return {
            "answers": {str(status): count for status, count in self.answers.items()},
            "latency_s": self.latency.total_s,
            "latency_count": self.latency.count,
            "queue_s": self.queue.total_s,
            "latency": self.latency.document(),
            "queue": self.queue.document(),
            "retried": self.retried,
            "replicas_lost": self.replicas_lost,
            "mirrored": self.mirrored,
        }


# name → (type, help); the order of the text.
_FAMILIES = {
    "bancada_requests_total": ("counter", "Answered requests by the status that the client saw."),
    "bancada_request_seconds": ("histogram", "Time from a request's arrival to its answer."),
    "bancada_queue_seconds": ("histogram", "Time from a request's arrival until a replica got it."),
    "bancada_in_flight": ("gauge", "Requests that are waiting or being scored."),
    "bancada_waiting": ("gauge", "Requests that wait for a replica."),
    "bancada_replicas": ("gauge", "Replicas that can be sent requests."),
    "bancada_replicas_lost_total": ("counter", "Connections to replicas that broke without a goodbye."),
    "bancada_retried_total": ("counter", "Requests that were sent to a second replica."),
    "bancada_mirrored_total": ("counter", "Copies of requests sent by mirror traffic."),
    "bancada_refused_total": ("counter", "Requests that reached no deployment, by status."),
}


def prometheus_text(
    deployments: Iterable[tuple[Mapping[str, str], DeploymentMetrics, Mapping[str, int]]],
    refused: Mapping[int, int],
) -> str:
    """Return the text for /metrics. A row has labels, counts, and the gauges in_flight, waiting, replicas."""
    lines: dict[str, list[str]] = {name: [] for name in _FAMILIES}
    for names, metrics, gauges in deployments:
        labels = ",".join(f'{name}="{value}"' for name, value in names.items())
        for status, count in sorted(metrics.answers.items()):
            counted = f'bancada_requests_total{{{labels},code="{status}"}} {count}'
            lines["bancada_requests_total"].append(counted)
        lines["bancada_request_seconds"] += metrics.latency.lines("bancada_request_seconds", labels)
        lines["bancada_queue_seconds"] += metrics.queue.lines("bancada_queue_seconds", labels)
        for name, value in {
            **{f"bancada_{name}": value for name, value in gauges.items()},
            "bancada_replicas_lost_total": metrics.replicas_lost,
            "bancada_retried_total": metrics.retried,
            "bancada_mirrored_total": metrics.mirrored,
        }.items():
            lines[name].append(f"{name}{{{labels}}} {value}")
    for status, count in sorted(refused.items()):
        lines["bancada_refused_total"].append(f'bancada_refused_total{{code="{status}"}} {count}')
    parts: list[str] = []
    for name, (kind, text) in _FAMILIES.items():
        parts += [f"# HELP {name} {text}", f"# TYPE {name} {kind}", *lines[name]]
    return "\n".join(parts) + "\n"
