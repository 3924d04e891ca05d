"""The tables beside the training rows: validation and test data. What they must have, and which of their rows count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from .arrays import Mask, Objects
from .frame import Frame, frame_of, is_missing, levels_of, numbers_of
from .guardrails import GuardRail
from .settings import Settings, SettingsError, names_of

__all__ = ["check_cells", "check_columns", "check_target", "of_classes", "test_of"]

# Classes that are named, the most frequent first.
_SHOWN = 10


def check_columns(frame: Frame, needed: Sequence[str], what: str) -> None:
    """Raise SettingsError when a table lacks columns."""
    lacking = [name for name in needed if name not in frame]
    if lacking:
        raise SettingsError(f"The {what} data lack {', '.join(lacking)}, which the training data have.")


def check_cells(frame: Frame, names: Iterable[str], settings: Settings, what: str = "") -> None:
    """Raise SettingsError for a column whose cells are not one value each; `what` says which table it is."""
    types = settings.featurization.column_name_and_types
    table = f" of the {what} data" if what else ""
    for name in names:
        cells = frame[name]
        if types.get(name, "").lower() == "ignore" or (cells.dtype.kind != "O" and cells.ndim == 1):
            continue
        for row, one in enumerate(cells if cells.ndim > 1 else cells.tolist(), start=1):
            if isinstance(one, (list, tuple, dict, set, frozenset, np.ndarray)):
                raise SettingsError(
                    f"Column `{name}`{table} holds a {type(cast('object', one)).__name__} in row {row}; a cell has one "
                    f"value. Give its parts columns of their own, or set the type of `{name}` to `Ignore`."
                )


def check_target(cells: Objects, what: str, settings: Settings, classes: Collection[str]) -> Mask:
    """Return the rows that can be scored: with a target, and of a class that occurs in training.

    Raises SettingsError when there is none, and for a target of regression that is no number.
    """
    name, scored = settings.target_column_name, ~is_missing(cells)
    if not scored.any():
        raise SettingsError(f"The {what} data have no row with a value in `{name}`.")
    if settings.task == "regression":
        wrong = scored & ~np.isfinite(numbers_of(cells))
        if wrong.any():
            raise SettingsError(f"Target `{name}` of the {what} data holds `{cells[wrong][0]}`, which is no number.")
        return scored
    levels, known = levels_of(cells), frozenset(classes)
    scored &= np.array([one in known for one in levels], dtype=np.bool_)
    if not scored.any():
        theirs = names_of(sorted({one for one in levels if one is not None}))
        raise SettingsError(
            f"The {what} data have no row of a class that `{name}` has in training ({names_of(list(classes))}); "
            f"they have {theirs}."
        )
    return scored


def test_of(data: Any, settings: Settings, features: Sequence[str], classes: Collection[str]) -> Frame:
    """Return the test table, which has all columns and rows to score. Raises SettingsError otherwise."""
    frame, target = frame_of(data), settings.target_column_name
    if target not in frame:
        columns = names_of(list(frame))
        raise SettingsError(f"The test data have no column `{target}` to compare predictions with. Columns: {columns}.")
    check_columns(frame, features, "test")
    check_cells(frame, (*features, target), settings, "test")
    check_target(frame[target], "test", settings, classes)
    return frame


def of_classes(targets: Mapping[str, Objects], classes: Collection[str]) -> GuardRail | None:
    """Say which classes of other tables do not occur in training; None where there are no other tables."""
    if not targets:
        return None
    name, said, known = "Classes of the other tables", list[str](), frozenset(classes)
    for what, cells in targets.items():
        unknown = Counter(one for one in levels_of(cells) if one is not None and one not in known)
        said += [f"`{one}` is the target in {n} of {len(cells)} {what} rows" for one, n in unknown.most_common(_SHOWN)]
    if not said:
        return GuardRail(name, "passed", "All their classes occur in training.", "Nothing had to be done.")
    done = "No training row has these classes: the rows are left out of all scores."
    return GuardRail(name, "alerted", "; ".join(said) + ".", done)
