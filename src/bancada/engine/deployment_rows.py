"""What a deployment's row keeps beside its document, and what follows from it. No turns, no processes.

The private part lies under `$state`: generation, live generation, launches, deaths, and what was resolved when it was
put (model, environment request, program).
"""

from __future__ import annotations

from typing import Any

from bancada.engine.documents import part
from bancada.engine.paths import launch_name
from bancada.store.resources import Row

__all__ = [
    "DEPLOYMENTS",
    "ENDPOINTS",
    "MOST_PROCESSES",
    "WORKER_COUNT",
    "initial_state",
    "keys_name",
    "most_instances",
    "replica_documents",
    "replica_id",
    "scale_bounds",
    "wanted_instances",
    "wanted_replicas",
    "workers_of",
]

ENDPOINTS = "online-endpoints"
DEPLOYMENTS = "online-deployments"


def keys_name(endpoint: str) -> str:
    """Return the name under which an endpoint's two keys are kept."""
    return f"endpoint-keys/{endpoint}"


def replica_id(row: Row, number: int) -> str:
    """Return the launch of a deployment's replica. The `r` tells it from attempts: job names may have dots."""
    return launch_name(row.workspace, *row.name.split("/"), f"r{number}")


def initial_state(generation: int = 1) -> dict[str, Any]:
    """Return the private state of a deployment that was just put."""
    return {"generation": generation, "live": 0, "next": 1, "replicas": [], "deaths": []}


def replica_documents(row: Row) -> list[dict[str, Any]]:
    """Return what users see of a deployment's replicas."""
    state = part(row.doc, "$state")
    return [
        {"name": one["launch"], "state": one["state"], "generation": one["generation"], **(one.get("facts") or {})}
        for one in state.get("replicas", [])
    ]


# Azure's inference server starts so many processes in each instance.
WORKER_COUNT = "WORKER_COUNT"
# Processes of one deployment. All run on one machine, and each holds the model in its memory.
MOST_PROCESSES = 64


def workers_of(doc: dict[str, Any]) -> int:
    """Return the replicas of one instance: WORKER_COUNT of the deployment's environment_variables, else 1."""
    given = str(part(doc, "environment_variables").get(WORKER_COUNT, ""))
    return max(1, int(given)) if given.isdecimal() else 1


def wanted_replicas(row: Row) -> int:
    """Return how many replicas a deployment shall have: those of all its instances."""
    return wanted_instances(row) * workers_of(row.doc)


def wanted_instances(row: Row) -> int:
    """Return how many instances a deployment shall have: its instance_count, or what its load asks for."""
    scale = part(row.doc, "scale_settings")
    count = int(row.doc.get("instance_count") or 1)
    if scale.get("type") != "target_utilization":
        return count
    low, high = scale_bounds(row)
    return min(high, max(low, int(part(row.doc, "$state").get("scale") or low)))


def most_instances(doc: dict[str, Any]) -> tuple[int, str]:
    """Return the most instances that a deployment's document allows, and the field that says so."""
    scale, count = part(doc, "scale_settings"), int(doc.get("instance_count") or 1)
    if scale.get("type") != "target_utilization":
        return count, "instance_count"
    high, field = int(scale.get("max_instances") or count), "scale_settings.max_instances"
    low = int(scale.get("min_instances") or 0)
    return (low, "scale_settings.min_instances") if low > high else (high, field)


def scale_bounds(row: Row) -> tuple[int, int]:
    """Return the fewest and most instances of a deployment that follows its load."""
    scale = part(row.doc, "scale_settings")
    given = scale.get("min_instances")
    low = 1 if given is None else int(given)
    high = int(scale.get("max_instances") or row.doc.get("instance_count") or 1)
    return low, max(low, high, 1)
