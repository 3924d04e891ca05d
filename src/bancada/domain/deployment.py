"""Online deployments: a model and a scoring script, kept running behind an endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from bancada.domain.base import CrossProblem, Entity, as_mapping
from bancada.domain.endpoint import EndpointName
from bancada.domain.environment import EnvironmentChoice
from bancada.domain.fields import ANY_CASE, NEEDED, READ_ONLY, Code, JsonMap, OneOf, TextMap
from bancada.domain.model import Model
from bancada.domain.shared import CreationContext

__all__ = [
    "CodeConfiguration",
    "DataAsset",
    "DataCollector",
    "DefaultScaleSettings",
    "DeploymentCollection",
    "KubernetesOnlineDeployment",
    "ManagedOnlineDeployment",
    "ModelChoice",
    "OnlineDeployment",
    "OnlineRequestSettings",
    "ProbeSettings",
    "RequestLogging",
    "ResourceRequirementsSettings",
    "ResourceSettings",
    "TargetUtilizationScaleSettings",
]

ModelChoice = Annotated[Model | str, OneOf("model", by_type=False)]


class CodeConfiguration(Entity):
    """The code folder of a deployment and the scoring script in it."""

    positional = ("code", "scoring_script")

    code: Code | None = Field(default=None)
    scoring_script: str | None = Field(default=None)

    @classmethod
    def normalise(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Take a Path as the script."""
        script = given.get("scoring_script")
        return given if script is None or isinstance(script, str) else {**given, "scoring_script": str(script)}


LONGEST_REQUEST_MS = 180_000
"""Azure's limit for both times of a request."""

MOST_CONCURRENT = 10_000
"""Far above what one process takes; the gateway counts that many."""


class OnlineRequestSettings(Entity):
    """Limits of a request, in milliseconds. Azure's defaults: 1 at a time, 5 s, and 500 ms in the queue.

    The bounds are those within which the gateway can be told of it.
    """

    positional = ("max_concurrent_requests_per_instance", "request_timeout_ms", "max_queue_wait_ms")

    max_concurrent_requests_per_instance: int = Field(default=1, ge=1, le=MOST_CONCURRENT)
    request_timeout_ms: int = Field(default=5000, ge=1, le=LONGEST_REQUEST_MS)
    max_queue_wait_ms: int = Field(default=500, ge=0, le=LONGEST_REQUEST_MS)


class ProbeSettings(Entity):
    """When a replica counts as alive or ready, in seconds."""

    failure_threshold: int = Field(default=30, ge=1)
    success_threshold: int = Field(default=1, ge=1)
    timeout: int = Field(default=2, ge=1)
    period: int = Field(default=10, ge=1)
    initial_delay: int = Field(default=10, ge=0)


class DefaultScaleSettings(Entity):
    """A fixed number of instances."""

    type: Annotated[Literal["default"], ANY_CASE] = Field(default="default")


class TargetUtilizationScaleSettings(Entity):
    """As many instances as the load asks for; polling_interval in seconds."""

    type: Annotated[Literal["target_utilization"], ANY_CASE] = Field(default="target_utilization")
    polling_interval: int | None = Field(default=None)
    target_utilization_percentage: int | None = Field(default=None, ge=1, le=100)
    min_instances: int | None = Field(default=None, ge=0)
    max_instances: int | None = Field(default=None, ge=1)


class DataAsset(Entity):
    """Where collected data goes."""

    data_id: str | None = Field(default=None)
    name: str | None = Field(default=None)
    path: str | None = Field(default=None)
    version: str | None = Field(default=None)


class DeploymentCollection(Entity):
    """One collection of the data collector."""

    enabled: Annotated[Literal["true", "false"], ANY_CASE] | bool | None = Field(default=None)
    data: Annotated[DataAsset | str, OneOf("collection's data")] | None = Field(default=None)
    client_id: str | None = Field(default=None)


class RequestLogging(Entity):
    """Which request headers are collected."""

    capture_headers: list[str] | None = Field(default=None)


