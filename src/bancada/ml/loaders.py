"""Reads YAML files into entities, with line numbers for every problem; paths in a file are relative to it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import IO, Any, cast

import yaml

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


class Loader(yaml.SafeLoader):
    """YAML as Azure's files are meant: dates stay text, `1e-4` is a number, `1:30` and `010` are text."""


_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|0b[01_]+)")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)


def _own_resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Return which plain words are numbers, booleans and nulls; patterns must fit the whole word."""
    replaced = (":timestamp", ":int", ":float")
    resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {
        first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith(replaced)]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for first in "-+0123456789.":
        for kind, pattern in (("int", _INT), ("float", _FLOAT)):
            whole = re.compile(f"(?:{pattern.pattern})$")
            resolvers.setdefault(first, []).append((f"tag:yaml.org,2002:{kind}", whole))
    return resolvers


Loader.yaml_implicit_resolvers = _own_resolvers()


def load_yaml(text: str, source: str | None = None) -> tuple[Any, dict[str, int]]:
    """Return the document of a YAML text, and the line of each path in it (`trial.environment`, `values[2]`).

    Raises Invalid for text that is no YAML, and for keys given twice.
    """
    loader: Any = Loader(text)  # yaml has no types
    try:
        node = loader.get_single_node()
        lines: dict[str, int] = {}
        problems: list[Problem] = []
        if node is not None:
            _require_bounded(node)
            _note_lines(node, "", lines, problems)
        document = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as reason:
        mark = reason.problem_mark or reason.context_mark
        problem = Problem("", f"this is not YAML: {reason.problem or reason}.", mark.line + 1 if mark else None)
        raise Invalid.of([problem], source=source) from reason
    except RecursionError as reason:
        text = "this is nested too deeply: a few dozen levels are the most that anything needs."
        raise Invalid.of([Problem("", text)], source=source) from reason
    finally:
        loader.dispose()
    if problems:
        raise Invalid.of(problems, source=source)
    return document, lines


# Far above any job; below what aliases of aliases grow to.
MOST_VALUES = 100_000


def _require_bounded(root: yaml.Node) -> None:
    """Refuse aliases that grow without bound, or that contain themselves."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if id(node) not in sizes:
            # Until its parts are counted: a node inside itself has no end.
            sizes[id(node)] = MOST_VALUES + 1
            sizes[id(node)] = 1 + sum(size(part) for part in _parts(node))
        return sizes[id(node)]

    if size(root) > MOST_VALUES:
        mark = root.start_mark
        raise yaml.MarkedYAMLError(problem=f"its aliases grow to more than {MOST_VALUES:,} values", problem_mark=mark)


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _note_lines(node: yaml.Node, path: str, lines: dict[str, int], problems: list[Problem]) -> None:
    if path in lines:  # an alias of what was seen already
        return
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            inner, line = f"{path}.{name}" if path else name, key.start_mark.line + 1
            if name in seen:
                problems.append(Problem(inner, "is given twice.", line))
                continue
            seen.add(name)
            _note_lines(value, inner, lines, problems)
            lines[inner] = line
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, f"{path}[{index}]", lines, problems)


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
