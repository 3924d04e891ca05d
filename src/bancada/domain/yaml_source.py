"""YAML texts as documents: dates stay text, and every value knows its line. Not for what the documents mean."""

from __future__ import annotations

import re
from typing import Any

import yaml

from bancada.errors import Invalid, Problem

__all__ = ["Loader", "load_yaml"]


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
