"""From what a person gives to a `Problem`: target, weights, types, splits, guard rails. The first second of a run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from .arrays import Floats, Mask, Objects
from .columns import Column, columns_of
from .featurize.encode import Encoder
from .folds import Split, given_splits, holdout, k_folds, monte_carlo, twins_of
from .frame import Frame, frame_of, is_missing, levels_of, numbers_of, take
from .guardrails import Checked, GuardRail, check
from .others import check_cells, check_columns, check_target, of_classes, test_of
from .problem import Problem
from .settings import Settings, SettingsError, names_of, no_column

__all__ = ["Intake", "take_in"]

# Below so many rows a part of validation rows says nothing.
_LEAST_ROWS = 10
# More different values than this, and text or numbers are taken for no classes.
_MOST_CLASSES = 300


@dataclass(frozen=True)
class Intake:
    """A checked problem and what is shown of it."""

    problem: Problem
    columns: Sequence[Column]
    rails: Sequence[GuardRail]
    # Whether the splits are our choice: not given, and no size asked for.
    is_split_ours: bool


def take_in(
    data: Any, validation: Any, settings: Settings, folds: Callable[[int, int, int], int], test: Any = None
) -> Intake:
    """Read the tables and check them; `folds(rows, columns, classes)` says how many folds the time allows.

    What columns hold is found from the training rows alone. Of `test` only what it lacks and its ranges are looked at.

    Raises SettingsError when there is nothing to learn (no target column, one class only, too few rows), for cells that
    are no single values, and when other tables lack columns or have no row to score.
    """
    frame = frame_of(data)
    asked = _asked_columns(frame, settings)
    check_cells(frame, frame, settings)
    known = ~is_missing(frame[settings.target_column_name])
    within, dropped = int(known.sum()), int((~known).sum())
    if within < _LEAST_ROWS:
        raise SettingsError(f"{within} rows with a target are too few; at least {_LEAST_ROWS} are needed.")
    # The training rows come first.
    frame, targets = take(frame, known), dict[str, Objects]()
    classes = _classes(frame[settings.target_column_name], settings) if settings.task == "classification" else ()
    if validation is not None:
        frame, targets["validation"] = _joined(frame, frame_of(validation), settings, classes)
        dropped += int(is_missing(targets["validation"]).sum())
    target, labels = _target(frame.pop(settings.target_column_name), settings, classes)
    weights = _weights(frame.pop(settings.weight_column_name), settings) if settings.weight_column_name else None
    masks = [_mask(frame.pop(name), name) for name in settings.cv_split_column_names]
    learnt = take(frame, slice(within))
    columns = _columns(learnt, settings)
    encoder = Encoder.of(columns, learnt)
    if not encoder.columns:
        raise SettingsError("No column is left to learn from: all are constant, identifiers or ignored.")
    others = {"validation": take(frame, slice(within, None))} if validation is not None else {}
    if test is not None:
        others["test"] = test_of(test, settings, encoder.names, classes)
        targets["test"] = others["test"][settings.target_column_name]
    rows = encoder.encode(frame)
    twins = twins_of(rows.matrix, rows.texts)
    given = within if validation is not None else None
    splits = _splits(settings, target, len(labels), given, masks, folds, twins, len(encoder.features))
    count = not labels and bool(target.min() >= 0)
    problem = Problem(
        settings.task,
        settings.metric,
        encoder,
        settings.featurization,
        labels,
        rows,
        target,
        weights,
        splits,
        settings.seed,
        (float(target.min()), float(target.max())) if not labels else (0.0, 1.0),
        0.0 if count else None,
        _emphasis(settings, target, len(labels)),
        settings.positive_label is not None and len(labels) == 2,
    )
    rails = check(
        Checked(
            columns,
            rows.matrix,
            [one.source for one in encoder.features],
            target,
            [str(label) for label in labels],
            dropped,
            [name for name in frame if name not in asked and _has_infinity(frame[name])],
            twins,
            len(splits),
            settings.metric,
            others,
        )
    )
    strange = of_classes(targets, classes) if classes else None
    rails += [strange] if strange else []
    rails += _of_meaning(problem, settings)
    asked_size = settings.validation_data_size is not None or isinstance(settings.n_cross_validations, int)
    is_ours = validation is None and not masks and not asked_size
    return Intake(problem, columns, rails, is_ours)


def _of_meaning(problem: Problem, settings: Settings) -> list[GuardRail]:
    """Return the rails that say what is made of the positive label, the target's range and the parts of a date."""
    rails: list[GuardRail] = []
    if settings.positive_label is not None and len(problem.labels) > 2:
        found = f"A positive label is one of two classes; the target has {len(problem.labels)}."
        done = "It changes nothing: scores for one class against another are left out."
        rails.append(GuardRail("Positive label", "alerted", found, done))
    if problem.floor is not None:
        done = "No prediction is below 0. If it leans to large values, losses for counts are among the candidates."
        rails.append(GuardRail("Range of the target", "done", "The target is never negative.", done))
    calendar = problem.encoder.calendar
    if calendar and problem.featurization.mode != "off":
        what = f"{', '.join(f'`{name}`' for name in calendar)} are the year, month and day of a date."
        done = "Elapsed days and the day of the year are features."
        rails.append(GuardRail("Date in parts", "done", what, done, calendar))
    return rails


