"""What is wrong with a file that cannot be read as a table, in words for people. Not for reading it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .conversions import TableError

__all__ = ["broken_json", "broken_text", "check_kind", "empty", "longer_rows"]

_EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
# How Excel's files begin, whatever their name: today's are zip archives.
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TOO_MANY = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
_OPEN_QUOTE = re.compile(r"EOF inside string starting at row (\d+)")


def check_kind(file: Path) -> None:
    """Raise TableError for an empty file, and for one of Excel's."""
    if not file.stat().st_size:
        raise empty(file)
    with file.open("rb") as stream:
        head = stream.read(len(_OLD_EXCEL))
    if file.name.lower().endswith(_EXCEL) or head.startswith(_OLD_EXCEL):
        raise TableError(f"{file.name} is an Excel file, which is not read here. Save its sheet as CSV or Parquet.")
    if head.startswith(_ZIP):
        raise TableError(f"{file.name} is an Excel file or a zip archive. Save what is in it as CSV or Parquet.")


def empty(file: Path) -> TableError:
    """Return the error about a file without content."""
    return TableError(f"{file.name} is empty.")


def longer_rows(file: Path) -> TableError:
    """Return the error about rows that all have more values than the header has names."""
    return TableError(f"{file.name}: its rows have more values than its header has names. Name every column.")


def broken_text(file: Path, text: str, said: str, delimiter: str, skipped: int) -> TableError | None:
    """Return the error about rows that do not fit, from pandas' words; None for what it says of other things.

    text: what pandas has seen. skipped: lines above it.
    """
    found = _TOO_MANY.search(said)
    if found:
        expected, line, seen = map(int, found.groups())
        return TableError(
            f"{file.name}: line {_line_of(line, text) + skipped} has {seen} values, but the table has "
            f"{expected} columns. Put texts with `{delimiter}` in quotes, or mend the line."
        )
    found = _OPEN_QUOTE.search(said)
    if found:
        line = _line_of(int(found.group(1)) + 1, text) + skipped
        return TableError(f"{file.name}: a quote in line {line} is never closed. Close it, or take it out.")
    return None


def broken_json(file: Path, text: str) -> TableError | None:
    """Return the error about the first line that is no JSON object, or about a list that is none; None without any."""
    if text.lstrip().startswith("["):
        reason = _reason(text)
        return TableError(f"{file.name} is no JSON: {reason}.") if reason else None
    for number, line in enumerate(text.split("\n"), 1):
        reason = _reason(line) if line.strip() else None
        if reason:
            return TableError(f"{file.name}: line {number} is no JSON ({reason}); JSON lines have one object a line.")
        if line.strip() and not line.lstrip().startswith("{"):
            return TableError(f"{file.name}: line {number} is no JSON object; JSON lines have one a line.")
    return None


def _line_of(row: int, text: str) -> int:
    """Return the line that a row begins in; pandas counts rows, and cells in quotes may hold lines."""
    begun, is_open = 0, False
    for number, line in enumerate(text.split("\n"), 1):
        begun += not is_open
        if begun == row and not is_open:
            return number
        is_open ^= line.count('"') % 2 == 1
    return row


def _reason(text: str) -> str | None:
    try:
        json.loads(text)
    except ValueError as reason:
        return str(reason)
    return None
