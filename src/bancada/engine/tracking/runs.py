"""Operations on runs: make, report, log, read, search. A job's row is its run; only the worker moves its status."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bancada.domain import lifecycle
from bancada.domain.lifecycle import is_final
from bancada.domain.tracking import Metric, Param, Tag
from bancada.engine.tracking import limits
from bancada.engine.tracking.access import active_run, run_of, writable_run
from bancada.engine.tracking.clashes import IGNORED_TAG, Clashes
from bancada.engine.tracking.experiments import VIEWS, View, active_experiment
from bancada.engine.tracking.operation import Caller, Logged, Operation, Page
from bancada.errors import Conflict, Invalid, NotFound
from bancada.ids import Clock, job_name
from bancada.store import events, experiments, filters, logged_models, points, runs, search
from bancada.store.database import Tx
from bancada.store.logged_models import ModelMetric
from bancada.store.runs import LOGGED_ARTIFACTS_TAG, PARENT_TAG, RUN_NAME_TAG, DatasetUse, ModelUse, Run, RunData

__all__ = ["Batch", "RunDocument", "Runs", "shown_status"]

DEFAULT_EXPERIMENT = "0"
SEARCH_MOST = 50_000
SEARCH_DEFAULT = 1000
HISTORY_MOST = 25_000
SAMPLE_RUNS = 100
SAMPLE_STEPS = 2500
# MLflow 2's list of the models of a run.
MODELS_TAG = "mlflow.log-model.history"
_NOTED_OF_MODEL = ("run_id", "utc_time_created", "artifact_path", "model_uuid")
STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True)
class RunDocument:
    """A run with everything that was logged to it."""

    run: Run
    data: RunData = field(default_factory=RunData)


@dataclass(frozen=True)
class Batch:
    """What one request logs. `model_metrics` are the points of `metrics` that also belong to logged models, by id."""

    metrics: Sequence[Metric] = ()
    params: Sequence[Param] = ()
    tags: Sequence[Tag] = ()
    model_metrics: Mapping[str, Sequence[ModelMetric]] = field(default_factory=dict[str, Sequence[ModelMetric]])


def shown_status(run: Run) -> str:
    """Return MLflow's word for a run: what its client said last, until a job is over."""
    if run.type is None or run.reported_status is None or lifecycle.is_final(run.status):
        return lifecycle.to_mlflow(run.status)
    return run.reported_status


