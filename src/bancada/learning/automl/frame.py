"""Tables as they come (pandas, lists of records, columns, arrays) and cells as arrays. No statistics, no types.

A `Frame` is a mapping of column names to arrays of one length. A request of one row passes here on every prediction,
so that pandas is used only when it was given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, cast

import numpy as np

from .arrays import Floats, Mask, Objects
from .settings import SettingsError

__all__ = ["Frame", "frame_of", "is_missing", "levels_of", "numbers_of", "rows_of", "seconds_of", "take"]

Frame = dict[str, Objects]

# Spellings of a missing cell in columns of text.
_MISSING = {"", "na", "n/a", "nan", "null", "none", "?", "-", "nat", "<na>"}


def frame_of(data: Any, columns: Sequence[str] | None = None) -> Frame:
    """Return the columns of a table: a DataFrame, a mapping of columns, a list of records, a list of rows or an array.

    Rows without names need `columns`. Raises SettingsError for anything else.
    """
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        names = [str(name) for name in data.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SettingsError(f"The table has more than one column named {', '.join(twice)}. Rename or drop one.")
        return {str(name): _from_series(data[name]) for name in data.columns}
    if isinstance(data, Mapping):
        one = cast("Mapping[Any, Any]", data)
        found = {str(name): _array(_listed(cells)) for name, cells in one.items()}
        if len({len(cells) for cells in found.values()}) > 1:
            lengths = ", ".join(f"`{name}` {len(cells)}" for name, cells in found.items())
            raise SettingsError(f"Columns of one table have the same number of cells; found {lengths}.")
        return found
    if isinstance(data, np.ndarray) and columns is not None:
        matrix: Objects = np.atleast_2d(cast("Objects", data))
        _check_width(matrix.shape[1], columns)
        return {name: matrix[:, place] for place, name in enumerate(columns)}
    if isinstance(data, Sequence) and len(cast("Sequence[Any]", data)) and not isinstance(data, str):
        return _from_rows(cast("Sequence[Any]", data), columns)
    raise SettingsError(
        f"A table is expected (a DataFrame, records or columns); found {type(cast('object', data)).__name__}."
    )


def rows_of(frame: Frame) -> int:
    """Return the number of rows."""
    return len(next(iter(frame.values()))) if frame else 0


def take(frame: Frame, rows: Any) -> Frame:
    """Return some of the rows, by position or by mask."""
    return {name: cells[rows] for name, cells in frame.items()}


def numbers_of(cells: Objects) -> Floats:
    """Return cells as floats; what is no number is NaN, text is read as a number, infinities stay."""
    if cells.dtype.kind in "fiub":
        return cells.astype(np.float64)
    if cells.dtype.kind in "Mm":
        return seconds_of(cells)
    try:
        found = np.array([np.nan if one is None else one for one in cells], dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        found = np.zeros(())
    # Lists of one length are no numbers, though NumPy takes them.
    return found if found.ndim == 1 else np.array([_number(one) for one in cells], dtype=np.float64)


def seconds_of(cells: Objects) -> Floats:
    """Return dates as seconds since 1970 (UTC where a zone is given); what is no date is NaN."""
    if cells.dtype.kind == "M":
        stamps = cells.astype("datetime64[ms]")
        seconds = stamps.astype(np.int64) / 1000.0
        return np.where(np.isnat(stamps), np.nan, seconds)
    return np.array([_second(one) for one in cells], dtype=np.float64)


def levels_of(cells: Objects) -> list[str | None]:
    """Return cells as names of categories, None where missing; 3, 3.0 and "3" are one name."""
    if cells.dtype.kind in "iu":
        return [str(one) for one in cells.tolist()]
    if cells.dtype.kind == "b":
        return ["True" if one else "False" for one in cells.tolist()]
    return [_level(one) for one in cells.tolist()]


def is_missing(cells: Objects) -> Mask:
    """Return where nothing is: None, NaN, NaT, and the usual words for it in text."""
    if cells.dtype.kind in "iub":
        return np.zeros(len(cells), dtype=np.bool_)
    if cells.dtype.kind == "f":
        return np.isnan(cells)
    if cells.dtype.kind == "M":
        return np.isnat(cells)
    return np.array([_level(one) is None for one in cells], dtype=np.bool_)


def _from_series(series: Any) -> Objects:
    kind = str(series.dtype)
    if kind.startswith("datetime64"):
        if "," in kind:  # with a zone
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return series.to_numpy(dtype="datetime64[ms]")
    if kind in ("Int64", "Int32", "Int16", "Int8", "UInt64", "UInt32", "UInt16", "UInt8", "Float64", "Float32"):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind.startswith(("int", "float", "uint")) or kind == "bool":
        return series.to_numpy()
    return series.to_numpy(dtype=object)


def _from_rows(rows: Sequence[Any], columns: Sequence[str] | None) -> Frame:
    first = rows[0]
    if isinstance(first, Mapping):
        if not all(isinstance(one, Mapping) for one in rows):
            raise SettingsError("A table's records are all mappings of columns to cells; found others among them.")
        names = dict.fromkeys(str(name) for row in rows for name in row)
        return {name: _array([row.get(name) for row in rows]) for name in names}
    if columns is None:
        raise SettingsError("Rows without names of columns were given. Give records or a DataFrame.")
    matrix: list[list[Any]] = [_listed(row) for row in rows]
    for row in matrix:
        _check_width(len(row), columns)
    return {name: _array([row[place] for row in matrix]) for place, name in enumerate(columns)}


def _check_width(found: int, columns: Sequence[str]) -> None:
    if found != len(columns):
        raise SettingsError(f"A row has {found} values; {len(columns)} are expected: {', '.join(columns)}.")


def _listed(cells: Any) -> Any:
    """Return cells that have a length; one cell is a list of one."""
    if isinstance(cells, (list, np.ndarray)):
        return cast("Any", cells)
    return list(cells) if hasattr(cells, "__iter__") and not isinstance(cells, str) else [cells]


def _array(cells: Any) -> Objects:
    """Return an array of numbers where all cells are numbers, else of objects."""
    if isinstance(cells, np.ndarray):
        return cast("Objects", cells)
    if all(type(one) in (int, float) for one in cells):
        with suppress(OverflowError):  # whole numbers beyond all floats
            return np.array(cells, dtype=np.float64)
    # Lists of one length would become columns of their own otherwise.
    return np.fromiter(cells, dtype=object, count=len(cells))


def _number(cell: Any) -> float:
    if cell is None or isinstance(cell, bool):
        return float("nan") if cell is None else float(cell)
    try:
        return float(cell)
    except OverflowError:
        return float("nan")
    except (TypeError, ValueError):
        text = str(cell).strip().replace(",", "").rstrip("%")
        try:
            return float(text)
        except ValueError:
            return float("nan")


def _level(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, str):
        text = cell.strip()
        return None if text.lower() in _MISSING else text
    if isinstance(cell, float):
        if math.isnan(cell):
            return None
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    text = str(cell)
    return None if text in ("NaT", "<NA>", "nan") else text


def _second(cell: Any) -> float:
    """Return one cell's seconds: ISO text the short way, anything else as pandas reads it."""
    if cell is None or cell is np.nan:
        return float("nan")
    if isinstance(cell, datetime):
        return _stamp(cell)
    if isinstance(cell, date):
        return _stamp(datetime(cell.year, cell.month, cell.day))
    try:
        return _stamp(datetime.fromisoformat(str(cell).strip()))
    except ValueError:
        return _loosely(cell)


def _stamp(moment: datetime) -> float:
    if moment != moment:  # NaT
        return float("nan")
    if moment.tzinfo is None:
        return (moment - datetime(1970, 1, 1)).total_seconds()
    return moment.timestamp()


def _loosely(cell: Any) -> float:
    import pandas as pd  # heavy, and needed only for dates in other spellings than ISO

    pandas: Any = pd
    try:
        stamp = pandas.Timestamp(str(cell))
    except (ValueError, TypeError, OverflowError):
        return float("nan")
    return float("nan") if stamp is pandas.NaT else _stamp(stamp.to_pydatetime())
