"""Pieces of SQL with their values, and how one clause of a filter becomes such a piece. Not for any one search."""

from __future__ import annotations

from dataclasses import dataclass, field

from bancada.store.filters import Clause
from bancada.store.transaction import Value, marks

__all__ = ["Sql", "compare", "exists", "keyed_condition", "metric_value"]


@dataclass
class Sql:
    """A piece of SQL with its values. `is_narrow`: a condition that only a few known rows meet."""

    text: str
    params: list[Value] = field(default_factory=list[Value])
    is_narrow: bool = False

    def __add__(self, other: Sql) -> Sql:
        return Sql(self.text + other.text, self.params + other.params)


def keyed_condition(source: str, joined: str, clause: Clause) -> Sql:
    """Decide a clause for the row of a table of keys and values that belongs to a thing; its name there is `f`."""
    found = Sql(f"{joined} AND f.key = ?", [clause.key])
    if clause.operator == "IS NULL":
        return Sql("NOT ") + exists(source, found)
    if clause.operator == "IS NOT NULL":
        return exists(source, found)
    return exists(source, found + Sql(" AND ") + compare("f.value", clause))


def metric_value(name: str, clause: Clause) -> Sql:
    """Compare a metric; NaN is different from every number and neither above nor below one."""
    compared = compare(f"{name}.value", clause)
    if clause.operator == "!=":
        return Sql(f"({name}.is_nan = 1 OR ") + compared + Sql(")")
    return Sql(f"{name}.is_nan = 0 AND ") + compared


def exists(source: str, where: Sql) -> Sql:
    """Ask whether a source has a row for which a condition holds."""
    return Sql(f"EXISTS (SELECT 1 FROM {source} WHERE {where.text})", where.params)


def compare(column: str, clause: Clause) -> Sql:
    """Compare a column, or an expression without values of its own, as a clause says."""
    value = clause.value
    if value is None:
        return Sql(f"{column} {clause.operator}")
    if isinstance(value, tuple):
        return Sql(f"{column} {clause.operator} ({marks(len(value))})", list(value))
    if clause.operator == "LIKE":
        return Sql(f"{column} LIKE ? ESCAPE '\\'", [_escaped(value)])
    if clause.operator == "ILIKE":
        return Sql(f"LOWER({column}) LIKE LOWER(?) ESCAPE '\\'", [_escaped(value)])
    return Sql(f"{column} {clause.operator} ?", [value])


def _escaped(pattern: str | float) -> str:
    # The language has no escape character: a backslash is itself.
    return str(pattern).replace("\\", "\\\\")
