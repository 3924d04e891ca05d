"""Rows explained one by one: what the shares are, and how they keep to a time, on a clock that is not real."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from bancada.learning.automl import explain
from bancada.learning.automl.columns import columns_of
from bancada.learning.automl.explain import explain_rows
from bancada.learning.automl.featurize.encode import Encoder
from bancada.learning.automl.frame import frame_of
from bancada.learning.automl.settings import Featurization, SettingsError

COLUMNS = 20


def table(rows: int, columns: int = COLUMNS, seed: int = 0) -> dict[str, np.ndarray]:
    cells = np.random.default_rng(seed).normal(0, 1, (rows, columns))
    return {f"c{n}": cells[:, n] for n in range(columns)}


class Linear:
    """A mean of models that is linear; a call takes `call_s`, and `row_s` more for each row."""

    stack, labels, members = None, (), (1, 2)

    def __init__(self, data, call_s=0.0, row_s=0.0):
        frame = frame_of(data)
        self.encoder = Encoder.of(columns_of(frame, Featurization()), frame)
        self.feature_names = self.encoder.names
        self.weights = np.arange(1.0, len(self.feature_names) + 1)
        self.call_s, self.row_s = call_s, row_s
        self.now, self.calls = 0.0, []

    def clock(self):
        return self.now

    def scores(self, rows):
        self.calls.append(len(rows))
        self.now += self.call_s + self.row_s * len(rows)
        return rows.matrix @ self.weights


class Exact(Linear):
    """One model with shares of its own; those of a row take `row_s`."""

    def __init__(self, data, row_s=0.0):
        super().__init__(data, row_s=row_s)
        sources = [(one.source,) for one in self.encoder.features]
        preparation = SimpleNamespace(sources=sources, transform=lambda rows: rows.matrix)
        part = SimpleNamespace(preparation=preparation, learned=SimpleNamespace(contributions=self.contributions))
        self.members = [SimpleNamespace(parts=[part])]

    def contributions(self, x):
        self.calls.append(len(x))
        self.now += self.row_s * len(x)
        return np.column_stack([x * self.weights, np.full(len(x), 7.0)])[:, :, None]


def test_a_share_is_the_mean_change_when_a_cell_is_replaced_by_those_of_all_other_rows():
    data = table(17)
    model = Linear(data)
    found = explain_rows(model, data)
    assert (found.method, found.others) == ("permutation", 16)
    cells = np.column_stack(list(data.values()))
    means = (cells.sum(axis=0) - cells) / 16
    np.testing.assert_allclose(found.shares[:, :, 0], model.weights * (cells - means), atol=1e-12)
    np.testing.assert_allclose(found.base[:, 0] + found.shares[:, :, 0].sum(axis=1), cells @ model.weights)


def test_cells_come_from_the_table_of_others_where_there_is_one():
    others = table(16, seed=1)
    model = Linear(others)
    data = table(3)
    found = explain_rows(model, data, others=others)
    cells, means = np.column_stack(list(data.values())), np.column_stack(list(others.values())).mean(axis=0)
    np.testing.assert_allclose(found.shares[:, :, 0], model.weights * (cells - means), atol=1e-12)


def test_a_single_row_is_compared_with_others_or_not_explained():
    model = Linear(table(50))
    one = {name: cells[:1] for name, cells in table(50).items()}
    assert np.abs(explain_rows(model, one, others=table(50, seed=1)).shares).min() > 0
    with pytest.raises(SettingsError, match="There is no other row to compare with"):
        explain_rows(model, one)


def test_a_call_answers_for_many_others_at_once_and_for_not_too_many(monkeypatch):
    model = Linear(table(100))
    whole = explain_rows(model, table(100))
    assert len(model.calls) == COLUMNS + 3
    monkeypatch.setattr(explain, "_AT_ONCE", 500)
    model.calls.clear()
    parted = explain_rows(model, table(100))
    assert max(model.calls) == 500
    np.testing.assert_allclose(parted.shares, whole.shares)


# What a call takes is mostly its own price, or mostly that of its rows (neighbours, Gaussian processes).
SPEEDS = [(0.05, 0.0001), (0.001, 0.01)]


@pytest.mark.parametrize(("call_s", "row_s"), SPEEDS)
@pytest.mark.parametrize("seconds", [0.1, 0.5, 1, 2, 3, 5, 10, 20, 60, 200, 400, 800])
def test_near_its_end_there_are_fewer_others_then_fewer_rows_then_no_explanation(call_s, row_s, seconds):
    model = Linear(table(100), call_s, row_s)
    found = explain_rows(model, table(100), ends_at=seconds, clock=model.clock)
    # One call, for what is asked of all rows, may end late.
    assert model.now <= seconds + call_s + 100 * row_s
    if found is None:
        assert seconds < 3
    else:
        assert found.shares.shape == (len(found.base), COLUMNS, 1)
        assert len(found.shares) == 100 or found.others == 4
        assert np.isfinite(found.shares).all()


@pytest.mark.parametrize(("call_s", "row_s"), SPEEDS)
def test_with_more_time_there_are_never_fewer_rows_or_others(call_s, row_s):
    sizes = []
    for seconds in np.geomspace(0.1, 1000, 40):
        model = Linear(table(100), call_s, row_s)
        found = explain_rows(model, table(100), ends_at=seconds, clock=model.clock)
        sizes.append((0, 0) if found is None else (len(found.shares), found.others))
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == ((0, 0), (100, 16))
    assert any(rows == 100 and 4 <= others < 16 for rows, others in sizes)
    assert any(0 < rows < 100 and others == 4 for rows, others in sizes)


def test_a_machine_that_turns_slow_ends_the_explanation_and_not_the_promise():
    model = Linear(table(100), row_s=0.001)
    measured = model.scores

    def slower(rows):
        model.row_s = 0.001 if len(model.calls) < 3 else 0.01
        return measured(rows)

    model.scores = slower
    assert explain_rows(model, table(100), ends_at=60.0, clock=model.clock) is None
    assert 60.0 < model.now <= 60.0 + 0.01 * model.calls[-1]


def test_exact_shares_are_found_of_as_many_rows_as_there_is_time_for():
    data = table(100)
    model = Exact(data, row_s=0.1)
    found = explain_rows(model, data, ends_at=4.0, clock=model.clock)
    assert (found.method, found.others, len(found.shares)) == ("tree", 0, 30)
    assert model.now <= 4.0
    whole = explain_rows(model, data)
    assert len(whole.shares) == 100
    np.testing.assert_array_equal(found.shares, whole.shares[:30])
    np.testing.assert_allclose(whole.shares[:, :, 0], np.column_stack(list(data.values())) * model.weights)


@pytest.mark.parametrize("kind", [Linear, Exact])
def test_when_the_time_is_over_nothing_is_begun(kind):
    model = kind(table(10))
    assert explain_rows(model, table(10), ends_at=0.0, clock=model.clock) is None
    assert model.calls == []
