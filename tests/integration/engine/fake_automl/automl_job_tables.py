"""In place of the real reader, which needs pandas: CSV as a list of records."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from .conversions import TableError

__all__ = ["read_table"]


class Cells(list[Any]):
    def tolist(self) -> list[Any]:
        return list(self)


class Picker:
    def __init__(self, table: Table) -> None:
        self.table = table

    def __getitem__(self, rows: slice) -> Table:
        return Table(self.table.rows[rows])


class Table:
    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    @property
    def columns(self) -> list[str]:
        return list(self.rows[0])

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.columns)

    def drop(self, columns: list[str]) -> Table:
        return Table([{key: value for key, value in row.items() if key not in columns} for row in self.rows])

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def iloc(self) -> Picker:
        return Picker(self)

    def __getitem__(self, column: str) -> Cells:
        return Cells(row[column] for row in self.rows)

    def to_dict(self, form: str) -> list[dict[str, Any]]:
        assert form == "records"
        return self.rows

    def head(self, count: int) -> Table:
        return Table(self.rows[:count])


def read_table(path: str, places: Any = None) -> Table:
    here = Path(path)
    found = [here] if here.is_file() else [*here.rglob("*.csv"), *map(Path, (places or {}).values())]
    file = found[0]
    rows = list(csv.DictReader(file.read_text().splitlines()))
    if not rows:
        raise TableError(f"The table {file.name} has no rows.")
    return Table(rows)
