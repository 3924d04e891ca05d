"""Turns of jobs: build the view, ask the handler, commit its actions, then carry out what is outside the database."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from bancada.domain.base import from_stored
from bancada.domain.jobs import Job, SweepJob
from bancada.domain.lifecycle import FINAL, ensure_move
from bancada.engine import actions as act
from bancada.engine.actions import Action
from bancada.engine.attempts import AttemptRunner
from bancada.engine.automl import CORES, cores_wanted
from bancada.engine.builds import Builds
from bancada.engine.core import Core
from bancada.engine.handlers import automl, command, sweep
from bancada.engine.handlers.views import BuildView, ChildView, ExitView, JobView
from bancada.engine.ledger import Grant, Holder, Ledger
from bancada.engine.metric_wakes import MetricWakes
from bancada.engine.timeline import WAITING
from bancada.engine.trials import TrialViews
from bancada.errors import Conflict
from bancada.learning.samplers import sampler_for
from bancada.store import attempts, events, jobs, queue, resources, runs, tracking
from bancada.store.database import Tx
from bancada.store.jobs import JobRow
from bancada.store.queue import Subject

__all__ = ["JobTurns"]

logger = logging.getLogger(__name__)

Effect = Callable[[], None]


def _advance_sweep(view: JobView, now: float) -> list[Action]:
    job: SweepJob = from_stored(Job, view.spec)
    try:
        sampler = sampler_for(job.sampling, job.search_space or {})
    # It was there at submission. A package that was removed or fails meanwhile would fail at every turn.
    except Exception as reason:
        return sweep.broken(view, f"The sampler `{job.sampling.type}` cannot be made: {reason}")
    return sweep.advance(view, now, sampler, job.early_termination)


# One line a job type: the handler is a pure function of the view.
HANDLERS: dict[str, Callable[[JobView, float], list[Action]]] = {
    "command": command.advance,
    "sweep": _advance_sweep,
    "automl": automl.advance,
}
PARENTS = frozenset({"sweep"})


@dataclass
class _Turn:
    """What one turn gathers while its actions are applied inside the transaction."""

    tx: Tx
    row: JobRow
    now: float
    grant: Grant | None = None
    # Carried out after the commit, in order. A function in a transaction may run twice: nothing outside before.
    effects: list[Effect] = field(default_factory=list[Effect])
    wake_at: float | None = None


class JobTurns:
    """Moves jobs. The only writer of a job's status."""

    def __init__(self, core: Core, runner: AttemptRunner, builds: Builds, ledger: Ledger, wakes: MetricWakes) -> None:
        self._core = core
        self._runner = runner
        self._builds = builds
        self._ledger = ledger
        self._wakes = wakes
        self._trials = TrialViews()

    def adopt(self) -> None:
        """Take over running attempts first, then look at every unfinished job once."""
        for attempt in self._runner.adopt():
            self._hold(attempt.workspace, attempt.job)

        def wake(tx: Tx) -> None:
            for row in jobs.unfinished(tx):
                queue.put(tx, Subject(row.workspace, "job", row.name), due_at=self._core.clock.now())

        self._core.db.write(wake)

    def _hold(self, workspace: str, name: str) -> None:
        row = self._core.db.read(lambda tx: jobs.get(tx, workspace, name))
        cluster, state = (_cluster(row.spec or {}), row.state) if row else ("local", {})
        self._ledger.hold((workspace, name), cluster, int(state.get(CORES) or 1))

    def turn(self, subject: Subject) -> float | None:
        """Advance one job; return when it wants to be looked at again."""
        self._wakes.begin_turn(subject)
        row = self._core.db.read(lambda tx: jobs.get(tx, subject.workspace, subject.name))
        if row is None or row.type is None or row.status in FINAL:
            self._offer(self._ledger.free((subject.workspace, subject.name)))
            return None
        now = self._core.clock.now()
        view = self._view(row)
        decided = HANDLERS[row.type](view, now)
        if row.type in PARENTS and any(isinstance(one, act.Finish) for one in decided):
            # The last word is said about what is stored, not about what was read on the way.
            self._trials.forget(row)
            decided = HANDLERS[row.type](self._view(row), now)
        if view.exit is not None:
            # The slot goes back as soon as the process is gone; a retry asks for it like anybody else.
            self._release(row)
        if not any(isinstance(one, act.Run) for one in decided):
            # Whoever waits for something else (its environment, say) does not stand in the way of others.
            self._offer(self._ledger.withdraw((row.workspace, row.name)))
        if not decided:
            return None
        return self._apply(row, decided, now)

    def _view(self, row: JobRow) -> JobView:
        attempt = self._core.db.read(
            lambda tx: attempts.get(tx, row.workspace, row.name, row.attempt) if row.attempt else None
        )
        ended = attempt.exit if attempt is not None else None
        return JobView(
            workspace=row.workspace,
            name=row.name,
            spec=row.spec or {},
            status=row.status,
            state=row.state,
            attempt=row.attempt,
            created_at=row.created_at,
            build=self._build(row, attempt is not None and ended is None),
            attempt_open=attempt is not None and ended is None,
            exit=_exit_view(ended) if ended is not None else None,
            children=self._children(row),
            retries=self._core.settings.job_retries,
            tags=self._tags(row),
        )

    def _tags(self, row: JobRow) -> dict[str, str]:
        if row.type != "automl":
            return {}
        return dict(self._core.db.read(lambda tx: tracking.run_summary(tx, row.workspace, row.name)).tags)

    def _build(self, row: JobRow, attempt_open: bool) -> BuildView:
        # A running attempt has its environment: no need to look at the disk at every turn.
        if attempt_open or row.state.get("started_at") is not None:
            return BuildView("ready")
        return self._builds.view(row.state.get("environment"))

    def _children(self, row: JobRow) -> tuple[ChildView, ...]:
        if row.type not in PARENTS:
            return ()
        return self._core.db.read(lambda tx: self._trials.read(tx, row))

    def _apply(self, row: JobRow, decided: list[Action], now: float) -> float | None:
        grant = self._ask(row) if any(isinstance(one, act.Run) for one in decided) else None

        def commit(tx: Tx) -> _Turn:
            fresh = jobs.get(tx, row.workspace, row.name)
            if fresh is None or fresh.revision != row.revision:
                raise Conflict(f"Job `{row.name}` changed while its next step was decided.")
            turn = _Turn(tx, fresh, now, grant)
            for action in decided:
                self._one(turn, action)
            return turn

        turn = self._core.db.write(commit)
        for effect in turn.effects:
            effect()
        return turn.wake_at

    def _ask(self, row: JobRow) -> Grant:
        spec = row.spec or {}
        order = (row.created_at, row.index or 0)
        instances = self._max_instances(row.workspace, _cluster(spec))
        cores = cores_wanted(spec, self._ledger.cores) if row.type == "automl" else 1
        return self._ledger.ask((row.workspace, row.name), _cluster(spec), instances, order, cores=cores)

    def _max_instances(self, workspace: str, cluster: str) -> int:
        row = self._core.db.read(lambda tx: resources.get(tx, workspace, "computes", cluster))
        return int(row.doc.get("max_instances") or 1) if row else self._ledger.cores

    def _release(self, row: JobRow) -> None:
        self._offer(self._ledger.free((row.workspace, row.name)))

    def nudge(self) -> None:
        """Take up what a fault left behind: attempts whose step failed, slots that were offered in vain."""
        self._runner.retry()
        self._offer(self._ledger.admissible())

    def _offer(self, holders: Sequence[Holder]) -> None:
        """Wake jobs that can have a slot."""
        if not holders:
            return

        def wake(tx: Tx) -> None:
            for workspace, name in holders:
                queue.put(tx, Subject(workspace, "job", name), due_at=self._core.clock.now())

        self._core.db.write(wake)

    def _one(self, turn: _Turn, action: Action) -> None:
        row = turn.row
        match action:
            case act.Move():
                self._move(turn, action.status, action.reason)
            case act.Remember():
                self._save(turn, replace(row, state={**row.state, **action.values}))
            case act.EnsureBuild():
                self._builds.ensure(turn.tx, action.request, Subject(row.workspace, "job", row.name))
            case act.Run():
                self._run(turn, action.attempt)
            case act.Stop():
                turn.effects.append(lambda: self._runner.stop(row))
            case act.Submit():
                self._submit(turn, action)
            case act.CancelChildren():
                self._cancel_children(turn)
            case act.StopChild():
                self._stop_child(turn, action)
            case act.Tag():
                tracking.set_tags(turn.tx, row.workspace, row.name, action.tags)
            case act.Warn():
                self._warn(turn, action.message)
            case act.Finish():
                self._finish(turn, action)
            case act.Wake():
                queue.put(turn.tx, Subject(row.workspace, "job", action.name), due_at=turn.now)
            case act.WakeAt():
                turn.wake_at = action.at
            case _:
                assert_never(action)

    def _save(self, turn: _Turn, row: JobRow) -> None:
        turn.row = jobs.update(turn.tx, row, expect_revision=turn.row.revision)

    def _event(self, turn: _Turn, what: str, data: dict[str, Any]) -> None:
        events.append(turn.tx, turn.row.workspace, "job", turn.row.name, what, "worker", data)

    def _move(self, turn: _Turn, status: str, reason: str, position: int = 0) -> None:
        row = turn.row
        state = {key: value for key, value in row.state.items() if key not in ("reason", "position")}
        if reason:
            state["reason"] = reason
        if position:
            state["position"] = position
        if status == row.status and state == row.state:
            return
        started = turn.now if status == "Running" and row.started_at is None else row.started_at
        changed = status != row.status
        if changed:
            ensure_move(row.name, row.status, status)
        self._save(turn, replace(row, status=status, state=state, started_at=started))
        if changed:
            self._event(turn, status, {"reason": reason} if reason else {})
        elif reason != row.state.get("reason", ""):
            # Its place in the queue moves with every job that starts: only the reason is worth a line in the log.
            self._event(turn, WAITING, {"reason": reason})

    def _run(self, turn: _Turn, number: int) -> None:
        grant = turn.grant or Grant(False)
        if not grant.granted:
            self._move(turn, "Queued", grant.reason, grant.position)
            return
        if turn.row.type == "automl":
            self._save(turn, replace(turn.row, state={**turn.row.state, CORES: grant.cores}))
        turn.row = self._runner.commit(turn.tx, turn.row, number)
        self._event(turn, "Starting", {"attempt": number})
        row = turn.row
        turn.effects.append(lambda: self._runner.launch(row))

    def _submit(self, turn: _Turn, action: act.Submit) -> None:
        parent = turn.row
        if jobs.get(turn.tx, parent.workspace, action.name) is not None:
            return
        child = JobRow(
            workspace=parent.workspace,
            name=action.name,
            parent=parent.name,
            type="command",
            spec=action.spec,
            status="Queued",
            experiment_id=parent.experiment_id,
            display_name=str(action.spec.get("display_name") or action.name),
            created_at=turn.now,
            state={"environment": parent.state["environment"], "params": action.point},
            properties=action.properties,
            user=parent.user,
            index=action.index,
        )
        jobs.insert(turn.tx, child)
        tags = {**action.tags, "mlflow.parentRunId": parent.name, "mlflow.runName": child.display_name}
        tracking.set_tags(turn.tx, child.workspace, child.name, tags)
        events.append(turn.tx, child.workspace, "job", child.name, "Queued", "worker", {"parent": parent.name})
        queue.put(turn.tx, Subject(child.workspace, "job", child.name), due_at=turn.now)

    def _cancel_children(self, turn: _Turn) -> None:
        for child in jobs.children(turn.tx, turn.row.workspace, turn.row.name):
            self._cancel_child(turn, child, {"parent": turn.row.name})

    def _stop_child(self, turn: _Turn, action: act.StopChild) -> None:
        child = jobs.get(turn.tx, turn.row.workspace, action.name)
        if child is None:
            return
        marked = replace(child, properties={**child.properties, **action.properties})
        if self._cancel_child(turn, marked, {"parent": turn.row.name, **action.tags}):
            tracking.set_tags(turn.tx, child.workspace, child.name, action.tags)

    def _cancel_child(self, turn: _Turn, child: JobRow, why: dict[str, Any]) -> bool:
        if child.type is None or child.status in FINAL or child.status == "CancelRequested":
            return False
        jobs.update(turn.tx, replace(child, status="CancelRequested"), expect_revision=child.revision)
        events.append(turn.tx, child.workspace, "job", child.name, "CancelRequested", "worker", why)
        queue.put(turn.tx, Subject(child.workspace, "job", child.name), due_at=turn.now)
        return True

    def _warn(self, turn: _Turn, message: str) -> None:
        properties = {**turn.row.properties, "warning": message}
        self._save(turn, replace(turn.row, properties=properties))
        self._event(turn, "warning", {"message": message})

    def _finish(self, turn: _Turn, action: act.Finish) -> None:
        row = turn.row
        ensure_move(row.name, row.status, action.status)
        state = {key: value for key, value in row.state.items() if key not in ("reason", "position")}
        self._save(
            turn,
            replace(
                row,
                status=action.status,
                state=state,
                ended_at=turn.now,
                started_at=row.started_at or turn.now,
                properties={**row.properties, **action.properties},
                error=action.error,
            ),
        )
        self._event(turn, action.status, {"error": action.error} if action.error else {})
        # Runs that the script began and can no longer end: its process is gone.
        runs.close_below(turn.tx, row.workspace, row.name, action.status, now=turn.now)
        if row.parent:
            queue.put(turn.tx, Subject(row.workspace, "job", row.parent), due_at=turn.now)
        turn.effects.append(lambda: self._release(row))
        turn.effects.append(lambda: self._trials.forget(row))
        turn.effects.append(lambda: self._runner.clear(row))
        if action.status == "Canceled" and row.attempt == 0:
            turn.effects.append(lambda: self._leave_build(row))

    def _leave_build(self, row: JobRow) -> None:
        request = row.state.get("environment")
        if request is not None and self._builds.find(request) is None:
            self._builds.leave(request, Subject(row.workspace, "job", row.name))


def _cluster(spec: dict[str, Any]) -> str:
    return str(spec.get("compute") or "local").removeprefix("azureml:")


def _exit_view(document: dict[str, Any]) -> ExitView:
    return ExitView(
        reason=str(document.get("reason") or "lost"),
        code=document.get("code"),
        signal=document.get("signal"),
        message=str(document.get("message") or ""),
        last_lines=tuple(document.get("last_lines") or ()),
    )
