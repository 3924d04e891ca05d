"""What the page of a model version shows beside its document: flavors, signature, origin, where it serves, its size."""

from __future__ import annotations

import json
from typing import Any, NotRequired, cast

from typing_extensions import TypedDict

from bancada.engine.core import Core
from bancada.engine.deployment_rows import DEPLOYMENTS, ENDPOINTS
from bancada.engine.documents import part
from bancada.engine.mlflow_models import MlflowModel, read_mlflow_model
from bancada.engine.model_origins import SourceJob, source_job
from bancada.errors import Invalid, NotFound
from bancada.store import registry, resources, trees
from bancada.store.database import Tx

__all__ = ["Field", "ModelDetails", "ModelUse", "Signature", "model_details"]


class Field(TypedDict):
    """One column of a signature; a tensor has no name of its own and a shape, in which -1 is any length."""

    name: NotRequired[str]
    type: str
    required: bool
    shape: NotRequired[list[int]]


class Signature(TypedDict):
    """What a model takes and gives, as MLflow recorded it."""

    inputs: list[Field]
    outputs: list[Field]
    params: list[Field]


class ModelUse(TypedDict):
    """A deployment that serves the version, and its share of the endpoint's traffic in percent."""

    endpoint: str
    deployment: str
    traffic: int
    state: str


class ModelDetails(TypedDict):
    """Everything about a version that is not in its document. `input_example` is the body of a request."""

    flavors: list[str]
    signature: NotRequired[Signature]
    input_example: NotRequired[dict[str, Any]]
    mlflow_version: NotRequired[str]
    python_version: NotRequired[str]
    source_job: NotRequired[SourceJob]
    deployments: list[ModelUse]
    size_bytes: int
    files: int
    note: NotRequired[str]


def model_details(core: Core, workspace: str, name: str, version: str) -> ModelDetails:
    """Return what is known of a model version. Raises NotFound naming the versions that exist."""

    def read(tx: Tx) -> ModelDetails:
        row = resources.get(tx, workspace, registry.KIND, name, version)
        if row is None:
            existing = resources.versions(tx, workspace, registry.KIND, name)
            raise NotFound.of("model", name, version=version if existing else None, existing=existing)
        entries = trees.walk(tx, workspace, registry.artifact_root(name, version))
        found = ModelDetails(
            flavors=[],
            deployments=_uses(tx, workspace, name, version),
            size_bytes=sum(one.size for one in entries),
            files=len(entries),
        )
        source = source_job(tx, row)
        if source is not None:
            found["source_job"] = source
        return found

    found = core.db.read(read)
    try:
        model = read_mlflow_model(core, workspace, name, version)
    except Invalid as reason:
        # A broken MLmodel is no reason to show nothing of the rest.
        found["note"] = reason.message
        return found
    if model is not None:
        _add_mlflow(found, model)
    return found


def _add_mlflow(found: ModelDetails, model: MlflowModel) -> None:
    found["flavors"] = sorted(model.flavors)
    signature = Signature(inputs=_fields(model, "inputs"), outputs=_fields(model, "outputs"), params=_params(model))
    if any(signature.values()):
        found["signature"] = signature
    sample = model.sample()
    if sample is not None:
        found["input_example"] = sample
    if model.document.get("mlflow_version"):
        found["mlflow_version"] = str(model.document["mlflow_version"])
    python = part(model.flavors, "python_function").get("python_version")
    if python:
        found["python_version"] = str(python)


def _uses(tx: Tx, workspace: str, name: str, version: str) -> list[ModelUse]:
    traffic = {row.name: part(row.doc, "traffic") for row in resources.all_of(tx, workspace, ENDPOINTS)}
    uses: list[ModelUse] = []
    for row in resources.all_of(tx, workspace, DEPLOYMENTS):
        model = part(part(row.doc, "$state"), "model")
        if (model.get("name"), model.get("version")) != (name, version):
            continue
        endpoint, _, deployment = row.name.partition("/")
        share = int(traffic.get(endpoint, {}).get(deployment) or 0)
        uses.append(ModelUse(endpoint=endpoint, deployment=deployment, traffic=share, state=row.state))
    return uses


def _specs(model: MlflowModel, side: str) -> list[dict[str, Any]]:
    try:
        found: Any = json.loads(str(part(model.document, "signature").get(side) or "[]"))
    except ValueError:
        return []
    items = cast("list[Any]", found) if isinstance(found, list) else []
    return [cast("dict[str, Any]", one) for one in items if isinstance(one, dict)]


def _fields(model: MlflowModel, side: str) -> list[Field]:
    fields: list[Field] = []
    for one in _specs(model, side):
        tensor = part(one, "tensor-spec")
        field = Field(type=str(tensor.get("dtype") or one.get("type") or ""), required=bool(one.get("required", True)))
        if one.get("name"):
            field["name"] = str(one["name"])
        if isinstance(tensor.get("shape"), list):
            field["shape"] = [int(length) for length in tensor["shape"]]
        fields.append(field)
    return fields


def _params(model: MlflowModel) -> list[Field]:
    found = _specs(model, "params")
    return [Field(name=str(one.get("name") or ""), type=str(one.get("type") or ""), required=False) for one in found]
