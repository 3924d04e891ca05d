"""The endpoints of experiments."""

from __future__ import annotations

from bancada.engine.tracking import Page, Tracking
from bancada.engine.tracking.experiments import View
from bancada.errors import Invalid
from bancada.faces.mlflow import translate
from bancada.faces.mlflow.endpoints import Answer, Call, answer, empty
from bancada.faces.mlflow.translate import VIEW_TYPES, Document
from bancada.store.experiments import DatasetSummary, Experiment

__all__ = [
    "create",
    "delete",
    "delete_tag",
    "get",
    "get_by_name",
    "restore",
    "search",
    "search_datasets",
    "set_tag",
    "update",
    "view_of",
]

_VIEWS: dict[str, View] = {"ACTIVE_ONLY": "ACTIVE_ONLY", "DELETED_ONLY": "DELETED_ONLY", "ALL": "ALL"}


def view_of(call: Call, name: str) -> View:
    """Return which of the deleted and the living a search wants."""
    return _VIEWS[call.fields.enum(name, VIEW_TYPES) or "ACTIVE_ONLY"]


def create(tracking: Tracking, call: Call) -> Answer:
    """POST experiments/create."""
    fields = call.fields
    operation = tracking.experiments.create(
        call.caller,
        fields.required("name"),
        artifact_location=fields.text("artifact_location"),
        tags=fields.pairs("tags"),
    )
    return answer(operation, "experiment_id", str)


def get(tracking: Tracking, call: Call) -> Answer:
    """GET experiments/get."""
    operation = tracking.experiments.get(call.caller, call.fields.required("experiment_id"))
    return answer(operation, "experiment", translate.experiment)


def get_by_name(tracking: Tracking, call: Call) -> Answer:
    """GET experiments/get-by-name."""
    operation = tracking.experiments.by_name(call.caller, call.fields.required("experiment_name"))
    return answer(operation, "experiment", translate.experiment)


def search(tracking: Tracking, call: Call) -> Answer:
    """GET and POST experiments/search."""
    fields = call.fields
    operation = tracking.experiments.search(
        call.caller,
        filter_text=fields.text("filter"),
        order_by=fields.texts("order_by"),
        view=view_of(call, "view_type"),
        max_results=_required_size(call),
        token=fields.text("page_token"),
    )

    def show(page: Page[Experiment]) -> Document:
        document: Document = {"experiments": [translate.experiment(one) for one in page.items]}
        return document if page.next_token is None else {**document, "next_page_token": page.next_token}

    return Answer(operation, show)


def _required_size(call: Call) -> int | None:
    # MLflow refuses 0 here, which is what a client sends that left it out of its own function's arguments.
    size = call.fields.integer("max_results")
    if size is not None and size < 1:
        raise Invalid(f"Invalid value {size} for parameter 'max_results' supplied: it must be a positive integer.")
    return size


def update(tracking: Tracking, call: Call) -> Answer:
    """POST experiments/update."""
    fields = call.fields
    experiment_id, name = fields.required("experiment_id"), fields.required("new_name")
    return empty(tracking.experiments.rename(call.caller, experiment_id, name))


def delete(tracking: Tracking, call: Call) -> Answer:
    """POST experiments/delete."""
    return empty(tracking.experiments.set_deleted(call.caller, call.fields.required("experiment_id"), deleted=True))


def restore(tracking: Tracking, call: Call) -> Answer:
    """POST experiments/restore."""
    return empty(tracking.experiments.set_deleted(call.caller, call.fields.required("experiment_id"), deleted=False))


def set_tag(tracking: Tracking, call: Call) -> Answer:
    """POST experiments/set-experiment-tag."""
    fields = call.fields
    experiment_id, key = fields.required("experiment_id"), fields.required("key")
    return empty(tracking.experiments.set_tag(call.caller, experiment_id, key, fields.text("value")))


def delete_tag(tracking: Tracking, call: Call) -> Answer:
    """POST experiments/delete-experiment-tag."""
    fields = call.fields
    experiment_id, key = fields.required("experiment_id"), fields.required("key")
    return empty(tracking.experiments.delete_tag(call.caller, experiment_id, key))


def search_datasets(tracking: Tracking, call: Call) -> Answer:
    """POST experiments/search-datasets."""
    operation = tracking.experiments.datasets(call.caller, call.fields.texts("experiment_ids"))

    def show(found: list[DatasetSummary]) -> Document:
        return {"dataset_summaries": [translate.dataset_summary(one) for one in found]}

    return Answer(operation, show)
