"""Reads tables out of text: CSV and its kin, JSON lines. Finds out how a file is written. Not what it says.

Everything is a text here, as in the file; a missing cell is an empty one. Standard library only.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Any, Literal, cast

from bancada.errors import Invalid, Problem

__all__ = ["DELIMITERS", "LONGEST_CELL", "TableFormat", "cell_text", "column_names", "find_encoding", "read", "sniff"]

DELIMITERS = (",", ";", "\t", "|")
LONGEST_CELL = 1 << 20  # one that is longer is a quote that nobody closed
SNIFFED_ROWS = 200
# A row may be cut or have a stray delimiter; more than a few of them are another delimiter's.
SAME_WIDTH = 0.9
# Names that Azure's forms and files use, beside those that Python knows.
ENCODINGS = {"windows1252": "cp1252", "utf8bom": "utf-8-sig", "iso88591": "latin-1", "utf8": "utf-8", "utf16": "utf-16"}
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
WIDE = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
COMMA_NUMBER = re.compile(r"[+-]?\d+(\.\d{3})*,\d+")
POINT_NUMBER = re.compile(r"[+-]?\d+(,\d{3})*\.\d+")
NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?")
# Encodings in which a line feed is one byte that means nothing else: such a file can be entered anywhere.
BYTEWISE = frozenset({"utf-8", "utf-8-sig", "cp1252", "latin-1", "iso8859-1", "ascii"})


@dataclass(frozen=True)
class TableFormat:
    """How a table is written, and what its columns are called."""

    form: Literal["delimited", "json_lines"]
    encoding: str
    names: tuple[str, ...]
    delimiter: str = ","
    # "," in numbers such as 1.234,5.
    decimal: str = "."
    header: bool = True
    # A quoted cell has a line feed: a line is not always a row.
    multiline: bool = False
    # Lines above the table that are no part of it: a title, a note.
    skip: int = 0

    @property
    def is_bytewise(self) -> bool:
        """Whether one may begin to read after any line feed."""
        return self.encoding in BYTEWISE and not self.multiline


def find_encoding(head: bytes, asked: str | None = None) -> str:
    """Return the encoding of a file that begins so: by its mark, else UTF-8 where it fits, else Windows' Latin.

    Raises Invalid for an encoding that is asked for and unknown.
    """
    if asked:
        plain = re.sub(r"[^a-z0-9]", "", asked.lower())
        try:
            found = codecs.lookup(ENCODINGS.get(plain, asked))
            head[:64].decode(found.name, "replace")  # `hex` and its like are codecs, but no encodings of text
        except (LookupError, UnicodeError, ValueError) as reason:
            known = "utf-8, utf-16, latin-1, windows-1252"
            raise Invalid.of([Problem("encoding", f"`{asked}` is no encoding; use one such as {known}.")]) from reason
        return _marked(found.name, head)
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    if len(head) >= 4 and (wide := _wide(head)) is not None:
        return wide
    # The head may end inside a letter, which is no reason to doubt.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    try:
        head.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _marked(name: str, head: bytes) -> str:
    """Return an encoding that needs no mark where the file has none: Python refuses to read it otherwise."""
    marks = WIDE.get(name)
    if marks is None or head.startswith(marks):
        return name
    return (_wide(head) if name == "utf-16" else None) or f"{name}-le"


def _wide(head: bytes) -> str | None:
    """UTF-16 without its mark: nearly every other byte of a Western text is zero."""
    even, odd = head[:4096:2], head[1:4096:2]
    if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def sniff(
    head: bytes,
    *,
    is_whole: bool,
    form: Literal["delimited", "json_lines"] = "delimited",
    delimiter: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    skip: int = 0,
) -> TableFormat:
    """Find out how a table is written from its first bytes; what is given is not asked again.

    `skip` lines above the header are no part of the table. Raises Invalid when an option makes no sense, or JSON
    lines are none.
    """
    name = find_encoding(head, encoding)
    text = codecs.getincrementaldecoder(name)("replace").decode(head)
    if form == "json_lines":
        return TableFormat("json_lines", name, _json_names(_lines(text, is_whole)))
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"'):
        raise Invalid.of([Problem("delimiter", f"`{delimiter}` is no delimiter: one character, such as `;`.")])
    text = _without_lines(text, skip)
    chosen = delimiter or _delimiter(text, is_whole)
    rows = _head_rows(text, chosen, is_whole)
    has_header = _has_header(rows) if header is None else header
    width = _width(rows)
    first = rows[0] if rows else []
    body = rows[1:] if has_header else rows
    return TableFormat(
        "delimited",
        name,
        column_names(first if has_header else [], max(width, len(first))),
        chosen,
        _decimal(body),
        has_header,
        any("\n" in cell or "\r" in cell for row in rows for cell in row),
        skip,
    )


def _without_lines(text: str, count: int) -> str:
    return text if not count else text.split("\n", count)[count] if text.count("\n") >= count else ""


def _lines(text: str, is_whole: bool) -> list[str]:
    lines = text.split("\n")
    return lines if is_whole or len(lines) == 1 else lines[:-1]


def _delimiter(text: str, is_whole: bool) -> str:
    """The one under which most rows have the same number of cells, and more than one; the widest of them."""
    found: list[tuple[int, str]] = []
    for one in DELIMITERS:
        rows = _head_rows(text, one, is_whole)
        width = _width(rows)
        if width > 1 and sum(len(row) == width for row in rows) >= SAME_WIDTH * len(rows):
            found.append((width, one))
    return max(found, key=lambda pair: pair[0])[1] if found else ","


def _head_rows(text: str, delimiter: str, is_whole: bool) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in _csv_rows(StringIO(text, newline=""), delimiter):
            rows.append(row)
            if len(rows) > SNIFFED_ROWS:
                return rows[:SNIFFED_ROWS]
    except Invalid:
        return rows
    # The last row may be cut off in its middle.
    return rows if is_whole or len(rows) < 2 else rows[:-1]


def _width(rows: Sequence[Sequence[str]]) -> int:
    return Counter(len(row) for row in rows).most_common(1)[0][0] if rows else 0


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """A first row without numbers over columns with some; else one whose words come up nowhere below them."""
    if not rows:
        return False
    first, body = rows[0], rows[1:]
    # pandas leaves the name of an index column empty.
    named = [cell.strip() for cell in first[1:]] + ([first[0].strip()] if first[0].strip() else [])
    if not all(named) or len(set(named)) < len(named) or any(NUMBER.fullmatch(cell) for cell in named):
        return False
    if not body:
        return True
    columns = range(min(len(first), _width(body)))
    if any(all(NUMBER.fullmatch(row[at].strip() or "0") for row in body if at < len(row)) for at in columns):
        return True
    return all(first[at] not in {row[at] for row in body if at < len(row)} for at in columns)


def _decimal(rows: Sequence[Sequence[str]]) -> str:
    commas = sum(1 for row in rows for cell in row if COMMA_NUMBER.fullmatch(cell.strip()))
    points = sum(1 for row in rows for cell in row if POINT_NUMBER.fullmatch(cell.strip()))
    return "," if commas > points else "."


def column_names(first: Sequence[str], width: int) -> tuple[str, ...]:
    """Return a name for each column, none twice: the header's, `Unnamed: 3` for an empty one, `x.1` for a second x."""
    given = [cell.strip() for cell in first] + [""] * (width - len(first))
    if not first:
        given = [f"column_{at + 1}" for at in range(width)]
    seen: Counter[str] = Counter()
    names: list[str] = []
    for at, cell in enumerate(given):
        name = cell or f"Unnamed: {at}"
        names.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return tuple(names)


