"""`python -m bancada.learning.table_process ORDER RESULT`: reads users' tables in a process of its own.

The server's threads are spared, and a file that is too much for a machine ends this process only: it runs at low
priority within bounded memory. ORDER is JSON: what (a word of `ORDERS`), files, form, and what the user said about
them. RESULT gets the answer or the error's document, whole or not at all.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bancada.errors import BancadaError, Invalid, Problem, error_document
from bancada.learning.column_kinds import Cells
from bancada.learning.data_checks import Asked, Table, check
from bancada.learning.table_file import TableFiles, parquet_head
from bancada.learning.table_profile import TableProfile

__all__ = ["checks", "main", "profile"]

MOST_MEMORY = 3 << 30
NICE = 10


def main(arguments: Sequence[str]) -> int:
    """Do what the first file says, write the second one, return the exit status."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m bancada.learning.table_process ORDER RESULT\n")
        return 2
    _be_modest()
    order: dict[str, Any] = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    try:
        document = ORDERS[order["what"]](order)
    except BancadaError as error:
        document = error_document(error)
    except MemoryError:
        text = f"the table needs more than {MOST_MEMORY >> 30} GiB of memory to be looked at; split the file."
        document = error_document(Invalid.of([Problem("path", text)]))
    except (OSError, UnicodeError) as reason:
        document = error_document(Invalid.of([Problem("path", f"the file cannot be read: {reason}.")]))
    _write(Path(arguments[1]), document)
    return 0


def _head(order: Mapping[str, Any]) -> dict[str, Any]:
    return parquet_head(Path(order["files"][0]), int(order["rows"]))


def profile(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return the profile of the table that an order names."""
    table = _table(order)
    names, decimal = table.open()
    found = _read(table, names, decimal, order.get("target"))
    document = found.document()
    rows = table.rows_read if table.rows_estimate is None else table.rows_estimate
    estimated = {"rows_estimated": True} if table.read == "blocks" and order["form"] != "parquet" else {}
    sampled = table.read != "all" or document["sample_rows"] < table.rows_read
    about = {"rows": rows, **estimated, "rows_read": table.rows_read, "read": table.read, "sampled": sampled}
    return {**about, **document, "decimal": decimal}


def checks(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an AutoML job will find in its table, as far as that is known before."""
    table = _table(order)
    names, decimal = table.open()
    said: dict[str, Any] = order["asked"]
    target = said.get("target")
    found = _read(table, names, decimal, target if target in names else None)
    rows = table.rows_read if table.rows_estimate is None else table.rows_estimate
    is_all = table.read == "all" and found.is_all
    cells = [Cells(one, texts, is_all) for one, texts in zip(found.columns, found.cells(), strict=True)]
    return {"rows": rows, "sampled": not is_all, **check(Table(cells, rows, is_all), Asked(**said))}


def _read(table: TableFiles, names: Sequence[str], decimal: str, target: str | None) -> TableProfile:
    found = TableProfile(names, decimal, target)
    for rows in table.chunks():
        found.add(rows)
    return found


def _table(order: Mapping[str, Any]) -> TableFiles:
    return TableFiles(
        [Path(one) for one in order["files"]],
        order["form"],
        order.get("delimiter"),
        order.get("encoding"),
        order.get("header"),
        int(order.get("skip") or 0),
        bool(order.get("one_header")),
    )


ORDERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {"head": _head, "profile": profile, "checks": checks}


def _be_modest() -> None:
    with suppress(OSError):
        os.nice(NICE)
    with suppress(ImportError, OSError, ValueError):
        import resource  # not on every platform

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _write(path: Path, document: Mapping[str, Any]) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(document), encoding="utf-8")
    os.replace(part, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
