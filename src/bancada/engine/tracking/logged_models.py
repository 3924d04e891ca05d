"""Operations on logged models, MLflow 3's models that no one has registered yet."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bancada.engine.tracking import limits
from bancada.engine.tracking.access import require_owner, writable_run
from bancada.engine.tracking.experiments import active_experiment
from bancada.engine.tracking.operation import Caller, Operation, Page
from bancada.errors import Forbidden, Invalid, NotFound
from bancada.ids import Clock
from bancada.store import experiments, filters, logged_models, runs, search
from bancada.store.database import Tx
from bancada.store.logged_models import LoggedModel
from bancada.store.search import ModelOrder

__all__ = [
    "MODEL_VERSIONS_TAG",
    "ModelOrder",
    "ModelQuery",
    "Models",
    "check_model_order",
    "model_of",
    "writable_model",
]

SEARCH_DEFAULT = 100
SEARCH_MOST = 1000
STATUSES = ("PENDING", "READY", "UPLOAD_FAILED")
# JSON list of the versions that were registered from a model; the client writes it too.
MODEL_VERSIONS_TAG = "mlflow.modelVersions"


@dataclass(frozen=True)
class ModelQuery:
    """What logged models are searched by. `datasets` are (name, digest or '')."""

    experiment_ids: Sequence[str]
    filter_text: str = ""
    order_by: Sequence[ModelOrder] = ()
    datasets: Sequence[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    max_results: float | None = None
    token: str | None = None


def check_model_order(order: ModelOrder) -> ModelOrder:
    """Return an order with its field's own name. Raises Invalid for what cannot be ordered by."""
    if order.dataset_digest and not order.dataset_name:
        raise Invalid("`dataset_digest` can only be specified if `dataset_name` is also specified.")
    if "." in order.field_name:
        if not order.field_name.startswith("metrics."):
            raise Invalid(f"Invalid order by field name: {order.field_name}, only `metrics.<name>` is allowed.")
        return order
    named = order.field_name.strip()
    subject = filters.LOGGED_MODELS
    if named not in subject.attributes:
        raise Invalid(f"Invalid order by field name: {named}. Valid names are {sorted(subject.attributes)}.")
    return ModelOrder(subject.aliases.get(named, named), order.ascending)


def model_of(tx: Tx, caller: Caller, model_id: str, *, deleted: bool = False) -> LoggedModel:
    """Return a logged model that anybody of the workspace may read. Raises NotFound."""
    found = logged_models.find(tx, caller.workspace, model_id)
    if found is None or (found.deleted and not deleted):
        raise NotFound(f"Logged model with ID '{model_id}' not found.", kind="logged model", name=model_id)
    return found


def writable_model(tx: Tx, caller: Caller, model_id: str) -> LoggedModel:
    """Return a logged model that the caller may change: an attempt only those of its own runs."""
    found = model_of(tx, caller, model_id)
    if caller.attempt is not None:
        if found.source_run_id is None or found.run is None:
            raise Forbidden(f"Job `{caller.attempt[0]}` did not make the logged model '{model_id}'.")
        writable_run(tx, caller, found.source_run_id)
    return found


