"""Operations on experiments: make, find, rename, delete, tag, search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from bancada.engine.tracking import limits
from bancada.engine.tracking.access import require_owner
from bancada.engine.tracking.clashes import Clashes
from bancada.engine.tracking.operation import Caller, Operation, Page
from bancada.errors import Conflict, Invalid, NotFound
from bancada.ids import Clock
from bancada.store import experiments, filters, search
from bancada.store.database import Tx
from bancada.store.experiments import DatasetSummary, Experiment

__all__ = ["VIEWS", "Experiments", "View", "active_experiment", "experiment_of"]

View = Literal["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]
VIEWS: Mapping[str, search.View] = {
    "ACTIVE_ONLY": frozenset({0}),
    "DELETED_ONLY": frozenset({1}),
    "ALL": frozenset({0, 1}),
}

SEARCH_MOST = 50_000
SEARCH_DEFAULT = 1000
SUMMARY_EXPERIMENTS = 20


def experiment_of(tx: Tx, caller: Caller, experiment_id: str) -> Experiment:
    """Return an experiment, deleted or not. Raises NotFound, Invalid for what can be no id."""
    if not experiment_id.isdecimal():
        raise Invalid(f"Invalid experiment ID '{experiment_id[:80]}'. Experiment ID must be a valid integer.")
    found = experiments.get(tx, caller.workspace, experiment_id)
    if found is None:
        raise NotFound(
            f"No Experiment with id={experiment_id} exists in workspace `{caller.workspace}`.",
            kind="experiment",
            name=experiment_id,
        )
    return found


def active_experiment(tx: Tx, caller: Caller, experiment_id: str) -> Experiment:
    """Return an experiment that runs may be made in. Raises NotFound, Invalid when it is deleted."""
    found = experiment_of(tx, caller, experiment_id)
    if found.deleted:
        raise Invalid(f"The experiment {experiment_id} must be in the 'active' state. Current state is deleted.")
    return found


class Experiments:
    """What the protocol does to experiments."""

    def __init__(self, clock: Clock, clashes: Clashes) -> None:
        self._clock = clock
        self._clashes = clashes

    def create(
        self, caller: Caller, name: str, *, artifact_location: str = "", tags: Mapping[str, str] | None = None
    ) -> Operation[str]:
        """Make an experiment; gives its id. Raises AlreadyExists."""
        limits.check_experiment_name(name)
        for key, value in (tags or {}).items():
            limits.check_registry_tag(key, value, limit=limits.EXPERIMENT_TAG_LENGTH)
        limits.check_artifact_location(artifact_location)
        now = self._clock.now()

        def act(tx: Tx) -> str:
            made = experiments.create(
                tx, caller.workspace, name, artifact_location=artifact_location, tags=tags, now=now
            )
            self._clashes.note(caller, made)
            return made

        return Operation(act)

    def get(self, caller: Caller, experiment_id: str) -> Operation[Experiment]:
        """Give an experiment. Raises NotFound."""

        def act(tx: Tx) -> Experiment:
            found = experiment_of(tx, caller, experiment_id)
            self._clashes.note(caller, found.experiment_id)
            return found

        return Operation(act, "look")

    def by_name(self, caller: Caller, name: str) -> Operation[Experiment]:
        """Give the experiment of this name. Raises NotFound."""

        def act(tx: Tx) -> Experiment:
            found = experiments.by_name(tx, caller.workspace, name)
            if found is None:
                raise NotFound(f"Could not find experiment with name '{name}'", kind="experiment", name=name)
            self._clashes.note(caller, found.experiment_id)
            return found

        return Operation(act, "look")

    def rename(self, caller: Caller, experiment_id: str, name: str) -> Operation[None]:
        """Give an experiment a new name. Raises Conflict for a deleted one, AlreadyExists."""
        require_owner(caller, "rename experiments")
        limits.check_experiment_name(name)
        now = self._clock.now()

        def act(tx: Tx) -> None:
            found = experiment_of(tx, caller, experiment_id)
            if found.deleted:
                raise Conflict("Cannot rename a non-active experiment.")
            experiments.rename(tx, caller.workspace, found.key, name, now=now)

        return Operation(act)

    def set_deleted(self, caller: Caller, experiment_id: str, *, deleted: bool) -> Operation[None]:
        """Delete an experiment with its runs, or restore both. Raises NotFound when it is not in the other state."""
        require_owner(caller, "delete or restore experiments")
        now = self._clock.now()

        def act(tx: Tx) -> None:
            found = experiment_of(tx, caller, experiment_id)
            if found.deleted == deleted:
                state = "active" if deleted else "deleted"
                raise NotFound(
                    f"No {state} Experiment with id={experiment_id} exists.", kind="experiment", name=experiment_id
                )
            experiments.set_deleted(tx, found.key, deleted=deleted, now=now)

        return Operation(act)

    def set_tag(self, caller: Caller, experiment_id: str, key: str, value: str) -> Operation[None]:
        """Set a tag; the last value wins."""
        limits.check_registry_tag(key, value, limit=limits.EXPERIMENT_TAG_LENGTH)

        def act(tx: Tx) -> None:
            experiments.set_tag(tx, active_experiment(tx, caller, experiment_id).key, key, value)

        return Operation(act)

    def delete_tag(self, caller: Caller, experiment_id: str, key: str) -> Operation[None]:
        """Delete a tag. Raises NotFound when there is none."""

        def act(tx: Tx) -> None:
            found = active_experiment(tx, caller, experiment_id)
            if not experiments.delete_tag(tx, found.key, key):
                raise NotFound(f"No tag with name: {key} in experiment with id {experiment_id}")

        return Operation(act)

    def search(
        self,
        caller: Caller,
        *,
        filter_text: str = "",
        order_by: Sequence[str] = (),
        view: View = "ACTIVE_ONLY",
        max_results: float | None = None,
        token: str | None = None,
    ) -> Operation[Page[Experiment]]:
        """Give the experiments that match a filter, newest first unless ordered otherwise."""
        clauses = filters.parse_filter(filter_text, "experiments")
        orders = filters.parse_orders(order_by, "experiments")
        limit = limits.page_size(max_results, default=SEARCH_DEFAULT, most=SEARCH_MOST)

        def act(tx: Tx) -> Page[Experiment]:
            page = search.experiments(tx, caller.workspace, clauses, orders, view=VIEWS[view], limit=limit, token=token)
            return Page(experiments.by_keys(tx, page.keys), page.next_token)

        return Operation(act, "scan")

    def datasets(self, caller: Caller, experiment_ids: Sequence[str]) -> Operation[list[DatasetSummary]]:
        """Give the data sets that runs of some experiments read."""
        if not experiment_ids:
            raise Invalid("SearchDatasets request must specify at least one experiment_id.")
        if len(experiment_ids) > SUMMARY_EXPERIMENTS:
            raise Invalid(
                f"SearchDatasets request cannot specify more than {SUMMARY_EXPERIMENTS} experiment_ids. Received"
                f" {len(experiment_ids)} experiment_ids."
            )
        return Operation(lambda tx: experiments.dataset_summaries(tx, caller.workspace, experiment_ids), "scan")
