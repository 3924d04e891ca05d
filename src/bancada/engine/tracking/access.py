"""What a caller may touch: the owner everything, an attempt its job's run and the runs under it."""

from __future__ import annotations

from bancada.engine.tracking.operation import Caller
from bancada.errors import Forbidden, Gone, Invalid, NotFound
from bancada.store import runs
from bancada.store.database import Tx
from bancada.store.runs import Run

__all__ = ["active_run", "require_owner", "run_of", "writable_run"]

# Nested runs are rarely deeper than three; a ring (a client may set any parent) must end somewhere.
_DEEPEST = 32


def run_of(tx: Tx, caller: Caller, run_id: str) -> Run:
    """Return a run that anybody of the workspace may read. Raises NotFound."""
    run = runs.find(tx, caller.workspace, run_id)
    if run is None:
        raise NotFound(f"Run with id={run_id} not found.", kind="run", name=run_id)
    return run


def writable_run(tx: Tx, caller: Caller, run_id: str) -> Run:
    """Return a run that the caller may change, deleted or not.

    Raises NotFound, Gone for an attempt that its job has left behind, Forbidden for another job's run.
    """
    run = run_of(tx, caller, run_id)
    if caller.attempt is not None:
        _require_own(tx, caller, run)
    return run


def active_run(tx: Tx, caller: Caller, run_id: str) -> Run:
    """Return a run that the caller may log to. Raises also Invalid when it is deleted."""
    run = writable_run(tx, caller, run_id)
    if run.deleted:
        raise Invalid(f"The run {run_id} must be in the 'active' state. Current state is deleted.")
    return run


def _require_own(tx: Tx, caller: Caller, run: Run) -> None:
    job, attempt = caller.attempt or ("", 0)
    above: Run | None = run
    for _ in range(_DEEPEST):
        if above is None:
            break
        if above.name == job:
            _require_current(above, attempt)
            return
        above = runs.find(tx, caller.workspace, above.parent) if above.parent is not None else None
    raise Forbidden(f"Job `{job}` may log to its own run and the runs under it, not to `{run.name}`.")


def _require_current(job: Run, attempt: int) -> None:
    if job.attempt != attempt:
        raise Gone(
            f"Attempt {attempt} of job `{job.name}` was superseded by attempt {job.attempt}; it may not write any"
            " more.",
            job=job.name,
            attempt=attempt,
        )


def require_owner(caller: Caller, what: str) -> None:
    """Refuse jobs what only the owner of the home may do."""
    if caller.attempt is not None:
        raise Forbidden(f"A job may not {what}; use the owner's token.")
