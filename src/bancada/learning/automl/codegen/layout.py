"""Lines of the program that are too long, broken as a formatter would: inside the last bracket, then at its commas."""

from __future__ import annotations

__all__ = ["laid_out"]

_WIDTH = 120
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def laid_out(text: str) -> str:
    """Return a program's text with its long lines broken."""
    return "\n".join(_broken(line) for line in text.split("\n"))


def _broken(line: str) -> str:
    if len(line) <= _WIDTH:
        return line
    bracket = _last_bracket(line)
    if bracket is None:
        return line
    opening, closing, commas = bracket
    indent = " " * (len(line) - len(line.lstrip()))
    inside = f"{indent}    {line[opening + 1 : closing].strip()}"
    if len(inside) > _WIDTH and commas:
        ends = [*commas, closing]
        starts = [opening, *commas]
        parts = [line[start + 1 : end].strip() for start, end in zip(starts, ends, strict=True)]
        inside = "\n".join(_broken(f"{indent}    {part},") for part in parts if part)
    return "\n".join([line[: opening + 1], inside, f"{indent}{line[closing:]}"])


def _last_bracket(line: str) -> tuple[int, int, list[int]] | None:
    """Return where the last outer bracket opens and closes, and its commas; None for a line without brackets."""
    open_at: list[int] = []
    commas: list[int] = []
    found: tuple[int, int, list[int]] | None = None
    quote, place = "", 0
    while place < len(line):
        char = line[place]
        if quote:
            place += char == "\\"  # what follows a backslash ends no string
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in _CLOSING:
            commas = [] if not open_at else commas
            open_at.append(place)
        elif char in _CLOSING.values() and open_at:
            start = open_at.pop()
            found = (start, place, commas) if not open_at else found
        elif char == "," and len(open_at) == 1:
            commas.append(place)
        place += 1
    return found
