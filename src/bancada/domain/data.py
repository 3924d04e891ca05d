"""Data assets: a named, versioned file or folder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bancada.domain.fields import ANY_CASE, NEEDED, ContentPath
from bancada.domain.shared import Asset

__all__ = ["CodeAsset", "Data"]


class Data(Asset):
    """A data asset. path: local, `azureml://datastores/…`, `https://…` or `wasbs://…`; fixed in a version."""

    path: Annotated[ContentPath | None, NEEDED] = Field(default=None, validate_default=True)
    type: Annotated[Literal["uri_file", "uri_folder", "mltable"], ANY_CASE] = Field(default="uri_folder")


class CodeAsset(Asset):
    """A code folder kept under a name, `azureml:<name>:<version>` in a job's `code`."""

    path: Annotated[ContentPath | None, NEEDED] = Field(default=None, validate_default=True)
