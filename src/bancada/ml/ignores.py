"""Which files of a code folder stay at home: `.amlignore`, else `.gitignore`, and what is never worth sending."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ALWAYS_IGNORED", "IgnoreRules", "rules_of"]

ALWAYS_IGNORED = ("__pycache__/", "*.pyc", ".git/", ".ipynb_checkpoints/", ".DS_Store", ".amlignore", ".gitignore")
# Azure reads the first of them that is there, and only at the top of the folder.
IGNORE_FILES = (".amlignore", ".gitignore")


@dataclass(frozen=True)
class Rule:
    """One line of an ignore file."""

    pattern: re.Pattern[str]
    is_folder_only: bool
    is_exception: bool


@dataclass(frozen=True)
class IgnoreRules:
    """The lines of an ignore file, in gitignore's meaning: the last line that fits decides."""

    rules: tuple[Rule, ...]

    @classmethod
    def of(cls, lines: Iterable[str]) -> IgnoreRules:
        """Read the lines."""
        return cls(tuple(rule for rule in map(_read, lines) if rule is not None))

    def is_ignored(self, path: str, *, is_folder: bool) -> bool:
        """Tell whether a path (relative, with `/`) is left out. Whoever walks asks for each folder on the way first."""
        for rule in reversed(self.rules):
            if (is_folder or not rule.is_folder_only) and rule.pattern.fullmatch(path):
                return not rule.is_exception
        return False


def rules_of(folder: Path) -> IgnoreRules:
    """Return the rules for a code folder."""
    lines = list(ALWAYS_IGNORED)
    for name in IGNORE_FILES:
        if (folder / name).is_file():
            lines += (folder / name).read_text(encoding="utf-8", errors="replace").splitlines()
            break
    return IgnoreRules.of(lines)


def _read(line: str) -> Rule | None:
    text = line.rstrip("\n")
    text = text.rstrip() if not text.endswith("\\ ") else text
    if not text or text.startswith("#"):
        return None
    is_exception = text.startswith("!")
    body = text[1:] if is_exception or text.startswith(("\\#", "\\!")) else text
    is_folder_only = body.endswith("/")
    body = body.rstrip("/")
    if not body:
        return None
    # A slash at the start or in the middle ties the pattern to the top of the folder.
    is_anchored = "/" in body
    expression = _translate(body.lstrip("/"))
    return Rule(re.compile(expression if is_anchored else f"(?:.*/)?{expression}"), is_folder_only, is_exception)


def _translate(pattern: str) -> str:
    result, index = "", 0
    while index < len(pattern):
        rest = pattern[index:]
        if rest.startswith("**/"):
            result, index = result + "(?:.*/)?", index + 3
        elif rest.startswith("**"):
            result, index = result + ".*", index + 2
        elif rest[0] == "*":
            result, index = result + "[^/]*", index + 1
        elif rest[0] == "?":
            result, index = result + "[^/]", index + 1
        elif rest[0] == "[" and "]" in rest[2:]:
            end = rest.index("]", 2)
            inner = rest[1:end].replace("\\", "\\\\")
            result += f"[{'^' + inner[1:] if inner[0] in '!^' else inner}]"
            index += end + 1
        elif rest[0] == "\\" and len(rest) > 1:
            result, index = result + re.escape(rest[1]), index + 2
        else:
            result, index = result + re.escape(rest[0]), index + 1
    return result
