"""MLTable's `convert_column_types`: columns of a frame as numbers, text, booleans or times. Not for reading files."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, cast

__all__ = ["TableError", "as_list", "converted"]

Frame = Any  # pandas has no types here
_TRUE, _FALSE = ("true", "yes", "1", "1.0"), ("false", "no", "0", "0.0")


class TableError(ValueError):
    """A table cannot be read as it was asked; the message says what was found and what would be right."""


def no_column(step: str, name: str, columns: Sequence[str]) -> TableError:
    """Return the error about a step that names a column which is not there; `columns` are those that are."""
    near = difflib.get_close_matches(name, columns, n=1, cutoff=0.5)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    return TableError(f"`{step}` names `{name}`, which is no column of the table.{hint} Columns: {', '.join(columns)}.")


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, nothing as an empty one, and one thing as a list of it."""
    if value is None:
        return []
    return list(cast("Sequence[Any]", value)) if isinstance(value, (list, tuple)) else [value]


def converted(frame: Frame, value: Any) -> Frame:
    """Return the frame with columns of other types. Raises TableError for a column or type that is not known."""
    found = frame.copy()
    for rule in as_list(value):
        if not isinstance(rule, dict) or "columns" not in rule or "column_type" not in rule:
            raise TableError("`convert_column_types` is a list of `columns: […]` with a `column_type`.")
        settings = cast("dict[str, Any]", rule)
        for column in as_list(settings["columns"]):
            if column not in found.columns:
                raise no_column("convert_column_types", str(column), [str(one) for one in found.columns])
            found[column] = _column(found[column], settings["column_type"], str(column))
    return found


def _column(series: Any, kind: Any, name: str) -> Any:
    """kind is a word (`int`) or a mapping from the word to its settings (`datetime: {formats: […]}`)."""
    word, settings = next(iter(cast("dict[str, Any]", kind).items())) if isinstance(kind, dict) else (kind, None)
    options = cast("Mapping[str, Any]", settings if isinstance(settings, dict) else {})
    folded = str(word).lower().removeprefix("to_")
    try:
        if folded in ("int", "long", "float", "double", "number"):
            return _numbers(series, whole=folded in ("int", "long"))
        if folded in ("string", "str"):
            return series.where(series.isna(), series.astype(str))
        if folded in ("boolean", "bool"):
            return _booleans(series, options)
        if folded in ("datetime", "date"):
            return _times(series, as_list(options.get("formats")))
    except (ValueError, TypeError, OverflowError) as reason:
        raise TableError(f"Column `{name}` cannot become `{word}`: {reason}") from reason
    raise TableError(f"`column_type: {word}` is not known; use int, float, string, boolean or datetime.")


def _numbers(series: Any, *, whole: bool) -> Any:
    import pandas as pd

    pandas: Any = pd
    numbers = pandas.to_numeric(series)
    return (
        numbers.astype("Int64") if whole and numbers.isna().any() else numbers.astype("int64" if whole else "float64")
    )


def _booleans(series: Any, options: Mapping[str, Any]) -> Any:
    yes = [str(one).lower() for one in as_list(options.get("true_values"))] or list(_TRUE)
    no = [str(one).lower() for one in as_list(options.get("false_values"))] or list(_FALSE)
    other = {"true": True, "false": False}.get(str(options.get("mismatch_as")).lower())

    def one(cell: Any) -> Any:
        if cell is None or cell != cell:
            return None
        text = str(cell).strip().lower()
        if text in yes or text in no:
            return text in yes
        if other is None and str(options.get("mismatch_as") or "error").lower() == "error":
            raise ValueError(f"`{cell}` is neither true nor false")
        return other

    return series.map(one)


def _times(series: Any, formats: Sequence[str]) -> Any:
    import pandas as pd

    pandas: Any = pd
    if not formats:
        return pandas.to_datetime(series)
    found = pandas.to_datetime(series, format=str(formats[0]), errors="coerce")
    for other in formats[1:]:
        found = found.fillna(pandas.to_datetime(series, format=str(other), errors="coerce"))
    if found.isna().sum() > series.isna().sum():
        raise ValueError(f"some values fit none of the formats {', '.join(map(str, formats))}")
    return found
