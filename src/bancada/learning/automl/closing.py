"""The end of a run: ensembles of what was fitted, final fits on all rows, and the model made of them.

It has a reserved part of the time, and each step checks what is left: without time for a final fit the mean of the
folds' models stands for it.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import Floats, Rows
from .candidates import Candidate, decide, finished, metrics_of, name_of, primary_of
from .clocks import Speeds
from .columns import Column
from .ensemble import Selection, select, weighted_mean
from .learners import LEARNERS
from .learners.costs import answering
from .metrics import loss_of, score_of
from .model import Member, Model, member_of, stacked
from .observer import Row
from .pool import Workers
from .problem import Problem
from .settings import META_LEARNERS, Settings
from .thrift import AS_GOOD_HALVED, AS_GOOD_ONCE, too_slow, without_dear
from .worker import Blend, Blended, Fit, FoldModel

__all__ = ["Chosen", "Closing", "assemble", "stack_learner"]

# Candidates that an ensemble may take from, and how many of one family: a search leaves many near copies of its best,
# and the luckiest of them on these rows are no better on others.
_MOST_MEMBERS, _ALIKE = 25, 5
_STACKED, _STACKED_ALIKE = 8, 2
# Rows that rank metrics are computed on while weights are chosen.
_MOST_ROWS = 10_000
# Microseconds for a row that features of pairs take, made anew for each fold, beside a model's own: measured with 128
# features of 28 columns.
_PAIRED_US = 4.0
# Networks that a member is the mean of, each as slow as a few hundred trees: on ten tuned sets ensembles with half of
# their networks had 1.0003 times the error, and took a quarter less time.
_MOST_NETWORKS = 4
# Up to so many folds the models of the folds are given up for a fit on all rows.
_FEW_FOLDS = 3
# Rounds of a final fit, relative to the mean of the folds: it has more rows.
_MORE_ROUNDS = 1.1


@dataclass(frozen=True)
class Chosen:
    """A model in terms of candidates: one, or a mean or a stack of some."""

    row: Row
    # Candidate -> weight.
    weights: Mapping[int, float]
    # Out-of-fold predictions, fold after fold.
    predicted: Floats
    # Where the learnt combination lies, for a stack.
    stack: str | None = None
    stack_scale: tuple[float, float] = (0.0, 1.0)


@dataclass
class Closing:
    """What is left to do once the search is over."""

    problem: Problem
    settings: Settings
    columns: Sequence[Column]
    folder: Path
    workers: Workers
    speeds: Speeds
    # On `clock`: ensembles are chosen before the first, final fits end before the second.
    ends_at: float
    is_repeatable: bool
    # Whether a hold-out, if there is one, was our choice: its rows are then learnt from at the end.
    is_split_ours: bool = True
    clock: Callable[[], float] = time.monotonic
    # Fits on all rows that worked, by candidate.
    whole: set[int] = field(default_factory=set[int])
    # Ensembles that could not be made.
    failed: list[Row] = field(default_factory=list[Row])

    def choose(self, candidates: Sequence[Candidate]) -> list[Chosen]:
        """Return what may become the model, best first: the best candidate, a vote, a stack."""
        ordered = finished(candidates, self.problem.metric)
        if not ordered:
            return []
        best = ordered[0]
        found = [Chosen(best.row(self.problem), {best.number: 1.0}, best.predicted())]
        training = self.settings.training
        number = len(candidates)
        if training.enable_vote_ensemble and len(ordered) > 1:
            found.append(self._vote(_diverse(ordered, _MOST_MEMBERS, _ALIKE), number))
            number += 1
        if training.enable_stack_ensemble and len(ordered) > 2 and len(self.problem.splits) > 1 and self._has_time(0.5):
            # A stack of near copies learns their noise.
            stack = self._stack(_diverse(ordered, _STACKED, _STACKED_ALIKE), number)
            found += [stack] if stack else []
        metric = self.problem.metric
        return sorted(found, key=lambda one: loss_of(metric, float("nan") if one.row.score is None else one.row.score))

    def refit(self, chosen: Chosen, candidates: Sequence[Candidate]) -> None:
        """Fit on all rows those members that gain by it, as far as the time goes."""
        waiting = [candidates[number] for number, _ in sorted(chosen.weights.items(), key=lambda one: -one[1])]
        once = self._once(waiting)
        waiting = [one for one in waiting if one.number in once]
        running: dict[int, float] = {}
        while waiting or running:
            while waiting and self.workers.idle:
                candidate = waiting.pop(0)
                if self.is_repeatable or self._has_time(self._expected(candidate)):
                    self._start(candidate)
                    running[candidate.number] = self.clock()
            if not running:
                return
            left = self.ends_at - self.clock()
            if left <= 0:
                break
            for done in self.workers.wait(max(0.01, min(0.5, left))):
                running.pop(done.key[1], None)
                if done.error is None:
                    self.whole.add(done.key[1])
        for number in running:
            self.workers.stop(("all", number))

    def model(self, chosen: Chosen, candidates: Sequence[Candidate]) -> Model:
        """Return the model."""
        members = [candidates[number] for number in chosen.weights]
        # There was no time to fit some of them once.
        slow = self._too_slow([one for one in members if one.number not in self.whole], AS_GOOD_HALVED, 2)
        folds = {one.number: [None] if one.number in self.whole else _averaged(one, slow) for one in members}
        return assemble(self.problem, self.columns, self.folder, chosen, candidates, folds, self.settings)

    # ---- ensembles ------------------------------------------------------------------------------------------------

    def _vote(self, ordered: Sequence[Candidate], number: int) -> Chosen:
        predictions = [one.predicted() for one in ordered]
        positions = self.problem.positions()
        some = _some_rows(len(positions), self.problem.seed)
        selection = Selection(
            [one[some] for one in predictions],
            _selection_loss(self.problem, positions[some]),
            float("inf") if self.is_repeatable else time.monotonic() + 0.3 * self._left(),
            self.problem.seed,
        )
        weights = self._thrifty(select(selection), ordered, selection)
        members = {one.number: float(w) for one, w in zip(ordered, weights, strict=True) if w > 0}
        # Its weights were chosen on the rows that score it, as the best candidate was chosen by its own score. A stack
        # is scored on rows that it has not seen: it has to win against that.
        predicted = weighted_mean(predictions, weights)
        return Chosen(self._row("VotingEnsemble", number, members, ordered, predicted), members, predicted)

    def _thrifty(self, weights: Floats, ordered: Sequence[Candidate], selection: Selection) -> Floats:
        """Leave members out that cost more than they give, at the price that they will have in the model."""
        chosen = [one for one, weight in zip(ordered, weights, strict=True) if weight]
        once = self._once(chosen)
        costs = [self._answering_us(one) / (len(_averaged(one)) if one.number in once else 1) for one in ordered]
        inside = np.arange(selection.rows)
        return without_dear(
            weights,
            np.array(costs),
            lambda some: selection.loss(weighted_mean(selection.predictions, some), inside),
        )

    def _stack(self, ordered: Sequence[Candidate], number: int) -> Chosen | None:
        classes = self.problem.classes
        positions = self.problem.positions()
        target = self.problem.target[positions]
        scale = (0.0, 1.0) if classes else (float(target.mean()), float(target.std()) or 1.0)
        training = self.settings.training
        learner = stack_learner(self.settings)
        path = f"models/stack_{number}.pkl"
        weights = None if self.problem.weights is None else self.problem.weights[positions]
        x = stacked([one.predicted() for one in ordered], classes, scale)
        task = Blend(
            learner,
            training.stack_meta_learner_kwargs,
            x,
            target,
            weights,
            classes,
            _fold_numbers(self.problem),
            positions,
            self.problem.seed,
            path,
        )
        self.workers.start("stack", task, max(0.2, self._left() * 0.5))
        end = self.clock() + max(0.2, self._left() * 0.5) + 0.5
        while self.clock() < end:
            for done in self.workers.wait(0.2):
                if done.key == "stack":
                    if done.error is not None:
                        options = {"meta_learner": learner, **training.stack_meta_learner_kwargs}
                        name = "StackEnsemble"
                        self.failed.append(Row(number, name, name, "failed", options, error=done.error))
                        return None
                    value: Blended = done.value
                    members = {one.number: 1.0 / len(ordered) for one in ordered}
                    row = self._row("StackEnsemble", number, members, ordered, value.predicted, learner)
                    return Chosen(row, members, value.predicted, path, scale)
        self.workers.stop("stack")
        return None

    def _row(
        self,
        name: str,
        number: int,
        members: Mapping[int, float],
        ordered: Sequence[Candidate],
        predicted: Floats,
        learner: str | None = None,
    ) -> Row:
        by_fold, start = dict[int, Floats](), 0
        for fold, split in enumerate(self.problem.splits):
            by_fold[fold] = predicted[start : start + len(split.valid)]
            start += len(split.valid)
        scores = [primary_of(self.problem, one, self.problem.splits[fold].valid) for fold, one in by_fold.items()]
        inside = [one for one in ordered if one.number in members]
        error = float(np.std(scores, ddof=1) / np.sqrt(len(scores))) if len(scores) > 1 else None
        rows = [one.row(self.problem) for one in inside]
        return Row(
            number,
            name,
            name,
            "completed",
            {"members": len(members), **({"meta_learner": learner} if learner else {})},
            float(np.mean(scores)),
            error,
            metrics_of(self.problem, by_fold),
            len(scores),
            sum(one.fit_s for one in rows),
            sum(one.predict_s for one in rows),
            sum(one.size_bytes for one in rows),
            {f"{one.number} {one.name}": members[one.number] for one in rows},
        )

    # ---- final fits -----------------------------------------------------------------------------------------------

    def _wants_refit(self, candidate: Candidate) -> bool:
        """Learners without early stopping are fitted on all rows; the others when the folds are few, or see `thrift`.

        Three models of two thirds of the rows are no better than one of all rows; eight of seven eighths are.
        """
        is_few = len(self.problem.splits) <= _FEW_FOLDS and (self.is_split_ours or len(self.problem.splits) > 1)
        return LEARNERS[candidate.entry.algorithm].refits or is_few

    def _once(self, members: Sequence[Candidate]) -> set[int]:
        """Return members that are fitted once on all rows: they gain by it, or as means they answer too slowly."""
        gaining = {one.number for one in members if self._wants_refit(one)}
        means = [one for one in members if one.number not in gaining]
        return gaining | self._too_slow(means, AS_GOOD_ONCE, len(self.problem.splits))

    def _too_slow(self, members: Sequence[Candidate], families: Sequence[str], divisor: int) -> set[int]:
        """Return those of some families that answer too slowly as means over their folds; what is done divides that."""
        alike = {one.number: self._answering_us(one) for one in members if one.entry.algorithm in families}
        return too_slow(alike, divisor)

    def _answering_us(self, one: Candidate) -> float:
        """Return what a member takes for a row as a mean over its folds."""
        entry, columns = one.entry, max(1, self.problem.columns)
        rounds = int(np.mean([fitted.rounds for fitted in one.fitted.values()]))
        rows, classes = len(self.problem.target), self.problem.classes
        cost = answering(entry.algorithm, rows, columns, classes, entry.parameters, rounds)
        return (cost + (_PAIRED_US if entry.prepared == "paired" else 0.0)) * len(_averaged(one))

    def _expected(self, candidate: Candidate) -> float:
        measured = float(np.mean([one.fit_s for one in candidate.fitted.values()]))
        return measured * 1.3 * len(self.problem.target) / max(1, len(self.problem.splits[0].train))

    def _start(self, candidate: Candidate) -> None:
        rounds = [one.rounds for one in candidate.fitted.values()]
        entry = candidate.entry
        task = Fit(
            entry.algorithm,
            entry.prepared,
            entry.parameters,
            None,
            self.problem.seed + candidate.number,
            None if self.is_repeatable else max(0.2, self._left()),
            candidate.path(None),
            round(_MORE_ROUNDS * float(np.mean(rounds))) if any(rounds) else None,
        )
        self.workers.start(("all", candidate.number), task, max(0.2, self._left()))

    def _left(self) -> float:
        return self.ends_at - self.clock()

    def _has_time(self, seconds: float) -> bool:
        return self._left() > seconds


def stack_learner(settings: Settings) -> str:
    """Return what combines the members of a stack: the meta learner that was asked for, or the task's first one."""
    return settings.training.stack_meta_learner_type or META_LEARNERS[settings.task][0]


