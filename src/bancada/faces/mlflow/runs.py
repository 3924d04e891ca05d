"""The endpoints of runs: life, logging, reading, search, histories of metrics."""

from __future__ import annotations

import json
from typing import Any

from bancada.domain.tracking import Metric, Tag
from bancada.engine.tracking import Page, Tracking
from bancada.engine.tracking.limits import check_batch, check_datasets, check_input_tags
from bancada.engine.tracking.runs import RunDocument
from bancada.errors import Invalid
from bancada.faces.mlflow import translate
from bancada.faces.mlflow.endpoints import Answer, Call, answer, empty
from bancada.faces.mlflow.experiments import view_of
from bancada.faces.mlflow.translate import RUN_STATUSES, Document
from bancada.store.points import History

__all__ = [
    "create",
    "delete",
    "delete_tag",
    "get",
    "history",
    "history_bulk",
    "history_sample",
    "log_batch",
    "log_inputs",
    "log_metric",
    "log_model",
    "log_outputs",
    "log_parameter",
    "restore",
    "search",
    "set_tag",
    "update",
]

# What a model's description must have to be one (MLflow 2 sends it for every logged model).
_MODEL_FIELDS = frozenset({"artifact_path", "flavors", "utc_time_created", "run_id"})


# -------------------------------------------------------------------------------- life


def create(tracking: Tracking, call: Call) -> Answer:
    """POST runs/create."""
    fields = call.fields
    operation = tracking.runs.create(
        call.caller,
        experiment_id=fields.text("experiment_id"),
        run_name=fields.text("run_name"),
        user=fields.text("user_id"),
        start_ms=fields.integer("start_time"),
        tags=[Tag(one.required("key"), one.text("value")) for one in fields.records("tags")],
    )
    return answer(operation, "run", translate.run)


def update(tracking: Tracking, call: Call) -> Answer:
    """POST runs/update."""
    fields = call.fields
    operation = tracking.runs.update(
        call.caller,
        fields.run_id(),
        status=fields.enum("status", RUN_STATUSES),
        end_ms=fields.integer("end_time"),
        run_name=fields.text("run_name") or None,
    )
    return answer(operation, "run_info", translate.run_info)


def delete(tracking: Tracking, call: Call) -> Answer:
    """POST runs/delete."""
    return empty(tracking.runs.set_deleted(call.caller, call.fields.required("run_id"), deleted=True))


def restore(tracking: Tracking, call: Call) -> Answer:
    """POST runs/restore."""
    return empty(tracking.runs.set_deleted(call.caller, call.fields.required("run_id"), deleted=False))


# -------------------------------------------------------------------------------- logging


def log_metric(tracking: Tracking, call: Call) -> Answer:
    """POST runs/log-metric."""
    run_id = call.fields.run_id()
    return empty(tracking.runs.log(call.caller, run_id, translate.batch_of(run_id, metrics=[call.fields])))


def log_parameter(tracking: Tracking, call: Call) -> Answer:
    """POST runs/log-parameter."""
    run_id = call.fields.run_id()
    return empty(tracking.runs.log(call.caller, run_id, translate.batch_of(run_id, params=[call.fields])))


def set_tag(tracking: Tracking, call: Call) -> Answer:
    """POST runs/set-tag."""
    run_id = call.fields.run_id()
    return empty(tracking.runs.log(call.caller, run_id, translate.batch_of(run_id, tags=[call.fields])))


def delete_tag(tracking: Tracking, call: Call) -> Answer:
    """POST runs/delete-tag."""
    return empty(tracking.runs.delete_tag(call.caller, call.fields.required("run_id"), call.fields.required("key")))


def log_batch(tracking: Tracking, call: Call) -> Answer:
    """POST runs/log-batch."""
    fields = call.fields
    run_id = fields.required("run_id")
    points = fields.plain_metrics("metrics")
    metrics = fields.records("metrics") if points is None else []
    params, tags = fields.records("params"), fields.records("tags")
    check_batch(len(points or metrics), len(params), len(tags))
    batch = translate.batch_of(run_id, metrics, params, tags, points=points or ())
    return empty(tracking.runs.log(call.caller, run_id, batch))


