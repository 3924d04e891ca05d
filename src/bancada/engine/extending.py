"""New limits for a sweep that was submitted: one that runs takes them at its next turn, one that ended goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bancada.domain.base import parse
from bancada.domain.jobs.sweep import SweepJobLimits
from bancada.domain.lifecycle import ensure_move, is_final
from bancada.engine.documents import part
from bancada.errors import Invalid, Problem
from bancada.store import events, jobs, queue
from bancada.store.database import Tx
from bancada.store.jobs import JobRow
from bancada.store.queue import Subject

__all__ = ["with_limits"]

# What the handler and the last end left that must not speak of the sweep any more.
_OF_THE_END = ("started_at", "reason", "position")


def with_limits(tx: Tx, row: JobRow, limits: dict[str, Any], who: str, now: float) -> JobRow:
    """Return the sweep's row with `limits` merged into its own, made due; to be stored by the caller.

    Raises Invalid for a job that is no sweep, for limits that are none, and for an ended sweep that already has all
    the trials that they allow.
    """
    if row.type != "sweep":
        raise Invalid.of([Problem("limits", "can be changed of a sweep only; cancel the job and submit it anew.")])
    spec = row.spec or {}
    wanted = {**part(spec, "limits"), **{key: value for key, value in limits.items() if value is not None}}
    checked = parse(SweepJobLimits, wanted).document()
    queue.put(tx, Subject(row.workspace, "job", row.name), due_at=now)
    changed = replace(row, spec={**spec, "limits": checked})
    return _extended(tx, changed, who, now) if is_final(row.status) else changed


def _extended(tx: Tx, row: JobRow, who: str, now: float) -> JobRow:
    made = len(jobs.slim_children(tx, row.workspace, row.name, [], from_index=0))
    total = part(row.spec, "limits").get("max_total_trials")
    if total is not None and int(total) <= made:
        text = f"is {total}, but the sweep has made {made} trials already; more than {made} lets it go on."
        raise Invalid.of([Problem("limits.max_total_trials", text)])
    ensure_move(row.name, row.status, "Queued", extend=True)
    events.append(tx, row.workspace, "job", row.name, "Queued", who, {"extended_to": total})
    # Its time starts anew, and failures before this moment are forgiven: whoever extends it knows of them.
    state = {key: value for key, value in row.state.items() if key not in _OF_THE_END}
    return replace(
        row,
        status="Queued",
        reported_status=None,
        ended_at=None,
        error=None,
        state={**state, "extended_at": now},
    )
