"""The endpoints of the registry: registered models, their versions, aliases, stages."""

from __future__ import annotations

from bancada.engine.tracking import Page, Tracking
from bancada.engine.tracking.lookup import PROMPT_TAG, NameDocument, download_uri
from bancada.engine.tracking.sources import NewVersion
from bancada.faces.mlflow import translate
from bancada.faces.mlflow.endpoints import Answer, Call, answer, empty
from bancada.faces.mlflow.problems import EndpointNotFound
from bancada.faces.mlflow.translate import Document
from bancada.store.registry import ModelVersion

__all__ = [
    "create",
    "create_version",
    "delete",
    "delete_alias",
    "delete_tag",
    "delete_version",
    "delete_version_tag",
    "get",
    "get_by_alias",
    "get_download_uri",
    "get_version",
    "latest_versions",
    "rename",
    "search",
    "search_versions",
    "set_alias",
    "set_tag",
    "set_version_tag",
    "transition_stage",
    "update",
    "update_version",
]

_NAME, _VERSION = "registered_model", "model_version"


def _versions(found: list[ModelVersion]) -> list[Document]:
    return [translate.model_version(one) for one in found]


# -------------------------------------------------------------------------------- names


def create(tracking: Tracking, call: Call) -> Answer:
    """POST registered-models/create."""
    fields = call.fields
    name, tags = fields.required("name"), fields.pairs("tags")
    if tags.get(PROMPT_TAG) == "true":
        # Clients register a prompt as a model with this tag.
        raise EndpointNotFound("This server keeps no prompts: it serves MLflow's classic models.")
    operation = tracking.registry.create(call.caller, name, description=fields.text("description"), tags=tags)
    return answer(operation, _NAME, translate.registered_model)


def get(tracking: Tracking, call: Call) -> Answer:
    """GET registered-models/get."""
    operation = tracking.registry.get(call.caller, call.fields.required("name"))
    return answer(operation, _NAME, translate.registered_model)


def rename(tracking: Tracking, call: Call) -> Answer:
    """POST registered-models/rename."""
    fields = call.fields
    operation = tracking.registry.rename(call.caller, fields.required("name"), fields.required("new_name"))
    return answer(operation, _NAME, translate.registered_model)


def update(tracking: Tracking, call: Call) -> Answer:
    """PATCH registered-models/update."""
    fields = call.fields
    operation = tracking.registry.describe(call.caller, fields.required("name"), fields.text("description"))
    return answer(operation, _NAME, translate.registered_model)


def delete(tracking: Tracking, call: Call) -> Answer:
    """DELETE registered-models/delete."""
    return empty(tracking.registry.delete(call.caller, call.fields.required("name")))


def search(tracking: Tracking, call: Call) -> Answer:
    """GET registered-models/search."""
    fields = call.fields
    operation = tracking.registry.search(
        call.caller,
        filter_text=fields.text("filter"),
        order_by=fields.texts("order_by"),
        max_results=fields.integer("max_results"),
        token=fields.text("page_token"),
    )

    def show(page: Page[NameDocument]) -> Document:
        document: Document = {"registered_models": [translate.registered_model(one) for one in page.items]}
        return document if page.next_token is None else {**document, "next_page_token": page.next_token}

    return Answer(operation, show)


def set_tag(tracking: Tracking, call: Call) -> Answer:
    """POST registered-models/set-tag."""
    fields = call.fields
    name, key = fields.required("name"), fields.required("key")
    return empty(tracking.registry.set_tag(call.caller, name, key, fields.text("value")))


def delete_tag(tracking: Tracking, call: Call) -> Answer:
    """DELETE registered-models/delete-tag."""
    fields = call.fields
    return empty(tracking.registry.delete_tag(call.caller, fields.required("name"), fields.required("key")))


def latest_versions(tracking: Tracking, call: Call) -> Answer:
    """GET and POST registered-models/get-latest-versions."""
    fields = call.fields
    operation = tracking.registry.latest(call.caller, fields.required("name"), fields.texts("stages"))
    return answer(operation, "model_versions", _versions)


