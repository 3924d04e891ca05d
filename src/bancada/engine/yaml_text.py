"""Writes documents as YAML that people read, and that all readers take for the same (ours, Azure's, YAML 1.1, 1.2)."""

from __future__ import annotations

import math
import re
from typing import Any, cast

import yaml

__all__ = ["yaml_text"]

# What one reader takes for text and another for a number (`1e-4`, `010`, `1:30`, `.inf`) begins so.
_LIKE_A_NUMBER = re.compile(r"[-+.]*[0-9]|[-+]?\.(?!/|\./)")


def yaml_text(document: dict[str, Any]) -> str:
    """Return the YAML text of a JSON document, keys in their order."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)


class _Dumper(yaml.SafeDumper):
    """Quotes what could be a number, writes lines as lines, repeats what is the same instead of naming it."""

    def ignore_aliases(self, data: Any) -> bool:
        """Say that nothing is written as an alias."""
        del data
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    # The library has no types for its nodes.
    represent = cast("Any", dumper).represent_scalar
    style = "|" if "\n" in value else '"' if _LIKE_A_NUMBER.match(value) else None
    return represent("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
