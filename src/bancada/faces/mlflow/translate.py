"""MLflow's JSON documents from our values, and our values from its messages. Nothing of the protocol leaks further in.

Fields that are not set are left out, as protobuf's writer does; times are int64 milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bancada.domain.tracking import Metric, Param, Tag
from bancada.engine.tracking.files import model_uri, run_uri
from bancada.engine.tracking.lookup import NameDocument, model_id_of, run_id_of, run_link_of, source_of
from bancada.engine.tracking.runs import Batch, RunDocument, shown_status
from bancada.faces.mlflow.fields import Fields
from bancada.store.experiments import DatasetSummary, Experiment
from bancada.store.logged_models import LoggedModel, ModelMetric
from bancada.store.mapping import cursor_from_text, cursor_to_text
from bancada.store.registry import ModelVersion
from bancada.store.runs import DatasetUse, ModelUse, Run
from bancada.store.trees import Entry

__all__ = [
    "MODEL_STATUSES",
    "RUN_STATUSES",
    "VIEW_TYPES",
    "Document",
    "batch_of",
    "dataset_summary",
    "dataset_use_of",
    "experiment",
    "file_infos",
    "history_token",
    "history_token_of",
    "logged_model",
    "metric",
    "model_uses_of",
    "model_version",
    "registered_model",
    "run",
    "run_info",
]

Document = dict[str, Any]

VIEW_TYPES: Mapping[int, str] = {1: "ACTIVE_ONLY", 2: "DELETED_ONLY", 3: "ALL"}
RUN_STATUSES: Mapping[int, str] = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_MODEL_PREFIX = "LOGGED_MODEL_"
MODEL_STATUSES: Mapping[int, str] = {
    1: f"{_MODEL_PREFIX}PENDING",
    2: f"{_MODEL_PREFIX}READY",
    3: f"{_MODEL_PREFIX}UPLOAD_FAILED",
}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _set(**values: Any) -> Document:
    """Return the fields that are set."""
    return {name: value for name, value in values.items() if value is not None and value != [] and value != {}}


def _pairs(values: Mapping[str, str]) -> list[Document]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _stage(deleted: bool) -> str:
    return "deleted" if deleted else "active"


# -------------------------------------------------------------------------------- experiments and runs


def experiment(one: Experiment) -> Document:
    """Return the message Experiment."""
    return _set(
        experiment_id=one.experiment_id,
        name=one.name,
        artifact_location=one.artifact_location or f"mlflow-artifacts:/experiments/{one.experiment_id}",
        lifecycle_stage=_stage(one.deleted),
        creation_time=_ms(one.created_at),
        last_update_time=_ms(one.updated_at),
        tags=_pairs(one.tags),
    )


def dataset_summary(one: DatasetSummary) -> Document:
    """Return the message DatasetSummary."""
    return _set(experiment_id=one.experiment_id, name=one.name, digest=one.digest, context=one.context or None)


def run_info(one: Run) -> Document:
    """Return the message RunInfo."""
    return _set(
        run_id=one.name,
        run_uuid=one.name,
        run_name=one.display_name,
        experiment_id=one.experiment_id,
        user_id=one.user_name,
        status=shown_status(one),
        start_time=_ms(one.start),
        end_time=None if one.ended_at is None else _ms(one.ended_at),
        artifact_uri=run_uri(one),
        lifecycle_stage=_stage(one.deleted),
    )


def run(one: RunDocument) -> Document:
    """Return the message Run."""
    data = one.data
    return {
        "info": run_info(one.run),
        "data": _set(
            metrics=[metric(each) for each in data.metrics],
            params=[{"key": each.key, "value": each.value} for each in data.params],
            tags=[{"key": each.key, "value": each.value} for each in data.tags],
        ),
        "inputs": _set(
            dataset_inputs=[_dataset_input(each) for each in data.datasets],
            model_inputs=[{"model_id": each.model_id} for each in data.inputs],
        ),
        "outputs": _set(
            model_outputs=[{"model_id": each.model_id, "step": each.step} for each in data.outputs],
        ),
    }


def metric(one: Metric, **more: Any) -> Document:
    """Return the message Metric; NaN and infinities become texts when it is written."""
    return {"key": one.key, "value": one.value, "timestamp": one.timestamp, "step": one.step, **more}


def _dataset_input(one: DatasetUse) -> Document:
    dataset = _set(
        name=one.name,
        digest=one.digest,
        source_type=one.source_type,
        source=one.source,
        schema=one.schema,
        profile=one.profile,
    )
    return {"tags": _pairs(one.tags), "dataset": dataset}


def dataset_use_of(fields: Fields) -> DatasetUse:
    """Return a data set from the message DatasetInput."""
    dataset = fields.record("dataset")
    return DatasetUse(
        name=dataset.text("name"),
        digest=dataset.text("digest"),
        source_type=dataset.text("source_type"),
        source=dataset.text("source"),
        schema=dataset.text("schema") or None,
        profile=dataset.text("profile") or None,
        tags=fields.pairs("tags"),
    )


def batch_of(
    run_id: str,
    metrics: Iterable[Fields] = (),
    params: Iterable[Fields] = (),
    tags: Iterable[Fields] = (),
    *,
    points: Sequence[Metric] = (),
) -> Batch:
    """Return what a request logs, from the messages Metric, Param and RunTag; `points` are read already."""
    logged = list(points)
    of_models: dict[str, list[ModelMetric]] = {}
    for one in metrics:
        point = Metric(
            one.required("key"),
            one.required_number("value"),
            one.required_integer("timestamp"),
            one.integer("step") or 0,
        )
        logged.append(point)
        model_id = one.text("model_id")
        if model_id:
            measured = ModelMetric(point, run_id, one.text("dataset_name"), one.text("dataset_digest"))
            of_models.setdefault(model_id, []).append(measured)
    return Batch(
        metrics=logged,
        params=[Param(one.required("key"), one.text("value")) for one in params],
        tags=[Tag(one.required("key"), one.text("value")) for one in tags],
        model_metrics=of_models,
    )


def history_token(last: Metric) -> str:
    """Return the token of the page that follows a point; a double is written exactly."""
    return cursor_to_text([last.step, last.timestamp, last.value.hex()])


def history_token_of(text: str) -> Metric | None:
    """Return the point that a token names; None without a token. Raises Invalid."""
    if not text:
        return None
    match cursor_from_text(text):
        case [int(step), int(timestamp), str(value)]:
            return Metric("", float.fromhex(value), timestamp, step)
        case _:
            raise Fields({"page_token": 0}).missing("page_token")


# -------------------------------------------------------------------------------- models


def logged_model(one: LoggedModel) -> Document:
    """Return the message LoggedModel."""
    info = _set(
        model_id=one.model_id,
        experiment_id=one.experiment_id,
        name=one.name,
        creation_timestamp_ms=_ms(one.created_at),
        last_updated_timestamp_ms=_ms(one.updated_at),
        artifact_uri=model_uri(one),
        status=_MODEL_PREFIX + one.status,
        model_type=one.model_type,
        source_run_id=one.source_run_id,
        status_message=one.status_message,
        tags=_pairs(one.tags),
    )
    data = _set(params=_pairs(one.params), metrics=[_model_metric(one, each) for each in one.metrics])
    return {"info": info, "data": data}


def _model_metric(model: LoggedModel, one: ModelMetric) -> Document:
    return metric(
        one.metric,
        **_set(
            model_id=model.model_id,
            run_id=one.run_name,
            dataset_name=one.dataset_name or None,
            dataset_digest=one.dataset_digest or None,
        ),
    )


def registered_model(one: NameDocument) -> Document:
    """Return the message RegisteredModel."""
    name = one.name
    return _set(
        name=name.name,
        creation_timestamp=_ms(name.created_at),
        last_updated_timestamp=_ms(name.updated_at),
        user_id=name.user_name or None,
        description=name.description or None,
        latest_versions=[model_version(each) for each in one.latest],
        tags=_pairs(name.tags),
        aliases=[{"alias": alias, "version": version} for alias, version in name.aliases.items()],
    )


def model_version(one: ModelVersion) -> Document:
    """Return the message ModelVersion."""
    return _set(
        name=one.name,
        version=one.version,
        creation_timestamp=_ms(one.created_at),
        last_updated_timestamp=_ms(one.updated_at),
        user_id=one.doc.get("$by"),
        current_stage=one.stage,
        description=one.doc.get("description"),
        source=source_of(one),
        run_id=run_id_of(one) or None,
        status="READY",
        tags=_pairs(one.tags),
        run_link=run_link_of(one) or None,
        aliases=list(one.aliases),
        model_id=model_id_of(one) or None,
    )


def file_infos(entries: Iterable[Entry], *, base: str = "") -> list[Document]:
    """Return messages FileInfo with paths relative to `base`; a folder has no size."""
    prefix = f"{base}/" if base else ""
    return [
        _set(path=one.path.removeprefix(prefix), is_dir=one.is_dir, file_size=None if one.is_dir else one.size)
        for one in entries
    ]


def model_uses_of(fields: Iterable[Fields]) -> list[ModelUse]:
    """Return logged models from the messages ModelInput or ModelOutput."""
    return [ModelUse(one.required("model_id"), one.integer("step") or 0) for one in fields]
