"""The endpoints of logged models (MLflow 3)."""

from __future__ import annotations

from bancada.engine.tracking import Page, Tracking
from bancada.engine.tracking.logged_models import ModelOrder, ModelQuery
from bancada.faces.mlflow import translate
from bancada.faces.mlflow.endpoints import Answer, Call, answer, empty
from bancada.faces.mlflow.translate import MODEL_STATUSES, Document
from bancada.store.logged_models import LoggedModel

__all__ = ["add_params", "create", "delete", "delete_tag", "finish", "get", "search", "set_tags"]


def create(tracking: Tracking, call: Call) -> Answer:
    """POST logged-models."""
    fields = call.fields
    operation = tracking.models.create(
        call.caller,
        fields.required("experiment_id"),
        name=fields.text("name"),
        model_type=fields.text("model_type"),
        source_run_id=fields.text("source_run_id"),
        params=fields.pairs("params"),
        tags=fields.pairs("tags"),
    )
    return answer(operation, "model", translate.logged_model)


def get(tracking: Tracking, call: Call) -> Answer:
    """GET logged-models/{model_id}."""
    deleted = call.fields.flag("allow_deleted")
    operation = tracking.models.get(call.caller, call.places["model_id"], deleted=deleted)
    return answer(operation, "model", translate.logged_model)


def finish(tracking: Tracking, call: Call) -> Answer:
    """PATCH logged-models/{model_id}."""
    status = call.fields.enum("status", MODEL_STATUSES)
    if status is None:
        raise call.fields.missing("status")
    name = status.removeprefix("LOGGED_MODEL_")
    operation = tracking.models.finish(call.caller, call.places["model_id"], name)
    return answer(operation, "model", translate.logged_model)


def delete(tracking: Tracking, call: Call) -> Answer:
    """DELETE logged-models/{model_id}."""
    return empty(tracking.models.delete(call.caller, call.places["model_id"]))


def set_tags(tracking: Tracking, call: Call) -> Answer:
    """PATCH logged-models/{model_id}/tags."""
    operation = tracking.models.set_tags(call.caller, call.places["model_id"], call.fields.pairs("tags"))
    return answer(operation, "model", translate.logged_model)


def delete_tag(tracking: Tracking, call: Call) -> Answer:
    """DELETE logged-models/{model_id}/tags/{tag_key}."""
    return empty(tracking.models.delete_tag(call.caller, call.places["model_id"], call.places["tag_key"]))


def add_params(tracking: Tracking, call: Call) -> Answer:
    """POST logged-models/{model_id}/params."""
    return empty(tracking.models.add_params(call.caller, call.places["model_id"], call.fields.pairs("params")))


def search(tracking: Tracking, call: Call) -> Answer:
    """POST logged-models/search."""
    fields = call.fields
    query = ModelQuery(
        experiment_ids=fields.texts("experiment_ids"),
        filter_text=fields.text("filter"),
        order_by=[
            ModelOrder(
                one.required("field_name"),
                ascending=one.flag("ascending") if one.has("ascending") else True,
                dataset_name=one.text("dataset_name"),
                dataset_digest=one.text("dataset_digest"),
            )
            for one in fields.records("order_by")
        ],
        datasets=[(one.text("dataset_name"), one.text("dataset_digest")) for one in fields.records("datasets")],
        max_results=fields.integer("max_results"),
        token=fields.text("page_token"),
    )

    def show(page: Page[LoggedModel]) -> Document:
        document: Document = {"models": [translate.logged_model(one) for one in page.items]}
        return document if page.next_token is None else {**document, "next_page_token": page.next_token}

    return Answer(tracking.models.search(call.caller, query), show)
