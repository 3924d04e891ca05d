"""Command jobs: one command line, run once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from bancada.domain.base import CrossProblem, Entity
from bancada.domain.environment import EnvironmentChoice
from bancada.domain.expressions import undefined_names
from bancada.domain.fields import ANY_CASE, NEEDED, READ_ONLY, Code, JsonMap, OneOf, TextMap
from bancada.domain.jobs.base import BaseJob
from bancada.domain.references import BadReference, parse_asset
from bancada.domain.shared import JobResourceConfiguration, QueueSettings

__all__ = [
    "CommandJob",
    "CommandJobLimits",
    "Distribution",
    "MpiDistribution",
    "ParameterizedCommand",
    "PyTorchDistribution",
    "RayDistribution",
    "TensorFlowDistribution",
    "check_command",
]


class MpiDistribution(Entity):
    """Several processes joined by MPI."""

    type: Annotated[Literal["mpi"], ANY_CASE] = Field(default="mpi")
    process_count_per_instance: int | None = Field(default=None, ge=1)


class PyTorchDistribution(Entity):
    """Several processes joined by torch.distributed."""

    type: Annotated[Literal["pytorch"], ANY_CASE] = Field(default="pytorch")
    process_count_per_instance: int | None = Field(default=None, ge=1)


class TensorFlowDistribution(Entity):
    """Several processes joined by TF_CONFIG."""

    type: Annotated[Literal["tensorflow"], ANY_CASE] = Field(default="tensorflow")
    parameter_server_count: int | None = Field(default=0, ge=0)
    worker_count: int | None = Field(default=None, ge=1)


class RayDistribution(Entity):
    """A Ray cluster for the job."""

    type: Annotated[Literal["ray"], ANY_CASE] = Field(default="ray")
    port: int | None = Field(default=None)
    address: str | None = Field(default=None)
    include_dashboard: bool | None = Field(default=None)
    dashboard_port: int | None = Field(default=None)
    head_node_additional_args: str | None = Field(default=None)
    worker_node_additional_args: str | None = Field(default=None)


Distribution = Annotated[
    MpiDistribution | PyTorchDistribution | TensorFlowDistribution | RayDistribution,
    OneOf("distribution type"),
]


class CommandJobLimits(Entity):
    """Limits of one job; timeout in seconds."""

    type: Annotated[Literal["command"], ANY_CASE] | None = Field(default=None)
    timeout: int | None = Field(default=None, ge=1)


class ParameterizedCommand(Entity):
    """What is run, apart from the job around it; also the trial of a sweep."""

    positional = ("command", "resources", "code", "environment_variables", "distribution", "environment")

    command: Annotated[str, NEEDED] = Field(default="", validate_default=True)
    code: Code | None = Field(default=None)
    environment: Annotated[EnvironmentChoice | None, NEEDED] = Field(default=None, validate_default=True)
    environment_variables: TextMap = Field(default_factory=dict)
    resources: JobResourceConfiguration | None = Field(default=None)
    distribution: Distribution | None = Field(default=None)
    queue_settings: QueueSettings | None = Field(default=None)


class CommandJob(ParameterizedCommand, BaseJob):
    """A command job. Its command may name `${{inputs.x}}` and `${{outputs.x}}`."""

    positional = ()

    type: Annotated[Literal["command"], ANY_CASE] = Field(default="command")
    limits: CommandJobLimits | None = Field(default=None)
    parameters: JsonMap | None = Field(default=None, json_schema_extra=READ_ONLY)

    @classmethod
    def cross_check(cls, fields: Mapping[str, Any]) -> Iterable[CrossProblem]:
        """Every name in the command is an input or output, and the environment is a reference."""
        return check_command(fields, fields.get("inputs"), fields.get("outputs"), None)


def check_command(fields: Any, inputs: Any, outputs: Any, search_space: Any) -> Iterable[CrossProblem]:
    """Yield what is wrong with a command and its environment, given as raw text or as checked values."""
    values: Mapping[str, Any] = cast("Mapping[str, Any]", fields) if isinstance(fields, Mapping) else {}
    command, environment = values.get("command"), values.get("environment")
    if isinstance(command, str):
        for message in undefined_names(command, _names(inputs), _names(outputs), _names(search_space)):
            yield ("command",), message
    if isinstance(environment, str) and environment:
        try:
            parse_asset(environment, "environment")
        except BadReference as reason:
            yield ("environment",), str(reason)


def _names(value: Any) -> list[str]:
    return [str(name) for name in cast("Mapping[Any, Any]", value)] if isinstance(value, Mapping) else []