def _asked_columns(frame: Frame, settings: Settings) -> set[str]:
    asked = {
        "target_column_name": [settings.target_column_name],
        "cv_split_column_names": settings.cv_split_column_names,
    }
    asked["weight_column_name"] = [settings.weight_column_name] if settings.weight_column_name else []
    featurization = settings.featurization
    entries = [entry for many in featurization.transformer_params.values() for entry in many]
    named = {
        "featurization.column_name_and_types": list(featurization.column_name_and_types),
        "featurization.transformer_params": [str(name) for one in entries for name in one.get("fields") or ()],
    }
    for setting, names in (asked | named).items():
        for name in names:
            if name not in frame:
                raise no_column(setting, name, list(frame))
    return {name for names in asked.values() for name in names}


def _joined(frame: Frame, more: Frame, settings: Settings, classes: Collection[str]) -> tuple[Frame, Objects]:
    """Return the training rows with those validation rows behind them that can be scored, and the latter's targets."""
    check_columns(more, list(frame), "validation")
    check_cells(more, frame, settings, "validation")
    targets = more[settings.target_column_name]
    more = take(more, check_target(targets, "validation", settings, classes))
    return {name: _stacked(cells, more[name]) for name, cells in frame.items()}, targets


def _stacked(a: Any, b: Any) -> Any:
    if a.dtype == b.dtype or (a.dtype.kind in "fiub" and b.dtype.kind in "fiub"):
        return np.concatenate([a, b])
    return np.concatenate([a.astype(object), b.astype(object)])


def _target(cells: Any, settings: Settings, classes: Sequence[str]) -> tuple[Floats, tuple[Any, ...]]:
    """Return values, or codes and the names of the `classes` (in their own type, in order)."""
    name = settings.target_column_name
    if settings.task == "regression":
        numbers = numbers_of(cells)
        if not np.isfinite(numbers).all():
            place = int(np.flatnonzero(~np.isfinite(numbers))[0])
            wrong = cells[place]
            if np.isinf(numbers[place]):
                raise SettingsError(f"Target `{name}` is infinite in some rows: they cannot be learnt. Leave them out.")
            raise SettingsError(f"Target `{name}` holds `{wrong}`, which is no number. Use task classification?")
        if numbers.min() == numbers.max():
            raise SettingsError(f"Target `{name}` is {numbers.min():g} in every row: there is nothing to learn.")
        return numbers, ()
    names = [str(one) for one in levels_of(cells)]
    first = dict(zip(reversed(names), reversed(cells.tolist()), strict=True))
    codes = {level: code for code, level in enumerate(classes)}
    return np.array([codes[one] for one in names], dtype=np.float64), tuple(_plain(first[one]) for one in classes)


