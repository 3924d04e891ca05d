"""The inside of a worker process: fits one candidate on one fold, or on all rows, and writes the model to a file."""

from __future__ import annotations

import os
import pickle
import resource
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import Floats, Mask, Rows
from .featurize.encode import Encoded
from .featurize.prepare import Preparation, Recipe
from .learners import LEARNERS, Learned, Lesson, learn, learn_meta
from .problem import Problem

__all__ = ["Blend", "Blended", "Fit", "Fitted", "FoldModel", "limit_memory", "problem_of", "serve"]


@dataclass(frozen=True)
class Fit:
    """A task: fit a learner on one fold."""

    algorithm: str
    recipe: Recipe
    parameters: Mapping[str, Any]
    # None: all rows, for the final model.
    fold: int | None
    seed: int
    seconds: float | None
    # Where the model goes, relative to the problem's folder.
    path: str
    rounds: int | None = None
    # At most so many training rows, for a first look.
    most_rows: int | None = None


@dataclass(frozen=True)
class Fitted:
    """What came of it."""

    # For the validation rows of the fold; empty for a fit on all rows.
    predicted: Floats
    rounds: int
    fit_s: float
    # Seconds that predicting 1,000 rows takes.
    predict_s: float
    size_bytes: int
    # Seconds of the processor: less than `fit_s` on a busy machine.
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Blend:
    """A task: learn how to combine predictions (stacking). `x` holds a column or more for each member."""

    # One of `META_LEARNERS`, and its own parameters.
    algorithm: str
    parameters: Mapping[str, Any]
    x: Floats
    y: Floats
    weights: Floats | None
    classes: int
    # The fold of each prediction, and the row of the table that it is for: folds may share rows, and the score is of
    # rows that the combination has not seen.
    folds: Any
    rows: Rows
    seed: int
    path: str


@dataclass(frozen=True)
class Blended:
    """What came of it: predictions by combinations that had not seen the row."""

    predicted: Floats
    fit_s: float


@dataclass
class FoldModel:
    """A model of one fold: its own preparation of the encoded rows, and what was learnt."""

    preparation: Preparation
    learned: Learned
    # Rounds of trees, epochs …: what a fit on all rows is told.
    rounds: int = field(default=0)

    def predict(self, rows: Encoded) -> Floats:
        """Return probabilities or values."""
        return self.learned.predict(self.preparation.transform(rows))


def serve(connection: Connection) -> None:
    """Do one task after the other until the other side closes."""
    connection.send(("pid", os.getpid()))
    is_limited = False
    while True:
        try:
            content = connection.recv_bytes()
        except (EOFError, OSError):
            return
        try:
            folder, memory_bytes, task = pickle.loads(content)
            if not is_limited and sys.platform == "linux":
                limit_memory(memory_bytes)
                is_limited = True
            # The one place that takes any exception: a candidate that fails costs a row, not the run.
            answer = ("value", _do(Path(folder), task))
        except MemoryError:
            answer = ("error", "it asked for more memory than it may have")
        except Exception as error:
            answer = ("error", _sentence(error))
        connection.send(answer)


def limit_memory(more: int) -> None:
    """Let this process take so many bytes more than it holds; allocations beyond raise MemoryError."""
    with open("/proc/self/statm") as file:
        held = int(file.read().split()[5]) * os.sysconf("SC_PAGESIZE")
    resource.setrlimit(resource.RLIMIT_DATA, (held + more, resource.RLIM_INFINITY))


def _do(folder: Path, task: Any) -> Any:
    if callable(task):
        return task()
    return _blend(folder, task) if isinstance(task, Blend) else _fit(folder, task)


def _sentence(error: Exception) -> str:
    """Return the error's own words and the last line of ours that it passed."""
    text = " ".join(str(error).split())[:300] or type(error).__name__
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {text} ({Path(last.filename).name}, line {last.lineno})"


@lru_cache(maxsize=1)
def problem_of(folder: Path) -> Problem:
    """Return a run's problem; a worker reads it once."""
    return Problem.load(folder)


@lru_cache(maxsize=4)
def _prepared(folder: Path, recipe: Recipe, fold: int | None, most: int | None) -> tuple[Preparation, Floats, Floats]:
    """Return a preparation and the features of training and validation rows: the next configuration uses them too."""
    problem = problem_of(folder)
    preparation = Preparation(recipe, problem.encoder, problem.featurization)
    rows, target, _ = problem.part(_training_rows(problem, fold, most))
    x = preparation.fit_transform(rows, target)
    if fold is None:
        return preparation, x, np.zeros((0, x.shape[1]))
    return preparation, x, preparation.transform(problem.rows.take(problem.splits[fold].valid))


def _training_rows(problem: Problem, fold: int | None, most: int | None) -> Any:
    rows = None if fold is None else problem.splits[fold].train
    if most is None or (len(problem.target) if rows is None else len(rows)) <= most:
        return rows
    random = np.random.default_rng(problem.seed)
    return np.sort(random.permutation(np.arange(len(problem.target)) if rows is None else rows)[:most])


def _fit(folder: Path, task: Fit) -> Fitted:
    started, cpu = time.perf_counter(), time.process_time()
    problem = problem_of(folder)
    rows = _training_rows(problem, task.fold, task.most_rows)
    preparation, x, valid_x = _prepared(folder, task.recipe, task.fold, task.most_rows)
    _, target, weights = problem.part(rows)
    valid = None
    if task.fold is not None and not LEARNERS[task.algorithm].refits:
        place = problem.splits[task.fold].valid
        valid = (valid_x, problem.target[place], None if problem.weights is None else problem.weights[place])
    lesson = Lesson(
        x,
        target.values,
        problem.classes,
        task.parameters,
        weights,
        valid,
        tuple(preparation.categorical),
        problem.metric,
        task.seed,
        task.rounds,
        task.seconds,
    )
    learned = learn(task.algorithm, lesson)
    fit_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    started = time.perf_counter()
    predicted = learned.predict(valid_x) if len(valid_x) else np.zeros(0)
    predict_s = (time.perf_counter() - started) * 1000 / max(1, len(valid_x))
    if not np.isfinite(predicted).all():
        raise ValueError("its predictions are not all finite numbers")
    size = _write(folder / task.path, FoldModel(preparation, learned, learned.rounds))
    return Fitted(predicted, learned.rounds, fit_s, predict_s, size, cpu_s)


def _blend(folder: Path, task: Blend) -> Blended:
    started = time.perf_counter()
    shape = (len(task.y), task.classes) if task.classes else len(task.y)
    predicted = np.zeros(shape)
    for fold in np.unique(task.folds):
        inside = task.folds == fold
        predicted[inside] = _combination(task, ~np.isin(task.rows, task.rows[inside])).predict(task.x[inside])
    whole = _combination(task, np.ones(len(task.y), dtype=bool))
    _write(folder / task.path, whole)
    return Blended(predicted, time.perf_counter() - started)


def _combination(task: Blend, some: Mask) -> Learned:
    weights = None if task.weights is None else task.weights[some]
    lesson = Lesson(task.x[some], task.y[some], task.classes, task.parameters, weights, seed=task.seed)
    return learn_meta(task.algorithm, lesson)


def _write(path: Path, value: Any) -> int:
    """Pickle to a file that is whole or not there; return its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    with open(part, "wb") as file:
        pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
    size = part.stat().st_size
    part.rename(path)
    return size
