"""The one registry: a name stands for an object of our own table, or of an installed package's entry point.

An extension point has a table `name -> "module:object"` and a group `bancada.<point>`; both are loaded on first use,
so that naming an implementation costs nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from bancada.errors import Invalid, Problem, closest

__all__ = ["load", "names"]


def names(group: str, table: Mapping[str, str]) -> list[str]:
    """Return every name that `load` knows, our own first."""
    return [*table, *(name for name in _installed(group) if name not in table)]


def load(group: str, table: Mapping[str, str], name: str, path: str = "") -> Any:
    """Return the object that a name stands for; our own table goes before entry points.

    Raises Invalid, with the closest name, when nobody offers it; `path` says where the name was asked for.
    """
    target = table.get(name) or _installed(group).get(name)
    if target is None:
        raise Invalid.of([Problem(path, _unknown(group, name, names(group, table)))])
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _installed(group: str) -> dict[str, str]:
    # Imported here: reading the metadata of installed packages is slow and seldom asked for.
    from importlib.metadata import entry_points

    return {entry.name: entry.value for entry in entry_points(group=group)}


def _unknown(group: str, name: str, known: list[str]) -> str:
    kind = group.rpartition(".")[2].rstrip("s")
    near = closest(name, known)
    hint = f"Did you mean `{near[0]}`?" if near else f"There is: {', '.join(known)}."
    return f"there is no {kind} `{name}`. {hint}"
