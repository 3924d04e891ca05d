"""The `${{…}}` expressions of commands, and Azure's optional blocks `$[[ … ]]`: find, check, substitute."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bancada.errors import closest

__all__ = ["Expression", "find", "rename", "substitute", "undefined_names"]

_EXPRESSION = re.compile(r"\$\{\{\s*([^{}]*?)\s*\}\}")
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
_SPACES = {"inputs": "input", "outputs": "output", "search_space": "search space value"}


@dataclass(frozen=True)
class Expression:
    """One `${{space.name}}`. space is `inputs`, `outputs` or `search_space`, or whatever else was written."""

    space: str
    name: str
    text: str
    is_optional: bool = False

    @property
    def key(self) -> str:
        """The dotted key that `substitute` looks up: `inputs.x`."""
        return f"{self.space}.{self.name}" if self.name else self.space


def find(text: str) -> list[Expression]:
    """Return all expressions of a text in order; those in an optional block say so."""
    blocks = [match.span() for match in _OPTIONAL.finditer(text)]
    return [
        _expression(match, any(start <= match.start() < end for start, end in blocks))
        for match in _EXPRESSION.finditer(text)
    ]


def _expression(match: re.Match[str], is_optional: bool = False) -> Expression:
    space, _, name = match[1].partition(".")
    # `parent.inputs.x` (a pipeline's input, seen from a step) stays whole as space and name.
    return Expression(space.strip(), name.strip(), match[0], is_optional)


def _text(space: str, name: str) -> str:
    return f"${{{{{space}.{name}}}}}"


def substitute(text: str, values: Mapping[str, str | None]) -> str:
    """Return the text with each expression replaced by `values["inputs.x"]`.

    A block `$[[ … ]]` stays only if all its expressions have a value (not None).
    Raises KeyError for a name without value outside of a block.
    """

    def block(match: re.Match[str]) -> str:
        keys = [one.key for one in find(match[1])]
        return match[1] if all(values.get(key) is not None for key in keys) else ""

    def value(match: re.Match[str]) -> str:
        found = values.get(_expression(match).key)
        if found is None:
            raise KeyError(_expression(match).key)
        return found

    return _EXPRESSION.sub(value, _OPTIONAL.sub(block, text))


def rename(text: str, names: Collection[str], from_space: str, to_space: str) -> str:
    """Return the text with `${{from_space.n}}` turned into `${{to_space.n}}` for each of the names."""

    def change(match: re.Match[str]) -> str:
        found = _expression(match)
        moves = found.space == from_space and found.name in names
        return _text(to_space, found.name) if moves else match[0]

    return _EXPRESSION.sub(change, text)


def undefined_names(
    command: str,
    inputs: Collection[str] | None = None,
    outputs: Collection[str] | None = None,
    search_space: Collection[str] | None = None,
) -> Iterator[str]:
    """Yield a sentence for each expression that names nothing. Search space values also stand for inputs."""
    known: dict[str, list[str]] = {
        "inputs": [*(inputs or ()), *(search_space or ())],
        "outputs": list(outputs or ()),
        "search_space": list(search_space or ()),
    }
    seen: set[str] = set()
    for one in find(command):
        if one.text not in seen:
            seen.add(one.text)
            yield from _complaint(one, known)


def _complaint(one: Expression, known: Mapping[str, list[str]]) -> Iterator[str]:
    if one.space not in _SPACES:
        near = closest(one.space, _SPACES)
        guess = f" Did you mean `{_text(near[0], one.name)}`?" if near and one.name else ""
        yield f"`{one.text}` is no expression; use `{_text('inputs', '<name>')}`.{guess}"
        return
    names = known[one.space]
    if one.name in names or one.name.partition(".")[0] in names:
        return
    near = closest(one.name, names)
    there = f"{one.space}: {', '.join(names)}" if names else f"there are no {one.space.replace('_', ' ')}"
    guess = f" Did you mean `{near[0]}`?" if near else ""
    yield f"`{one.text}` is no {_SPACES[one.space]}; {there}.{guess}"
