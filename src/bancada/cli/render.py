"""What the command line prints: results to stdout; notes, progress, errors to stderr. Nothing else prints."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, cast

from bancada.errors import BancadaError, Internal, Invalid, Problem, StorageFull, is_disk_full

__all__ = [
    "OUTPUTS",
    "Output",
    "Progress",
    "apply_query",
    "ask",
    "beside_answer",
    "note",
    "raw",
    "show",
    "show_error",
    "show_failure",
]

Output = Literal["json", "yaml", "table", "tsv", "none"]
OUTPUTS: tuple[Output, ...] = ("json", "yaml", "table", "tsv", "none")

MAX_CELL = 60  # wider cells would push the rest of a table's line off a usual terminal
QUIET_S = 1.0  # what is done sooner needs no line in a log file
LINE_EVERY_S = 5.0  # a log file that takes the progress gets a line so often at most


# -------------------------------------------------------------------------------- results


def show(value: Any, output: Output = "json", *, query: str | None = None, columns: Sequence[str] = ()) -> None:
    """Print a result in the asked form; `query` (JMESPath) picks a part of it first.

    `columns` are what a table shows of each item; without them, its plain fields.
    """
    picked = apply_query(value, query)
    if picked is None and query is None:
        return
    text = _FORMS[output](picked, () if query else columns)
    if text:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()


def raw(text: str) -> None:
    """Print text as it is: a log, the answer of an endpoint."""
    sys.stdout.write(text)
    sys.stdout.flush()


def apply_query(value: Any, query: str | None) -> Any:
    """Return what a JMESPath expression picks. Raises Invalid for an expression that is none."""
    if query is None:
        return value
    import jmespath  # only for this: 14 ms
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(query, value)
    except JMESPathError as reason:
        found = str(reason).strip().replace("\n", " ")
        raise Invalid.of([Problem("--query", f"`{query}` is no JMESPath: {found}")]) from reason


def _as_json(value: Any, _: Sequence[str]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _as_yaml(value: Any, _: Sequence[str]) -> str:
    import yaml  # only for this: 15 ms

    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=False)


def _as_tsv(value: Any, columns: Sequence[str]) -> str:
    lines: list[str] = []
    for row in _rows(value):
        fields = _fields(row)
        cells = _rows(row) if fields is None else _picked(fields, columns).values()
        lines.append("\t".join(_plain(cell) for cell in cells))
    return "\n".join(lines)


def _as_table(value: Any, columns: Sequence[str]) -> str:
    picked = [_named_cells(row, columns) for row in _rows(value)]
    if not any(picked):
        return ""
    names = list(columns) or list(dict.fromkeys(name for row in picked for name in row))
    cells = [[_short(_plain(row.get(name))) for name in names] for row in picked]
    heads = [_title(name) for name in names]
    widths = [max(len(line[i]) for line in [heads, *cells]) for i in range(len(names))]
    lines = [heads, ["-" * width for width in widths], *cells]
    return "\n".join(_aligned(line, widths) for line in lines)


def _named_cells(row: Any, columns: Sequence[str]) -> dict[str, Any]:
    """Return the cells of a table's row by column; those of a list are Column1, Column2 …, as with az."""
    fields = _fields(row)
    if fields is not None:
        return _picked(fields, columns)
    if isinstance(row, list | tuple):
        return {f"Column{place}": cell for place, cell in enumerate(cast("Sequence[Any]", row), 1)}
    return {"result": row}


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _nothing(value: Any, columns: Sequence[str]) -> str:
    return ""


_FORMS: dict[Output, Callable[[Any, Sequence[str]], str]] = {
    "json": _as_json,
    "yaml": _as_yaml,
    "table": _as_table,
    "tsv": _as_tsv,
    "none": _nothing,
}


