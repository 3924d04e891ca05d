"""`command(…)`: Azure's wide signature, which makes a job that can be called with other inputs and made a sweep.

Entities have honest signatures; the shortcuts (instance_count, timeout, …) live here.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Annotated, Any, cast

from pydantic import Field

from bancada.core.exceptions import faced
from bancada.domain.environment import Environment
from bancada.domain.expressions import rename
from bancada.domain.fields import OneOf, TextMap
from bancada.domain.io import Input
from bancada.domain.jobs.command import CommandJob, CommandJobLimits, ParameterizedCommand
from bancada.domain.jobs.search_space import (
    Choice,
    LogNormal,
    LogUniform,
    Normal,
    QLogNormal,
    QLogUniform,
    QNormal,
    QUniform,
    Randint,
    Uniform,
)
from bancada.domain.jobs.sweep import Goal, Objective, SweepJob
from bancada.domain.shared import JobResourceConfiguration, QueueSettings
from bancada.errors import Invalid, Problem

__all__ = ["Command", "command"]

Distributions = (
    Choice, Uniform, LogUniform, QUniform, QLogUniform, Normal, LogNormal, QNormal, QLogNormal, Randint,
)  # fmt: skip


BuilderInput = Annotated[
    Choice
    | Uniform
    | LogUniform
    | QUniform
    | QLogUniform
    | Normal
    | LogNormal
    | QNormal
    | QLogNormal
    | Randint
    | Input
    | bool
    | int
    | float
    | str,
    OneOf("input", default="uri_folder"),
]


class Command(CommandJob):
    """What `command(…)` gives: a command job that is callable.

    `job(n=Choice([1, 2]))` gives a copy with other inputs; `.sweep(…)` makes a sweep over those that are distributions.
    """

    # Wider than a job's: distributions are inputs until `.sweep()` takes them out.
    inputs: dict[str, BuilderInput] = Field(default_factory=dict)  # pyright: ignore[reportIncompatibleVariableOverride]

    @faced()
    def __call__(self, **inputs: Any) -> Command:
        """Return a copy whose inputs have these values. Raises Invalid for a name that is no input."""
        unknown = [name for name in inputs if name not in self.inputs]
        if unknown:
            text = f"is no input of this command; inputs: {', '.join(self.inputs) or 'none'}."
            raise Invalid.of([Problem(f"inputs.{name}", text) for name in unknown])
        copy = self.model_copy(deep=True)
        # A job is submitted once: the copy gets a name of its own.
        copy.name = None
        copy.inputs = {**copy.inputs, **{name: value for name, value in inputs.items() if value is not None}}
        return copy

    @faced()
    def job(self) -> CommandJob:
        """Return the plain job. Raises Invalid when an input is still a distribution."""
        waiting = [name for name, value in self.inputs.items() if isinstance(value, Distributions)]
        if waiting:
            text = "is a distribution to search; make a sweep of the job with `.sweep(…)`."
            raise Invalid.of([Problem(f"inputs.{name}", text) for name in waiting])
        return CommandJob(**{name: getattr(self, name) for name in CommandJob.model_fields})

    def set_limits(self, *, timeout: int) -> None:
        """Limit the job's time, in seconds."""
        self.limits = CommandJobLimits(timeout=timeout)

    def set_resources(
        self,
        *,
        instance_type: str | None = None,
        instance_count: int | None = None,
        locations: list[str] | None = None,
        properties: dict[str, Any] | None = None,
        docker_args: str | list[str] | None = None,
        shm_size: str | None = None,
    ) -> None:
        """Set those resources that are given; the others stay."""
        self.resources = _merged_resources(
            self.resources,
            instance_type=instance_type,
            instance_count=instance_count,
            locations=locations,
            properties=properties,
            docker_args=docker_args,
            shm_size=shm_size,
        )

    def set_queue_settings(self, *, job_tier: str | None = None, priority: str | None = None) -> None:
        """Set tier and priority."""
        self.queue_settings = _queue_settings(job_tier, priority)

    def sweep(
        self,
        *,
        primary_metric: str,
        goal: Goal,
        sampling_algorithm: Any = "random",
        compute: str | None = None,
        max_concurrent_trials: int | None = None,
        max_total_trials: int | None = None,
        timeout: int | None = None,
        trial_timeout: int | None = None,
        early_termination_policy: Any = None,
        search_space: Mapping[str, Any] | None = None,
        identity: Any = None,
        queue_settings: QueueSettings | None = None,
        job_tier: str | None = None,
        priority: str | None = None,
    ) -> SweepJob:
        """Return a sweep whose search space are the inputs that are distributions, and `search_space`.

        `${{inputs.x}}` of such an x becomes `${{search_space.x}}` in the trial's command.
        """
        space = {name: value for name, value in self.inputs.items() if isinstance(value, Distributions)}
        space |= dict(search_space or {})
        sweep = SweepJob(
            trial=self._trial(space),
            compute=compute or self.compute,
            search_space=space,
            sampling_algorithm=sampling_algorithm,
            objective=Objective(goal=goal, primary_metric=primary_metric),
            early_termination=early_termination_policy,
            inputs=cast("Any", {name: value for name, value in self.inputs.items() if name not in space}),
            outputs=dict(self.outputs),
            name=self.name,
            display_name=self.display_name,
            description=self.description,
            tags=dict(self.tags),
            properties=dict(self.properties),
            experiment_name=self.experiment_name,
            identity=identity or self.identity,
            queue_settings=queue_settings or _queue_settings(job_tier, priority) or self.queue_settings,
            resources=self.resources,
        )
        sweep.set_limits(
            max_concurrent_trials=max_concurrent_trials,
            max_total_trials=max_total_trials,
            timeout=timeout,
            trial_timeout=trial_timeout,
        )
        return sweep

    def _trial(self, space: Mapping[str, Any]) -> ParameterizedCommand:
        return ParameterizedCommand(
            command=rename(self.command, list(space), "inputs", "search_space"),
            code=self.code,
            environment=self.environment,
            environment_variables=dict(self.environment_variables),
            resources=self.resources,
            distribution=self.distribution,
        )


