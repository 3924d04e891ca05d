"""What of the requests that wait is scored by one call."""

from __future__ import annotations

import json
import logging
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from bancada.runtime.mlflow_batches import LARGEST, Batches
from bancada.runtime.mlflow_forms import Values
from bancada.runtime.mlflow_model import ServedModel


class Model:
    """Doubles column `a`, and counts how often it is asked. `leaks`: its rows look at the rows beside them."""

    flavors = ("sklearn",)
    columns = (("a", "double"),)

    def __init__(self, *, leaks: bool = False) -> None:
        self.leaks = leaks
        self.calls: list[int] = []

    def example(self) -> pd.DataFrame:
        return pd.DataFrame({"a": [1.0, 2.0, 3.0]})

    def to_input(self, values: Values) -> pd.DataFrame:
        return pd.DataFrame(values.data, columns=values.columns)

    def predict(self, frame: pd.DataFrame, params: dict[str, Any], method: str) -> Any:
        self.calls.append(len(frame))
        return frame["a"].to_numpy() * 2 + (len(frame) if self.leaks else 0)


def batches_of(model: Model) -> Batches:
    made = Batches(cast("ServedModel", model))
    made.admit()
    model.calls.clear()
    return made


def text(*rows: float) -> str:
    return json.dumps({"input_data": {"columns": ["a"], "data": [[one] for one in rows]}})


class Noting(Model):
    """Logs a note about every row, as a model does that knows the range of its training."""

    def predict(self, frame: pd.DataFrame, params: dict[str, Any], method: str) -> Any:
        logging.getLogger("azmlinfsrv").warning("Unusual input: %s", frame["a"].tolist())
        return super().predict(frame, params, method)


def test_what_a_model_notes_about_the_rows_of_the_trial_is_not_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(logging.getLogger("azmlinfsrv"), "propagate", True)
    model = Noting()
    batches = batches_of(model)
    assert batches.largest == LARGEST
    assert caplog.text == ""
    batches.prepare([text(1), text(7)])
    assert "Unusual input: [1, 7]" in caplog.text


def test_requests_that_wait_are_scored_by_one_call():
    model = Model()
    batches = batches_of(model)
    batches.prepare([text(1), text(2, 3), text(4)])
    # The first batch is checked: one of its requests is scored alone, too.
    assert model.calls[0] == 4
    assert len(model.calls) == 2
    found = [batches.take(one) for one in (text(1), text(2, 3), text(4))]
    assert [list(one[1]) for one in found if one is not None] == [[2], [4, 6], [8]]


@pytest.mark.parametrize("count", [2, LARGEST])
def test_the_same_request_several_times_is_scored_once(count: int):
    model = Model()
    batches = batches_of(model)
    batches.prepare([text(9), text(8)])
    model.calls.clear()
    batches.prepare([text(1)] * count)
    assert model.calls == [1]
    taken = batches.take(text(1))
    assert taken is not None
    assert np.array_equal(taken[1], [2])


def test_a_model_whose_rows_look_at_each_other_is_asked_one_by_one():
    model = Model(leaks=True)
    batches = batches_of(model)
    assert batches.largest == 1
    assert "scored together" in batches.reason
    batches.prepare([text(1), text(2)])
    assert model.calls == []


def test_nothing_is_kept_from_one_batch_to_the_next():
    batches = batches_of(Model())
    batches.prepare([text(1), text(2)])
    batches.prepare([])
    assert batches.take(text(1)) is None