class Runs:
    """What the protocol does to runs."""

    def __init__(self, clock: Clock, clashes: Clashes) -> None:
        self._clock = clock
        self._clashes = clashes

    # ---------------------------------------------------------------------------- life

    def create(
        self,
        caller: Caller,
        *,
        experiment_id: str = "",
        run_name: str = "",
        user: str = "",
        start_ms: int | None = None,
        tags: Sequence[Tag] = (),
    ) -> Operation[RunDocument]:
        """Make a run that no job made. One that a job's script makes lies under the job.

        Raises Invalid when name and name's tag differ, NotFound for the experiment.
        """
        stored = {one.key: one.value for one in limits.checked_tags(tags)}
        tagged = stored.pop(RUN_NAME_TAG, "")
        if run_name and tagged and run_name != tagged:
            raise Invalid(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values"
                f" (run_name='{run_name}', mlflow.runName='{tagged}')."
            )
        now = self._clock.now()

        def act(tx: Tx) -> RunDocument:
            experiment = active_experiment(tx, caller, experiment_id or DEFAULT_EXPERIMENT)
            parent = _parent(tx, caller, stored)
            run = runs.create_plain(
                tx,
                caller.workspace,
                name=uuid.uuid4().hex,
                experiment_id=experiment.experiment_id,
                display_name=run_name or tagged or _made_up_name(),
                user_name=user or stored.get("mlflow.user", ""),
                parent=parent,
                start=now if not start_ms else start_ms / 1000,
                now=now,
            )
            left = {key: value for key, value in stored.items() if key != PARENT_TAG or parent is None}
            runs.set_tags(tx, run, [Tag(key, value) for key, value in left.items()])
            _say_change(tx, caller, run, run.status)
            return _document(tx, run)

        return Operation(act)

    def update(
        self,
        caller: Caller,
        run_id: str,
        *,
        status: str | None = None,
        end_ms: int | None = None,
        run_name: str | None = None,
    ) -> Operation[Run]:
        """Note what a client says about a run: of a plain run it is the truth, of a job's what is reported."""
        if status is not None and status not in STATUSES:
            raise Invalid(f"Invalid value '{status}' for parameter 'status' supplied: expected one of {STATUSES}.")

        def act(tx: Tx) -> Run:
            run = active_run(tx, caller, run_id)
            if run_name:
                runs.rename(tx, run, run_name)
            if run.type is None:
                moved = run.status if status is None else lifecycle.from_mlflow(status)
                runs.set_plain_status(tx, run, moved, None if end_ms is None else end_ms / 1000)
                if moved != run.status:
                    _say_change(tx, caller, run, moved)
            elif status is not None:
                runs.report(tx, run, status)
                self._say_clash(tx, caller, run)
            return run_of(tx, caller, run_id)

        return Operation(act)

    def _say_clash(self, tx: Tx, caller: Caller, run: Run) -> None:
        """Note on the job that its script asked for another experiment, when it resumes its run."""
        asked = self._other_experiment(caller, run)
        found = experiments.get(tx, caller.workspace, asked) if asked is not None else None
        if found is None or run.reported_status is not None:
            return
        runs.set_tags(tx, run, [Tag(IGNORED_TAG, found.name)])
        own = experiments.get(tx, caller.workspace, run.experiment_id)
        message = (
            f"The script asked for experiment `{found.name}`, but the job belongs to `{own.name if own else ''}`;"
            " the job's experiment was used. Remove `mlflow.set_experiment` from the script, or give the job"
            f" `experiment_name: {found.name}`."
        )
        data = {"code": "experiment_clash", "message": message}
        events.append(tx, caller.workspace, "job", run.name, "warning", caller.principal.name, data)

    def _other_experiment(self, caller: Caller, run: Run) -> str | None:
        """Return the experiment that the script of this very job looked up, when it is another one."""
        if caller.attempt is None or caller.attempt[0] != run.name:
            return None
        asked = self._clashes.asked(caller)
        return asked if asked != run.experiment_id else None

    def set_deleted(self, caller: Caller, run_id: str, *, deleted: bool) -> Operation[None]:
        """Delete or restore a run; nothing is erased. Raises Conflict for a job that has not ended."""

        def act(tx: Tx) -> None:
            run = writable_run(tx, caller, run_id)
            # A job that nobody sees any more would go on holding its slot.
            if deleted and run.type is not None and not is_final(run.status):
                raise Conflict(f"Job `{run.name}` is {run.status}; cancel it before you delete its run.")
            runs.set_deleted(tx, run, deleted=deleted)

        return Operation(act)

    # ---------------------------------------------------------------------------- logging

    def log(self, caller: Caller, run_id: str, batch: Batch) -> Operation[str]:
        """Log metrics, params and tags at once, or nothing of them. Sending it again changes nothing."""
        limits.check_metrics(batch.metrics, "metrics" if len(batch.metrics) != 1 else "")
        params = limits.checked_params(batch.params)
        tags = limits.checked_tags(batch.tags)

        def act(tx: Tx) -> str:
            run = active_run(tx, caller, run_id)
            runs.add_params(tx, run, params)
            points.write(tx, run.key, run.experiment, batch.metrics)
            logged_models.add_metrics(tx, caller.workspace, batch.model_metrics)
            _set_tags(tx, caller, run, tags)
            return run.name

        keys = tuple({one.key: None for one in batch.metrics})
        # The tag says which files are tables, and clients set it after the file is there.
        are_files_told = any(one.key == LOGGED_ARTIFACTS_TAG for one in tags)
        return Operation(act, logged=Logged(run_id, keys) if keys else None, changes_files=are_files_told)

    def delete_tag(self, caller: Caller, run_id: str, key: str) -> Operation[None]:
        """Delete a tag. Raises NotFound when there is none; a run's name stays, it has no run without one."""

        def act(tx: Tx) -> None:
            run = active_run(tx, caller, run_id)
            if key == RUN_NAME_TAG:
                return
            if key == PARENT_TAG and run.parent is not None and run.type is None:
                runs.set_parent(tx, run, None)
                return
            if not runs.delete_tag(tx, run, key):
                raise NotFound(f"No tag with name: {key} in run with id {run_id}")

        return Operation(act)

    def log_inputs(
        self, caller: Caller, run_id: str, datasets: Sequence[DatasetUse], models: Sequence[ModelUse]
    ) -> Operation[None]:
        """Note the data sets and logged models that a run read."""

        def act(tx: Tx) -> None:
            run = active_run(tx, caller, run_id)
            runs.add_datasets(tx, run, datasets)
            runs.add_models(tx, run, "input", models)

        return Operation(act)

    def log_model(self, caller: Caller, run_id: str, model: Mapping[str, Any]) -> Operation[None]:
        """Add a model to the run's list of models, a tag of MLflow 2: where it lies and what can load it."""
        noted = {key: model[key] for key in _NOTED_OF_MODEL if key in model}
        flavors: Mapping[str, Any] = model.get("flavors") or {}
        noted["flavors"] = {name: _without_config(flavor) for name, flavor in flavors.items()}

        def act(tx: Tx) -> None:
            run = active_run(tx, caller, run_id)
            known = json.loads(runs.tag(tx, run, MODELS_TAG) or "[]")
            # Uncut, other than tags of the user's: a list cut in the middle could not be read again.
            runs.set_tags(tx, run, [Tag(MODELS_TAG, json.dumps([*known, noted]))])

        return Operation(act)

    def log_outputs(self, caller: Caller, run_id: str, models: Sequence[ModelUse]) -> Operation[None]:
        """Note the logged models that a run made."""
        return Operation(lambda tx: runs.add_models(tx, active_run(tx, caller, run_id), "output", models))

    # ---------------------------------------------------------------------------- reading

    def get(self, caller: Caller, run_id: str) -> Operation[RunDocument]:
        """Give a run. For an attempt that has not resumed its own run yet, see `clashes`."""

        def act(tx: Tx) -> RunDocument:
            run = run_of(tx, caller, run_id)
            asked = self._other_experiment(caller, run) if run.reported_status is None else None
            return _document(tx, run if asked is None else replace(run, experiment_id=asked))

        return Operation(act, "look")

    def search(
        self,
        caller: Caller,
        experiment_ids: Sequence[str],
        *,
        filter_text: str = "",
        order_by: Sequence[str] = (),
        view: View = "ACTIVE_ONLY",
        max_results: float | None = None,
        token: str | None = None,
    ) -> Operation[Page[RunDocument]]:
        """Give the runs of some experiments that match a filter; newest start first unless ordered otherwise."""
        clauses = filters.parse_filter(filter_text, "runs")
        orders = filters.parse_orders(order_by, "runs")
        limit = limits.page_size(max_results, default=SEARCH_DEFAULT, most=SEARCH_MOST)

        def act(tx: Tx) -> Page[RunDocument]:
            keys = experiments.keys_of(tx, caller.workspace, experiment_ids)
            page = search.runs(tx, keys, clauses, orders, view=VIEWS[view], limit=limit, token=token)
            found = runs.by_keys(tx, page.keys)
            data = runs.data_of(tx, found)
            return Page([RunDocument(one, data[one.key]) for one in found], page.next_token)

        return Operation(act, "scan")

    def history(
        self, caller: Caller, run_id: str, key: str, *, after: Metric | None, max_results: float | None
    ) -> Operation[points.History]:
        """Give the points of a metric in the order of time, step, value; empty for a metric never logged."""
        limit = limits.page_size(max_results, default=HISTORY_MOST, most=2**31)

        def act(tx: Tx) -> points.History:
            return points.history(tx, run_of(tx, caller, run_id).key, key, after=after, limit=min(limit, HISTORY_MOST))

        return Operation(act, "look" if limit <= SEARCH_DEFAULT else "scan")

    def histories(
        self, caller: Caller, run_ids: Sequence[str], key: str, max_results: float | None
    ) -> Operation[list[tuple[str, Metric]]]:
        """Give the points of a metric of several runs, by run id, then time, step, value."""
        _check_runs(run_ids, "GetMetricHistoryBulk")
        limit = min(limits.page_size(max_results, default=HISTORY_MOST, most=2**31), HISTORY_MOST)

        def act(tx: Tx) -> list[tuple[str, Metric]]:
            found: list[tuple[str, Metric]] = []
            for run_id in sorted(set(run_ids)):
                run = runs.find(tx, caller.workspace, run_id)
                if run is not None:
                    page = points.history(tx, run.key, key, limit=limit - len(found))
                    found.extend((run_id, one) for one in page.points)
                if len(found) >= limit:
                    break
            return found

        return Operation(act, "scan")

    def sample(
        self,
        caller: Caller,
        run_ids: Sequence[str],
        key: str,
        *,
        between: tuple[int, int] | None,
        max_results: float | None,
    ) -> Operation[list[tuple[str, Metric]]]:
        """Give points of a metric of several runs for a chart: about `max_results` steps, the same for all runs."""
        _check_runs(run_ids, "GetMetricHistoryBulkInterval")
        if between is not None and between[0] > between[1]:
            raise Invalid(
                f"end_step must be greater than start_step. Found start_step={between[0]} and end_step={between[1]}."
            )
        steps = limits.page_size(max_results, default=SAMPLE_STEPS, most=SAMPLE_STEPS)

        def act(tx: Tx) -> list[tuple[str, Metric]]:
            found = {run_of(tx, caller, run_id).key: run_id for run_id in run_ids}
            sampled = points.sample(tx, list(found), key, between=between, steps=steps, limit=HISTORY_MOST)
            return [(found[run], metric) for run, metric in sampled]

        return Operation(act, "scan")