def log_model(tracking: Tracking, call: Call) -> Answer:
    """POST runs/log-model: MLflow 2 keeps the models of a run in one of its tags."""
    run_id, text = call.fields.required("run_id"), call.fields.required("model_json")
    try:
        parsed: Any = json.loads(text)
    except ValueError as reason:
        raise Invalid(f"Malformed model info. \n {text[:200]} \n is not a valid JSON.") from reason
    model: dict[str, Any] = parsed if isinstance(parsed, dict) else {}  # pyright: ignore[reportUnknownVariableType]
    missing = _MODEL_FIELDS - set(model)
    if missing:
        raise Invalid(f"Model json is missing mandatory fields: {sorted(missing)}")
    return empty(tracking.runs.log_model(call.caller, run_id, model))


def log_inputs(tracking: Tracking, call: Call) -> Answer:
    """POST runs/log-inputs."""
    fields = call.fields
    run_id = fields.required("run_id")
    uses = [translate.dataset_use_of(one) for one in fields.records("datasets")]
    check_datasets(
        [
            {
                "name": use.name,
                "digest": use.digest,
                "source_type": use.source_type,
                "source": use.source,
                "schema": use.schema or "",
                "profile": use.profile or "",
            }
            for use in uses
        ]
    )
    for use in uses:
        check_input_tags(use.tags)
    models = translate.model_uses_of(fields.records("models"))
    return empty(tracking.runs.log_inputs(call.caller, run_id, uses, models))


def log_outputs(tracking: Tracking, call: Call) -> Answer:
    """POST runs/outputs."""
    models = translate.model_uses_of(call.fields.records("models"))
    return empty(tracking.runs.log_outputs(call.caller, call.fields.required("run_id"), models))


# -------------------------------------------------------------------------------- reading


def get(tracking: Tracking, call: Call) -> Answer:
    """GET runs/get."""
    return answer(tracking.runs.get(call.caller, call.fields.run_id()), "run", translate.run)


def search(tracking: Tracking, call: Call) -> Answer:
    """POST runs/search."""
    fields = call.fields
    operation = tracking.runs.search(
        call.caller,
        fields.texts("experiment_ids"),
        filter_text=fields.text("filter"),
        order_by=fields.texts("order_by"),
        view=view_of(call, "run_view_type"),
        max_results=fields.integer("max_results"),
        token=fields.text("page_token"),
    )

    def show(page: Page[RunDocument]) -> Document:
        document: Document = {"runs": [translate.run(one) for one in page.items]}
        return document if page.next_token is None else {**document, "next_page_token": page.next_token}

    return Answer(operation, show)


def history(tracking: Tracking, call: Call) -> Answer:
    """GET metrics/get-history."""
    fields = call.fields
    operation = tracking.runs.history(
        call.caller,
        fields.run_id(),
        fields.required("metric_key"),
        after=translate.history_token_of(fields.text("page_token")),
        max_results=fields.integer("max_results"),
    )

    def show(found: History) -> Document:
        document: Document = {"metrics": [translate.metric(one) for one in found.points]}
        return {**document, "next_page_token": translate.history_token(found.points[-1])} if found.more else document

    return Answer(operation, show)


def history_bulk(tracking: Tracking, call: Call) -> Answer:
    """GET metrics/get-history-bulk, which older web pages ask."""
    fields = call.fields
    operation = tracking.runs.histories(
        call.caller, fields.texts("run_id"), fields.required("metric_key"), fields.integer("max_results")
    )
    return Answer(operation, _show_of_runs)


def history_sample(tracking: Tracking, call: Call) -> Answer:
    """GET metrics/get-history-bulk-interval: what a chart needs of long histories."""
    fields = call.fields
    first, last = fields.integer("start_step"), fields.integer("end_step")
    if (first is None) != (last is None):
        raise Invalid("If either start step or end step are specified, both must be specified.")
    operation = tracking.runs.sample(
        call.caller,
        fields.texts("run_ids"),
        fields.required("metric_key"),
        between=None if first is None or last is None else (first, last),
        max_results=fields.integer("max_results"),
    )
    return Answer(operation, _show_of_runs)


def _show_of_runs(found: list[tuple[str, Metric]]) -> Document:
    return {"metrics": [translate.metric(one, run_id=run_id) for run_id, one in found]}
