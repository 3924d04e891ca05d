"""The tables beside the training rows: validation and test data. What they must have, and which of their rows count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .arrays import Mask, Objects
from .frame import Frame, frame_of, is_missing, levels_of, numbers_of
from .guardrails import GuardRail
from .settings import Settings, SettingsError, names_of

__all__ = ["check_columns", "check_target", "of_classes", "test_of"]


def check_columns(frame: Frame, needed: Sequence[str], what: str) -> None:
    """Raise SettingsError when a table lacks columns."""
    lacking = [name for name in needed if name not in frame]
    if lacking:
        raise SettingsError(f"The {what} data lack {', '.join(lacking)}, which the training data have.")


def check_target(cells: Objects, what: str, settings: Settings, classes: Sequence[str]) -> Mask:
    """Return the rows that can be scored: with a target, and of a class that occurs in training.

    Raises SettingsError when there is none, and for a target of regression that is no number.
    """
    name, scored = settings.target_column_name, ~is_missing(cells)
    if not scored.any():
        raise SettingsError(f"The {what} data have no row with a value in `{name}`.")
    if settings.task == "regression":
        wrong = scored & ~np.isfinite(numbers_of(cells))
        if wrong.any():
            raise SettingsError(f"Target `{name}` of the {what} data holds {cells[wrong][0]}, which is no number.")
        return scored
    levels = levels_of(cells)
    scored &= np.array([one in classes for one in levels], dtype=np.bool_)
    if not scored.any():
        theirs = names_of(sorted({one for one in levels if one is not None}))
        raise SettingsError(
            f"The {what} data have no row of a class that `{name}` has in training ({names_of(classes)}); "
            f"they have {theirs}."
        )
    return scored


def test_of(data: Any, settings: Settings, features: Sequence[str], classes: Sequence[str]) -> Frame:
    """Return the test table, which has all columns and rows to score. Raises SettingsError otherwise."""
    frame, target = frame_of(data), settings.target_column_name
    if target not in frame:
        columns = names_of(list(frame))
        raise SettingsError(f"The test data have no column `{target}` to compare predictions with. Columns: {columns}.")
    check_columns(frame, features, "test")
    check_target(frame[target], "test", settings, classes)
    return frame


def of_classes(targets: Mapping[str, Objects], classes: Sequence[str]) -> GuardRail | None:
    """Say which classes of other tables do not occur in training; None where there are no other tables."""
    if not targets:
        return None
    name, said = "Classes of the other tables", list[str]()
    for what, cells in targets.items():
        unknown = Counter(one for one in levels_of(cells) if one is not None and one not in classes)
        said += [f"`{one}` is the target in {n} of {len(cells)} {what} rows" for one, n in unknown.most_common(5)]
    if not said:
        return GuardRail(name, "passed", "All their classes occur in training.", "Nothing had to be done.")
    done = "No training row has these classes: the rows are left out of all scores."
    return GuardRail(name, "alerted", "; ".join(said) + ".", done)
