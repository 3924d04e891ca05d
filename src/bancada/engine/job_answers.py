"""The shapes of what is told about jobs beside the job itself; faces make their schemas of them. No code.

What a job does not have is left out. Times are ISO 8601 in UTC; numbers that JSON has not go as texts (`"nan"`).
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

# The schemas need these at runtime, and pydantic wants them from here below Python 3.12.
from typing_extensions import TypedDict

__all__ = [
    "CodeChange",
    "CodeFile",
    "CodeFiles",
    "JobColumn",
    "JobColumnTotals",
    "ComparedJobs",
    "DifferingKeys",
    "InstalledPackage",
    "JobColumns",
    "JobDifference",
    "JobEnvironment",
    "JobMetric",
    "JobMetrics",
    "JobSpecification",
    "JobTable",
    "JobTableRow",
    "JobTimeline",
    "JobUse",
    "MetricPoints",
    "MetricValue",
    "PackageChange",
    "Phase",
    "ValueChange",
]

MetricValue = float | Literal["nan", "inf", "-inf"]


class JobTableRow(TypedDict):
    """One line of the table of jobs. `type` is `base` for a run that no job made."""

    name: str
    display_name: str
    type: str
    status: str
    experiment_name: str
    parent_job_name: NotRequired[str]
    created_at: str
    started_at: NotRequired[str]
    ended_at: NotRequired[str]
    duration_s: NotRequired[float]
    user: str
    archived: bool
    children: int
    queue_position: NotRequired[int]
    status_reason: NotRequired[str]
    error: NotRequired[dict[str, Any]]
    metrics: dict[str, MetricValue]
    params: dict[str, str]
    tags: dict[str, str]


class JobTable(TypedDict):
    """One window of the table, and how many rows there are in all."""

    items: list[JobTableRow]
    total: int
    offset: int


class JobColumn(TypedDict):
    """One key that could be a column, and how many jobs have it."""

    key: str
    runs: int


class JobColumnTotals(TypedDict):
    """How many keys there are in all."""

    metrics: int
    params: int
    tags: int


class JobColumns(TypedDict):
    """The keys that could be columns, most used first."""

    metrics: list[JobColumn]
    params: list[JobColumn]
    tags: list[JobColumn]
    total: JobColumnTotals


class DifferingKeys(TypedDict):
    """The keys whose values are not the same in all jobs that are compared."""

    params: list[str]
    metrics: list[str]
    tags: list[str]


class ComparedJobs(TypedDict):
    """Several jobs with everything that was logged to them."""

    jobs: list[JobTableRow]
    differing: DifferingKeys


class Phase(TypedDict):
    """One stretch of a job's life, and why it took place; the last one of a job that has not ended has no end."""

    phase: str
    started_at: str
    ended_at: NotRequired[str]
    seconds: NotRequired[float]
    reason: NotRequired[str]


class JobUse(TypedDict):
    """What the process of a job's last attempt used, its own children counted; known once it has ended."""

    cpu_seconds: float
    wall_seconds: float
    # Of the largest single process.
    peak_memory_bytes: int


class JobTimeline(TypedDict):
    """How a job spent its time so far, and what it used."""

    phases: list[Phase]
    attempts: int
    status: str
    used: NotRequired[JobUse]
    queue_position: NotRequired[int]
    status_reason: NotRequired[str]


class JobMetric(TypedDict):
    """What is known of one metric; `min` and `max` leave NaN out."""

    key: str
    latest: MetricValue
    min: NotRequired[MetricValue]
    max: NotRequired[MetricValue]
    points: int
    last_step: int
    last_at: str


class JobMetrics(TypedDict):
    """The metrics of one job, its children's left out."""

    items: list[JobMetric]


class MetricPoints(TypedDict):
    """Points of one metric in the order of the axis; `times` in seconds since the epoch. `total`: before thinning."""

    steps: list[int]
    times: list[float]
    values: list[MetricValue]
    total: int


# In this form because `from` is no name in Python.
ValueChange = TypedDict("ValueChange", {"path": str, "from": NotRequired[Any], "to": NotRequired[Any]})
PackageChange = TypedDict("PackageChange", {"name": str, "from": NotRequired[str], "to": NotRequired[str]})


class CodeChange(TypedDict):
    """One file of the code that differs; `diff` is a unified diff of texts of sane size."""

    path: str
    change: Literal["added", "removed", "changed"]
    diff: NotRequired[str]


class JobDifference(TypedDict):
    """What differs between two jobs; of each value the side that lacks it is left out."""

    spec: list[ValueChange]
    params: list[ValueChange]
    inputs: list[ValueChange]
    code: list[CodeChange]
    packages: list[PackageChange]


class CodeFile(TypedDict):
    """One file of a job's code as it was uploaded."""

    path: str
    size: int


class CodeFiles(TypedDict):
    """The files of a job's code."""

    items: list[CodeFile]


class InstalledPackage(TypedDict):
    """One package of an environment."""

    name: str
    version: str


class JobEnvironment(TypedDict):
    """The environment that a job runs in."""

    reference: str
    state: Literal["absent", "building", "ready", "failed"]
    python: NotRequired[str]
    packages: list[InstalledPackage]
    size_bytes: NotRequired[int]
    build_seconds: NotRequired[float]
    log_path: NotRequired[str]
    error: NotRequired[dict[str, Any]]
    warnings: NotRequired[list[str]]
    definition: dict[str, Any]


class JobSpecification(TypedDict):
    """A job as texts that submit it again: Azure's YAML, lines for a shell, a Python script."""

    yaml: str
    cli: str
    sdk: str
