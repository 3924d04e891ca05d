"""The first rows of a data asset, or the first words of its text. Only the head of a file is ever read."""

from __future__ import annotations

import codecs
import importlib.util
import mimetypes
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from bancada.engine.data_files import DataFile, DataFiles, Table, TableOptions, files_at, find_at, only_file
from bancada.engine.locations import Locations
from bancada.engine.tables import TableProcesses, order_of
from bancada.errors import BancadaError
from bancada.learning.profile import ColumnProfile, ColumnType
from bancada.learning.table_file import NO_PYARROW, head_of
from bancada.learning.tabular import TableFormat, find_encoding, read, sniff

__all__ = ["MOST_ROWS", "ColumnHead", "Preview", "Previews"]

MOST_ROWS = 1000
# Types are told from so many rows, so that they do not change with the number of rows shown.
TYPED_ROWS = 1000
TEXT_BYTES = 64 << 10
PARQUET_TIMEOUT_S = 30.0
FILES_SHOWN = 200
# A cell of a preview is looked at, not worked with.
LONGEST_CELL = 2000
MOST_COLUMNS = 1000
# A row of JSON lines may be `{}` and has all columns nevertheless.
MOST_CELLS = 4_000_000


class ColumnHead(TypedDict):
    """A column of a preview; its type is that of the rows which were looked at."""

    name: str
    type: ColumnType


class Preview(TypedDict):
    """The beginning of a data asset. Cells are texts as in the file; a missing one is empty.

    `path` is the file that is shown. `note` says what could not be done, and what to do.
    """

    form: Literal["table", "image", "text", "files"]
    columns: list[ColumnHead]
    rows: list[list[str]]
    truncated: bool
    rows_total: NotRequired[int]
    path: NotRequired[str]
    note: NotRequired[str]
    media_type: NotRequired[str]
    text: NotRequired[str]
    files: NotRequired[list[DataFile]]
    delimiter: NotRequired[str]
    encoding: NotRequired[str]
    decimal: NotRequired[str]
    header: NotRequired[bool]


class Previews:
    """Shows data assets' beginnings."""

    def __init__(self, files: DataFiles, locations: Locations, processes: TableProcesses) -> None:
        self._files = files
        self._locations = locations
        self._processes = processes

    def preview(
        self, workspace: str, name: str, version: str, path: str | None, rows: int, options: TableOptions
    ) -> Preview:
        """Return what an asset version begins with: a file of it, what its MLTable names, or which files it has.

        Raises NotFound, and Invalid for options that make no sense.
        """
        base, _ = self._files.source(workspace, name, version)
        return self._preview(workspace, base, path, rows, options)

    def preview_at(self, workspace: str, reference: str, rows: int, options: TableOptions) -> Preview:
        """Return what begins at a reference: an upload, a web address, a path of a datastore. Raises NotFound, Invalid.

        With several tables in a folder, the first is shown. Where something is said about how it is written, a single
        file is a table whatever it is called.
        """
        base = self._locations.local_path(workspace, reference)
        if base.is_dir() or options != TableOptions():
            return self._table(self._files.whole_table(workspace, base, options), base, rows)
        return self._preview(workspace, base, None, rows, options)

    def _preview(self, workspace: str, base: Path, path: str | None, rows: int, options: TableOptions) -> Preview:
        table = self._files.table_at(workspace, base, path, options)
        if table is not None:
            return self._table(table, base, rows)
        file = find_at(base, path) if path is not None else only_file(base)
        if file is None:
            listed = files_at(base)
            shown_files = listed["items"][:FILES_SHOWN]
            truncated = listed["truncated"] or len(shown_files) < len(listed["items"])
            return Preview(form="files", columns=[], rows=[], truncated=truncated, files=shown_files)
        shown_file = _of_file(file, options.encoding)
        shown_file["path"] = _relative(file, base)
        return shown_file

    def _table(self, table: Table, base: Path, rows: int) -> Preview:
        found = self._parquet(table, rows) if table.form == "parquet" else _text_table(table, rows)
        if len(table.paths) > 1:
            found["note"] = f"The first of {len(table.paths)} files is shown."
        found["path"] = _relative(table.paths[0], base)
        return found

    def _parquet(self, table: Table, rows: int) -> Preview:
        if importlib.util.find_spec("pyarrow") is None:
            return Preview(form="table", columns=[], rows=[], truncated=True, note=NO_PYARROW)
        order = {**order_of(table), "what": "head", "rows": max(rows, TYPED_ROWS)}
        found = self._processes.run(order, PARQUET_TIMEOUT_S)
        head: list[list[str]] = found["rows"]
        total = int(found["rows_total"])
        return Preview(
            form="table",
            columns=_columns(found["names"], head, "."),
            rows=_cut(head[:rows]),
            rows_total=total,
            truncated=total > rows,
        )


def _relative(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) and path != base else path.name


