"""Columns found out in one pass: types, counts, moments, compared with numpy's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.errors import NotFound
from bancada.learning.distinct import DistinctCount
from bancada.learning.profile import ColumnProfile, histogram, quantile, whole_histogram
from bancada.learning.table_profile import RowSample, TableProfile

FINITE = st.floats(-1e9, 1e9, allow_nan=False)


def column(cells: Sequence[str], decimal: str = ".", chunk: int = 7) -> ColumnProfile:
    found = ColumnProfile("x", decimal)
    for at in range(0, len(cells), chunk):
        found.add(cells[at : at + chunk])
    return found


def kind(cells: Sequence[str], decimal: str = ".") -> str:
    return column(cells, decimal).type


@given(st.lists(FINITE, min_size=2, max_size=80))
def test_moments_and_quantiles_are_numpys(values: list[float]):
    cells = [repr(value) for value in values]
    found = column(cells).document(cells)
    if found["type"] == "id":
        return
    scale = max(1.0, float(np.abs(values).max()))
    assert found["mean"] == pytest.approx(np.mean(values), abs=1e-9 * scale)
    assert found["std"] == pytest.approx(np.std(values, ddof=1), abs=1e-6 * scale)
    assert (found["min"], found["max"]) == (min(values), max(values))
    for share, value in found["quantiles"].items():
        assert value == pytest.approx(np.quantile(values, float(share)), abs=1e-9 * scale)


def test_the_deviation_survives_a_large_offset():
    values = [1e9 + at % 3 for at in range(3000)]
    found = column([repr(value) for value in values], chunk=100).moments
    assert found.deviation == pytest.approx(np.std(values, ddof=1), rel=1e-9)


@given(st.lists(FINITE, min_size=1, max_size=80), st.integers(1, 12))
def test_bins_hold_what_numpy_counts_between_their_edges(values: list[float], bins: int):
    found = histogram(sorted(values), bins)
    assert sum(one["count"] for one in found) == len(values)
    edges = [one["from"] for one in found] + [found[-1]["to"]]
    if len(found) > 1 and all(np.diff(edges) > 0):
        assert [one["count"] for one in found] == list(np.histogram(values, edges)[0])


@given(st.lists(st.integers(-(2**40), 2**40) | st.integers(-9, 9), min_size=1, max_size=80), st.integers(1, 12))
def test_bins_of_whole_numbers_have_whole_edges_and_equal_widths(values: list[int], bins: int):
    found = whole_histogram(sorted(map(float, values)), bins)
    assert 1 <= len(found) <= bins
    assert len({one["to"] - one["from"] for one in found}) == 1
    assert found[0]["from"] == min(values)
    assert [one["count"] for one in found] == [sum(one["from"] <= v < one["to"] for v in values) for one in found]
    assert sum(one["count"] for one in found) == len(values)


def test_each_of_few_whole_numbers_has_a_bar_of_its_own():
    found = whole_histogram([0.0, 0.0, 1.0, 3.0], 20)
    assert [(one["from"], one["count"]) for one in found] == [(0, 2), (1, 1), (2, 0), (3, 1)]


def test_a_quantile_between_two_values_is_on_the_line_between_them():
    assert quantile([1.0, 3.0], 0.25) == 1.5


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2", "2", "-7"], "integer"),
        (["1.5", "2", "1e3"], "number"),
        ([str(at) for at in range(30)], "id"),
        ([str(at % 5) for at in range(30)], "integer"),
        (["true", "False", "true"], "boolean"),
        (["sim", "não", "sim"], "boolean"),
        (["2024-01-31", "2023-12-01"], "date"),
        (["31/12/2024 10:30", "01/02/2024 00:00"], "date"),
        (["12/31/2024", "01/02/2024"], "date"),
        (["red", "blue", "red"], "category"),
        ([f"user-{at:04d}" for at in range(60)], "id"),
        ([f"a longer remark about the case number {at}" for at in range(60)], "text"),
        (["01234", "00999", "04321"], "category"),
        (["", "NA", "nan"], "empty"),
        (["1_000", "2_000"], "category"),
    ],
)
def test_the_type_is_what_a_reader_would_say(cells: list[str], expected: str):
    assert kind(cells) == expected


def test_a_decimal_comma_makes_numbers():
    assert kind(["1.234,5", "7", "-0,25"], ",") == "number"
    found = column(["1.234,5", "0,5"], ",").document(["1.234,5", "0,5"])
    assert (found["min"], found["max"], found["mean"]) == (0.5, 1234.5, 617.5)


def test_missing_and_infinite_cells_are_counted_and_left_out():
    found = column(["1", "", "NaN", "inf", "3"]).document(["1", "", "NaN", "inf", "3"])
    assert (found["count"], found["missing"], found["infinite"], found["mean"]) == (3, 2, 1, 2.0)


def test_a_few_odd_words_among_numbers_are_shown():
    cells = [str(at % 9) for at in range(97)] + ["?", "n.d.", "?"]
    found = column(cells).document(cells)
    assert found["type"] == "category"
    assert found["odd_values"] == ["?", "n.d."]


def test_dates_have_a_range_and_bins():
    cells = ["01/02/2024", "29/02/2024", "15/02/2024"]
    found = column(cells).document(cells)
    assert (found["min"], found["max"]) == ("2024-02-01", "2024-02-29")
    assert sum(one["count"] for one in found["histogram"]) == 3
    assert found["histogram"][0]["from"] == "2024-02-01"


def test_the_most_frequent_values_come_first():
    found = column(["b", "a", "b", "c", "a", "b"]).document([])
    assert found["top"][:2] == [{"value": "b", "count": 3}, {"value": "a", "count": 2}]
    assert found["distinct"] == 3


def test_many_different_values_are_estimated_within_some_percent_and_said_to_be():
    counter = DistinctCount(exact=1000)
    for start in range(0, 50_000, 500):
        counter.add({str(at): 1 for at in range(start, start + 500)})
        counter.add({str(at): 1 for at in range(start, start + 500)})
    assert counter.is_estimate
    assert counter.count == pytest.approx(50_000, rel=0.1)  # four standard errors


def test_long_values_that_begin_alike_are_different():
    counter = DistinctCount()
    counter.add({"x" * 5000 + "1": 1, "x" * 5000 + "2": 1})
    assert counter.count == 2


def test_every_row_is_as_likely_as_any_other_to_be_in_the_sample():
    hits = np.zeros(100)
    for seed in range(600):
        sample = RowSample(10, seed)
        rows = [[str(at)] for at in range(100)]
        for start in range(0, 100, 13):
            sample.add(rows[start : start + 13])
        assert len(sample.rows) == 10
        for (cell,) in sample.rows:
            hits[int(cell)] += 1
    # 60 hits expected for each row, with a standard deviation of 7.3.
    assert hits.min() > 25
    assert hits.max() < 100
    assert ((hits - 60) ** 2 / 60).sum() < 150  # chi-square with 99 degrees of freedom: 148 at 0.1 %


def table(rows: list[list[str]], names: list[str], target: str | None = None) -> dict[str, Any]:
    found = TableProfile(names, target=target)
    found.add(rows)
    return found.document()


def test_each_column_is_measured_against_the_target_by_the_measure_that_fits():
    random.seed(5)
    rows: list[list[str]] = []
    for _ in range(400):
        price = random.gauss(100, 20)
        rows.append(
            [
                f"{price:.3f}",
                f"{price * 2 + random.gauss(0, 5):.3f}",
                "dear" if price > 100 else "cheap",
                random.choice("xy"),
            ]
        )
    by_number = {one["name"]: one for one in table(rows, ["price", "double", "word", "noise"], "price")["columns"]}
    assert "against_target" not in by_number["price"]
    assert by_number["double"]["against_target"]["kind"] == "correlation"
    assert by_number["double"]["against_target"]["score"] > 0.9
    words = by_number["word"]["against_target"]
    assert words["kind"] == "correlation_ratio"
    means = {one["value"]: one["mean"] for one in words["groups"]}
    expected = {word: np.mean([float(row[0]) for row in rows if row[2] == word]) for word in ("dear", "cheap")}
    assert means == pytest.approx(expected)
    assert by_number["noise"]["against_target"]["score"] < 0.2
    by_word = {one["name"]: one for one in table(rows, ["price", "double", "word", "noise"], "word")["columns"]}
    assert by_word["price"]["against_target"]["kind"] == "correlation_ratio"
    assert by_word["noise"]["against_target"]["kind"] == "cramers_v"


def test_rows_of_another_width_are_cut_or_filled_and_counted():
    found = table([["1", "2", "3"], ["1"], ["4", "5"]], ["a", "b"])
    assert found["irregular_rows"] == 2
    assert found["columns"][1]["missing"] == 1


def test_an_unknown_target_is_refused_with_the_columns_that_there_are():
    with pytest.raises(NotFound, match="outpt"):
        TableProfile(["age", "output"], target="outpt")
