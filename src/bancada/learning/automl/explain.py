"""Why a model says what it says, by columns of the table: for all rows, and for each row.

One model with exact shares of its own (boosted trees: Tree SHAP; linear models: coefficient times distance from the
mean) is explained exactly, in its raw score (log odds, values). Anything else (means over families, stacks,
neighbours, networks) is explained by permutation: how much worse the primary metric gets when a column is shuffled,
and for a row how the answer changes when a column's cell is replaced by those of other rows, on average.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from .arrays import Floats, Rows
from .candidates import primary_of
from .featurize.encode import Encoded
from .metrics import loss_of
from .model import Model
from .settings import SettingsError
from .worker import FoldModel, problem_of

__all__ = ["ExplainTask", "Explanation", "LocalExplanation", "explain", "explain_rows"]

# Rows that global importance is measured on, and other rows that one cell is replaced from: many, and at least few.
_GLOBAL_ROWS, _OTHERS, _FEW_OTHERS = 1000, 16, 4
# Rows that are answered in one call: the price of a call is divided by them, and memory holds their features.
_AT_ONCE = 20_000
# Rows whose exact shares are found first, to see what they take; then twice as many each time.
_FIRST_ROWS = 10
# How much longer an answer may take than the measured ones say.
_SPARE = 1.5
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
    # How many other rows each cell was replaced from; 0 where shares are exact.
    others: int = 0


@dataclass(frozen=True)
class _Deadline:
    """When explaining has to end, on a clock."""

    ends_at: float
    clock: Callable[[], float]

    @property
    def left(self) -> float:
        return self.ends_at - self.clock()

    def timed(self, work: Callable[[], Floats]) -> tuple[Floats, float]:
        """Return what work gives, and the seconds that it took."""
        started = self.clock()
        return work(), self.clock() - started


def explain_rows(
    model: Model,
    data: Any,
    *,
    others: Any = None,
    ends_at: float = float("inf"),
    clock: Callable[[], float] = time.monotonic,
) -> LocalExplanation | None:
    """Return shares of each column for each row of a table, or for its first rows as far as the time goes.

    `others` is the table that cells are replaced from, where shares are found that way; without it, the other rows of
    `data`. Near `ends_at`, on `clock`, there are fewer of them, then fewer rows explained; None without time for one.

    Raises SettingsError when there is no other row to compare with.
    """
    deadline = _Deadline(ends_at, clock)
    if deadline.left <= 0:
        return None
    rows = model.encoder.encode(data)
    part = _exact_part(model)
    if part is not None:
        return _shared(model, part, rows, deadline)
    background = rows if others is None else model.encoder.encode(others)
    most = len(background) - (others is None)
    if most < 1:
        raise SettingsError("There is no other row to compare with. Give more rows, or a table of others.")
    return _replaced(model, rows, background, min(_OTHERS, most), deadline)


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
        others = chosen.take(np.random.default_rng(seed).permutation(len(some)))
        shuffled = _with_column(model, chosen, name, others)
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


def _with_column(model: Model, rows: Encoded, name: str, others: Encoded) -> Encoded:
    """Return rows with the cells of one column taken from as many other rows."""
    matrix = rows.matrix.copy()
    places = [n for n, one in enumerate(model.encoder.features) if one.source == name]
    matrix[:, places] = others.matrix[:, places]
    texts = {column: (others if column == name else rows).texts[column] for column in rows.texts}
    return Encoded(matrix, texts)


def _answers(model: Model, rows: Encoded) -> Floats:
    scores = model.scores(rows)
    if not model.labels:
        return scores[:, None]
    return scores[:, 1:] if len(model.labels) == 2 else scores


def _shared(model: Model, part: FoldModel, rows: Encoded, deadline: _Deadline) -> LocalExplanation | None:
    """Return exact shares, of as many rows as the time allows."""
    found: list[Floats] = []
    method, start, portion, took = "", 0, _FIRST_ROWS, 0.0
    while start < len(rows) and 2 * took < deadline.left:
        started = deadline.clock()
        raw, method = _contributions(part, rows.take(slice(start, start + portion)))
        took = deadline.clock() - started
        found.append(raw)
        start, portion = start + portion, 2 * portion
    if not found:
        return None
    raw = np.concatenate(found)
    names = tuple(model.feature_names)
    shares = np.zeros((len(raw), len(names), raw.shape[2]))
    place = {name: n for n, name in enumerate(names)}
    for feature, sources in enumerate(part.preparation.sources):
        for source in sources:
            shares[:, place[source]] += raw[:, feature] / len(sources)
    return LocalExplanation(method, names, shares, raw[:, -1])


def _replaced(
    model: Model, rows: Encoded, background: Encoded, others: int, deadline: _Deadline
) -> LocalExplanation | None:
    """Replace each cell by those of other rows, and take the mean change of the answer."""
    names = tuple(model.feature_names)
    first = rows.take(slice(1))
    _answers(model, first)  # reads what is read on first use: not part of what a call takes
    one_s = deadline.timed(lambda: _answers(model, first))[1]
    if deadline.left < one_s:
        return None
    answers, all_s = deadline.timed(lambda: _answers(model, rows))
    row_s = max(all_s - one_s, 0.1 * all_s, 1e-9) / len(rows)
    # Rows, each as often as it has others, that one call for every column may have.
    fitting = min(len(rows) * others, (deadline.left / (_SPARE * len(names)) - one_s) / row_s)
    others = min(others, max(_FEW_OTHERS, int(fitting // len(rows))))
    count = min(len(rows), int(fitting // others))
    if count < 1:
        return None
    rows, answers = rows.take(slice(count)), answers[:count]
    shares = np.zeros((count, len(names), answers.shape[1]))
    for moved_from in _portions(count, len(background), others):
        repeated, other = rows.take(np.arange(len(moved_from)) % count), background.take(moved_from)
        for place, name in enumerate(names):
            if deadline.left <= 0:
                return None
            moved = _answers(model, _with_column(model, repeated, name, other)).reshape(-1, *answers.shape)
            shares[:, place] += (answers - moved).sum(axis=0) / others
    return LocalExplanation("permutation", names, shares, answers - shares.sum(axis=1), others)


def _portions(rows: int, background: int, others: int) -> list[Rows]:
    """Return which rows of the background stand in for `rows`, turn after turn, cut where one call has enough.

    Turns are spread over the background; of rows that are their own background none stands in for itself.
    """
    step, together = max(1, background // (others + 1)), max(1, _AT_ONCE // rows)
    turns = [(np.arange(rows) - turn * step) % background for turn in range(1, others + 1)]
    return [np.concatenate(turns[start : start + together]) for start in range(0, others, together)]