def _classes(cells: Objects, settings: Settings) -> list[str]:
    """Return the names of the classes, numbers first, the positive one of two last."""
    name, found = settings.target_column_name, {str(one) for one in levels_of(cells)}
    ordered = sorted(found, key=lambda level: (not _is_number(level), float(level) if _is_number(level) else 0, level))
    if len(ordered) < 2:
        raise SettingsError(f"Target `{name}` is `{ordered[0]}` in every row: there is nothing to learn.")
    if len(ordered) > min(_MOST_CLASSES, max(2, len(cells) // 2)):
        raise SettingsError(f"Target `{name}` has {len(ordered)} classes in {len(cells)} rows. Use task regression?")
    return ordered if settings.positive_label is None else _positive_last(ordered, settings.positive_label, name)


def _positive_last(ordered: list[str], positive: Any, name: str) -> list[str]:
    """Return the classes, of two the positive one last. Raises SettingsError when it is none of them."""
    wanted = levels_of(np.array([positive], dtype=object))[0]
    if wanted not in ordered:
        raise SettingsError(f"positive_label `{positive}` is not in `{name}`; it has {names_of(ordered)}.")
    return ordered if len(ordered) > 2 else [one for one in ordered if one != wanted] + [str(wanted)]


def _is_number(level: str) -> bool:
    try:
        float(level)
    except ValueError:
        return False
    return True


def _plain(cell: Any) -> Any:
    """Return a label as JSON can hold it: 1.0 and a NumPy 1 are 1."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cast("Any", cell).item() if isinstance(cell, np.generic) else cell


def _weights(cells: Any, settings: Settings) -> Floats:
    found = numbers_of(cells)
    if not np.isfinite(found).all() or found.min() < 0 or found.max() == 0:
        raise SettingsError(
            f"Weights in `{settings.weight_column_name}` have to be numbers from 0 on, not all of them 0."
        )
    return found


def _mask(cells: Any, name: str) -> Mask:
    found = numbers_of(cells)
    if not np.isin(found, (0.0, 1.0)).all():
        raise SettingsError(
            f"Column `{name}` of cv_split_column_names has other values than 1 (train) and 0 (validate)."
        )
    return found == 1.0


def _columns(frame: Frame, settings: Settings) -> list[Column]:
    found = columns_of(frame, settings.featurization)
    if settings.featurization.mode != "off":
        return found
    wrong = [one.name for one in found if one.is_used and one.kind not in ("numeric", "boolean")]
    if wrong:
        raise SettingsError(f"featurization is off, but {', '.join(wrong)} hold no numbers. Use mode auto.")
    # Off means that nothing is judged: identifiers and copies stay, as they are numbers.
    kept = [one for one in found if one.kind in ("identifier", "duplicate")]
    types = {one.name: "numeric" for one in kept}
    featurization = replace(settings.featurization, column_name_and_types=types)
    return columns_of(frame, featurization) if kept else found


def _splits(
    settings: Settings,
    target: Floats,
    classes: int,
    within: int | None,
    masks: list[Mask],
    folds: Callable[[int, int, int], int],
    twins: Any,
    columns: int,
) -> list[Split]:
    """Return the splits: given ones first, then what was asked, then what the time allows."""
    if within is not None:
        everything = np.arange(len(target))
        return [Split(everything[:within], everything[within:])]
    if masks:
        return given_splits(masks)
    asked = settings.n_cross_validations
    size = settings.validation_data_size
    if isinstance(asked, int) and size is not None:
        return monte_carlo(target, classes, asked, size, settings.seed, twins)
    if isinstance(asked, int):
        return k_folds(target, classes, asked, settings.seed, twins)
    if size is not None:
        return holdout(target, classes, size, settings.seed, twins)
    count = folds(len(target), columns, classes)
    if count < 2:
        return holdout(target, classes, 0.15, settings.seed, twins)
    return k_folds(target, classes, count, settings.seed, twins)


def _emphasis(settings: Settings, target: Floats, classes: int) -> Floats | None:
    """Return 1 / share of each class where every class counts alike; the most likely class would favour large ones."""
    if settings.metric != "norm_macro_recall":
        return None
    counts = np.bincount(target.astype(np.int64), minlength=classes)
    return len(target) / (classes * np.maximum(counts, 1.0))


def _has_infinity(cells: Any) -> bool:
    return cells.dtype.kind == "f" and bool(np.isinf(cells).any())
