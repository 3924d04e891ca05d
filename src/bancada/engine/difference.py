"""What differs between two jobs: settings, parameters, inputs, code, packages. Pure; `job_sources` reads the sides."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from bancada.engine.job_answers import CodeChange, JobDifference, PackageChange, ValueChange

__all__ = ["MOST_DIFF_BYTES", "Side", "difference"]

# A text that is longer, or more lines of difference, is nothing that anybody reads.
MOST_DIFF_BYTES = 256 * 1024
MOST_DIFFS = 100
MOST_DIFF_LINES = 2000
# Told in parts of their own, or no setting of the job at all.
_ELSEWHERE = ("name", "inputs", "code", "services", "parent_job_name", "creation_context")


@dataclass(frozen=True)
class Side:
    """One of the two jobs. `code` maps paths to digests; `read` gives a file's bytes by path."""

    spec: Mapping[str, Any]
    params: Mapping[str, str]
    code: Mapping[str, str]
    packages: Mapping[str, str]
    read: Callable[[str], bytes | None]
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])


def difference(before: Side, after: Side) -> JobDifference:
    """Return what is not the same on both sides; `from` is the first side, `to` the second."""
    return {
        "spec": _changes(_flat(_settings(before.spec)), _flat(_settings(after.spec))),
        "params": _changes(before.params, after.params),
        "inputs": _changes(before.inputs, after.inputs),
        "code": _code(before, after),
        "packages": _packages(before.packages, after.packages),
    }


def _settings(spec: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in spec.items() if key not in _ELSEWHERE}
    trial = found.get("trial")
    if isinstance(trial, dict):
        found["trial"] = {key: value for key, value in cast("dict[str, Any]", trial).items() if key != "code"}
    return found


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Return the leaves of a document by their paths (`limits.timeout`); lists are leaves."""
    if not isinstance(value, Mapping) or (not value and path):
        return {path: value}
    found: dict[str, Any] = {}
    for key, one in cast("Mapping[str, Any]", value).items():
        found |= _flat(one, f"{path}.{key}" if path else str(key))
    return {place: one for place, one in found.items() if one is not None and one != {}}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ValueChange]:
    found: list[ValueChange] = []
    for path in sorted({*before, *after}):
        if before.get(path) == after.get(path) and (path in before) == (path in after):
            continue
        change: ValueChange = {"path": path}
        if path in before:
            change["from"] = before[path]
        if path in after:
            change["to"] = after[path]
        found.append(change)
    return found


def _packages(before: Mapping[str, str], after: Mapping[str, str]) -> list[PackageChange]:
    found: list[PackageChange] = []
    for name in sorted({*before, *after}):
        if before.get(name) == after.get(name):
            continue
        change: PackageChange = {"name": name}
        if name in before:
            change["from"] = before[name]
        if name in after:
            change["to"] = after[name]
        found.append(change)
    return found


def _code(before: Side, after: Side) -> list[CodeChange]:
    found: list[CodeChange] = []
    for path in sorted({*before.code, *after.code}):
        if before.code.get(path) == after.code.get(path):
            continue
        kind = "changed" if path in before.code and path in after.code else "added" if path in after.code else "removed"
        change: CodeChange = {"path": path, "change": kind}
        diff = _diff(before, after, path) if len(found) < MOST_DIFFS else None
        if diff is not None:
            change["diff"] = diff
        found.append(change)
    return found


def _diff(before: Side, after: Side, path: str) -> str | None:
    """Return the unified diff of a file, or None when a side is no text of sane size."""
    old = _text(before, path)
    new = _text(after, path)
    if old is None or new is None:
        return None
    made = difflib.unified_diff(_lines(old), _lines(new), f"a/{path}", f"b/{path}")
    lines = [line for line, _ in zip(made, range(MOST_DIFF_LINES + 1), strict=False)]
    if len(lines) > MOST_DIFF_LINES:
        lines[-1] = "… and more\n"
    return "".join(lines)


def _text(side: Side, path: str) -> str | None:
    if path not in side.code:
        return ""
    data = side.read(path)
    if data is None or b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines
