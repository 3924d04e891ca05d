"""`fit`: one run from a table to a model. The order of things, and the division of the time; each step is elsewhere."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from . import package
from .arrays import Floats
from .candidates import Candidate, finished
from .checkpoint import restored, write_best, write_candidate, write_leaderboard
from .clocks import Speeds
from .closing import Chosen, Closing, stack_learner
from .codegen import program
from .columns import Column
from .describing import TestTask, charts_of, half_done, members_of, transformations
from .emergency import emergency_model
from .explain import ExplainTask, Explanation
from .guardrails import GuardRail
from .intake import Intake, take_in
from .learners import LEARNERS, is_installed
from .metrics import loss_of
from .model import Model
from .observer import Observer, Progress, Row, Silent
from .pool import Pool, Workers
from .portfolio import Entry, Shape, portfolio
from .problem import Problem
from .result import Result
from .scheduler import Scheduler
from .settings import Settings, SettingsError

__all__ = ["fit"]

# Share of the time for the end (ensembles, final fits, explanations), and its bounds in seconds.
# With a hold-out of our own the chosen models are fitted again on all rows, which takes as long as they did.
_CLOSING, _HELD_OUT_CLOSING, _LEAST_CLOSING_S, _MOST_CLOSING_S = 0.12, 0.22, 2.0, 60.0
# Families that should fit into the time with all folds before more folds are worth their price, and their share of it.
_PLANNED = ("LightGBM", "ExtremeRandomTrees")
_PLANNED_SHARE = 0.25
# Rows above which folds no longer pay: a hold-out of their size tells candidates apart.
_MOST_FOLDED = 200_000
# Candidates that a limit in trials may ask for and still be planned without a clock.
_REPEATABLE_SHARE = 0.5
# A target whose mean is so much above its median leans to large values.
_LEANING = 1.05
# Memory that is left to the rest of the machine.
_SPARE_BYTES = 500 * 2**20


def fit(
    data: Any,
    settings: Settings,
    *,
    validation_data: Any = None,
    test_data: Any = None,
    observer: Observer | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
    folder: Path | None = None,
    resume: bool = False,
) -> Result:
    """Find the best model of a table's target.

    `data` is a DataFrame, records or columns, with the target among them. The run ends within the limits of
    `settings`; `is_cancelled` is asked about once a second and ends it sooner, with the best so far. `folder` keeps
    checkpoints, the models of all candidates and the final `model.pkl`; without it they go to a temporary one. With
    `resume` a run that was cut off in that folder goes on from its candidates.

    Raises SettingsError when the settings or the data make no sense, before anything is trained.
    """
    started = time.monotonic()
    settings = settings.checked()
    with _folder(folder) as place, Pool(settings.workers, place, _memory(settings)) as pool:
        intake = take_in(data, validation_data, settings, _Folds(settings), test_data)
        problem, earlier = restored(place, intake.problem) if resume else (intake.problem, [])
        intake = replace(intake, problem=problem)
        run = _Run(settings, intake, place, pool, observer or Silent(), is_cancelled, started, earlier)
        result = run.result(test_data)
        if folder is not None:
            (place / "model.pkl").write_bytes(package.dumps(result.model))
    return replace(result, elapsed_s=time.monotonic() - started)


@dataclass
class _Run:
    """One run: its parts, and what was said to the observer."""

    settings: Settings
    intake: Intake
    folder: Path
    pool: Workers
    observer: Observer
    is_cancelled: Callable[[], bool]
    started: float
    # Candidates of a run that was cut off.
    earlier: list[Candidate] = field(default_factory=list[Candidate])
    rows: list[Row] = field(default_factory=list[Row])
    curve: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    # There from the moment that the search begins.
    scheduler: Scheduler | None = None
    clock: Callable[[], float] = time.monotonic

    @property
    def problem(self) -> Problem:
        """The problem."""
        return self.intake.problem

    def result(self, test_data: Any) -> Result:
        """Search, close, and describe."""
        rails = [*self.intake.rails, *_missing_algorithms(self.settings)]
        self.observer.on_data_checked(self.intake.columns, rails)
        self.problem.save(self.folder)
        scheduler = self._search()
        closing = self._closing(scheduler)
        options = closing.choose(scheduler.candidates)
        for row in closing.failed:
            self._keep_number(row)
            self.on_candidate(row)
        for option in options:
            if option.row.number >= len(scheduler.candidates):
                self._keep_number(option.row)
                self.on_candidate(option.row)
                self._give_charts(option.row, option.predicted)
        chosen = options[0] if options else half_done(scheduler.candidates, self.problem)
        if chosen is None:
            model = emergency_model(self.problem, self.intake.columns, self.settings)
        else:
            if chosen.row.number >= len(scheduler.candidates):
                self._note_best(chosen.row)
            if not self.is_cancelled():
                closing.refit(chosen, scheduler.candidates)
            model = closing.model(chosen, scheduler.candidates)
        return self._described(model, chosen, scheduler, rails, test_data)

    # ---- the observer, with checkpoints ---------------------------------------------------------------------------

    def on_data_checked(self, columns: Sequence[Column], rails: Sequence[GuardRail]) -> None:
        """Pass on."""
        self.observer.on_data_checked(columns, rails)

    def on_candidate(self, row: Row) -> None:
        """Write the leaderboard, then pass on."""
        self.rows.append(row)
        write_leaderboard(self.folder, self.rows)
        self.observer.on_candidate(row)
        if row.state == "completed" and self.scheduler is not None and row.number < len(self.scheduler.candidates):
            self._give_charts(row, self.scheduler.candidates[row.number].predicted())

    def _give_charts(self, row: Row, predicted: Floats) -> None:
        self.on_charts(row, partial(charts_of, self.problem, predicted))

    def on_charts(self, row: Row, charts: Callable[[], Mapping[str, Any]]) -> None:
        """Pass on."""
        self.observer.on_charts(row, charts)

    def on_best(self, row: Row) -> None:
        """Write which files make the model, then pass on."""
        paths = [f"models/{row.number}_{fold}.pkl" for fold in range(row.folds)]
        write_best(self.folder, row.name, paths, self.intake.columns, self.settings.target_column_name)
        self._note_best(row)

    def on_progress(self, progress: Progress) -> None:
        """Pass on, with the times of the whole run."""
        budget = self.settings.limits.timeout_s
        self.observer.on_progress(replace(progress, elapsed_s=self.clock() - self.started, budget_s=budget))

    def _note_best(self, row: Row) -> None:
        if row.score is not None:
            self.curve.append((self.clock() - self.started, row.score))
        self.observer.on_best(row)

    # ---- steps ----------------------------------------------------------------------------------------------------

    def _search(self) -> Scheduler:
        named = tuple(self.settings.training.allowed_training_algorithms or ())
        rows = len(self.problem.target)
        entries = portfolio(self.settings.task, self.settings.algorithms, rows, self._shape(), named)
        if not entries:
            names = ", ".join(self.settings.algorithms)
            raise SettingsError(f"None of the allowed algorithms can run here: {names} need packages that are missing.")
        budget = self.settings.limits.timeout_s
        scheduler = Scheduler(
            self.problem,
            entries,
            self.pool,
            self.settings.limits,
            self.started + budget - self._closing_s(),
            self,
            is_repeatable=_is_repeatable(self.settings, self.problem, entries),
            is_cancelled=self.is_cancelled,
            clock=self.clock,
            closing_s=self._closing_s(),
            speeds=Speeds(busy=_busy(self.settings)),
            candidates=list(self.earlier),
            keep=lambda one: write_candidate(self.folder, one),
        )
        self.scheduler = scheduler
        self._report_earlier(scheduler)
        scheduler.run()
        return scheduler

    def _report_earlier(self, scheduler: Scheduler) -> None:
        """Say what an earlier run had found, as if it were found now: whoever writes it down knows what is there."""
        for one in self.earlier:
            if one.state is not None:
                self.on_candidate(one.row(self.problem))
        done = finished(self.earlier, self.problem.metric)
        if done:
            scheduler.best = done[0]
            self.on_best(done[0].row(self.problem))

    def _keep_number(self, row: Row) -> None:
        """Keep the number of an ensemble: a run that is cut off from here on gives it to nobody else."""
        told = f"{row.name} of a run that was cut off"
        one = Candidate(row.number, Entry(row.algorithm, {}, "native"), 0, state="stopped", error=told)
        write_candidate(self.folder, one)

    def _closing_s(self) -> float:
        """Return the seconds that are kept for the end."""
        budget = self.settings.limits.timeout_s
        is_held_out = len(self.problem.splits) == 1 and self.intake.is_split_ours
        share = _HELD_OUT_CLOSING if is_held_out else _CLOSING
        return min(_MOST_CLOSING_S, max(min(_LEAST_CLOSING_S, 0.3 * budget), share * budget))

    def _shape(self) -> Shape:
        """Tell whether losses and turns for targets that lean to large values make sense."""
        target = self.problem.target
        if self.problem.classes or target.min() < 0 or target.mean() <= _LEANING * np.median(target):
            return "plain"
        return "positive" if target.min() > 0 else "never_negative"

    def _closing(self, scheduler: Scheduler) -> Closing:
        budget = self.settings.limits.timeout_s
        now = self.clock()
        # Ended early, there is more time than the reserve; never more than a fit or two is worth.
        end = min(self.started + budget - 0.25 * self._closing_s(), now + max(20.0, 0.3 * (now - self.started)))
        return Closing(
            self.problem,
            self.settings,
            self.intake.columns,
            self.folder,
            self.pool,
            scheduler.speeds,
            end,
            scheduler.is_repeatable,
            self.intake.is_split_ours,
            self.clock,
        )

    def _described(
        self, model: Model, chosen: Chosen | None, scheduler: Scheduler, rails: Sequence[GuardRail], test_data: Any
    ) -> Result:
        metric = self.problem.metric
        order = {"completed": 0, "stopped": 1, "failed": 2}
        ordered = sorted(
            self.rows,
            key=lambda r: (order[r.state], loss_of(metric, float("nan") if r.score is None else r.score), r.number),
        )
        return Result(
            self.settings,
            model,
            ordered,
            chosen.row if chosen else None,
            self.intake.columns,
            rails,
            transformations(model),
            self._tested(model, test_data),
            self._explanation(model),
            charts_of(self.problem, chosen.predicted) if chosen else {},
            program(
                self.problem,
                self.settings,
                members_of(chosen, scheduler.candidates),
                stack_learner(self.settings) if chosen and chosen.stack else None,
            ),
            scheduler.reason,
            0.0,
            self.curve,
        )

    def _explanation(self, model: Model) -> Explanation | None:
        """Let a worker explain the model; None when the time is over, or nobody asked for it."""
        left = self.started + self.settings.limits.timeout_s - self.clock()
        # Who cancels does not want to wait, and nobody wants to wait long for a table of importances.
        left = min(left, 5.0 if self.is_cancelled() else 60.0)
        if not self.settings.training.enable_model_explainability or left <= 0:
            return None
        # Half of what is left: reading the problem and the model takes its part, too.
        return self._asked("explain", ExplainTask(self.folder, model, 0.5 * left), left)

    def _tested(self, model: Model, data: Any) -> dict[str, float]:
        """Return scores on test data, from a worker, which has the libraries; else from here."""
        if data is None:
            return {}
        left = max(1.0, self.started + self.settings.limits.timeout_s - self.clock())
        problem = self.problem
        task = TestTask(model, data, self.settings.target_column_name, problem.bounds, problem.has_positive)
        found = self._asked("test", task, left)
        return task() if found is None else found

    def _asked(self, key: str, task: Any, seconds: float) -> Any:
        """Return what a worker makes of a task; None when it fails or takes too long."""
        self.pool.start(key, task, seconds)
        end = self.clock() + seconds
        while self.clock() < end:
            for done in self.pool.wait(min(0.2, max(0.0, end - self.clock()))):
                if done.key == key:
                    return done.value
        self.pool.stop(key)
        return None


@dataclass(frozen=True)
class _Folds:
    """How many folds the time allows: 8, 5, 3, or 1 for a hold-out."""

    settings: Settings

    def __call__(self, rows: int, columns: int, classes: int) -> int:
        """Return the number for a table of this size."""
        if rows > _MOST_FOLDED:
            return 1
        seconds = sum(LEARNERS[name].cost(rows, columns, classes, {}) for name in _PLANNED)
        budget = _PLANNED_SHARE * self.settings.limits.timeout_s * self.settings.workers / _busy(self.settings)
        affordable = budget / max(seconds, 1e-9)
        return next((count for count in (8, 5, 3) if affordable >= count), 1)


def _busy(settings: Settings) -> float:
    """Return how many times longer work takes than on an idle machine, by the load; 1 when trials limit the run."""
    if settings.limits.max_trials is not None or not hasattr(os, "getloadavg"):
        return 1.0
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _is_repeatable(settings: Settings, problem: Problem, entries: Sequence[Entry]) -> bool:
    """Tell whether the limit in trials is what ends the run: decided by formulas, not by a clock."""
    trials = settings.limits.max_trials
    if trials is None:
        return False
    rows, columns = len(problem.splits[0].train), max(1, problem.columns)
    first = [entries[n % len(entries)] for n in range(min(trials, 200))]
    costs = [LEARNERS[one.algorithm].cost(rows, columns, problem.classes, one.parameters) for one in first]
    whole = sum(costs) / len(costs) * trials * len(problem.splits) / settings.workers
    return whole <= _REPEATABLE_SHARE * settings.limits.timeout_s


def _missing_algorithms(settings: Settings) -> list[GuardRail]:
    missing = [name for name in settings.algorithms if not is_installed(name)]
    if not missing or not settings.training.allowed_training_algorithms:
        return []
    needs = sorted({str(LEARNERS[name].needs) for name in missing})
    found = f"{', '.join(missing)} cannot run here: {', '.join(needs)} is not installed."
    return [GuardRail("Algorithms", "alerted", found, "The other allowed algorithms are used.")]


def _memory(settings: Settings) -> int:
    """Return the bytes that one candidate may hold: its share of what is free now."""
    if settings.memory_bytes is not None:
        return settings.memory_bytes
    try:
        fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        free = int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        free = os.sysconf("SC_PAGESIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return max(_SPARE_BYTES, (free - _SPARE_BYTES) // settings.workers)


@contextlib.contextmanager
def _folder(folder: Path | None) -> Generator[Path]:
    if folder is not None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        yield Path(folder)
        return
    with tempfile.TemporaryDirectory(prefix="automl-") as name:
        yield Path(name)