class DataCollector(Entity):
    """What of requests and answers is kept for monitoring; sampling_rate is a share (0 to 1)."""

    positional = ("collections",)

    collections: dict[str, DeploymentCollection] = Field(default_factory=dict)
    rolling_rate: Annotated[Literal["minute", "hour", "day"], ANY_CASE] | None = Field(default=None)
    sampling_rate: float | None = Field(default=None, ge=0, le=1)
    request_logging: RequestLogging | None = Field(default=None)


class ResourceSettings(Entity):
    """Amounts in Kubernetes' notation."""

    positional = ("cpu", "memory", "gpu")

    cpu: str | None = Field(default=None)
    memory: str | None = Field(default=None)
    gpu: str | None = Field(default=None)


class ResourceRequirementsSettings(Entity):
    """What a Kubernetes deployment asks for; accepted and kept."""

    positional = ("requests", "limits")

    requests: ResourceSettings | None = Field(default=None)
    limits: ResourceSettings | None = Field(default=None)


ScaleSettings = Annotated[
    DefaultScaleSettings | TargetUtilizationScaleSettings, OneOf("scale settings type", default="default")
]


class OnlineDeployment(Entity):
    """A deployment. instance_count, times WORKER_COUNT of its environment_variables, is the number of replicas.

    instance_type is kept.
    """

    positional = ("name",)

    name: Annotated[EndpointName | None, NEEDED] = Field(default=None, validate_default=True)
    endpoint_name: Annotated[EndpointName | None, NEEDED] = Field(default=None, validate_default=True)
    id: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    type: Annotated[Literal["managed", "kubernetes"], ANY_CASE] = Field(default="managed")
    description: str | None = Field(default=None)
    tags: TextMap = Field(default_factory=dict)
    properties: JsonMap = Field(default_factory=dict)
    model: ModelChoice | None = Field(default=None)
    code_configuration: CodeConfiguration | None = Field(default=None)
    environment: EnvironmentChoice | None = Field(default=None)
    environment_variables: TextMap = Field(default_factory=dict)
    app_insights_enabled: bool = Field(default=False)
    scale_settings: ScaleSettings | None = Field(default=None)
    request_settings: OnlineRequestSettings | None = Field(default=None)
    liveness_probe: ProbeSettings | None = Field(default=None)
    readiness_probe: ProbeSettings | None = Field(default=None)
    instance_type: str | None = Field(default=None)
    instance_count: int = Field(default=1, ge=1)
    model_mount_path: str | None = Field(default=None)
    data_collector: DataCollector | None = Field(default=None)
    egress_public_network_access: Annotated[Literal["enabled", "disabled"], ANY_CASE] | None = Field(default=None)
    private_network_connection: bool | None = Field(default=None)
    resources: ResourceRequirementsSettings | None = Field(default=None)
    provisioning_state: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    creation_context: CreationContext | None = Field(default=None, json_schema_extra=READ_ONLY)
    # Why provisioning failed: the error document with file, line and message of the script.
    error: JsonMap | None = Field(default=None, json_schema_extra=READ_ONLY)

    @classmethod
    def normalise(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Take `code_path=` and `scoring_script=`, Azure's short way to give a CodeConfiguration."""
        short = {name: given[name] for name in ("code_path", "scoring_script") if name in given}
        if not short or "code_configuration" in given:
            return given
        rest = {name: value for name, value in given.items() if name not in short}
        code = {"code": short.get("code_path"), "scoring_script": short.get("scoring_script")}
        return {**rest, "code_configuration": code}

    @classmethod
    def cross_check(cls, fields: Mapping[str, Any]) -> Iterable[CrossProblem]:
        """Code comes with a scoring script."""
        code = fields.get("code_configuration")
        values = as_mapping(code)
        if values.get("code") and not values.get("scoring_script"):
            yield ("code_configuration", "scoring_script"), "is required, but missing."


class ManagedOnlineDeployment(OnlineDeployment):
    """A deployment on this platform."""


class KubernetesOnlineDeployment(OnlineDeployment):
    """The same here as a managed one; Kubernetes' resource wishes are kept."""

    type: Annotated[Literal["managed", "kubernetes"], ANY_CASE] = Field(default="kubernetes")