def _text_table(table: Table, rows: int) -> Preview:
    path, options = table.paths[0], table.options
    head, is_whole = head_of(path)
    if not head.strip():
        return Preview(form="table", columns=[], rows=[], truncated=False, rows_total=0, note="The file is empty.")
    by_name = "\t" if path.suffix.lower() in (".tsv", ".tab") else None
    form = sniff(
        head,
        is_whole=is_whole,
        form="json_lines" if table.form == "json_lines" else "delimited",
        delimiter=options.delimiter or by_name,
        encoding=options.encoding,
        header=options.header,
        skip=options.skip_rows,
    )
    names = form.names[:MOST_COLUMNS]
    found, note, is_all = _head_rows(head, replace(form, names=names), is_whole)
    even = [[*row[: len(names)], *([""] * (len(names) - len(row)))] for row in found[: max(rows, TYPED_ROWS)]]
    more = len(found) > rows or not is_all
    preview = Preview(
        form="table",
        columns=_columns(names, even, form.decimal),
        rows=_cut(even[:rows]),
        truncated=more,
        encoding=form.encoding,
        decimal=form.decimal,
    )
    if form.form == "delimited":
        preview["delimiter"], preview["header"] = form.delimiter, form.header
    if is_all and not note:
        preview["rows_total"] = len(found)
    if len(form.names) > len(names):
        note = note or f"The first {MOST_COLUMNS} of {len(form.names)} columns are shown."
    if form.form == "delimited":
        note = note or _oddities(head, form, found, is_all)
    if note:
        preview["note"] = note
    return preview


def _head_rows(head: bytes, form: TableFormat, is_whole: bool) -> tuple[list[list[str]], str, bool]:
    """Return the rows of a file's head, without one that may be cut off; what is wrong with the next one; if all."""
    text = codecs.getincrementaldecoder(form.encoding)("replace").decode(head)
    if not is_whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    found: list[list[str]] = []
    try:
        # Of a whole file all rows are counted; of a larger one no more are read than can be shown.
        cells = 0
        for row in islice(read(StringIO(text, newline=""), form), None if is_whole else MOST_ROWS + 1):
            found.append(row[:MOST_COLUMNS])
            cells += len(row)
            if cells > MOST_CELLS:
                return found, "", False
    except BancadaError as reason:
        return found, reason.message, is_whole
    # Without its closing quote the last row may go on where the head ends.
    may_go_on = form.multiline and not is_whole and len(found) <= MOST_ROWS
    return (found[:-1] if may_go_on else found), "", is_whole


def _oddities(head: bytes, form: TableFormat, rows: Sequence[Sequence[str]], is_all: bool) -> str:
    """Return what in the rows of a text is taken otherwise than it was most likely meant; nothing when all is well."""
    # Quotes inside of quoted fields are doubled, so that a whole file has an even number of them.
    if is_all and rows and any("\n" in cell for cell in rows[-1]) and head.count(b'"') % 2:
        return "A quote is opened and never closed: all after it is one cell."
    wide = min(len(form.names), MOST_COLUMNS)
    ragged = [number for number, row in enumerate(rows, 1) if len(row) != wide]
    if not ragged:
        return ""
    first = ragged[0]
    cells = len(rows[first - 1])
    return f"Row {first} has not as many cells ({cells}) as there are columns ({wide}); rows like it: {len(ragged)}."


def _columns(names: Sequence[str], rows: Sequence[Sequence[str]], decimal: str) -> list[ColumnHead]:
    columns: list[ColumnHead] = []
    for at, name in enumerate(names):
        profile = ColumnProfile(name, decimal)
        profile.add(row[at] for row in rows[:TYPED_ROWS])
        columns.append(ColumnHead(name=name, type=profile.type))
    return columns


def _cut(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[cell if len(cell) <= LONGEST_CELL else f"{cell[:LONGEST_CELL]}…" for cell in row] for row in rows]


def _of_file(path: Path, encoding: str | None) -> Preview:
    media = mimetypes.guess_type(path.name)[0] or ""
    if media.startswith("image/"):
        return Preview(form="image", columns=[], rows=[], truncated=False, media_type=media)
    with path.open("rb") as stream:
        head = stream.read(TEXT_BYTES + 1)
    found = find_encoding(head[:TEXT_BYTES], encoding)
    if b"\0" in head and not found.startswith("utf-16"):
        note = "The file is neither a table, an image nor a text; download it to look at it."
        return Preview(form="files", columns=[], rows=[], truncated=False, note=note, files=[_listed(path)])
    text = codecs.getincrementaldecoder(found)("replace").decode(head[:TEXT_BYTES])
    return Preview(form="text", columns=[], rows=[], truncated=len(head) > TEXT_BYTES, text=text, encoding=found)


def _listed(path: Path) -> DataFile:
    return DataFile(path=path.name, size=path.stat().st_size)