def _without_config(flavor: Any) -> Any:
    # A flavor's config may be as large as the model.
    if not isinstance(flavor, dict):
        return flavor
    return {key: value for key, value in flavor.items() if key != "config"}  # pyright: ignore[reportUnknownVariableType]


def _check_runs(run_ids: Sequence[str], what: str) -> None:
    if not run_ids:
        raise Invalid(f"{what} request must specify at least one run_id.")
    if len(run_ids) > SAMPLE_RUNS:
        raise Invalid(f"{what} request must specify at most {SAMPLE_RUNS} run_ids. Received {len(run_ids)} run_ids.")


def _document(tx: Tx, run: Run) -> RunDocument:
    return RunDocument(run, runs.data_of(tx, [run])[run.key])


def _parent(tx: Tx, caller: Caller, tags: Mapping[str, str]) -> str | None:
    """Return the run that a new one lies under: the one its tag names, else the job whose script makes it."""
    named = tags.get(PARENT_TAG)
    if named and runs.find(tx, caller.workspace, named) is not None:
        return named
    return caller.attempt[0] if caller.attempt is not None and not named else None


def _set_tags(tx: Tx, caller: Caller, run: Run, tags: Sequence[Tag]) -> None:
    left: list[Tag] = []
    for one in tags:
        if one.key == RUN_NAME_TAG:
            runs.rename(tx, run, one.value)
        elif one.key == PARENT_TAG and _can_lie_under(tx, caller, run, one.value):
            runs.set_parent(tx, run, one.value)
        elif one.key != PARENT_TAG or run.type is None:
            left.append(one)
    runs.set_tags(tx, run, left)


def _can_lie_under(tx: Tx, caller: Caller, run: Run, parent: str) -> bool:
    return run.type is None and parent != run.name and runs.find(tx, caller.workspace, parent) is not None


def _say_change(tx: Tx, caller: Caller, run: Run, status: str) -> None:
    """Note that a run that no job made began or ended, so that lists which listen show it."""
    events.append(tx, caller.workspace, "job", run.name, status, caller.principal.name, {"type": "base"})


def _made_up_name() -> str:
    """Return a name in MLflow's form: `adjective-noun-123`."""
    first, second, _ = job_name().split("_")
    return f"{first}-{second}-{secrets.randbelow(900) + 100}"
