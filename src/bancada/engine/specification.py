"""A job as texts that submit it again: Azure's YAML, the command line, a script of the SDK. Not its results.

The name is left out: a job is submitted once, and its copy gets a name of its own. What was uploaded is referred to.
"""

from __future__ import annotations

import shlex
from typing import Any

from bancada.domain.base import from_stored, without_empty
from bancada.domain.jobs import Job, JobUnion, SweepJob
from bancada.engine.documents import part
from bancada.engine.job_answers import JobSpecification
from bancada.engine.sdk_text import sdk_text
from bancada.engine.yaml_text import yaml_text

__all__ = ["described", "ordered", "specification", "texts"]

_SCHEMAS = "https://azuremlschemas.azureedge.net/latest/{}Job.schema.json"
_SCHEMA_WORDS = {"automl": "autoML"}
_END = "BANCADA_YAML"
# What a copy must not take along: names that are taken, and addresses that the server gave.
_OWN = ("name", "parent_job_name", "services")
# In the order in which people write them; what is not here follows.
_FIRST = (
    "type", "task", "display_name", "description", "experiment_name", "compute", "command", "trial", "code",
    "environment", "environment_variables", "inputs", "outputs", "search_space", "sampling_algorithm", "objective",
    "limits", "early_termination", "primary_metric", "target_column_name", "training_data", "validation_data",
    "test_data",
)  # fmt: skip


def specification(workspace: str, stored: dict[str, Any]) -> JobSpecification:
    """Return the texts of a stored job."""
    job = described(stored)
    return texts(workspace, job, yaml_text(_written(job)))


def texts(workspace: str, job: JobUnion, yaml: str) -> JobSpecification:
    """Return the texts of a job that is written as this YAML."""
    return {"yaml": yaml, "cli": _command_line(workspace, yaml), "sdk": sdk_text(workspace, job)}


def described(stored: dict[str, Any]) -> JobUnion:
    """Return a stored job as its user would write it anew."""
    job: JobUnion = from_stored(Job, {key: value for key, value in stored.items() if key not in _OWN})
    return job


def _written(job: JobUnion) -> dict[str, Any]:
    document: dict[str, Any] = without_empty(job.document(read_only=False))
    document["type"] = job.type
    # What is empty is a mistake in a user's text or means something else than nothing there.
    if isinstance(job, SweepJob) and not part(document, "trial"):
        document.pop("trial", None)
    return ordered(document, job.type)


def ordered(document: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a job's document with its schema first, and its keys in the order in which people write them."""
    given = {key: value for key, value in document.items() if key != "$schema"}
    keys = [*(key for key in _FIRST if key in given), *(key for key in given if key not in _FIRST)]
    schema = document.get("$schema") or _SCHEMAS.format(_SCHEMA_WORDS.get(kind, kind))
    return {"$schema": schema, **{key: given[key] for key in keys}}


def _command_line(workspace: str, yaml: str) -> str:
    lines = yaml if yaml.endswith("\n") else f"{yaml}\n"
    end = _END
    while end in lines:
        end += "_"
    return f"cat > job.yml <<'{end}'\n{lines}{end}\nbancada job create --file job.yml -w {shlex.quote(workspace)}\n"
