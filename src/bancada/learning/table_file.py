"""Reads the rows of table files from the disk: all of them while they are small, else honest pieces of them.

Parquet needs pyarrow, which is imported only when such a file is read. Standard library otherwise.
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, cast

from bancada.errors import Invalid, NotSupported, Problem
from bancada.learning.tabular import TableFormat, cell_text, read, sniff

__all__ = ["HEAD_BYTES", "NO_PYARROW", "Form", "TableFiles", "form_of", "head_of", "parquet_head"]

Form = Literal["delimited", "json_lines", "parquet"]
HEAD_BYTES = 1 << 20
# Read whole up to here: about a minute of one core at low priority.
FULL_BYTES = 64 << 20
FULL_CELLS = 20_000_000
BLOCKS = 64
CHUNK_ROWS = 5000
# What a slow disk or a strange file has not given until then is left out, and that is said.
LONGEST_S = 240.0
FORMS: dict[str, Form] = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".tab": "delimited",
    ".data": "delimited",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
    ".parquet": "parquet",
    ".pq": "parquet",
}
NO_PYARROW = "Parquet files need pyarrow in the server's Python: pip install 'bancada[parquet]', then start it again."

# What unpacking raises for bytes that were cut off or changed.
BROKEN = (gzip.BadGzipFile, EOFError, zlib.error)

Rows = list[list[str]]


def form_of(name: str) -> Form | None:
    """Return how a table is written, by its file's name; None for what is no table."""
    path = Path(name.lower())
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    found = FORMS.get(suffix)
    return None if found == "parquet" and path.suffix == ".gz" else found


def head_of(path: Path, most: int = HEAD_BYTES) -> tuple[bytes, bool]:
    """Return a file's first bytes, unpacked, and whether that is all. Raises Invalid for a broken archive."""
    try:
        with _open(path) as stream:
            head = stream.read(most + 1)
    except BROKEN as reason:
        raise _broken(path, reason) from reason
    return head[:most], len(head) <= most


def _broken(path: Path, reason: Exception) -> Invalid:
    return Invalid.of([Problem("path", f"`{path.name}` is no whole gzip file: {reason}.")])


