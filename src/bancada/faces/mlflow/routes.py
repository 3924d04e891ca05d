"""The table of endpoints: method and path → function. What is not here is answered as MLflow answers the unknown.

Paths are those below `/api/2.0/` (and its twins `/ajax-api/2.0/`, `/api/3.0/`, `/ajax-api/3.0/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bancada.faces.mlflow import artifacts, experiments, models, multipart, registry, runs
from bancada.faces.mlflow.endpoints import Endpoint

__all__ = ["ROUTES", "find"]

ROUTES: Mapping[tuple[str, str], Endpoint] = {
    # experiments
    ("POST", "mlflow/experiments/create"): experiments.create,
    ("GET", "mlflow/experiments/get"): experiments.get,
    ("GET", "mlflow/experiments/get-by-name"): experiments.get_by_name,
    ("GET", "mlflow/experiments/search"): experiments.search,
    ("POST", "mlflow/experiments/search"): experiments.search,
    ("POST", "mlflow/experiments/update"): experiments.update,
    ("POST", "mlflow/experiments/delete"): experiments.delete,
    ("POST", "mlflow/experiments/restore"): experiments.restore,
    ("POST", "mlflow/experiments/set-experiment-tag"): experiments.set_tag,
    ("POST", "mlflow/experiments/delete-experiment-tag"): experiments.delete_tag,
    ("POST", "mlflow/experiments/search-datasets"): experiments.search_datasets,
    # runs
    ("POST", "mlflow/runs/create"): runs.create,
    ("POST", "mlflow/runs/update"): runs.update,
    ("POST", "mlflow/runs/delete"): runs.delete,
    ("POST", "mlflow/runs/restore"): runs.restore,
    ("POST", "mlflow/runs/log-metric"): runs.log_metric,
    ("POST", "mlflow/runs/log-parameter"): runs.log_parameter,
    ("POST", "mlflow/runs/set-tag"): runs.set_tag,
    ("POST", "mlflow/runs/delete-tag"): runs.delete_tag,
    ("POST", "mlflow/runs/log-batch"): runs.log_batch,
    ("POST", "mlflow/runs/log-model"): runs.log_model,
    ("POST", "mlflow/runs/log-inputs"): runs.log_inputs,
    ("POST", "mlflow/runs/outputs"): runs.log_outputs,
    ("GET", "mlflow/runs/get"): runs.get,
    ("POST", "mlflow/runs/search"): runs.search,
    # histories
    ("GET", "mlflow/metrics/get-history"): runs.history,
    ("GET", "mlflow/metrics/get-history-bulk"): runs.history_bulk,
    ("GET", "mlflow/metrics/get-history-bulk-interval"): runs.history_sample,
    # logged models
    ("POST", "mlflow/logged-models"): models.create,
    ("POST", "mlflow/logged-models/search"): models.search,
    ("GET", "mlflow/logged-models/{model_id}"): models.get,
    ("PATCH", "mlflow/logged-models/{model_id}"): models.finish,
    ("DELETE", "mlflow/logged-models/{model_id}"): models.delete,
    ("PATCH", "mlflow/logged-models/{model_id}/tags"): models.set_tags,
    ("DELETE", "mlflow/logged-models/{model_id}/tags/{*tag_key}"): models.delete_tag,
    ("POST", "mlflow/logged-models/{model_id}/params"): models.add_params,
    ("GET", "mlflow/logged-models/{model_id}/artifacts/directories"): artifacts.list_model,
    # registry
    ("POST", "mlflow/registered-models/create"): registry.create,
    ("POST", "mlflow/registered-models/rename"): registry.rename,
    ("PATCH", "mlflow/registered-models/update"): registry.update,
    ("DELETE", "mlflow/registered-models/delete"): registry.delete,
    ("GET", "mlflow/registered-models/get"): registry.get,
    ("GET", "mlflow/registered-models/search"): registry.search,
    ("GET", "mlflow/registered-models/get-latest-versions"): registry.latest_versions,
    ("POST", "mlflow/registered-models/get-latest-versions"): registry.latest_versions,
    ("POST", "mlflow/registered-models/set-tag"): registry.set_tag,
    ("DELETE", "mlflow/registered-models/delete-tag"): registry.delete_tag,
    ("POST", "mlflow/registered-models/alias"): registry.set_alias,
    ("DELETE", "mlflow/registered-models/alias"): registry.delete_alias,
    ("GET", "mlflow/registered-models/alias"): registry.get_by_alias,
    ("POST", "mlflow/model-versions/create"): registry.create_version,
    ("PATCH", "mlflow/model-versions/update"): registry.update_version,
    ("POST", "mlflow/model-versions/transition-stage"): registry.transition_stage,
    ("DELETE", "mlflow/model-versions/delete"): registry.delete_version,
    ("GET", "mlflow/model-versions/get"): registry.get_version,
    ("GET", "mlflow/model-versions/search"): registry.search_versions,
    ("GET", "mlflow/model-versions/get-download-uri"): registry.get_download_uri,
    ("POST", "mlflow/model-versions/set-tag"): registry.set_version_tag,
    ("DELETE", "mlflow/model-versions/delete-tag"): registry.delete_version_tag,
    # artifacts, but for their bytes
    ("GET", "mlflow/artifacts/list"): artifacts.list_run,
    ("POST", "mlflow/artifacts/presigned-upload-url"): artifacts.no_presigned,
    ("POST", "mlflow/artifacts/presigned-download-url"): artifacts.no_presigned,
    ("GET", "mlflow-artifacts/artifacts"): artifacts.list_place,
    ("DELETE", "mlflow-artifacts/artifacts/{*path}"): artifacts.delete,
    ("POST", "mlflow-artifacts/mpu/create/{*path}"): multipart.create,
    ("POST", "mlflow-artifacts/mpu/complete/{*path}"): multipart.complete,
    ("POST", "mlflow-artifacts/mpu/abort/{*path}"): multipart.abort,
    ("GET", "mlflow-artifacts/presigned/{*path}"): multipart.presigned,
}


def find(method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
    """Return the endpoint of a request and what stood in its path; None for an unknown one."""
    endpoint = ROUTES.get((method, path))
    if endpoint is not None:
        return endpoint, {}
    parts = path.split("/")
    for pattern, candidate in _PATTERNS.get((method, parts[1] if len(parts) > 1 else ""), ()):
        places = _match(pattern, parts)
        if places is not None:
            return candidate, places
    return None


def _match(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    places: dict[str, str] = {}
    for number, wanted in enumerate(pattern):
        if wanted.startswith("{*"):
            places[wanted[2:-1]] = "/".join(parts[number:])
            return places
        if number >= len(parts):
            return None
        if wanted.startswith("{"):
            places[wanted[1:-1]] = parts[number]
        elif wanted != parts[number]:
            return None
    return places if len(parts) == len(pattern) else None


def _patterns() -> Iterator[tuple[tuple[str, str], list[str], Endpoint]]:
    for (method, path), endpoint in ROUTES.items():
        if "{" in path:
            parts = path.split("/")
            yield (method, parts[1]), parts, endpoint


# (method, second part of the path) -> patterns: the second part is the noun.
_PATTERNS: dict[tuple[str, str], list[tuple[list[str], Endpoint]]] = {}
for _key, _parts, _endpoint in _patterns():
    _PATTERNS.setdefault(_key, []).append((_parts, _endpoint))
