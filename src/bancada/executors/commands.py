"""Tells a command line that is one plain `python file.py arguments` from one that needs a shell."""

from __future__ import annotations

import re

__all__ = ["split_command"]

_PYTHON = frozenset({"python", "python3"})
# What a shell leaves as it is outside of quotes. Everything else (globs, variables, redirections, pipes,
# comments, braces, home folders) goes to a real shell: this file does not imitate one.
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./^\-\u0080-\U0010ffff]+")
_SINGLE = re.compile(r"'([^'\0]*)'")
# Inside double quotes a shell still expands these; the backslash's rules there are not worth repeating.
_DOUBLE = re.compile(r'"([^"$`\\!\0]*)"')
_BLANK = re.compile(r"(?:[ \t]|\\\n)+")


def split_command(line: str) -> list[str] | None:
    """Return the words of a line that is one `python file.py` with plain arguments, or None when it is not.

    None means: give the line to a shell. Options of Python itself (`python -m`, `python -u`) are among that.
    When words come back, a POSIX shell would have made the same ones of the line.
    """
    words = _words(line.strip(" \t\r\n"))
    if words is None or len(words) < 2 or words[0] not in _PYTHON:
        return None
    script = words[1]
    return words if script.endswith(".py") and not script.startswith("-") else None


def _words(line: str) -> list[str] | None:
    words: list[str] = []
    word: str | None = None
    at = 0
    while at < len(line):
        if blank := _BLANK.match(line, at):
            if word is not None and not _joins(blank.group()):
                words.append(word)
                word = None
            at = blank.end()
            continue
        part = _PLAIN.match(line, at) or _SINGLE.match(line, at) or _DOUBLE.match(line, at)
        if part is None:
            return None
        word = (word or "") + (part.group(1) if part.lastindex else part.group())
        at = part.end()
    return words if word is None else [*words, word]


def _joins(blank: str) -> bool:
    # A backslash at the line's end vanishes with the line break; without a blank beside it the word goes on.
    return not blank.replace("\\\n", "")
