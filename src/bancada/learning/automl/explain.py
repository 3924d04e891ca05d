"""Why a model says what it says, by columns of the table: for all rows, and for each row.

One model with exact shares of its own (boosted trees: Tree SHAP; linear models: coefficient times distance from the
mean) is explained exactly, in its raw score (log odds, values). Anything else (means over families, stacks,
neighbours, networks) is explained by permutation: how much worse the primary metric gets when a column is shuffled,
and for a row how the answer changes when a column's cell is replaced by those of other rows, on average.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from .arrays import Floats
from .candidates import primary_of
from .featurize.encode import Encoded
from .metrics import loss_of
from .model import Model
from .worker import FoldModel, problem_of

__all__ = ["ExplainTask", "Explanation", "LocalExplanation", "explain", "explain_rows"]

# Rows that global importance is measured on, and other rows that one cell is replaced from.
_GLOBAL_ROWS, _OTHERS = 1000, 16
# Rows for shares of one member when time is short.
_FEW_ROWS = 100
# Below so many rows a permutation says nothing.
_LEAST_ROWS = 40


@dataclass(frozen=True)
class Explanation:
    """Importance of columns over many rows: the largest first."""

    # "tree", "linear": mean absolute shares, exact. "permutation": loss of the primary metric. "tree of … alone": those
    # of one member of an ensemble, because there was no time for more.
    method: str
    importances: Mapping[str, float]
    rows: int


@dataclass(frozen=True)
class LocalExplanation:
    """Shares of columns in the answers for some rows."""

    method: str
    columns: tuple[str, ...]
    # (rows, columns, outputs): one output for regression and two classes (the second one's), else one a class.
    shares: Floats
    # (rows, outputs): base plus shares is the raw score, exactly for "tree" and "linear".
    base: Floats


def explain_rows(model: Model, data: Any) -> LocalExplanation:
    """Return shares of each column for each row of a table."""
    rows = model.encoder.encode(data)
    names = tuple(model.feature_names)
    part = _exact_part(model)
    if part is None:
        return _replaced(model, rows, names)
    raw, method = _contributions(part, rows)
    shares = np.zeros((len(rows), len(names), raw.shape[2]))
    place = {name: n for n, name in enumerate(names)}
    for feature, sources in enumerate(part.preparation.sources):
        for source in sources:
            shares[:, place[source]] += raw[:, feature] / len(sources)
    return LocalExplanation(method, names, shares, raw[:, -1])


def explain(model: Model, rows: Encoded, loss: Any, seed: int, ends_at: float = float("inf")) -> Explanation | None:
    """Return the importance of each column; `loss(predicted, positions)` is that of the primary metric.

    When the time is too short for every column, the shares of the heaviest member that has some stand for the whole,
    and `method` says so; None when no member has any.
    """
    some = np.random.default_rng(seed).permutation(len(rows))[:_GLOBAL_ROWS]
    chosen = rows.take(some)
    part = _exact_part(model)
    names = model.feature_names
    if part is not None:
        return _by_shares(part, chosen, names, "")
    model.scores(chosen.take(np.arange(1)))  # reads what is read on first use: not part of the time for a column
    started = time.monotonic()
    whole = loss(model.scores(chosen), some)
    # As many rows as the time allows for all columns; too few say nothing.
    need = 1.6 * (len(names) + 1) * max(1e-4, time.monotonic() - started)
    fitting = int(min(1.0, (ends_at - started) / need) * len(some))
    if fitting < _LEAST_ROWS:
        return _of_heaviest(model, chosen)
    if fitting < len(some):
        some = some[:fitting]
        chosen = rows.take(some)
        whole = loss(model.scores(chosen), some)
    values = dict[str, float]()
    for name in names:
        if time.monotonic() > ends_at:
            return _of_heaviest(model, chosen)
        shuffled = _with_column(model, chosen, name, np.random.default_rng(seed).permutation(len(some)))
        values[name] = float(loss(model.scores(shuffled), some) - whole)
    return Explanation("permutation", _sorted(values), len(some))


def _by_shares(part: FoldModel, rows: Encoded, names: Sequence[str], whose: str) -> Explanation:
    """Return the mean size of each column's share."""
    raw, method = _contributions(part, rows)
    values: dict[str, float] = {}
    # Shares of one column's features are added before their size is taken: they may cancel.
    for name in names:
        mine = [n for n, sources in enumerate(part.preparation.sources) if name in sources]
        divided = [raw[:, n] / len(part.preparation.sources[n]) for n in mine]
        values[name] = float(np.abs(np.sum(divided, axis=0)).mean()) if mine else 0.0
    return Explanation(method + whose, _sorted(values), len(rows))


