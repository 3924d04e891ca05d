"""A job's life as phases: what it did or waited for, from when to when, and why. A pure reading of its events.

A phase begins with the event that names it. Of a phase in which a job waits for one thing and then for another (a busy
cluster, then a busy machine), each wait is a phase of its own with its own reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from bancada.domain.lifecycle import FINAL
from bancada.engine.documents import iso_time
from bancada.engine.job_answers import JobTimeline, Phase
from bancada.store.events import Event
from bancada.store.jobs import JobRow

__all__ = ["WAITING", "timeline"]

# An event: the job goes on waiting, but for something else.
WAITING = "waiting"
# Statuses by what happens in them. `Starting` lays out code and inputs; a job ends while its cancelling is under way.
_PHASES: Mapping[str, str] = {
    "Queued": "Queued",
    "Preparing": "Preparing",
    "Starting": "Staging",
    "Running": "Running",
    "Finalizing": "Finalizing",
    "CancelRequested": "Canceling",
}


@dataclass
class _Begun:
    # Empty for an end.
    phase: str
    at: float
    reason: str = ""


def timeline(row: JobRow, events: Sequence[Event], process_ended_at: float | None = None) -> JobTimeline:
    """Return the phases of a job.

    `process_ended_at` is when the process of its last attempt ended; what came after is called Finalizing (its outputs
    are kept then), whatever the log of events says.
    """
    begun = _with_finalizing(_begun(events) or _of_run(row), process_ended_at)
    if begun and not begun[-1].phase and row.ended_at is not None:
        # The log's clock ran on for a moment while the end was written down.
        begun[-1].at = row.ended_at
    ends = [*(one.at for one in begun[1:]), row.ended_at if row.status in FINAL else None]
    found: JobTimeline = {
        "phases": [_phase(one, end) for one, end in zip(begun, ends, strict=True) if one.phase],
        "attempts": row.attempt,
        "status": row.status,
    }
    if row.state.get("position"):
        found["queue_position"] = int(row.state["position"])
    if row.state.get("reason"):
        found["status_reason"] = str(row.state["reason"])
    return found


def _begun(events: Sequence[Event]) -> list[_Begun]:
    found: list[_Begun] = []
    for one in events:
        if one.what in _PHASES:
            found.append(_Begun(_PHASES[one.what], one.at, _reason(one.data)))
        elif one.what == WAITING and found:
            found.append(_Begun(found[-1].phase, one.at, _reason(one.data)))
        elif one.what in FINAL and found:
            found.append(_Begun("", one.at))
    # What took no time, for its reason came in the same moment, is no phase.
    return [one for one, next_ in zip_longest(found, found[1:]) if next_ is None or not _is_nothing(one, next_)]


def _is_nothing(one: _Begun, following: _Begun) -> bool:
    return one.phase == following.phase and one.at == following.at


def _of_run(row: JobRow) -> list[_Begun]:
    """A run that no job made has no events: it runs from its start on."""
    started = row.reported_start if row.reported_start is not None else row.started_at
    return [] if started is None else [_Begun("Running", started)]


def _with_finalizing(begun: list[_Begun], ended_at: float | None) -> list[_Begun]:
    at = next((at for at in reversed(range(len(begun))) if begun[at].phase), None)
    if ended_at is None or at is None or begun[at].phase not in ("Running", "Staging"):
        return begun
    return [*begun[: at + 1], _Begun("Finalizing", max(ended_at, begun[at].at), "keeping outputs"), *begun[at + 1 :]]


def _reason(data: Mapping[str, Any]) -> str:
    if data.get("reason"):
        return str(data["reason"])
    if data.get("extended_to") is not None:
        return f"extended to {data['extended_to']} trials"
    number = data.get("attempt")
    return f"attempt {number}" if isinstance(number, int) and number > 1 else ""


def _phase(one: _Begun, end: float | None) -> Phase:
    found: Phase = {"phase": one.phase, "started_at": iso_time(one.at)}
    if end is not None:
        found["ended_at"] = iso_time(end)
        found["seconds"] = round(max(0.0, end - one.at), 3)
    if one.reason:
        found["reason"] = one.reason
    return found