def assemble(
    problem: Problem,
    columns: Sequence[Column],
    folder: Path,
    chosen: Chosen,
    candidates: Sequence[Candidate],
    folds: Mapping[int, Sequence[int | None]],
    settings: Settings,
) -> Model:
    """Read the members' files and put the model together: of each the given folds, None for the fit on all rows."""
    seen: dict[tuple[str, int | None], FoldModel] = {}
    members = [
        _member(folder, candidates[number], weight, folds[number], seen) for number, weight in chosen.weights.items()
    ]
    stack: Any = None
    if chosen.stack:
        with open(folder / chosen.stack, "rb") as file:
            stack = pickle.load(file)
    return Model(
        problem.encoder,
        columns,
        members,
        problem.labels,
        problem.emphasis,
        problem.floor,
        stack,
        chosen.stack_scale,
        settings.target_column_name,
    )


def _member(
    folder: Path,
    candidate: Candidate,
    weight: float,
    folds: Sequence[int | None],
    seen: dict[tuple[str, int | None], FoldModel],
) -> Member:
    parts: list[FoldModel] = []
    for fold in folds:
        with open(folder / candidate.path(fold), "rb") as file:
            part: FoldModel = pickle.load(file)
        # Members with the same features share one preparation, which then runs once for a prediction.
        key = (candidate.entry.prepared, None if part.preparation.is_plain else fold if fold is not None else -1)
        part.preparation = seen.setdefault(key, part).preparation
        parts.append(part)
    return member_of(name_of(candidate.entry), weight, parts)