def _of_heaviest(model: Model, rows: Encoded) -> Explanation | None:
    """Return the shares of the first part of the heaviest member that has shares."""
    able = [one for one in model.members if hasattr(one.parts[0].learned, "contributions")]
    if not able:
        return None
    heaviest = max(able, key=lambda one: one.weight)
    few = rows.take(np.arange(min(_FEW_ROWS, len(rows))))
    return _by_shares(heaviest.parts[0], few, model.feature_names, f" of {heaviest.name} alone")


@dataclass(frozen=True)
class ExplainTask:
    """A task for a worker: explain a model on the rows of its run, within some seconds."""

    folder: Path
    model: Model
    seconds: float

    def __call__(self) -> Explanation | None:
        """Explain. The loss is the primary metric's."""
        problem = problem_of(self.folder)

        def loss(predicted: Floats, rows: Any) -> float:
            return loss_of(problem.metric, primary_of(problem, predicted, rows))

        return explain(self.model, problem.rows, loss, problem.seed, time.monotonic() + self.seconds)


def _sorted(values: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(values.items(), key=lambda one: -one[1]))


def _exact_part(model: Model) -> FoldModel | None:
    """Return the one part that is the whole model and has shares of its own."""
    if model.stack is not None or len(model.members) != 1 or len(model.members[0].parts) != 1:
        return None
    part = model.members[0].parts[0]
    return part if hasattr(part.learned, "contributions") else None


def _contributions(part: FoldModel, rows: Encoded) -> tuple[Floats, str]:
    learned = cast("Any", part.learned)  # a Learned that has contributions
    found: Floats = learned.contributions(part.preparation.transform(rows))
    return found, "linear" if hasattr(learned, "coefficients") else "tree"


def _with_column(model: Model, rows: Encoded, name: str, order: Any) -> Encoded:
    """Return rows with the cells of one column taken from other rows."""
    matrix = rows.matrix.copy()
    places = [n for n, one in enumerate(model.encoder.features) if one.source == name]
    matrix[:, places] = matrix[order][:, places]
    texts = {other: cells[order] if other == name else cells for other, cells in rows.texts.items()}
    return Encoded(matrix, texts)


def _answers(model: Model, rows: Encoded) -> Floats:
    scores = model.scores(rows)
    if not model.labels:
        return scores[:, None]
    return scores[:, 1:] if len(model.labels) == 2 else scores


def _replaced(model: Model, rows: Encoded, names: tuple[str, ...]) -> LocalExplanation:
    """Replace each cell by those of other rows of the same table, and take the mean change."""
    answers = _answers(model, rows)
    shares = np.zeros((len(rows), len(names), answers.shape[1]))
    turns = range(1, min(_OTHERS, len(rows) - 1) + 1)
    for place, name in enumerate(names):
        for turn in turns:
            shift = turn * max(1, len(rows) // (_OTHERS + 1))
            moved = _with_column(model, rows, name, np.roll(np.arange(len(rows)), shift))
            shares[:, place] += (answers - _answers(model, moved)) / len(turns)
    return LocalExplanation("permutation", names, shares, answers - shares.sum(axis=1))
