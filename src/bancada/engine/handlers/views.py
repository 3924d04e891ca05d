"""What handlers look at: frozen pictures of a job, its children, its environment and its last attempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["BuildView", "ChildView", "ExitView", "JobView"]

BuildState = Literal["none", "building", "ready", "failed"]


@dataclass(frozen=True)
class BuildView:
    """The job's environment: is it there, on its way, or impossible?"""

    state: BuildState
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class ExitView:
    """How the last attempt ended, after its outputs were collected."""

    reason: str
    code: int | None = None
    signal: int | None = None
    message: str = ""
    # The last lines that the script printed: what a user needs to see first.
    last_lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChildView:
    """One trial or step as its parent sees it."""

    name: str
    index: int
    status: str
    point: dict[str, Any]
    # Best and latest logged value of the primary metric; None when it was never logged.
    best: float | None = None
    metrics: tuple[str, ...] = ()
    # The primary metric's values in the order of their steps; only read when the sweep has a stopping rule.
    curve: tuple[float, ...] = ()
    started_at: float | None = None
    ended_at: float | None = None
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class JobView:
    """One job at one moment."""

    workspace: str
    name: str
    spec: dict[str, Any]
    status: str
    # The handler's own memory, written only by its Remember actions.
    state: dict[str, Any]
    attempt: int
    created_at: float
    build: BuildView
    # An attempt is between its start and the collection of its outputs.
    attempt_open: bool = False
    # Set when the last attempt ended and nothing was decided about it yet.
    exit: ExitView | None = None
    children: tuple[ChildView, ...] = field(default=())
    retries: int = 1
    # What the job's own process said about itself as tags of its run; only read for AutoML jobs.
    tags: dict[str, str] = field(default_factory=dict[str, str])
