"""What handlers decide: values that the worker commits and carries out. Not for doing anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Action",
    "CancelChildren",
    "EnsureBuild",
    "Finish",
    "Move",
    "Remember",
    "Run",
    "Stop",
    "StopChild",
    "Submit",
    "Tag",
    "Wake",
    "WakeAt",
    "Warn",
]


@dataclass(frozen=True)
class Move:
    """Change the job's status to a non-final one; `reason` tells the user what it waits for."""

    status: str
    reason: str = ""


@dataclass(frozen=True)
class Remember:
    """Merge into the handler's private state."""

    values: dict[str, Any]


@dataclass(frozen=True)
class EnsureBuild:
    """See that the environment with this request is built; wakes the job when it is, or failed."""

    request: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """Start the next attempt. The slot was granted by the ledger."""

    attempt: int


@dataclass(frozen=True)
class Stop:
    """End the running attempt: politely, then not."""


@dataclass(frozen=True)
class Submit:
    """Create a child job. Its name derives from parent and index, so that repeating is harmless."""

    name: str
    index: int
    spec: dict[str, Any]
    # The sampled values: what the sampler sees again as history.
    point: dict[str, Any] = field(default_factory=dict[str, Any])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    properties: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class CancelChildren:
    """Ask every child that is not final to stop."""


@dataclass(frozen=True)
class StopChild:
    """End one child early; tags and properties tell why. Nothing happens when it is ending already."""

    name: str
    tags: dict[str, str] = field(default_factory=dict[str, str])
    properties: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Tag:
    """Set MLflow tags on the job's run."""

    tags: dict[str, str]


@dataclass(frozen=True)
class Warn:
    """Put a warning where users look: the event log and the job's properties."""

    message: str


@dataclass(frozen=True)
class Finish:
    """Move to a final status."""

    status: str
    properties: dict[str, str] = field(default_factory=dict[str, str])
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class Wake:
    """Make another job due."""

    name: str


@dataclass(frozen=True)
class WakeAt:
    """Come back at this time (seconds since the epoch) at the latest."""

    at: float


Action = (
    Move
    | Remember
    | EnsureBuild
    | Run
    | Stop
    | StopChild
    | Submit
    | CancelChildren
    | Tag
    | Warn
    | Finish
    | Wake
    | WakeAt
)
