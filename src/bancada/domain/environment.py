"""Environments: the packages (and the interpreter) that a job or deployment runs with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from bancada.domain.base import CrossProblem, Entity
from bancada.domain.fields import ANY_CASE, READ_ONLY, ContentPath, JsonMap, OneOf, TextFilePath
from bancada.domain.shared import Asset

__all__ = ["BuildContext", "Environment", "EnvironmentChoice"]


class BuildContext(Entity):
    """A Docker build context; refused with a reason when it is to be built, for there is no Docker here."""

    dockerfile_path: str | None = Field(default=None)
    path: ContentPath | None = Field(default=None)


class Environment(Asset):
    """An environment: a conda file (a path, or its content), an image, or both.

    The SDK sends the conda file's content; a `requirements.txt` becomes a conda file of pip packages.
    An image alone works when it is one of the curated ones.
    """

    build: BuildContext | None = Field(default=None)
    image: str | None = Field(default=None)
    conda_file: Annotated[TextFilePath | JsonMap, OneOf("conda file")] | None = Field(default=None)
    inference_config: JsonMap | None = Field(default=None)
    os_type: Annotated[Literal["linux", "windows"], ANY_CASE] | None = Field(default=None)
    intellectual_property: JsonMap | None = Field(default=None, json_schema_extra=READ_ONLY)
    # Ours: refuse another Python than the asked one, instead of taking the nearest with a warning.
    strict_python: bool | None = Field(default=None)
    provisioning_state: str | None = Field(default=None, json_schema_extra=READ_ONLY)

    @classmethod
    def cross_check(cls, fields: Mapping[str, Any]) -> Iterable[CrossProblem]:
        """An environment says somehow what it consists of."""
        if not any(fields.get(name) for name in ("image", "conda_file", "build")):
            yield (), "an environment needs `conda_file`, `image` or both."


EnvironmentChoice = Annotated[Environment | str, OneOf("environment")]
"""Where an environment is used: a reference, or one made up on the spot."""