def _averaged(candidate: Candidate, slow: Set[int] = frozenset()) -> list[int | None]:
    """Return the folds whose models a member is the mean of: all, of networks and slow members some that lie apart."""
    folds = sorted(candidate.fitted)
    most = -(-len(folds) // 2) if candidate.number in slow else len(folds)
    if candidate.entry.algorithm == "NeuralNetwork":
        most = min(most, _MOST_NETWORKS)
    return [folds[place * len(folds) // most] for place in range(most)]


def _diverse(ordered: Sequence[Candidate], most: int, alike: int) -> list[Candidate]:
    """Return the best candidates, with a limit for those of one family."""
    counts: dict[str, int] = {}
    found: list[Candidate] = []
    for one in ordered:
        counts[one.entry.algorithm] = counts.get(one.entry.algorithm, 0) + 1
        if counts[one.entry.algorithm] <= alike and len(found) < most:
            found.append(one)
    return found


def _some_rows(count: int, seed: int) -> Rows:
    if count <= _MOST_ROWS:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:_MOST_ROWS])


def _fold_numbers(problem: Problem) -> Rows:
    return np.concatenate([np.full(len(split.valid), fold) for fold, split in enumerate(problem.splits)])


def _selection_loss(problem: Problem, positions: Rows) -> Callable[[Floats, Rows], float]:
    """Return the loss of a mean: the primary metric's, and a little log loss where the metric moves in steps."""
    truth = problem.target[positions]
    codes = truth.astype(np.int64)
    steps = problem.metric in ("accuracy", "norm_macro_recall", "precision_score_weighted")

    def loss(predicted: Floats, rows: Rows) -> float:
        weights = None if problem.weights is None else problem.weights[positions[rows]]
        if not problem.classes:
            value = score_of(problem.metric, truth[rows], predicted, bounds=problem.bounds, weights=weights)
            return loss_of(problem.metric, value)
        decided = decide(predicted, problem.emphasis)
        value = score_of(problem.metric, codes[rows], predicted, decided=decided, weights=weights)
        more = 0.02 * score_of("log_loss", codes[rows], predicted, weights=weights) if steps else 0.0
        return loss_of(problem.metric, value) + more

    return loss