def _rows(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(cast("Sequence[Any]", value)) if isinstance(value, list | tuple) else [value]


def _fields(value: Any) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _picked(row: dict[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    if columns:
        return {name: _at(row, name) for name in columns}
    return {name: cell for name, cell in row.items() if not isinstance(cell, dict | list)}


def _at(row: dict[str, Any], path: str) -> Any:
    found: Any = row
    for part in path.split("."):
        found = (_fields(found) or {}).get(part)
    return found


def _plain(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return _local_time(cell) if isinstance(cell, str) else str(cell)


def _local_time(text: str) -> str:
    """Return a time stamp in the reader's own zone, to the second; any other text as it is."""
    if len(text) < 20 or text[10] != "T" or not text[:4].isdigit():
        return text
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return text


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_CELL else line[: MAX_CELL - 1] + "…"


def _title(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ").title().replace(" ", "")


# -------------------------------------------------------------------------------- notes


def note(text: str) -> None:
    """Tell the user something beside the result."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


@contextmanager
def beside_answer(*, quiet: bool) -> Generator[None]:
    """Lead what is printed to stderr, or nowhere: stdout is for an answer that a program reads."""
    if not quiet:
        with redirect_stdout(sys.stderr):
            yield
        return
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        yield


def ask(question: str, choices: Sequence[str], *, default: str) -> str:
    """Ask for one of `choices` (a first letter is enough); without a terminal the answer is `default`."""
    if not sys.stdin.isatty():
        return default
    while True:
        sys.stderr.write(f"{question} [{'/'.join(choices)}] ({default}): ")
        sys.stderr.flush()
        typed = sys.stdin.readline()
        if not typed:
            raise KeyboardInterrupt
        words = [one for one in choices if one.startswith(typed.strip().lower())]
        if not typed.strip():
            return default
        if words:
            return words[0]


class Progress:
    """One line about long work, on stderr: rewritten on a terminal, else a new line now and then."""

    def __init__(self, what: str, *, quiet: bool = False) -> None:
        self.what = what
        self._quiet = quiet
        self._live = sys.stderr.isatty()
        self._started = self._said_at = time.monotonic()
        self._last = ""

    def __enter__(self) -> Progress:
        self.update("")
        return self

    def update(self, detail: str) -> None:
        """Say how it stands."""
        if self._quiet:
            return
        text = f"{self.what} {detail}".strip()
        if self._live:
            seconds = int(time.monotonic() - self._started)
            clock = f" ({seconds} s)" if seconds else ""
            sys.stderr.write(f"\r\x1b[K{text}{clock}")
            sys.stderr.flush()
        elif text != self._last and time.monotonic() - self._said_at >= (LINE_EVERY_S if self._last else QUIET_S):
            self._said_at = time.monotonic()
            self._last = text
            note(text)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live and not self._quiet:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


# -------------------------------------------------------------------------------- errors


def show_failure(error: Exception, *, debug: bool = False) -> int:
    """Print what went wrong, in a line where one is enough; return the exit code that goes with it."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, BancadaError):
        return show_error(error)
    if isinstance(error, OSError):
        return _show_system_error(error)
    if _is_answer(error):
        note(f"ERROR: {error}")
        return 1
    note(f"ERROR: {type(error).__name__}: {error}")
    note("This is a fault of Bancada itself. Run the command again with --debug to see where it is.")
    return Internal.exit_code


def show_error(error: BancadaError) -> int:
    """Print an error with its stable code for who wants to look it up; return its exit code."""
    lines = error.message.splitlines() or ["no message"]
    note(f"ERROR ({error.full_code}): {lines[0]}")
    for line in lines[1:]:
        note(f"  {line}")
    return error.exit_code


def _show_system_error(error: OSError) -> int:
    where = f": {error.filename}" if error.filename else ""
    if is_disk_full(error):
        return show_error(StorageFull(f"The disk has no room left{where}"))
    note(f"ERROR: {error.strerror or error}{where}")
    return 1


def _is_answer(error: Exception) -> bool:
    """Say whether a server or an endpoint answered so: no fault of this program."""
    known = sys.modules.get("bancada.core.exceptions")
    return known is not None and isinstance(error, known.AzureError)
