"""What a job's log says of its data before the first model: types of columns and guard rails. Not for their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["finding_lines"]

# Of each type: a log is read by people; `column_types.json` has all of them.
_NAMES = 12


def finding_lines(columns: Sequence[Any], rails: Sequence[Any]) -> list[str]:
    """Return a line of the columns by their types, one of each guard rail with news, and one of all that passed."""
    lines = [f"Columns: {_types(columns)}."] if columns else []
    lines += [f"Guard rail {rail.status}: {rail.name}: {rail.found} {rail.done}" for rail in rails if _is_news(rail)]
    passed = [rail.name for rail in rails if not _is_news(rail)]
    return [*lines, f"Guard rails passed: {', '.join(passed)}."] if passed else lines


def _is_news(rail: Any) -> bool:
    return rail.status != "passed"


def _types(columns: Sequence[Any]) -> str:
    names: dict[str, list[str]] = {}
    for one in columns:
        names.setdefault(str(one.kind), []).append(str(one.name))
    return "; ".join(f"{len(found)} {kind} ({_some(found)})" for kind, found in names.items())


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {more} more" if more > 0 else "")
