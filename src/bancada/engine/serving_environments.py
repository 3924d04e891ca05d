"""Which environment serves an MLflow model for which none is named, and why. Not for building or finding it.

It is the one in which the job that made the model ran, where that is built and has exactly what the model asks for: it
is there, its byte code is written, and the model's dependencies of dependencies are those that it was fitted with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bancada.engine.builds import Builds
from bancada.engine.core import Core
from bancada.engine.mlflow_models import MlflowModel
from bancada.engine.model_origins import source_name
from bancada.errors import BancadaError
from bancada.executors.environments import BuiltEnvironment, EnvironmentRequest
from bancada.executors.packages import PackageSet, package_set
from bancada.executors.requirements import Requirement, canonical_name
from bancada.store import jobs, registry, resources
from bancada.store.database import Tx

__all__ = ["Served", "lacking", "served_in"]


@dataclass(frozen=True)
class Served:
    """The builder's request, and a sentence that says which environment that is and why."""

    request: dict[str, Any]
    why: str


def served_in(core: Core, builds: Builds, workspace: str, model: MlflowModel) -> Served:
    """Choose between the environment of the model's job and the model's own. Raises Invalid for a broken model."""
    own = EnvironmentRequest.from_document(model.environment())
    job, lender = core.db.read(lambda tx: _of_job(tx, workspace, model))
    if lender is None:
        return Served(own.document(), "The model's own: no job that made it is known here.")
    called = f"`{lender['name']}:{lender['version']}`"
    built = builds.find(lender)
    try:
        short = lacking(package_set(own), built) if built is not None else "It is not built on this machine."
    except BancadaError:
        # The build will say what is wrong with the model's requirements.
        short = "It cannot be compared with what the model asks for."
    if built is None or short:
        return Served(own.document(), f"The model's own instead of {called}, that of job `{job}`. {short}")
    why = f"That of job `{job}`: {called} has every package that the model asks for, in the same version."
    return Served(replace(own, built_as=built.key).document(), why)


def _of_job(tx: Tx, workspace: str, model: MlflowModel) -> tuple[str, dict[str, Any] | None]:
    """The job that a version comes from and its environment; a run nested in a job ran in that one's."""
    row = resources.get(tx, workspace, registry.KIND, model.name, model.version)
    name = source_name(row) if row is not None else None
    while name:
        job = jobs.get(tx, workspace, name)
        if job is None:
            break
        if job.state.get("environment"):
            return name, job.state["environment"]
        name = job.parent
    return "", None


def lacking(wanted: PackageSet, built: BuiltEnvironment) -> str:
    """Return what speaks against an environment, as a sentence; "" when it has all that is wanted."""
    major, _, minor = built.python.partition(".")
    if not wanted.python.accepts((int(major), int(minor))):
        return f"It has Python {built.python}, and the model asks for another."
    if wanted.options:
        return f"It may have its packages from elsewhere: the model asks for `{wanted.options[0].split()[0]}`."
    for one in wanted.requirements:
        version = built.packages.get(one.name)
        if version is None:
            return f"It does not have `{one.text}`."
        if not _is_met(one, version):
            return f"It has {one.name} {version}, and the model asks for `{one.text}`."
    return ""


def _is_met(wanted: Requirement, version: str) -> bool:
    """Tell whether a version is the pinned one; any will do for a bare name, and for nothing else."""
    # Extras, markers, hashes and addresses ask for more than a version; a range would need a resolver's reading.
    name = wanted.text.removesuffix(",".join(wanted.clauses))
    return canonical_name(name) == wanted.name and wanted.clauses in ((), (f"=={version}",))