def _open(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix.lower() == ".gz" else path.open("rb")


@dataclass
class TableFiles:
    """One table in one or more files of the same columns. `read` and what follows are known after `chunks`."""

    paths: Sequence[Path]
    form: Form
    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None
    # Lines above the header, in each file; and whether only the first file has a header.
    skip: int = 0
    one_header: bool = False
    # "all": every row; "blocks": pieces from everywhere in the file; "head": its beginning only.
    read: Literal["all", "blocks", "head"] = "all"
    rows_read: int = 0
    # None when it cannot be told.
    rows_estimate: int | None = None
    deadline: float = field(default_factory=lambda: time.monotonic() + LONGEST_S)

    def open(self) -> tuple[tuple[str, ...], str]:
        """Return the columns' names and the decimal sign, as the first file has them."""
        if self.form == "parquet":
            return tuple(_parquet(self.paths[0]).schema_arrow.names), "."
        found = self._format(self.paths[0], self.header)
        return found.names, found.decimal

    def _format(self, path: Path, header: bool | None) -> TableFormat:
        head, is_whole = head_of(path)
        if not head.strip():
            raise Invalid.of([Problem("path", f"`{path.name}` is empty.")])
        assert self.form != "parquet"
        found = sniff(
            head,
            is_whole=is_whole,
            form=self.form,
            delimiter=self.delimiter or ("\t" if path.suffix.lower() in (".tsv", ".tab") else None),
            encoding=self.encoding,
            header=header,
            skip=self.skip,
        )
        if not found.names:
            raise Invalid.of([Problem("path", f"`{path.name}` has no columns.")])
        return found

    def chunks(self) -> Iterator[Rows]:
        """Yield the rows, some thousands at a time."""
        names, _ = self.open()
        if self.form == "parquet":
            yield from self._counted(self._parquet_chunks())
            return
        sizes = [path.stat().st_size for path in self.paths]
        total = sum(sizes)
        for path, size in zip(self.paths, sizes, strict=True):
            form = self._format(path, False if self.one_header and path != self.paths[0] else self.header)
            if form.header and form.names != names:
                text = f"`{path.name}` has other columns than `{self.paths[0].name}`: they are not one table."
                raise Invalid.of([Problem("path", text)])
            try:
                yield from self._counted(self._pieces(path, form, size, total))
            except BROKEN as reason:
                raise _broken(path, reason) from reason

    def _pieces(self, path: Path, form: TableFormat, size: int, total: int) -> Iterator[Rows]:
        is_packed = path.suffix.lower() == ".gz"
        if total <= FULL_BYTES and not is_packed:
            return self._whole(path, form, size)
        if form.is_bytewise and not is_packed:
            return self._blocks(path, form, size, max(1, BLOCKS * size // total))
        return self._whole(path, form, max(1, FULL_BYTES * size // total))

    def _counted(self, chunks: Iterator[Rows]) -> Iterator[Rows]:
        for rows in chunks:
            self.rows_read += len(rows)
            yield rows
            if time.monotonic() > self.deadline:
                self.read = "head"
                self.rows_estimate = None
                return

    def _whole(self, path: Path, form: TableFormat, most: int) -> Iterator[Rows]:
        with _open(path) as stream:
            text = _Limited(TextIOWrapper(stream, form.encoding, "replace", newline=""), most)
            rows = read(text, form)
            chunk = list(islice(rows, CHUNK_ROWS))
            while following := list(islice(rows, CHUNK_ROWS)):
                yield chunk
                chunk = following
            if text.is_cut:
                self.read = "head"
                chunk = chunk[:-1]  # a quoted cell of it may go on where we stopped
            yield chunk

    def _blocks(self, path: Path, form: TableFormat, size: int, count: int) -> Iterator[Rows]:
        """Yield rows from evenly spaced places. A block begins after the first line end in it."""
        self.read = "blocks"
        length = min(FULL_BYTES // BLOCKS, size // count)
        used, seen = 0, 0
        with path.open("rb") as stream:
            for at in range(count):
                stream.seek(at * size // count)
                data = stream.read(length)
                start = data.find(b"\n") + 1 if at else 0
                end = data.rfind(b"\n") + 1
                text = data[start:end].decode(form.encoding, "replace")
                found = list(read(StringIO(text, newline=""), form, skip_header=at == 0))
                # A line that is no row (a line feed in quotes after all) would put words under the wrong names.
                rows = [row for row in found if len(row) == len(form.names)]
                used, seen = used + max(0, end - start), seen + len(rows)
                yield rows
        self.rows_estimate = (self.rows_estimate or 0) + (round(seen * size / used) if used else 0)

    # Parquet

    def _parquet_chunks(self) -> Iterator[Rows]:
        files = [_parquet(path) for path in self.paths]
        total = sum(one.metadata.num_rows for one in files)
        columns = len(files[0].schema_arrow.names)
        budget = FULL_CELLS // max(1, columns)
        if total > budget:
            self.read = "blocks"
            self.rows_estimate = total
        for one in files:
            groups = range(one.metadata.num_row_groups)
            chosen = list(groups)[:: max(1, len(groups) // BLOCKS)] if total > budget else list(groups)
            each = max(CHUNK_ROWS, budget // (len(chosen) * len(files))) if total > budget and chosen else total
            for group in chosen:
                left = each
                for batch in one.iter_batches(batch_size=CHUNK_ROWS, row_groups=[group]):
                    rows = batch_rows(batch)[:left]
                    left -= len(rows)
                    if rows:
                        yield rows
                    if left <= 0:
                        break


class _Limited:
    """Lines of a text until so many letters were read; then it ends as a file ends."""

    def __init__(self, stream: TextIOWrapper, most: int) -> None:
        self._stream = stream
        self._left = most
        self.is_cut = False

    def __iter__(self) -> Iterator[str]:
        # A line may be a whole file: it is read in pieces, and one too long for a cell is refused by who parses it.
        while line := self._stream.readline(HEAD_BYTES * 2):
            yield line
            self._left -= len(line)
            if self._left <= 0:
                self.is_cut = bool(self._stream.readline(1))
                return


def _parquet(path: Path) -> Any:
    try:
        import pyarrow.parquet  # an optional extra, heavy
    except ImportError as reason:
        raise NotSupported(NO_PYARROW) from reason
    library: Any = pyarrow.parquet  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    try:
        return library.ParquetFile(path)
    except (OSError, ValueError) as reason:
        # One sentence of its several: the page has ours in its own language.
        why = str(reason).rstrip(".").replace(". ", "; ")
        raise Invalid.of([Problem("path", f"`{path.name}` is no Parquet file: {why}.")]) from reason


def batch_rows(batch: Any) -> Rows:
    """Return an Arrow batch as rows of texts."""
    columns = [[cell_text(value) for value in column.to_pylist()] for column in batch.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def parquet_head(path: Path, most: int) -> dict[str, Any]:
    """Return names, first rows and the number of rows of a Parquet file. Raises NotSupported without pyarrow."""
    found = _parquet(path)
    rows: Rows = []
    for batch in found.iter_batches(batch_size=most):
        rows += batch_rows(batch)
        if len(rows) >= most:
            break
    return {"names": list(found.schema_arrow.names), "rows": rows[:most], "rows_total": found.metadata.num_rows}