# -------------------------------------------------------------------------------- aliases


def set_alias(tracking: Tracking, call: Call) -> Answer:
    """POST registered-models/alias."""
    fields = call.fields
    name, alias = fields.required("name"), fields.required("alias")
    return empty(tracking.registry.set_alias(call.caller, name, alias, fields.required("version")))


def delete_alias(tracking: Tracking, call: Call) -> Answer:
    """DELETE registered-models/alias."""
    fields = call.fields
    return empty(tracking.registry.delete_alias(call.caller, fields.required("name"), fields.required("alias")))


def get_by_alias(tracking: Tracking, call: Call) -> Answer:
    """GET registered-models/alias."""
    fields = call.fields
    operation = tracking.versions.by_alias(call.caller, fields.required("name"), fields.required("alias"))
    return answer(operation, _VERSION, translate.model_version)


# -------------------------------------------------------------------------------- versions


def create_version(tracking: Tracking, call: Call) -> Answer:
    """POST model-versions/create."""
    fields = call.fields
    new = NewVersion(
        name=fields.required("name"),
        source=fields.required("source"),
        run_id=fields.text("run_id"),
        run_link=fields.text("run_link"),
        model_id=fields.text("model_id"),
        description=fields.text("description"),
        tags=fields.pairs("tags"),
    )
    return answer(tracking.versions.create(call.caller, new), _VERSION, translate.model_version)


def get_version(tracking: Tracking, call: Call) -> Answer:
    """GET model-versions/get."""
    fields = call.fields
    operation = tracking.versions.get(call.caller, fields.required("name"), fields.required("version"))
    return answer(operation, _VERSION, translate.model_version)


def get_download_uri(tracking: Tracking, call: Call) -> Answer:
    """GET model-versions/get-download-uri."""
    fields = call.fields
    operation = tracking.versions.get(call.caller, fields.required("name"), fields.required("version"))
    return answer(operation, "artifact_uri", download_uri)


def update_version(tracking: Tracking, call: Call) -> Answer:
    """PATCH model-versions/update."""
    fields = call.fields
    name, version = fields.required("name"), fields.required("version")
    operation = tracking.versions.describe(call.caller, name, version, fields.text("description"))
    return answer(operation, _VERSION, translate.model_version)


def transition_stage(tracking: Tracking, call: Call) -> Answer:
    """POST model-versions/transition-stage."""
    fields = call.fields
    operation = tracking.versions.move(
        call.caller,
        fields.required("name"),
        fields.required("version"),
        fields.required("stage"),
        archive_others=fields.flag("archive_existing_versions"),
    )
    return answer(operation, _VERSION, translate.model_version)


def delete_version(tracking: Tracking, call: Call) -> Answer:
    """DELETE model-versions/delete."""
    fields = call.fields
    return empty(tracking.versions.delete(call.caller, fields.required("name"), fields.required("version")))


def search_versions(tracking: Tracking, call: Call) -> Answer:
    """GET model-versions/search."""
    fields = call.fields
    operation = tracking.versions.search(
        call.caller,
        filter_text=fields.text("filter"),
        order_by=fields.texts("order_by"),
        max_results=fields.integer("max_results"),
        token=fields.text("page_token"),
    )

    def show(page: Page[ModelVersion]) -> Document:
        document: Document = {"model_versions": _versions(page.items)}
        return document if page.next_token is None else {**document, "next_page_token": page.next_token}

    return Answer(operation, show)


def set_version_tag(tracking: Tracking, call: Call) -> Answer:
    """POST model-versions/set-tag."""
    fields = call.fields
    name, version, key = fields.required("name"), fields.required("version"), fields.required("key")
    return empty(tracking.versions.set_tag(call.caller, name, version, key, fields.text("value")))


def delete_version_tag(tracking: Tracking, call: Call) -> Answer:
    """DELETE model-versions/delete-tag."""
    fields = call.fields
    name, version, key = fields.required("name"), fields.required("version"), fields.required("key")
    return empty(tracking.versions.delete_tag(call.caller, name, version, key))