class Models:
    """What the protocol does to logged models."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def create(
        self,
        caller: Caller,
        experiment_id: str,
        *,
        name: str = "",
        model_type: str = "",
        source_run_id: str = "",
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Operation[LoggedModel]:
        """Make a model that is being uploaded. One that a job's script makes outside of a run belongs to the job."""
        _check_name(name)
        now = self._clock.now()

        def act(tx: Tx) -> LoggedModel:
            experiment = active_experiment(tx, caller, experiment_id)
            source = source_run_id or (caller.attempt[0] if caller.attempt is not None else "")
            run = writable_run(tx, caller, source) if caller.attempt is not None else None
            if source and run is None:
                run = runs.find(tx, caller.workspace, source)
            model_id = f"m-{uuid.uuid4().hex}"
            key = logged_models.create(
                tx,
                caller.workspace,
                model_id=model_id,
                experiment=experiment.key,
                run=run.key if run is not None else None,
                source_run_id=source or None,
                name=name or model_id,
                model_type=model_type or None,
                user_name=caller.principal.name,
                now=now,
            )
            logged_models.add_params(tx, key, params or {})
            logged_models.set_tags(tx, key, tags or {})
            return model_of(tx, caller, model_id)

        return Operation(act)

    def get(self, caller: Caller, model_id: str, *, deleted: bool = False) -> Operation[LoggedModel]:
        """Give a model. Raises NotFound."""
        return Operation(lambda tx: model_of(tx, caller, model_id, deleted=deleted), "look")

    def finish(self, caller: Caller, model_id: str, status: str) -> Operation[LoggedModel]:
        """Say how the upload went."""
        if status not in STATUSES:
            raise Invalid(f"Invalid value '{status}' for parameter 'status' supplied: expected one of {STATUSES}.")
        now = self._clock.now()

        def act(tx: Tx) -> LoggedModel:
            logged_models.set_status(tx, writable_model(tx, caller, model_id), status, now=now)
            return model_of(tx, caller, model_id)

        return Operation(act)

    def delete(self, caller: Caller, model_id: str) -> Operation[None]:
        """Delete a model; versions that were registered from it keep their files."""
        require_owner(caller, "delete logged models")
        now = self._clock.now()
        return Operation(lambda tx: logged_models.set_deleted(tx, model_of(tx, caller, model_id), now=now))

    def set_tags(self, caller: Caller, model_id: str, tags: Mapping[str, str]) -> Operation[LoggedModel]:
        """Set tags; the last value wins."""
        for key in tags:
            limits.check_key(key, "key")

        def act(tx: Tx) -> LoggedModel:
            logged_models.set_tags(tx, writable_model(tx, caller, model_id).key, tags)
            return model_of(tx, caller, model_id)

        return Operation(act)

    def delete_tag(self, caller: Caller, model_id: str, key: str) -> Operation[None]:
        """Delete a tag. Raises NotFound when there is none."""

        def act(tx: Tx) -> None:
            if not logged_models.delete_tag(tx, writable_model(tx, caller, model_id), key):
                raise NotFound(f"No tag with key {key!r} found for model with ID {model_id!r}.")

        return Operation(act)

    def add_params(self, caller: Caller, model_id: str, params: Mapping[str, str]) -> Operation[None]:
        """Log parameters of a model."""
        return Operation(lambda tx: logged_models.add_params(tx, writable_model(tx, caller, model_id).key, params))

    def search(self, caller: Caller, query: ModelQuery) -> Operation[Page[LoggedModel]]:
        """Give the models of some experiments that match a filter; newest first unless ordered otherwise."""
        clauses = filters.parse_filter(query.filter_text, "logged_models")
        filters.require_few_orders(query.order_by)
        orders = [check_model_order(one) for one in query.order_by]
        limit = limits.page_size(query.max_results or None, default=SEARCH_DEFAULT, most=SEARCH_MOST)
        if any(not name for name, _ in query.datasets):
            raise Invalid("`dataset_name` in the `datasets` clause must be specified.")

        def act(tx: Tx) -> Page[LoggedModel]:
            keys = experiments.keys_of(tx, caller.workspace, query.experiment_ids)
            page = search.logged_models(
                tx, keys, clauses, orders, datasets=query.datasets, limit=limit, token=query.token
            )
            return Page(logged_models.by_keys(tx, page.keys), page.next_token)

        return Operation(act, "scan")


def _check_name(name: str) -> None:
    bad = [mark for mark in "/:.%\"'" if mark in name]
    if bad:
        raise Invalid(
            f"Invalid model name ({name}) provided. Model name must be a non-empty string and cannot contain"
            " the following characters: ['/', ':', '.', '%', '\"', \"'\"]"
        )
