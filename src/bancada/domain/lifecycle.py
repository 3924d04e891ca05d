"""The lives of jobs and resources: statuses, the table of legal moves, and what MLflow calls them."""

from __future__ import annotations

from typing import Literal

from bancada.errors import Conflict

__all__ = [
    "FINAL",
    "MOVES",
    "STATUSES",
    "JobStatus",
    "MlflowStatus",
    "ProvisioningState",
    "ensure_move",
    "from_mlflow",
    "is_final",
    "is_legal",
    "to_mlflow",
]

JobStatus = Literal[
    "NotStarted",
    "Queued",
    "Preparing",
    "Starting",
    "Running",
    "Finalizing",
    "CancelRequested",
    "Completed",
    "Failed",
    "Canceled",
]
MlflowStatus = Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]
ProvisioningState = Literal["Creating", "Updating", "Succeeded", "Failed", "Canceled", "Deleting"]

FINAL: frozenset[str] = frozenset({"Completed", "Failed", "Canceled"})

_STOPS = frozenset({"CancelRequested", "Canceled", "Failed"})

MOVES: dict[str, frozenset[str]] = {
    "NotStarted": _STOPS | {"Queued", "Running"},
    "Queued": _STOPS | {"Preparing", "Starting", "Running"},
    # Back to Queued: the attempt was lost, or waits for its environment or for room.
    "Preparing": _STOPS | {"Queued", "Starting", "Running"},
    "Starting": _STOPS | {"Queued", "Running", "Finalizing", "Completed"},
    "Running": _STOPS | {"Queued", "Finalizing", "Completed"},
    "Finalizing": _STOPS | {"Queued", "Completed"},
    # A job may finish while it is being cancelled: then what it did counts.
    "CancelRequested": frozenset({"Canceled", "Completed", "Failed", "Finalizing"}),
    # The one named way back: a finished sweep is extended by more trials.
    "Completed": frozenset({"Queued"}),
    "Failed": frozenset({"Queued"}),
    "Canceled": frozenset({"Queued"}),
}
"""status -> statuses that may follow it."""

STATUSES: tuple[str, ...] = tuple(MOVES)

_TO_MLFLOW: dict[str, MlflowStatus] = {
    "NotStarted": "SCHEDULED",
    "Queued": "SCHEDULED",
    "Preparing": "SCHEDULED",
    "Starting": "SCHEDULED",
    "Running": "RUNNING",
    "Finalizing": "RUNNING",
    "CancelRequested": "RUNNING",
    "Completed": "FINISHED",
    "Failed": "FAILED",
    "Canceled": "KILLED",
}
_FROM_MLFLOW: dict[str, JobStatus] = {
    "SCHEDULED": "Queued",
    "RUNNING": "Running",
    "FINISHED": "Completed",
    "FAILED": "Failed",
    "KILLED": "Canceled",
}


def is_final(status: str) -> bool:
    """Tell whether a job in this status has ended."""
    return status in FINAL


def is_legal(before: str, after: str, *, extend: bool = False) -> bool:
    """Tell whether a job may move from one status to another; a final one only when it is extended."""
    if before in FINAL and not extend:
        return False
    return after in MOVES.get(before, frozenset())


def ensure_move(name: str, before: str, after: str, *, extend: bool = False) -> None:
    """Raise Conflict when the job may not move so."""
    if not is_legal(before, after, extend=extend):
        raise Conflict(f"Job `{name}` is {before} and cannot become {after}.", kind="job", name=name, status=before)


def to_mlflow(status: str) -> MlflowStatus:
    """Return MLflow's word for a job's status."""
    return _TO_MLFLOW[status]


def from_mlflow(status: str) -> JobStatus:
    """Return the job status that a plain MLflow run shows for MLflow's word."""
    return _FROM_MLFLOW[status.upper()]
