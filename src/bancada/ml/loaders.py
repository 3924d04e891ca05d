"""Reads YAML files into entities, with line numbers for every problem; paths in a file are relative to it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import IO, Any, cast

from bancada.core.exceptions import faced
from bancada.domain.base import Entity, map_paths, parse
from bancada.domain.compute import AmlCompute, Compute
from bancada.domain.data import Data
from bancada.domain.datastore import Datastore, DatastoreBase
from bancada.domain.deployment import ManagedOnlineDeployment
from bancada.domain.endpoint import ManagedOnlineEndpoint
from bancada.domain.environment import Environment
from bancada.domain.fields import LocalPath
from bancada.domain.jobs import Job, JobUnion
from bancada.domain.jobs.command import ParameterizedCommand
from bancada.domain.model import Model
from bancada.domain.references import LocalReference, is_local
from bancada.domain.references import parse as parse_reference
from bancada.domain.workspace import Workspace
from bancada.domain.yaml_source import load_yaml
from bancada.errors import Invalid, Problem
from bancada.ml.texts import decoded, read_text
from bancada.ml.uploads import absent_paths

__all__ = [
    "check_job_file",
    "load_compute",
    "load_data",
    "load_datastore",
    "load_entity",
    "load_environment",
    "load_job",
    "load_model",
    "load_online_deployment",
    "load_online_endpoint",
    "load_workspace",
    "load_yaml",
]

Source = str | PathLike[str] | IO[str] | IO[bytes]
Overrides = Sequence[Mapping[str, Any]] | None

# `environment: file:./env.yml` and the like: the entity lies in a file of its own.
NESTED: dict[str, type[Entity]] = {
    "environment": Environment,
    "model": Model,
    "trial": ParameterizedCommand,
}


@faced()
def load_entity(
    kind: Any, source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> Any:
    """Return the entity that a YAML file or stream describes. `kind` is an entity class or a union such as `Job`.

    params_override replaces values by dotted path: `[{"limits.timeout": 60}, {"inputs.x": 3}]`.
    Raises Invalid with all problems, each with its line.
    """
    document, lines, name, folder = _prepared(source, relative_origin, params_override)
    entity = parse(kind, document, lines, name)
    return map_paths(entity, lambda text, mark: _absolute(text, mark, folder))


@faced()
def check_job_file(source: Source, *, params_override: Overrides = None) -> None:
    """Raise Invalid with all problems of a job's YAML, the local paths that do not exist among them."""
    document, lines, name, folder = _prepared(source, None, params_override)
    problems: list[Problem] = []
    try:
        parse(Job, document, lines, name)
    except Invalid as reason:
        problems = reason.problems
    if isinstance(document, dict):
        problems += absent_paths(cast("dict[str, Any]", document), folder, lines)
    if problems:
        raise Invalid.of(sorted(problems, key=lambda one: one.line or 0), source=name)


def _prepared(source: Source, origin: str | None, overrides: Overrides) -> tuple[Any, dict[str, int], str | None, Path]:
    """Return a file's document with the overrides in it, the lines of its paths, the file's name and folder."""
    text, name, folder = _read(source, origin)
    document, lines = load_yaml(text, name)
    if document is None and overrides:
        document = dict[str, Any]()
    if isinstance(document, dict):
        fields = cast("dict[str, Any]", document)
        for override in overrides or ():
            for path, value in override.items():
                _set(fields, path, value)
        _load_nested(fields, folder)
        return fields, lines, name, folder
    return document, lines, name, folder


def _read(source: Source, origin: str | None) -> tuple[str, str | None, Path]:
    if not isinstance(source, (str, PathLike)):
        content = source.read()
        named = getattr(source, "name", None)
        name = named if isinstance(named, str) and not named.startswith("<") else None
        folder = Path(origin or name or ".").absolute()
        return decoded(content, name) if isinstance(content, bytes) else content, name, _folder(folder)
    path = Path(source).expanduser().absolute()
    if not path.is_file():
        what = "is a folder, not a YAML file" if path.is_dir() else "does not exist"
        raise Invalid.of([Problem("", f"the file {path} {what}.")])
    return read_text(path), str(source), _folder(Path(origin).absolute() if origin else path)


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _set(document: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    here = document
    for name in parents:
        inner = here.get(name)
        if not isinstance(inner, dict):
            inner = here[name] = dict[str, Any]()
        here = cast("dict[str, Any]", inner)
    here[last] = value


def _load_nested(document: dict[str, Any], folder: Path) -> None:
    for key, kind in NESTED.items():
        value = document.get(key)
        if isinstance(value, str) and value.startswith("file:"):
            document[key] = load_entity(kind, folder / value.removeprefix("file:")).document()
        elif isinstance(value, dict):
            _load_nested(cast("dict[str, Any]", value), folder)


def _absolute(text: str, mark: LocalPath, folder: Path) -> str:
    del mark
    if not is_local(text) or "://" in text:
        return text
    reference = parse_reference(text)
    path = Path(reference.path if isinstance(reference, LocalReference) else text).expanduser()
    return os.path.abspath(folder / path)


def load_job(source: Source, *, relative_origin: str | None = None, params_override: Overrides = None) -> JobUnion:
    """Return the job of a YAML file."""
    return load_entity(Job, source, relative_origin=relative_origin, params_override=params_override)


def load_data(source: Source, *, relative_origin: str | None = None, params_override: Overrides = None) -> Data:
    """Return the data asset of a YAML file."""
    return load_entity(Data, source, relative_origin=relative_origin, params_override=params_override)


def load_environment(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> Environment:
    """Return the environment of a YAML file."""
    return load_entity(Environment, source, relative_origin=relative_origin, params_override=params_override)


def load_model(source: Source, *, relative_origin: str | None = None, params_override: Overrides = None) -> Model:
    """Return the model of a YAML file."""
    return load_entity(Model, source, relative_origin=relative_origin, params_override=params_override)


def load_compute(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> AmlCompute:
    """Return the compute of a YAML file."""
    return load_entity(Compute, source, relative_origin=relative_origin, params_override=params_override)


def load_datastore(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> DatastoreBase:
    """Return the datastore of a YAML file."""
    return load_entity(Datastore, source, relative_origin=relative_origin, params_override=params_override)


def load_workspace(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> Workspace:
    """Return the workspace of a YAML file."""
    return load_entity(Workspace, source, relative_origin=relative_origin, params_override=params_override)


def load_online_endpoint(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> ManagedOnlineEndpoint:
    """Return the endpoint of a YAML file."""
    return load_entity(ManagedOnlineEndpoint, source, relative_origin=relative_origin, params_override=params_override)


def load_online_deployment(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> ManagedOnlineDeployment:
    """Return the deployment of a YAML file."""
    return load_entity(
        ManagedOnlineDeployment, source, relative_origin=relative_origin, params_override=params_override
    )
