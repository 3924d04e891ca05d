"""Inputs and outputs of jobs. Literal inputs are plain numbers, texts and booleans."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from bancada.domain.base import Entity
from bancada.domain.fields import ANY_CASE, AssetVersion, ContentPath, ModelName, OneOf

__all__ = ["InputType", "Input", "InputMode", "JobInput", "JobOutput", "Output", "OutputMode", "is_literal"]

InputType = Literal[
    "uri_file",
    "uri_folder",
    "mltable",
    "custom_model",
    "mlflow_model",
    "triton_model",
    "string",
    "integer",
    "number",
    "boolean",
]
OutputType = Literal["uri_file", "uri_folder", "mltable", "custom_model", "mlflow_model", "triton_model"]
InputMode = Literal[
    "ro_mount", "rw_mount", "mount", "download", "direct", "upload", "eval_mount", "eval_download", "link"
]
OutputMode = Literal["rw_mount", "mount", "upload", "direct"]

_LITERAL_TYPES = ("string", "integer", "number", "boolean")


class Input(Entity):
    """An input of a job: data by path, or (in components) a typed literal with a default.

    path is a reference or a local path. Every mode gives the job a local path, `direct` the address itself.
    """

    type: Annotated[InputType, ANY_CASE] = Field(default="uri_folder")
    path: ContentPath | None = Field(default=None)
    mode: Annotated[InputMode, ANY_CASE] | None = Field(default=None)
    path_on_compute: str | None = Field(default=None)
    default: Annotated[bool | int | float | str, OneOf("literal")] | None = Field(default=None)
    optional: bool | None = Field(default=None)
    min: int | float | None = Field(default=None)
    max: int | float | None = Field(default=None)
    enum: list[Any] | None = Field(default=None)
    description: str | None = Field(default=None)
    datastore: str | None = Field(default=None)
    # YAML's long form of a literal: `value: 3`. A job's input that has one is that literal.
    value: Annotated[bool | int | float | str, OneOf("literal")] | None = Field(default=None)

    @property
    def is_data(self) -> bool:
        """Whether this input is a file or folder, not a literal."""
        return self.type not in _LITERAL_TYPES and self.value is None


class Output(Entity):
    """An output of a job: a folder or file that the job writes to the path it is given.

    With a name (and perhaps a version) what was written becomes a data asset or a model.
    """

    type: Annotated[OutputType, ANY_CASE] = Field(default="uri_folder")
    path: str | None = Field(default=None)
    mode: Annotated[OutputMode, ANY_CASE] | None = Field(default=None)
    description: str | None = Field(default=None)
    # The looser rule of the two, for what is written may become a model.
    name: ModelName | None = Field(default=None)
    version: AssetVersion | None = Field(default=None)


JobInput = Annotated[Input | bool | int | float | str, OneOf("input", by_type=False)]
JobOutput = Annotated[Output | str, OneOf("output", by_type=False)]


def is_literal(value: object) -> bool:
    """Tell whether a job's input is a literal value."""
    return isinstance(value, (bool, int, float, str)) or (isinstance(value, Input) and value.value is not None)