def command(
    *,
    name: str | None = None,
    description: str | None = None,
    tags: TextMap | None = None,
    properties: TextMap | None = None,
    display_name: str | None = None,
    command: str | None = None,
    experiment_name: str | None = None,
    environment: str | Environment | None = None,
    environment_variables: TextMap | None = None,
    distribution: Any = None,
    compute: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    instance_count: int | None = None,
    instance_type: str | None = None,
    locations: list[str] | None = None,
    docker_args: str | list[str] | None = None,
    shm_size: str | None = None,
    timeout: int | None = None,
    code: str | PathLike[str] | None = None,
    identity: Any = None,
    is_deterministic: bool = True,
    services: Mapping[str, Any] | None = None,
    job_tier: str | None = None,
    priority: str | None = None,
    parent_job_name: str | None = None,
) -> Command:
    """Return a command job: one command line, run once in an environment, with inputs and outputs.

    The arguments are Azure's. Paths of code and inputs may be local; they are sent when the job is submitted.

    Example:
        >>> job = command(command="python a.py --n ${{inputs.n}}", environment="env:1", inputs={"n": 3})
        >>> sweep = job(n=Choice([1, 2])).sweep(primary_metric="Score", goal="maximize", max_total_trials=2)
        >>> sweep.trial.command
        'python a.py --n ${{search_space.n}}'
    """
    del is_deterministic  # only meaningful for components, which reuse results
    resources = _merged_resources(
        None,
        instance_count=instance_count,
        instance_type=instance_type,
        locations=locations,
        docker_args=docker_args,
        shm_size=shm_size,
    )
    fields: dict[str, Any] = {
        "name": name,
        "description": description,
        "tags": tags,
        "properties": properties,
        "display_name": display_name,
        "command": command,
        "experiment_name": experiment_name,
        "environment": environment,
        "environment_variables": environment_variables,
        "distribution": distribution,
        "compute": compute,
        "inputs": {key: _settled(value) for key, value in (inputs or {}).items() if value is not None},
        "outputs": {key: value or {} for key, value in (outputs or {}).items()},
        "resources": resources,
        "limits": None if timeout is None else CommandJobLimits(timeout=timeout),
        "code": None if code is None else str(code),
        "identity": identity,
        "services": services,
        "queue_settings": _queue_settings(job_tier, priority),
        "parent_job_name": parent_job_name,
    }
    return Command(**fields)


def _settled(value: Any) -> Any:
    # `Input(type="integer", default=3)` declares a literal; as a job's input it is its default.
    if isinstance(value, Input) and not value.is_data and value.default is not None:
        return value.default
    return value


def _merged_resources(before: JobResourceConfiguration | None, **given: Any) -> JobResourceConfiguration | None:
    wanted = {name: value for name, value in given.items() if value is not None}
    if not wanted:
        return before
    return JobResourceConfiguration(**{**(before.document() if before else {}), **wanted})


def _queue_settings(job_tier: str | None, priority: str | None) -> QueueSettings | None:
    if job_tier is None and priority is None:
        return None
    return QueueSettings(job_tier=cast("Any", job_tier), priority=cast("Any", priority))
