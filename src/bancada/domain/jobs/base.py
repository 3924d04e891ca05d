"""What every job has."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from bancada.domain.base import Entity
from bancada.domain.fields import PLAIN_NAME, READ_ONLY, JsonMap, TextMap, following, name_like
from bancada.domain.io import JobInput, JobOutput
from bancada.domain.lifecycle import JobStatus
from bancada.domain.shared import CreationContext, JobIdentity, JobService

__all__ = ["BUILD_LOG", "STD_LOG", "BaseJob", "JobName"]

# Azure's names among a job's files: what its process printed, and how its environment was built.
STD_LOG = "user_logs/std_log.txt"
BUILD_LOG = "azureml-logs/20_image_build_log.txt"

JobName = Annotated[str, following(PLAIN_NAME)]

# Each becomes a folder, a part of addresses and a word in `${{inputs.name}}`.
PortName = Annotated[
    str,
    name_like(r"[A-Za-z0-9_][\w.-]{0,254}", "letters, digits, `_`, `-` and `.`, starting with a letter, digit or `_`"),
]


class BaseJob(Entity):
    """The fields of every job. A job is at the same time the MLflow run of the same name."""

    name: JobName | None = Field(default=None)
    id: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    display_name: str | None = Field(default=None)
    description: str | None = Field(default=None)
    tags: TextMap = Field(default_factory=dict)
    properties: TextMap = Field(default_factory=dict)
    experiment_name: str | None = Field(default=None)
    compute: str | None = Field(default=None)
    identity: JobIdentity | None = Field(default=None)
    services: dict[str, JobService] = Field(default_factory=dict)
    inputs: dict[PortName, JobInput] = Field(default_factory=dict)
    outputs: dict[PortName, JobOutput] = Field(default_factory=dict)
    parent_job_name: str | None = Field(default=None)
    creation_context: CreationContext | None = Field(default=None, json_schema_extra=READ_ONLY)
    log_files: dict[str, str] | None = Field(default=None, json_schema_extra=READ_ONLY)
    status: JobStatus | None = Field(default=None, json_schema_extra=READ_ONLY)
    archived: bool | None = Field(default=None, json_schema_extra=READ_ONLY)
    # Ours, set by the server: when it ran (UTC), why it waits ("2 jobs are before it"), and how it failed.
    started_at: datetime | None = Field(default=None, json_schema_extra=READ_ONLY)
    ended_at: datetime | None = Field(default=None, json_schema_extra=READ_ONLY)
    status_reason: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    queue_position: int | None = Field(default=None, json_schema_extra=READ_ONLY)
    error: JsonMap | None = Field(default=None, json_schema_extra=READ_ONLY)
    # Ours, too: what its script logged (of a metric the latest value). Not in lists of jobs.
    metrics: dict[str, float] | None = Field(default=None, json_schema_extra=READ_ONLY)
    params: dict[str, str] | None = Field(default=None, json_schema_extra=READ_ONLY)

    @property
    def studio_url(self) -> str | None:
        """Address of the job's page; the server gives it as the service `Studio`."""
        studio = self.services.get("Studio")
        return studio.endpoint if studio else None

    def links(self) -> dict[str, str]:
        """The job's page."""
        return {"Details": self.studio_url} if self.studio_url else {}
