"""A job as a Python script of the SDK, in the form in which people write it: `command(…)`, `.sweep(…)`, one submit.

The engine does not know the SDK: it writes its names down, and a test runs what it wrote.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from bancada.domain import expressions
from bancada.domain.base import Entity
from bancada.domain.jobs import AutoMLJob, CommandJob, JobUnion, SweepJob
from bancada.domain.jobs.command import ParameterizedCommand
from bancada.domain.shared import JobResourceConfiguration

__all__ = ["sdk_text"]

# Where scripts import a class from; all others come from `bancada.ml.entities`.
_ROOT = "bancada.ml"
_PLACES: Mapping[str, str] = {
    **dict.fromkeys(
        ("Input", "Output", "MpiDistribution", "PyTorchDistribution", "RayDistribution", "TensorFlowDistribution"),
        _ROOT,
    ),
    **dict.fromkeys(
        ("AmlTokenConfiguration", "ManagedIdentityConfiguration", "UserIdentityConfiguration"),
        _ROOT,
    ),
    **dict.fromkeys(
        ("Choice", "LogNormal", "LogUniform", "Normal", "QLogNormal", "QLogUniform", "QNormal", "QUniform"),
        "bancada.ml.sweep",
    ),
    **dict.fromkeys(
        ("Randint", "Uniform", "BanditPolicy", "MedianStoppingPolicy", "TruncationSelectionPolicy", "SweepJobLimits"),
        "bancada.ml.sweep",
    ),
    **dict.fromkeys(
        ("BayesianSamplingAlgorithm", "GridSamplingAlgorithm", "RandomSamplingAlgorithm"), "bancada.ml.sweep"
    ),
    **dict.fromkeys(
        ("ColumnTransformer", "StackEnsembleSettings", "TabularFeaturizationSettings", "TabularLimitSettings"),
        "bancada.ml.automl",
    ),
    "TrainingSettings": "bancada.ml.automl",
}
# Fields of a job that `command(…)` takes under their own names.
_PLAIN = ("display_name", "description", "experiment_name", "compute", "tags", "properties", "identity")
_OF_COMMAND = ("command", "code", "environment", "environment_variables", "distribution")
# What `command(…)` takes of a job's resources; more than that is set afterwards.
_RESOURCES = ("instance_count", "instance_type", "locations", "docker_args", "shm_size")


def sdk_text(workspace: str, job: JobUnion) -> str:
    """Return a script that submits the job."""
    script = _Script()
    script.uses("bancada.identity", "DefaultAzureCredential")
    script.uses(_ROOT, "MLClient")
    if isinstance(job, AutoMLJob):
        _automl(script, job)
    elif isinstance(job, SweepJob):
        _sweep(script, job)
    else:
        _command(script, job)
    client = f"ml_client = MLClient(DefaultAzureCredential(), workspace_name={workspace!r})"
    end = ["returned_job = ml_client.jobs.create_or_update(job)", "print(returned_job.name)"]
    return "\n".join([*script.imports(), "", client, "", *script.lines, "", *end, ""])


@dataclass
class _Script:
    """Lines of a script, and the names that they use by module."""

    lines: list[str] = field(default_factory=list[str])
    used: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def uses(self, module: str, name: str) -> None:
        self.used.setdefault(module, set()).add(name)

    def imports(self) -> list[str]:
        return [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(self.used.items())]

    def call(self, target: str, function: str, arguments: Mapping[str, Any]) -> None:
        """Add a call with one argument a line."""
        given = [f"    {name}={self.text(value, 1)}," for name, value in arguments.items()]
        self.lines += [f"{target} = {function}(", *given, ")"]

    def assign(self, target: str, value: Any) -> None:
        self.lines.append(f"{target} = {self.text(value)}")

    def text(self, value: Any, depth: int = 0) -> str:
        """Return a value as Python writes it."""
        if isinstance(value, Entity):
            return self._entity(value, depth)
        if isinstance(value, Mapping):
            items = cast("Mapping[str, Any]", value).items()
            return self._block("{", [f"{key!r}: {self.text(one, depth + 1)}" for key, one in items], "}", depth)
        if isinstance(value, list):
            return f"[{', '.join(self.text(one, depth) for one in cast('list[Any]', value))}]"
        if isinstance(value, float) and not math.isfinite(value):
            return f'float("{value!r}")'
        return repr(value)

    def _entity(self, value: Entity, depth: int) -> str:
        name = type(value).__name__
        self.uses(_PLACES.get(name, "bancada.ml.entities"), name)
        fields = ", ".join(f"{key}={self.text(one, depth)}" for key, one in _given(value).items())
        return f"{name}({fields})"

    def _block(self, begin: str, parts: list[str], end: str, depth: int) -> str:
        if not parts:
            return begin + end
        space = "    " * (depth + 1)
        return "\n".join([begin, *(f"{space}{one}," for one in parts), "    " * depth + end])


def _given(entity: Entity) -> dict[str, Any]:
    """Return the fields that are not what they are by themselves."""
    found: dict[str, Any] = {}
    for name, info in type(entity).model_fields.items():
        value = getattr(entity, name)
        if value is not None and value != info.get_default(call_default_factory=True):
            found[name] = value
    return found


# -------------------------------------------------------------------------------- the types


def _automl(script: _Script, job: AutoMLJob) -> None:
    script.uses(_ROOT, "automl")
    read_only = {"type", "task", "name", "parent_job_name", "services", "results"}
    given = {name: value for name, value in _given(job).items() if name not in read_only}
    script.call("job", f"automl.{job.task}", given)


def _command(script: _Script, job: CommandJob) -> None:
    script.uses(_ROOT, "command")
    given = _arguments(job, job)
    limits = _given(job.limits) if job.limits else {}
    if set(limits) == {"timeout"}:
        given["timeout"] = limits["timeout"]
    given |= _given(job.queue_settings) if job.queue_settings else {}
    if job.services:
        given["services"] = job.services
    script.call("job", "command", given)
    _set_resources(script, "job", job.resources)
    if job.limits is not None and set(limits) != {"timeout"}:
        script.assign("job.limits", job.limits)
    if job.queue_settings is not None and not _given(job.queue_settings):
        script.assign("job.queue_settings", job.queue_settings)


def _sweep(script: _Script, job: SweepJob) -> None:
    script.uses(_ROOT, "command")
    trial = job.trial or ParameterizedCommand()
    space = job.search_space or {}
    script.call("trial", "command", _arguments(job, trial))
    _set_resources(script, "trial", trial.resources)
    limits = _given(job.limits) if job.limits else {}
    given: dict[str, Any] = {
        **(_given(job.objective) if job.objective else {}),
        "sampling_algorithm": job.sampling_algorithm,
        "search_space": space,
        **{name: value for name, value in limits.items() if name != "type"},
    }
    if job.early_termination is not None:
        given["early_termination_policy"] = job.early_termination
    if job.queue_settings is not None:
        given["queue_settings"] = job.queue_settings
    script.call("job", "trial.sweep", given)
    if "type" in limits:
        script.assign("job.limits", job.limits)
    # What `.sweep(…)` does by itself, undone where this sweep was written otherwise.
    if job.resources != trial.resources:
        script.assign("job.resources", job.resources)
    if trial.queue_settings is not None:
        script.assign("job.trial.queue_settings", trial.queue_settings)
    if set(space) & set(job.inputs):
        script.assign("job.inputs", job.inputs)
    if expressions.rename(trial.command, list(space), "inputs", "search_space") != trial.command:
        script.assign("job.trial.command", trial.command)


def _arguments(job: JobUnion, run: ParameterizedCommand) -> dict[str, Any]:
    """Return what `command(…)` is told of a job and of what it runs."""
    found: dict[str, Any] = {name: getattr(job, name) for name in _PLAIN}
    found |= {name: getattr(run, name) for name in _OF_COMMAND}
    found |= {"inputs": job.inputs, "outputs": job.outputs}
    if _fits(run.resources):
        found |= _given(cast("JobResourceConfiguration", run.resources))
    return {name: value for name, value in found.items() if value is not None and value != {}}


def _fits(resources: JobResourceConfiguration | None) -> bool:
    given = _given(resources) if resources is not None else {}
    return bool(given) and set(given) <= set(_RESOURCES)


def _set_resources(script: _Script, target: str, resources: JobResourceConfiguration | None) -> None:
    if resources is not None and not _fits(resources):
        script.assign(f"{target}.resources", resources)
