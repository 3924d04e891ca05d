"""A search space as coordinates: each parameter's distribution as a map from (0, 1), choices as trees.

Samplers work on places (one coordinate a dimension) and hand out points (what a trial gets). Not for deciding
which place is next.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from bancada.domain.jobs.search_space import Choice, Randint
from bancada.learning.laws import Integers, Law, law_of

__all__ = ["Branch", "Dimension", "Leaf", "Place", "Point", "Space"]

Point = Mapping[str, Any]
"""What one trial gets: a value per parameter; a chosen dictionary with its own values drawn."""

Place = tuple[float | int | None, ...]
"""One coordinate per dimension: a number in (0, 1), the index of an option, or None (the branch is not taken)."""


@dataclass(frozen=True)
class Leaf:
    """A numeric parameter: its dimension and the law of its values."""

    dimension: int
    law: Law


@dataclass(frozen=True)
class Branch:
    """A choice: its dimension and its options, each a literal or a dictionary of literals and parameters."""

    dimension: int
    options: tuple[Any, ...]


@dataclass(frozen=True)
class Dimension:
    """One axis of the space. Parents stand before their children."""

    path: str
    # None: a numeric axis on (0, 1); else the number of options of a choice.
    options: int | None
    # How many values a numeric axis has; None when they cannot be counted, and for choices.
    cells: int | None
    # (dimension of a choice, option) under which this axis exists; None when it always does.
    parent: tuple[int, int] | None


class Space:
    """A compiled search space; immutable."""

    def __init__(self, parameters: Mapping[str, Any], *, base: float = math.e) -> None:
        dimensions: list[Dimension] = []
        self.tree: dict[str, Leaf | Branch] = {
            name: _compile(entity, name, None, dimensions, base) for name, entity in parameters.items()
        }
        self.dimensions: tuple[Dimension, ...] = tuple(dimensions)

    @cached_property
    def size(self) -> int | None:
        """How many different points there are; None when they cannot be counted."""
        return _count(self.tree)

    def point(self, place: Sequence[float | int | None]) -> dict[str, Any]:
        """Return the point at a place; coordinates of branches not taken are not looked at."""
        return _build(self.tree, place)

    def place(self, units: Sequence[float]) -> Place:
        """Return the place that numbers in [0, 1), one a dimension, stand for; options are equally wide."""
        taken: list[float | int | None] = []
        for dimension, unit in zip(self.dimensions, units, strict=True):
            if not self.is_active(dimension, taken):
                taken.append(None)
            elif dimension.options is None:
                taken.append(unit)
            else:
                taken.append(min(int(unit * dimension.options), dimension.options - 1))
        return tuple(taken)

    def is_active(self, dimension: Dimension, place: Sequence[float | int | None]) -> bool:
        """Tell whether a dimension exists at a place of which the earlier coordinates are known."""
        return dimension.parent is None or place[dimension.parent[0]] == dimension.parent[1]

    def locate(self, point: Point) -> Place | None:
        """Return the place of a point (a quantised value: the middle of its cell); None when it lies outside."""
        place: list[float | int | None] = [None] * len(self.dimensions)
        return tuple(place) if _locate(self.tree, point, place) else None

    def number(self, place: Place) -> int:
        """Return the rank of a place in the order of `at`. Only for a space with a size."""
        return _rank(self.tree, place)

    def at(self, number: int) -> Place:
        """Return the place of rank `number`: the last parameter varies fastest. Only for a space with a size."""
        place: list[float | int | None] = [None] * len(self.dimensions)
        _unrank(self.tree, number, place)
        return tuple(place)

    def visited(self, points: Iterable[Point]) -> list[int]:
        """Return the ranks, sorted and without repeats, of the points that lie in this space. Only with a size."""
        places = (self.locate(point) for point in points)
        return sorted({self.number(place) for place in places if place is not None})

    def nth_unvisited(self, visited: Sequence[int], nth: int) -> int:
        """Return the nth (from 0) rank that `visited` (sorted) leaves out; O(log n) in the visited ones."""
        return nth + bisect.bisect_right(range(len(visited)), nth, key=lambda seen: visited[seen] - seen)


def _compile(
    entity: Any, path: str, parent: tuple[int, int] | None, dimensions: list[Dimension], base: float
) -> Leaf | Branch:
    index = len(dimensions)
    if not isinstance(entity, Choice):
        law = Integers(entity.upper or 0) if isinstance(entity, Randint) else law_of(entity, base)
        dimensions.append(Dimension(path, None, law.count, parent))
        return Leaf(index, law)
    values = _without_repeats(entity.values or [])
    dimensions.append(Dimension(path, len(values), None, parent))
    options = tuple(
        _compile_option(value, f"{path}[{number}]", (index, number), dimensions, base)
        for number, value in enumerate(values)
    )
    return Branch(index, options)


def _compile_option(value: Any, path: str, parent: tuple[int, int], dimensions: list[Dimension], base: float) -> Any:
    if not isinstance(value, Mapping):
        return value
    items = cast("Mapping[str, Any]", value)
    return {
        key: one if _is_literal(one) else _compile(one, f"{path}.{key}", parent, dimensions, base)
        for key, one in items.items()
    }


def _is_literal(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | dict)


def _without_repeats(values: Iterable[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if not any(_same(value, one) for one in kept):
            kept.append(value)
    return kept


def _same(one: Any, other: Any) -> bool:
    # True == 1 in Python, but a trial is told "True" and "1".
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _count(tree: Mapping[str, Any]) -> int | None:
    total = 1
    for node in tree.values():
        count = _node_count(node)
        if count is None:
            return None
        total *= count
    return total


def _node_count(node: Any) -> int | None:
    if isinstance(node, Leaf):
        return node.law.count
    if not isinstance(node, Branch):
        return 1
    counts = [_option_count(option) for option in node.options]
    return None if None in counts else sum(cast("list[int]", counts))


def _option_count(option: Any) -> int | None:
    return _count(cast("Mapping[str, Any]", option)) if isinstance(option, Mapping) else 1


def _build(tree: Mapping[str, Any], place: Sequence[float | int | None]) -> dict[str, Any]:
    return {name: _value(node, place) for name, node in tree.items()}


def _value(node: Any, place: Sequence[float | int | None]) -> Any:
    if isinstance(node, Leaf):
        return node.law.value(cast("float", place[node.dimension]))
    if not isinstance(node, Branch):
        return node
    option = node.options[cast("int", place[node.dimension])]
    return _build(cast("Mapping[str, Any]", option), place) if isinstance(option, Mapping) else option


def _locate(tree: Mapping[str, Any], point: Mapping[str, Any], place: list[float | int | None]) -> bool:
    return tree.keys() == point.keys() and all(_locate_node(node, point[name], place) for name, node in tree.items())


def _locate_node(node: Any, value: Any, place: list[float | int | None]) -> bool:
    if isinstance(node, Leaf):
        place[node.dimension] = unit = node.law.unit(value)
        return unit is not None
    if not isinstance(node, Branch):
        return _same(node, value)
    for number, option in enumerate(node.options):
        if _locate_option(option, value, place):
            place[node.dimension] = number
            return True
    return False


def _locate_option(option: Any, value: Any, place: list[float | int | None]) -> bool:
    if not isinstance(option, Mapping):
        return _same(option, value)
    trial = list(place)
    if not isinstance(value, Mapping):
        return False
    if not _locate(cast("Mapping[str, Any]", option), cast("Mapping[str, Any]", value), trial):
        return False
    place[:] = trial
    return True


def _rank(tree: Mapping[str, Any], place: Place) -> int:
    rank = 0
    for node in tree.values():
        rank = rank * (_node_count(node) or 1) + _node_rank(node, place)
    return rank


def _node_rank(node: Any, place: Place) -> int:
    if isinstance(node, Leaf):
        return node.law.rank(cast("float", place[node.dimension]))
    if not isinstance(node, Branch):
        return 0
    taken = cast("int", place[node.dimension])
    before = sum(_option_count(option) or 1 for option in node.options[:taken])
    option = node.options[taken]
    return before + (_rank(cast("Mapping[str, Any]", option), place) if isinstance(option, Mapping) else 0)


def _unrank(tree: Mapping[str, Any], number: int, place: list[float | int | None]) -> None:
    for node in reversed(list(tree.values())):
        number, rank = divmod(number, _node_count(node) or 1)
        _node_unrank(node, rank, place)


def _node_unrank(node: Any, rank: int, place: list[float | int | None]) -> None:
    if isinstance(node, Leaf):
        place[node.dimension] = node.law.at(rank)
    if not isinstance(node, Branch):
        return
    for number, option in enumerate(node.options):
        count = _option_count(option) or 1
        if rank < count:
            place[node.dimension] = number
            if isinstance(option, Mapping):
                _unrank(cast("Mapping[str, Any]", option), rank, place)
            return
        rank -= count