def read(stream: Iterable[str], form: TableFormat, *, skip_header: bool = True) -> Iterator[list[str]]:
    """Yield the rows of a table, each as wide as it is in the file. Raises Invalid naming the line that is wrong.

    `stream` yields text with its line ends as they are (opened with newline="").
    """
    if form.form == "json_lines":
        yield from _json_rows(stream, form.names)
        return
    rows = _csv_rows(islice(stream, form.skip, None) if skip_header else stream, form.delimiter)
    if form.header and skip_header:
        next(rows, None)
    yield from rows


def _csv_rows(stream: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(stream, delimiter=delimiter)
    try:
        for row in reader:
            if row:
                yield row
    except csv.Error as reason:
        text = f"line {reader.line_num}: {reason}. A quote that is opened and not closed does that."
        raise Invalid.of([Problem("path", text)]) from reason


# -------------------------------------------------------------------------------- JSON lines


def _json_names(lines: Iterable[str]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        if number > SNIFFED_ROWS:
            break
        if line.strip():
            names.update(dict.fromkeys(_json_object(line, number)))
    return tuple(names)


def _json_rows(stream: Iterable[str], names: Sequence[str]) -> Iterator[list[str]]:
    for number, line in enumerate(stream, 1):
        if line.strip():
            found = _json_object(line, number)
            yield [cell_text(found.get(name)) for name in names]


def _json_object(line: str, number: int) -> dict[str, Any]:
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError) as reason:
        text = f"line {number} is no JSON ({reason}); JSON lines have one object a line."
        raise Invalid.of([Problem("path", text)]) from reason
    if not isinstance(found, dict):
        raise Invalid.of([Problem("path", f"line {number} is no JSON object; JSON lines have one a line.")])
    return cast("dict[str, Any]", found)


def cell_text(value: Any) -> str:
    """Return a value of another kind of file as a cell: what is missing is empty, what is nested is JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
