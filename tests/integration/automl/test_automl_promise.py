"""The promise that a run ends within its time x 1.05 + 2 s, on a clock that is not real: whatever hangs, and when."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bancada.learning.automl import describing, engine
from bancada.learning.automl.explain import ExplainTask
from bancada.learning.automl.intake import take_in
from bancada.learning.automl.observer import Silent
from bancada.learning.automl.pool import Done
from bancada.learning.automl.settings import Limits, Settings, Training
from bancada.learning.automl.worker import Blend, Fit, Fitted, _do  # pyright: ignore[reportPrivateUsage]

HANGS = 1e9
KINDS = ("search", "stack", "final", "test", "explain")


def kind_of(task) -> str:
    if isinstance(task, Fit):
        return "search" if task.fold is not None else "final"
    return {Blend: "stack", describing.TestTask: "test", ExplainTask: "explain"}[type(task)]


class Workers:
    """Workers that do their tasks, but on a clock of their own: each takes what `takes` says of its kind."""

    size = 2

    def __init__(self, folder, takes):
        self.folder, self.takes = folder, takes
        self.now = 0.0
        self.running, self.begun, self.cut = {}, [], []

    def clock(self):
        return self.now

    @property
    def idle(self):
        return self.size - len(self.running)

    def start(self, key, task, limit_s):
        self.begun.append(kind_of(task))
        self.running[key] = (self.now + min(self.takes[kind_of(task)], limit_s), limit_s, task)

    def stop(self, key):
        self.cut.append(kind_of(self.running.pop(key)[2]))

    def wait(self, seconds):
        key = min(self.running, key=lambda one: self.running[one][0], default=None)
        if key is None or self.running[key][0] > self.now + seconds:
            self.now += seconds
            return []
        end, limit_s, task = self.running.pop(key)
        self.now = max(self.now, end)
        took = self.takes[kind_of(task)]
        if took > limit_s:
            self.cut.append(kind_of(task))
            return [Done(key, error="it took longer than its time and was ended")]
        value = _do(self.folder, task)
        return [Done(key, replace(value, fit_s=took, cpu_s=took) if isinstance(value, Fitted) else value)]


def table(rows: int = 90):
    at = np.arange(rows)
    return {"x": np.sin(at), "z": at % 7.0, "y": np.sin(at) + at % 7 + 0.1 * np.cos(9 * at)}


@pytest.fixture
def run(tmp_path, monkeypatch):
    def run(budget, **takes):
        monkeypatch.setattr(engine, "_busy", lambda _: 1.0)  # what else runs here decides nothing
        allowed = ["ElasticNet", "DecisionTree", "KNN"]
        chosen = Settings(
            "regression",
            "y",
            n_cross_validations=3,
            limits=Limits(timeout_minutes=budget / 60),
            training=Training(allowed_training_algorithms=allowed),
            cores=2,
        ).checked()
        workers = Workers(tmp_path, dict.fromkeys(KINDS, budget / 400) | {"search": budget / 30} | takes)
        intake = take_in(table(), None, chosen, lambda *_: 3, table(20))
        one = engine._Run(chosen, intake, tmp_path, workers, Silent(), lambda: False, 0.0, clock=workers.clock)
        return one.result(table(20)), workers

    return run


@pytest.mark.parametrize("budget", [4.0, 240.0])
@pytest.mark.parametrize("hanging", [(), *((one,) for one in KINDS), KINDS])
def test_a_run_ends_within_its_promise_whatever_hangs(run, budget, hanging):
    result, workers = run(budget, **dict.fromkeys(hanging, HANGS))
    assert workers.now <= 1.05 * budget + 2
    assert workers.running == {}
    assert np.isfinite(result.model.predict(table(5))).all()
    assert (result.best is None) == ("search" in hanging)
    assert bool(result.test_metrics)
    if hanging and budget > 4:
        # What shall hang was there to hang.
        assert hanging[0] in workers.cut
    if not hanging:
        assert result.explanation is not None
