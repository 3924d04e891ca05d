"""Jobs: the closed union of job types, told apart by `type` (a job without one is a command job)."""

from __future__ import annotations

from typing import Annotated

from bancada.domain.fields import OneOf
from bancada.domain.jobs.automl import AutoMLJob
from bancada.domain.jobs.base import BaseJob, JobName
from bancada.domain.jobs.command import CommandJob
from bancada.domain.jobs.sweep import SweepJob

__all__ = ["AutoMLJob", "BaseJob", "CommandJob", "Job", "JobName", "JobUnion", "SweepJob"]

JobUnion = CommandJob | SweepJob | AutoMLJob
"""For annotations and isinstance."""

Job = Annotated[CommandJob | SweepJob | AutoMLJob, OneOf("job type", default="command")]
"""For `base.parse` and `base.from_stored`."""
