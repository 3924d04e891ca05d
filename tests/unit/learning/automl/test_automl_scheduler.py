"""The scheduler with workers and a clock that are not real: what it starts, for how long, and when it ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bancada.learning.automl.candidates import Candidate
from bancada.learning.automl.columns import columns_of
from bancada.learning.automl.describing import charts_of, half_done
from bancada.learning.automl.featurize.encode import Encoder
from bancada.learning.automl.folds import k_folds
from bancada.learning.automl.frame import frame_of
from bancada.learning.automl.observer import Silent
from bancada.learning.automl.pool import Done
from bancada.learning.automl.portfolio import Entry, portfolio
from bancada.learning.automl.problem import Problem
from bancada.learning.automl.scheduler import Scheduler
from bancada.learning.automl.search import SPACES, Dimension, LocalSearch
from bancada.learning.automl.settings import ALGORITHMS, EXTENSIONS, Featurization, Limits
from bancada.learning.automl.worker import Fitted

ROWS, FOLDS = 200, 5
X = np.random.default_rng(0).random(ROWS)
FAST, SLOW, BAD, BROKEN = (Entry("ElasticNet", {"alpha": a}) for a in (0.1, 0.2, 0.3, 0.4))


def problem() -> Problem:
    frame = frame_of({"x": X})
    encoder = Encoder.of(columns_of(frame, Featurization()), frame)
    splits = k_folds(X, 0, FOLDS, seed=0)
    return Problem(
        "regression",
        "normalized_root_mean_squared_error",
        encoder,
        Featurization(),
        (),
        encoder.encode(frame),
        X,
        None,
        splits,
        0,
        (0.0, 1.0),
        None,
        None,
    )


class Workers:
    """Workers on a clock of their own: each task takes what `seconds` says and has the noise that `noise` says."""

    def __init__(self, one, seconds, noise, size=2, order=1):
        self.problem, self.seconds, self.noise, self.size, self.order = one, seconds, noise, size, order
        self.now = 0.0
        self.running = {}
        self.started = []
        self.stopped = []

    @property
    def idle(self):
        return self.size - len(self.running)

    def start(self, key, task, limit_s):
        self.started.append((self.now, key, task, limit_s))
        self.running[key] = (self.now + min(self.seconds(task), limit_s), self.seconds(task) > limit_s, task)

    def stop(self, key):
        self.stopped.append(key)
        self.running.pop(key, None)

    def wait(self, seconds):
        if not self.running:
            self.now += seconds
            return []
        key = min(self.running, key=lambda k: (self.running[k][0], self.order * k[0], k[1]))
        end, late, task = self.running[key]
        if end > self.now + seconds:
            self.now += seconds
            return []
        self.now = max(self.now, end)
        del self.running[key]
        if late:
            return [Done(key, error="it took longer than its time and was ended")]
        noise = self.noise(task)
        if noise is None:
            return [Done(key, error="it crashed")]
        truth = self.problem.target[self.problem.splits[key[1]].valid]
        took = self.seconds(task)
        errors = np.where(np.arange(len(truth)) % 2, noise, -noise)
        return [Done(key, Fitted(truth + errors, 10, took, 0.01, 100, took))]


class Told(Silent):
    def __init__(self):
        self.rows, self.best = [], []

    def on_candidate(self, row):
        self.rows.append(row)

    def on_best(self, row):
        self.best.append(row)


def run(entries, seconds=lambda task: 0.1, noise=lambda task: 0.1, budget=20.0, size=2, order=1, limits=None, **more):
    one = problem()
    workers = Workers(one, seconds, noise, size, order)
    told = Told()
    scheduler = Scheduler(one, entries, workers, limits or Limits(), budget, told, clock=lambda: workers.now, **more)
    scheduler.run()
    return scheduler, workers, told


def by_entry(table):
    return lambda task: table[task.parameters["alpha"]]


def test_every_fold_of_every_candidate_is_fitted_and_the_best_is_said():
    scheduler, workers, told = run(
        [SLOW, FAST], noise=by_entry({0.2: 0.2, 0.1: 0.15}), limits=Limits(max_trials=2), is_repeatable=True
    )
    assert [row.state for row in told.rows] == ["completed", "completed"]
    assert sorted(key for _, key, _, _ in workers.started) == [(c, f) for c in (0, 1) for f in range(FOLDS)]
    assert [round(row.score, 3) for row in told.best] == [0.2, 0.15]
    assert scheduler.reason == "max_trials 2 is reached"


def test_it_ends_in_time_and_what_is_unfinished_is_said_to_be():
    scheduler, workers, told = run([FAST, SLOW], seconds=by_entry({0.1: 0.1, 0.2: 30.0}), budget=5.0)
    assert workers.now == pytest.approx(5.0, abs=0.2)
    assert not workers.running
    assert scheduler.best is not None
    assert {row.state for row in told.rows} <= {"completed", "stopped", "failed"}


def test_no_worker_is_idle_while_there_is_time():
    _, workers, _ = run([FAST, SLOW], noise=lambda task: 0.1 + 0.01 * task.parameters["alpha"], budget=10.0)
    busy = sum(min(0.1, 10.0 - at) for at, *_ in workers.started)
    assert busy > 0.9 * 10.0 * workers.size


@pytest.mark.parametrize("far", [0.11, 0.12])
def test_once_the_near_families_have_nothing_new_the_others_are_searched(far):
    """One number makes a linear model: soon all its values were tried, and there is time left."""
    entries = [Entry("LassoLars", {"alpha": 0.001}), Entry("KNN", {"n_neighbors": 5})]
    noise = {"LassoLars": 0.1, "KNN": far}
    scheduler, _, _ = run(entries, noise=lambda task: noise[task.algorithm], budget=60.0)
    tried = [one.entry.algorithm for one in scheduler.candidates]
    assert tried.count("LassoLars") > 10
    assert tried.count("KNN") > 4
    assert len(set(map(repr, (one.entry for one in scheduler.candidates)))) == len(tried)


def test_a_stall_of_the_machine_does_not_end_the_search():
    """A fit that takes long by the clock alone makes all others look too long; they are tried all the same."""

    class Stalled(Workers):
        def wait(self, seconds):
            found = super().wait(seconds)
            took = 100.0 if len(self.started) == 2 * FOLDS else 1.0
            return [Done(one.key, replace(one.value, fit_s=took)) for one in found]

    workers = Stalled(problem(), lambda task: 1.0, lambda task: 0.1, size=1)
    Scheduler(workers.problem, [FAST, SLOW], workers, Limits(), 40.0, Told(), clock=lambda: workers.now).run()
    assert len(workers.started) > 30


def test_a_candidate_that_crashes_costs_one_row():
    _, _, told = run(
        [BROKEN, FAST], noise=by_entry({0.4: None, 0.1: 0.1}), limits=Limits(max_trials=2), is_repeatable=True
    )
    assert [(row.state, row.error) for row in told.rows] == [("failed", "it crashed"), ("completed", None)]


def test_a_hopeless_candidate_is_stopped_after_two_folds():
    _, workers, told = run([FAST, BAD], noise=by_entry({0.1: 0.1, 0.3: 0.9}), size=1, limits=Limits(max_trials=2))
    assert [row.state for row in told.rows] == ["completed", "stopped"]
    assert told.rows[1].folds == 2
    assert len(workers.started) == FOLDS + 2


def test_early_termination_can_be_turned_off():
    limits = Limits(max_trials=2, enable_early_termination=False)
    _, _, told = run([FAST, BAD], noise=by_entry({0.1: 0.1, 0.3: 0.9}), size=1, limits=limits)
    assert [row.folds for row in told.rows] == [FOLDS, FOLDS]


def test_a_configuration_that_does_not_fit_is_passed_over():
    forest = Entry("RandomForest", {"n_estimators": 10_000_000})
    _, workers, _ = run([FAST, forest, SLOW], noise=lambda task: 0.1, budget=5.0)
    assert "RandomForest" not in {task.algorithm for _, _, task, _ in workers.started}
    assert 0.2 in {task.parameters["alpha"] for _, _, task, _ in workers.started}


def test_a_learner_is_told_its_seconds_and_a_trial_has_no_more_than_its_own():
    _, workers, _ = run([FAST], limits=Limits(max_trials=1, trial_timeout_minutes=1 / 60))
    for _, _, task, limit in workers.started:
        assert 0 < task.seconds <= 1.0
        assert limit <= 1.0


def test_exit_score_ends_the_run():
    scheduler, _, told = run(
        [FAST, SLOW], noise=by_entry({0.1: 0.1, 0.2: 0.1}), size=1, limits=Limits(exit_score=0.1001)
    )
    assert scheduler.reason == "exit_score 0.1001 is reached"
    assert len([row for row in told.rows if row.state == "completed"]) == 1


def test_cancelling_keeps_the_best_so_far():
    answers = iter([False] * 12 + [True] * 100)
    scheduler, workers, _ = run([FAST, SLOW], budget=1000.0, is_cancelled=lambda: next(answers))
    assert scheduler.best is not None
    assert scheduler.reason == "it was cancelled"
    assert workers.now < 10


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("order", [1, -1])
def test_limited_by_trials_neither_cores_nor_speed_change_what_is_tried(size, order):
    def noise(task):
        return 0.1 + 0.05 * abs(np.log(task.parameters["alpha"]) + 3)

    limits = Limits(max_trials=14)
    reference, _, _ = run([FAST, SLOW], noise=noise, size=1, limits=limits, is_repeatable=True, budget=1e6)
    random = np.random.default_rng(size)
    scheduler, workers, _ = run(
        [FAST, SLOW], lambda task: random.random(), noise, 1e6, size, order, limits, is_repeatable=True
    )
    assert [one.entry for one in scheduler.candidates] == [one.entry for one in reference.candidates]
    assert [one.score for one in scheduler.candidates] == [one.score for one in reference.candidates]
    assert len(scheduler.candidates) == 14
    assert all(task.seconds is None for _, _, task, _ in workers.started)


@pytest.mark.parametrize("size", [1, 3])
def test_exit_score_in_the_repeatable_mode_takes_the_best_of_the_whole_round(size):
    """The bike lab: the second of three reached it, the third was better, and the job named the second the best."""
    entries = [Entry("ElasticNet", {"alpha": one}) for one in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)]
    table = by_entry({0.1: 0.3, 0.2: 0.1, 0.3: 0.05, 0.4: 0.3, 0.5: 0.01, 0.6: 0.01})
    slow_first = by_entry({0.1: 5.0, 0.2: 9.0, 0.3: 0.1, 0.4: 1.0, 0.5: 0.1, 0.6: 0.1})
    for trials, seen in ((3, 3), (6, 4)):
        limits = Limits(max_trials=trials, exit_score=0.2)
        scheduler, _, told = run(entries, slow_first, table, 1e6, size, limits=limits, is_repeatable=True)
        assert scheduler.best is not None
        assert scheduler.best.number == 2
        assert sorted(row.number for row in told.rows) == list(range(seen))
        assert scheduler.reason == "exit_score 0.2 is reached"


@pytest.mark.parametrize("name", sorted(SPACES))
def test_search_stays_inside_its_space_and_never_repeats(name):
    search = LocalSearch(Entry(name), 1.0, np.random.default_rng(0))
    seen = set()
    for turn in range(40):
        asked = search.ask()
        if asked is None:
            break
        values = tuple(sorted((k, v) for k, v in asked[1].parameters.items()))
        assert values not in seen
        seen.add(values)
        for one in SPACES[name]:
            value = asked[1].parameters[one.name]
            assert value in one.choices if one.choices else one.low <= value <= one.high * 1.0001
        search.tell(asked[0], 1.0 - 0.01 * (turn % 3))


def test_search_finds_the_bottom_of_a_bowl():
    search = LocalSearch(Entry("LightGBM", {"num_leaves": 180, "learning_rate": 0.19}), 1e9, np.random.default_rng(1))
    best = 1e9
    for _ in range(150):
        number, entry = search.ask()
        loss = np.log(entry.parameters["num_leaves"] / 20) ** 2 + np.log(entry.parameters["learning_rate"] / 0.05) ** 2
        best = min(best, loss)
        search.tell(number, loss)
    assert best < 0.15


def test_places_and_values_are_inverse():
    for one in (Dimension("a", 0.001, 10, is_log=True), Dimension("b", -1, 1), Dimension("c", choices=(1, 2, 3))):
        for place in (0.05, 0.5, 0.95):
            assert one.value(one.place(one.value(place))) == one.value(place)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_portfolio_has_every_algorithm_and_begins_with_an_answer_at_once(task):
    names = (*ALGORITHMS[task], *EXTENSIONS[task])
    entries = portfolio(task, names, 500, "positive")
    present = {one.algorithm for one in entries}
    assert present >= set(names) - {"CatBoost", "XGBoostClassifier", "XGBoostRegressor"}
    assert entries[0].algorithm == "LightGBM"
    assert [one.algorithm for one in portfolio(task, ("KNN",), 10**7, "plain")] == ["KNN"]


def test_algorithms_that_were_asked_for_are_each_tried_before_one_is_tried_twice():
    """The bike lab allows two algorithms and three trials: all three were LightGBM."""
    names = ("RandomForest", "LightGBM")
    entries = portfolio("regression", names, 500, "positive", named=names)
    assert {one.algorithm for one in entries[:2]} == set(names)
    rest = portfolio("regression", names, 500, "positive")
    assert len(entries) == len(rest)
    assert all(one in entries for one in rest)


def test_a_target_that_leans_to_large_values_gets_losses_for_counts_early():
    names = (*ALGORITHMS["regression"], *EXTENSIONS["regression"])
    plain = [one.parameters for one in portfolio("regression", names, 500, "plain")]
    leaning = [one.parameters for one in portfolio("regression", names, 500, "never_negative")]
    assert not any(one.get("objective") == "poisson" for one in plain)
    assert any(one.get("objective") == "poisson" for one in leaning[:3])
    # A logarithm of 0 is none.
    assert not any(one.get("target") == "log" for one in leaning)
    assert any(
        one.get("target") == "log" for one in (e.parameters for e in portfolio("regression", names, 500, "positive"))
    )


def test_a_candidate_without_its_first_fold_has_no_charts():
    """Found on a machine so busy that the time was over before fold 0 had come back, but not fold 1."""
    one = problem()
    fitted = Fitted(np.zeros(40), 5, 0.1, 0.1, 10)
    candidate = Candidate(0, FAST, FOLDS, {1: fitted}, {1: 0.3}, "stopped")
    chosen = half_done([candidate], one)
    assert len(chosen.predicted) == 0
    assert charts_of(one, chosen.predicted) == {}
    assert half_done([Candidate(0, FAST, FOLDS)], one) is None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_candidate_has_the_same_digits_however_its_folds_arrive(order):
    one = problem()
    values = (0.1, 0.2, 0.3)
    assert sum(values) != sum(reversed(values))  # a sum that shows the order
    first, other = (Candidate(0, FAST, FOLDS) for _ in range(2))
    for candidate, folds in ((first, (0, 1, 2)), (other, order)):
        for fold in folds:
            count = len(one.splits[fold].valid)
            candidate.fitted[fold] = Fitted(np.full(count, values[fold]), 5, 0.1, 0.1, 10)
            candidate.scores[fold] = values[fold]
        candidate.folds = 3
    assert other.score == first.score
    mine, theirs = other.row(one), first.row(one)
    assert (mine.score, mine.error_of_score, mine.metrics) == (theirs.score, theirs.error_of_score, theirs.metrics)
