"""The comment at the program's head: what it does not do as the model did. Only what is true of this model is said."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from ..featurize.prepare import imputers_of
from ..learners import LEARNERS
from ..problem import Problem
from ..settings import Settings
from .combining import stack_folds
from .estimators import Member

__all__ = ["remarks"]

_XGBOOST = ("XGBoostClassifier", "XGBoostRegressor")


def remarks(problem: Problem, settings: Settings, members: Sequence[Member], stack: str | None, known: set[str]) -> str:
    """Return the comment. `known` are the names that the program uses."""
    told = [*_fits(problem, members, stack), *_columns(problem, members, known), *_learners(settings, members)]
    fill = textwrap.TextWrapper(110, "# - ", "#   ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(["# Its answers are near the model's, not equal, as this is not the same:", *map(fill.fill, told)])


def _fits(problem: Problem, members: Sequence[Member], stack: str | None) -> Iterator[str]:
    yield "Random numbers."
    means = sorted({entry.algorithm for entry, _, _ in members if not LEARNERS[entry.algorithm].refits})
    if means:
        yield f"{_listed(means)}: one fit on all rows, where the model may be the mean of its fits to parts of them."
    if not members:
        yield "The time was over before any candidate was done: the model is linear, or a mean, of some of the rows."
    if stack:
        yield f"The stack learns from {stack_folds(problem)} folds of its own."


def _columns(problem: Problem, members: Sequence[Member], known: set[str]) -> Iterator[str]:
    if "hot" in known:
        yield "Rare levels share a column, and gaps have one; in the model both are zeros."
    if "means" in known:
        yield "Means of the target come without the frequencies of their levels."
    if "codes" in known and _is_order_of_use(problem, members):
        yield "Levels are numbered in alphabetical order, not by value where they are numbers."
    if "CALENDAR" in known and "waves" in known:
        yield "Linear models see the day of the year as a number, too."


def _is_order_of_use(problem: Problem, members: Sequence[Member]) -> bool:
    """Tell whether the order of levels says anything: where they are taken as numbers, or filled as such."""
    blocks = problem.featurization.blocks
    fills = imputers_of(problem.featurization, problem.encoder.features)
    names = [one.name for one in problem.encoder.columns if one.kind == "category"]
    filled = any(name in fills and fills[name].strategy != "most_frequent" for name in names)
    extreme = any(entry.algorithm in _XGBOOST for entry, _, _ in members)
    return filled or extreme or blocks("LabelEncoder") or blocks("CatTargetEncoder")


def _learners(settings: Settings, members: Sequence[Member]) -> Iterator[str]:
    algorithms = {entry.algorithm for entry, _, _ in members}
    has_weights = settings.weight_column_name is not None
    if "LightGBM" in algorithms:
        yield "LightGBM learns at the rates written here; short of time, the model may have learnt faster."
    if "NeuralNetwork" in algorithms:
        yield "The network is scikit-learn's, of the same width and epochs, without dropout and smoothed labels."
        if has_weights:
            yield "It takes the rows' weights from scikit-learn 1.7 on."
    if "GaussianProcess" in algorithms:
        yield "The Gaussian process has one reach for all features."
        if has_weights:
            yield "It takes no weights of rows."
        if any(entry.parameters.get("target") in ("sqrt", "log") for entry, _, _ in members):
            yield "Targets that are turned back are not corrected for the mean of their errors."


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
