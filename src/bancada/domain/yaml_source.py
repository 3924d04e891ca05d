"""YAML texts as documents: dates stay text, and every value knows its line. Not for what the documents mean."""

from __future__ import annotations

import re
from typing import Any, cast

import yaml

from bancada.errors import Invalid, Problem

__all__ = ["Loader", "load_yaml"]


# Beside these YAML 1.1 has dates, bytes and sets, which JSON has not: no document of ours holds any.
_TAGS = frozenset({"null", "bool", "int", "float", "str", "seq", "map", "merge"})
_UNFIT = (ValueError, IndexError, KeyError, OverflowError)


class Loader(yaml.SafeLoader):
    """YAML as Azure's files are meant: dates stay text, `1e-4` is a number, `1:30` and `010` are text."""

    # How many nodes a text may still have; None: any number.
    nodes_left: int | None = None

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Read one node. Raises MarkedYAMLError at the first one too many, before the rest of the text is read."""
        if self.nodes_left is not None:
            self.nodes_left -= 1
            if self.nodes_left < 0:
                mark: Any = cast("Any", self).peek_event().start_mark  # yaml has no types
                raise yaml.MarkedYAMLError(problem="it holds more values than anything needs", problem_mark=mark)
        return cast("Any", super()).compose_node(parent, index)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """Return a node's value. Raises MarkedYAMLError for a tag that JSON has no value for, or that does not fit."""
        tag = str(node.tag).removeprefix("tag:yaml.org,2002:")
        if tag not in _TAGS:
            raise yaml.MarkedYAMLError(problem=f"the tag `{node.tag}` is not known here", problem_mark=node.start_mark)
        try:
            made: Any = cast("Any", super()).construct_object(node, deep)  # yaml has no types
            if isinstance(made, int):
                str(made)  # Python writes no more than some thousand digits
        except _UNFIT as reason:
            shown = str(node.value)[:40]
            raise yaml.MarkedYAMLError(problem=f"`{shown}` is no {tag}", problem_mark=node.start_mark) from reason
        return made


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


def load_yaml(text: str, source: str | None = None, *, most_values: int | None = None) -> tuple[Any, dict[str, int]]:
    """Return the document of a YAML text, and the line of each path in it (`trial.environment`, `values[2]`).

    most_values bounds how many values and keys are read. Raises Invalid for text that is no YAML or has more, and for
    keys given twice.
    """
    try:
        loader: Any = Loader(text)  # yaml has no types
        loader.nodes_left = most_values
    except yaml.reader.ReaderError as reason:
        line = text.count("\n", 0, reason.position) + 1
        found = f"this is not YAML: the character #x{int(reason.character):04x} cannot be in it."
        raise Invalid.of([Problem("", found, line)], source=source) from reason
    try:
        node = loader.get_single_node()
        lines: dict[str, int] = {}
        problems: list[Problem] = []
        if node is not None:
            _require_bounded(node, len(text))
            _note_lines(node, "", lines, problems)
        document = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as reason:
        mark = reason.problem_mark or reason.context_mark
        problem = Problem("", f"this is not YAML: {reason.problem or reason}.", mark.line + 1 if mark else None)
        raise Invalid.of([problem], source=source) from reason
    except RecursionError as reason:
        deep = "this is nested too deeply: a few dozen levels are the most that anything needs."
        raise Invalid.of([Problem("", deep)], source=source) from reason
    finally:
        loader.dispose()
    if problems:
        raise Invalid.of(problems, source=source)
    return document, lines


# Far above any job; below what aliases of aliases grow to.
MOST_VALUES = 100_000
MOST_LETTERS = 10_000_000
# A path names a value in messages; one that is longer would be told again for each value below it.
LONGEST_PATH = 2_000


def _require_bounded(root: yaml.Node, written: int) -> None:
    """Refuse aliases that grow without bound, or that contain themselves; `written` are the letters of the text."""
    sizes: dict[int, tuple[int, int]] = {}

    def size(node: yaml.Node) -> tuple[int, int]:
        if id(node) not in sizes:
            # Until its parts are counted: a node inside itself has no end.
            sizes[id(node)] = (MOST_VALUES + 1, 0)
            parts = [size(part) for part in _parts(node)]
            own = len(node.value) if isinstance(node, yaml.ScalarNode) else 0
            sizes[id(node)] = (1 + sum(values for values, _ in parts), own + sum(letters for _, letters in parts))
        return sizes[id(node)]

    values, letters = size(root)
    most_letters = max(MOST_LETTERS, written)
    if values > MOST_VALUES or letters > most_letters:
        much = f"{MOST_VALUES:,} values" if values > MOST_VALUES else f"{most_letters:,} letters"
        raise yaml.MarkedYAMLError(problem=f"its aliases grow to more than {much}", problem_mark=root.start_mark)


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
            if len(inner) > LONGEST_PATH:
                problems.append(
                    Problem(f"{inner[:80]}…", f"has a key or path of more than {LONGEST_PATH} letters.", line)
                )
                continue
            if name in seen:
                problems.append(Problem(inner, "is given twice.", line))
                continue
            seen.add(name)
            _note_lines(value, inner, lines, problems)
            lines[inner] = line
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, f"{path}[{index}]", lines, problems)
