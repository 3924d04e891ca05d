"""Which candidate is fitted next, for how long, and when it is given up. Reads one clock and holds no process.

Two modes. By the clock: configurations that do not fit into what is left are passed over for cheaper ones, learners are
told how many seconds they have, a candidate that is hopeless after two folds is stopped, and the search goes on until
the time for closing is reached. By trials (`is_repeatable`): nothing depends on the clock but the final deadline, and
the search proposes in rounds, each seeing the whole round before it, so that the seed alone decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .candidates import Candidate, finished, primary_of
from .clocks import Speeds, rows_of_fold
from .learners import LEARNERS
from .metrics import is_better, loss_of
from .observer import Observer, Progress
from .pool import Workers
from .portfolio import Entry
from .problem import Problem
from .search import SPACES, LocalSearch
from .settings import Limits
from .worker import Fit, Fitted

__all__ = ["Scheduler"]

# Share of what is left (over all workers) that one candidate may plan to take.
_SHARE = 0.35
# Time beyond its allowance after which a worker is ended by force: featurisation, predicting, a busy machine.
_GRACE, _GRACE_S = 2.0, 3.0
# A race is lost when the loss is this much above the best on the same folds, and beyond three standard errors.
_HOPELESS = 1.25
_RACE_FOLDS = 2
# Proposals of a round in the repeatable mode: the same for any number of cores.
_ROUND = 4
# On a busy machine the search leaves up to so much more of the time for closing.
_MOST_SOONER = 0.5
# Families that are searched around at a time: first those whose best loss is at most this much above the best of all,
# once they have nothing new the others; and whose turn it is. An ensemble gains by a second family, but the best one
# gains most by being searched.
_FAMILIES, _NEAR = 3, 1.15
_TURNS = (0, 1, 0, 2)


@dataclass
class Scheduler:
    """One run over one problem."""

    problem: Problem
    entries: Sequence[Entry]
    workers: Workers
    limits: Limits
    # When the search has to end, on `clock`; closing comes after it. On a busy machine closing takes longer, and the
    # search ends sooner, by up to half of `closing_s`.
    ends_at: float
    observer: Observer
    is_repeatable: bool = False
    is_cancelled: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    closing_s: float = 0.0
    speeds: Speeds = field(default_factory=Speeds)
    candidates: list[Candidate] = field(default_factory=list[Candidate])
    best: Candidate | None = None
    # Keeps a candidate that begins or ends, so that a killed run can go on.
    keep: Callable[[Candidate], None] = lambda one: None
    # Why it ended, for the record.
    reason: str = ""
    _searches: list[LocalSearch] = field(default_factory=list[LocalSearch])
    # Places of the searches that still have something new, in the order of their families.
    _live: list[int] = field(default_factory=list[int])
    _waiting: list[Entry] = field(default_factory=list[Entry])
    _running: dict[tuple[int, int], float] = field(default_factory=dict[tuple[int, int], float])
    _started_at: float = 0.0
    _said_at: float = 0.0

    def run(self) -> list[Candidate]:
        """Fit candidates until a limit is reached; return all that were begun.

        Those that were there before (of a run that was cut off) count as tried; the ones without a state are fitted.
        """
        self._started_at = self.clock()
        tried = [one.entry for one in self.candidates]
        self._waiting = [one for one in self.entries if one not in tried]
        while not self._is_over():
            while self.workers.idle and self._start_one():
                pass
            if not self._running:
                if self.speeds.busy > 1.0 and not self.reason:
                    self.speeds.busy = 1.0  # a moment's stall is not how it stays
                    continue
                self.reason = self.reason or "nothing is left that fits into the time"
                break
            for done in self.workers.wait(self._patience()):
                self._take(done.key, done.value, done.error)
            self._say()
        self._stop_all()
        return self.candidates

    # ---- starting -------------------------------------------------------------------------------------------------

    def _start_one(self) -> bool:
        """Start one fold of a candidate; tell whether there was one."""
        if self.clock() >= self._end():
            return False
        for candidate in self.candidates:
            if candidate.state is None and candidate.next_fold < candidate.folds:
                return self._start_fold(candidate)
        candidate = self._next_candidate()
        return candidate is not None and self._start_fold(candidate)

    def _start_fold(self, candidate: Candidate) -> bool:
        fold = candidate.next_fold
        candidate.next_fold += 1
        seconds = None if self.is_repeatable else self._allowance(candidate)
        limit = self._limit(candidate, seconds)
        entry = candidate.entry
        task = Fit(
            entry.algorithm,
            entry.prepared,
            entry.parameters,
            fold,
            self.problem.seed + candidate.number,
            seconds,
            candidate.path(fold),
        )
        self._running[candidate.number, fold] = self.clock()
        self.workers.start((candidate.number, fold), task, limit)
        return True

    def _next_candidate(self) -> Candidate | None:
        most = self.limits.max_trials
        if most is not None and len(self.candidates) >= most:
            self.reason = f"max_trials {most} is reached"
            return None
        if self._waits_for_round():
            return None
        entry = self._next_of_portfolio()
        if entry is not None:
            return self._begin(entry, None)
        return self._next_of_search()

    def _waits_for_round(self) -> bool:
        """Whether a whole round has to end before the next one: it may reach exit_score, whoever is first to end."""
        is_full = len(self.candidates) % _ROUND == 0
        unsettled = any(one.state is None for one in self.candidates)
        return self.is_repeatable and self.limits.exit_score is not None and is_full and unsettled

    def _begin(self, entry: Entry, asked: tuple[int, int] | None) -> Candidate:
        candidate = Candidate(len(self.candidates), entry, len(self.problem.splits), asked=asked)
        self.candidates.append(candidate)
        self.keep(candidate)
        return candidate

    def _next_of_portfolio(self) -> Entry | None:
        """Return the first configuration that fits into what is left. The others stay: estimates get better."""
        if self.is_repeatable or not self.candidates:
            return self._waiting.pop(0) if self._waiting else None
        for place, entry in enumerate(self._waiting):
            if self._fits(entry):
                return self._waiting.pop(place)
        return None

    def _next_of_search(self) -> Candidate | None:
        if self.is_repeatable and any(one.state is None for one in self.candidates):
            return None  # a round sees all of the round before it
        made: Candidate | None = None
        for _ in range(_ROUND if self.is_repeatable else 1):
            candidate = self._propose()
            made = made or candidate
        return made

    def _propose(self) -> Candidate | None:
        most = self.limits.max_trials
        if most is not None and len(self.candidates) >= most:
            return None
        turn, misfits = len(self.candidates), 0
        while misfits < len(_TURNS) and (self._live or self._search_more()):
            number = _TURNS[turn % len(_TURNS)]
            turn += 1
            if number >= len(self._live):
                continue
            place = self._live[number]
            found = self._searches[place].ask()
            if found is None:
                # What it has asked for may still move it.
                if any(one.state is None and one.asked and one.asked[0] == place for one in self.candidates):
                    misfits += 1
                else:
                    self._live.remove(place)
            elif self.is_repeatable or self._fits(found[1]):
                return self._begin(found[1], (place, found[0]))
            else:
                self._searches[place].tell(found[0], float("inf"))
                misfits += 1
        return None

    def _search_more(self) -> bool:
        """Start a search around the best configuration of each of the next families; tell whether there was one."""
        metric = self.problem.metric
        ordered = finished(self.candidates, metric)
        near = [one for one in ordered if loss_of(metric, one.score) <= _NEAR * loss_of(metric, ordered[0].score)]
        for choice in (near, ordered) if not self._searches else (ordered,):
            searched = {_family(one.start) for one in self._searches}
            for one in choice:
                # What has nothing to be searched chooses its own numbers.
                if one.entry.algorithm not in SPACES or _family(one.entry) in searched or len(self._live) == _FAMILIES:
                    continue
                searched.add(_family(one.entry))
                random = np.random.default_rng([self.problem.seed, len(self._searches)])
                self._live.append(len(self._searches))
                self._searches.append(LocalSearch(one.entry, loss_of(metric, one.score), random))
            if self._live:
                return True
        return False

    # ---- time -----------------------------------------------------------------------------------------------------

    def _end(self) -> float:
        """Return when the search ends as busy as the machine is now."""
        return self.ends_at - self.closing_s * min(_MOST_SOONER, 0.1 * (self.speeds.busy - 1.0))

    def _left(self) -> float:
        return max(0.0, self._end() - self.clock())

    def _expected(self, entry: Entry) -> float:
        return self.speeds.expected_s(entry, self.problem, rows_of_fold(self.problem))

    def _fits(self, entry: Entry) -> bool:
        """Tell whether all folds of a configuration fit into what is left, beside what already runs.

        Learners that stop by the clock fit into less than they would like; half of it is still a good model.
        """
        folds = len(self.problem.splits)
        waves = -(-folds // self.workers.size)
        need = self._expected(entry) * (0.5 if not LEARNERS[entry.algorithm].refits else 1.0)
        return need * waves <= self._left() and need * folds <= 0.6 * self._left() * self.workers.size

    def _allowance(self, candidate: Candidate) -> float:
        """Return the seconds that one fold of a candidate should take at most."""
        folds = candidate.folds
        share = _SHARE if candidate.number else _SHARE / 2  # the first one is an answer at once
        allowed = share * self._left() * min(self.workers.size, folds) / folds
        trial = self.limits.trial_timeout_s
        if trial is not None:
            allowed = min(allowed, trial * min(self.workers.size, folds) / folds)
        return max(0.2, min(allowed, self._left()))

    def _limit(self, candidate: Candidate, seconds: float | None) -> float:
        """Return the seconds after which a fold is ended by force."""
        trial = self.limits.trial_timeout_s
        hard = self._left() + _GRACE_S  # the end of the run stops it before
        if trial is not None:
            hard = min(hard, trial)
        if seconds is not None:
            hard = min(hard, seconds * (1 + _GRACE) + _GRACE_S)
        return hard

    def _patience(self) -> float:
        return max(0.01, min(1.0, self._left()))

    # ---- results --------------------------------------------------------------------------------------------------

    def _take(self, key: tuple[int, int], value: Any, error: str | None) -> None:
        self._running.pop(key, None)
        candidate = self.candidates[key[0]]
        if candidate.state is not None:
            return
        if error is not None:
            self._settle(candidate, "failed", error)
            return
        fitted: Fitted = value
        rows = self.problem.splits[key[1]].valid
        candidate.fitted[key[1]] = fitted
        candidate.scores[key[1]] = primary_of(self.problem, fitted.predicted, rows)
        self.speeds.learn(candidate.entry, self.problem, rows_of_fold(self.problem), fitted.fit_s, fitted.cpu_s)
        if candidate.is_complete:
            self._settle(candidate, "completed", None)
        elif self._is_hopeless(candidate):
            self._settle(candidate, "stopped", "stopped early: hopeless on the first folds against the best candidate")

    def _settle(self, candidate: Candidate, state: Any, error: str | None) -> None:
        """Settle a candidate, and stop what still runs of it."""
        candidate.state, candidate.error = state, error
        candidate.next_fold = candidate.folds
        for key in [key for key in self._running if key[0] == candidate.number]:
            self.workers.stop(key)
            del self._running[key]
        if candidate.asked is not None:
            loss = loss_of(self.problem.metric, candidate.score) if state == "completed" else float("inf")
            self._searches[candidate.asked[0]].tell(candidate.asked[1], loss)
        self.keep(candidate)
        row = candidate.row(self.problem)
        self.observer.on_candidate(row)
        if state == "completed" and self._is_best(candidate):
            self.best = candidate
            self.observer.on_best(row)

    def _is_best(self, candidate: Candidate) -> bool:
        if not np.isfinite(candidate.score):
            return False
        return self.best is None or is_better(self.problem.metric, candidate.score, self.best.score)

    def _is_hopeless(self, candidate: Candidate) -> bool:
        """Tell whether a candidate lost the race on the folds that it has."""
        if self.is_repeatable or not self.limits.enable_early_termination or self.best is None:
            return False
        if len(candidate.scores) < _RACE_FOLDS:
            return False
        metric = self.problem.metric
        pairs = [(loss_of(metric, s), loss_of(metric, self.best.scores[f])) for f, s in candidate.scores.items()]
        gaps = np.array([mine - best for mine, best in pairs])
        noise = gaps.std(ddof=1) / np.sqrt(len(gaps))
        mine, best = np.mean([one for one, _ in pairs]), np.mean([one for _, one in pairs])
        return bool(mine > _HOPELESS * best and gaps.mean() > 3 * noise)

    # ---- the end --------------------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        if self.is_cancelled():
            self.reason = "it was cancelled"
        elif self.clock() >= self._end():
            self.reason = "the time is over"
        elif self._has_reached_exit():
            self.reason = f"exit_score {self.limits.exit_score:g} is reached"
        else:
            return False
        return True

    def _has_reached_exit(self) -> bool:
        """Tell whether a candidate is good enough; in the repeatable mode, once those of its round have ended too."""
        exit_score = self.limits.exit_score
        if exit_score is None or (self.is_repeatable and not self._is_between_rounds()):
            return False
        metric = self.problem.metric
        done = (one for one in self.candidates if one.state == "completed")
        return any(not is_better(metric, exit_score, one.score) for one in done)

    def _is_between_rounds(self) -> bool:
        is_full = len(self.candidates) % _ROUND == 0 or len(self.candidates) == self.limits.max_trials
        return is_full and all(one.state is not None for one in self.candidates)

    def _stop_all(self) -> None:
        for key in list(self._running):
            self.workers.stop(key)
        self._running.clear()
        for candidate in self.candidates:
            if candidate.state is None:
                candidate.state, candidate.error = "stopped", f"not finished: {self.reason}"
                self.observer.on_candidate(candidate.row(self.problem))

    def _say(self) -> None:
        now = self.clock()
        if now - self._said_at < 1.0:
            return
        self._said_at = now
        budget = self.ends_at - self._started_at
        ended = sum(one.state is not None for one in self.candidates)
        row = self.best.row(self.problem) if self.best else None
        self.observer.on_progress(Progress(now - self._started_at, budget, ended, len(self._running), row))


def _family(entry: Entry) -> str:
    return f"{entry.algorithm}/{entry.prepared}"
