"""Types that are found, guard rails, and the encoded matrix."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from bancada.learning.automl.columns import columns_of
from bancada.learning.automl.featurize.encode import Encoder
from bancada.learning.automl.frame import frame_of, levels_of, numbers_of, seconds_of
from bancada.learning.automl.guardrails import Checked, check
from bancada.learning.automl.settings import Featurization, SettingsError

N = 120


def table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": random.normal(40, 10, N),
            "visits": random.integers(0, 9, N),
            "smoker": random.choice(["yes", "no"], N),
            "member": random.choice([True, False], N),
            "town": random.choice(["Lisboa", "Porto", "Faro"], N),
            "since": pd.date_range("2020-01-01", periods=N, freq="9D").astype(str),
            "when": pd.date_range("2020-01-01", periods=N, freq="7h"),
            "note": [f"the patient came in number {n} with pain in {n % 7} places" for n in range(N)],
            "customer_id": random.permutation(N) * 17,
            "row": np.arange(N) + 1000,
            "key": [f"k{n:05d}" for n in range(N)],
            "always": 3.5,
            "nothing": [None] * N,
            "price": [f"{n}.5" if n % 10 else "n/a" for n in range(N)],
        }
    ).assign(copy=lambda t: t["age"])


def kinds(frame, **options) -> dict[str, str]:
    return {one.name: one.kind for one in columns_of(frame_of(frame), Featurization(**options))}


def test_types_are_found_from_cells():
    assert kinds(table()) == {
        "age": "numeric",
        "visits": "numeric",
        "smoker": "boolean",
        "member": "boolean",
        "town": "category",
        "since": "date",
        "when": "date",
        "note": "text",
        "customer_id": "identifier",
        "row": "identifier",
        "key": "identifier",
        "always": "constant",
        "nothing": "constant",
        "price": "numeric",
        "copy": "duplicate",
    }


def test_a_persons_word_goes_before_what_is_found():
    given = {"visits": "Categorical", "row": "Numeric", "note": "Ignore", "copy": "Numeric"}
    found = kinds(table(), column_name_and_types=given)
    assert [found[name] for name in given] == ["category", "numeric", "ignored", "numeric"]


def test_a_type_for_a_column_that_is_not_there_is_refused_with_the_names():
    with pytest.raises(SettingsError, match=r"names `towns`, which is no column.*town"):
        kinds(table(), column_name_and_types={"towns": "Text"})


def test_the_same_rows_encode_alike_from_every_kind_of_table():
    frame = table().drop(columns=["member"])
    columns = columns_of(frame_of(frame), Featurization())
    encoder = Encoder.of(columns, frame_of(frame))
    whole = encoder.encode(frame).matrix
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    np.testing.assert_array_equal(encoder.encode(records).matrix, whole)
    np.testing.assert_array_equal(encoder.encode(frame.to_dict("list")).matrix, whole)
    np.testing.assert_array_equal(encoder.encode(records[7:8]).matrix, whole[7:8])
    named = [[one[name] for name in encoder.names] for one in records]
    np.testing.assert_array_equal(encoder.encode(named).matrix, whole)


def test_parts_of_dates_are_pandas_own():
    moments = pd.Series(pd.date_range("1969-11-30 05:00", periods=400, freq="31h"))
    frame = frame_of(pd.DataFrame({"when": moments}))
    encoder = Encoder.of(columns_of(frame, Featurization()), frame)
    found = dict(zip([one.name for one in encoder.features], encoder.encode(frame).matrix.T, strict=True))
    for part, values in {
        "year": moments.dt.year,
        "month": moments.dt.month,
        "day": moments.dt.day,
        "weekday": moments.dt.day_of_week,
        "day_of_year": moments.dt.day_of_year,
        "hour": moments.dt.hour,
    }.items():
        np.testing.assert_array_equal(found[f"when.{part}"], values, err_msg=part)


def test_unknown_levels_and_gaps_are_missing():
    frame = frame_of({"town": ["a", "b", "a", "b"], "x": [1.0, 2.0, 3.0, 5.0]})
    encoder = Encoder.of(columns_of(frame, Featurization()), frame)
    found = encoder.encode([{"town": "c", "x": None}, {"town": None, "x": "7"}, {"town": "b", "x": float("inf")}])
    np.testing.assert_array_equal(found.matrix, [[np.nan, np.nan], [np.nan, 7.0], [1.0, np.nan]])


def test_a_missing_column_is_named():
    frame = frame_of({"a": [1.0, 2.0], "b": [3.0, 5.0]})
    encoder = Encoder.of(columns_of(frame, Featurization()), frame)
    with pytest.raises(SettingsError, match="Column b not found; the model was trained with a, b"):
        encoder.encode([{"a": 1}])


def test_numbers_levels_and_dates_have_one_spelling():
    assert levels_of(np.array([3, 3.0, "3", " 3 ", None, float("nan"), "NA"], dtype=object)) == ["3"] * 4 + [None] * 3
    np.testing.assert_array_equal(
        numbers_of(np.array([1, "2", "1,000", "5%", True, None, "x"], dtype=object)),
        [1, 2, 1000, 5, 1, np.nan, np.nan],
    )
    day = 86400.0
    cells = np.array([date(1970, 1, 2), "1970-01-02", "1970-01-02T00:00:00+00:00", "02 Jan 1970", "no"], dtype=object)
    np.testing.assert_array_equal(seconds_of(cells), [day, day, day, day, np.nan])


def rails(target, columns=None, labels=("a", "b"), **more):
    random = np.random.default_rng(1)
    frame = frame_of(columns or {"x": random.random(len(target))})
    found = columns_of(frame, Featurization())
    encoder = Encoder.of(found, frame)
    options = {"dropped": 0, "infinite": [], "twins": None, "folds": 5, "metric": "accuracy"} | more
    sources = [one.source for one in encoder.features]
    data = Checked(found, encoder.encode(frame).matrix, sources, np.asarray(target, float), labels, **options)
    return {one.name: one for one in check(data)}


def test_sound_data_pass_every_rail():
    target = np.arange(300) % 2
    assert {one.status for one in rails(target).values()} == {"passed"}


def test_imbalance_is_alerted_with_the_counts():
    rail = rails(np.r_[np.zeros(297), np.ones(3)])["Class balance"]
    assert rail.status == "alerted"
    assert "`b` has 3 rows, `a` 297" in rail.found
    assert "consider AUC_weighted" in rail.done
    assert "Some of the 5 folds hold no row" in rail.done


def test_two_different_classes_are_named_also_when_they_are_equal():
    assert rails(np.arange(300) % 2)["Class balance"].found == "`a` has 150 rows, `b` 150."
    assert rails(np.r_[np.zeros(299), 1])["Class balance"].found == "`b` has 1 row, `a` 299."


@pytest.mark.parametrize("shape", ["copy", "cubed", "noisy"])
def test_a_column_that_tells_the_target_alone_is_alerted(shape):
    random = np.random.default_rng(2)
    y = random.normal(0, 1, 500)
    cells = {"copy": y, "cubed": y**3, "noisy": y + random.normal(0, 1.0, 500)}[shape]
    rail = rails(y, {"x": cells, "z": random.random(500)}, labels=())["Leaks of the target"]
    assert (rail.status, rail.columns) == (("alerted", ("x",)) if shape != "noisy" else ("passed", ()))


def test_a_leak_of_classes_is_found_in_either_direction():
    target = np.arange(400) % 2
    rail = rails(target, {"x": -5.0 * target + np.random.default_rng(0).random(400)})["Leaks of the target"]
    assert rail.columns == ("x",)


def test_what_was_handled_is_said():
    found = rails(np.arange(60) % 2, dropped=4, infinite=["x"], twins=np.r_[np.zeros(2, int), np.arange(1, 59)])
    assert found["Missing targets"].found == "4 rows have no target."
    assert found["Infinite values"].columns == ("x",)
    assert found["Equal rows"].found.startswith("1 rows repeat")
    assert found["Number of rows"].status == "alerted"


def far(later, columns=None):
    columns = columns or {"x": np.linspace(-2.0, 3.0, 300), "z": np.arange(300.0) * 2}
    return rails(np.arange(300) % 2, columns, later=later).get("Range of the features")


def test_numbers_far_outside_of_the_training_range_are_alerted_with_column_rows_example_and_range():
    later = {
        "validation": frame_of({"x": [0.0, -1e6, 9.0], "z": [1.0, None, 5.0]}),
        "test": frame_of({"x": ["1", "5", "-99"], "z": [1e9, float("inf"), float("nan")]}),
    }
    rail = far(later)
    assert (rail.status, rail.columns) == ("alerted", ("x", "z"))
    assert rail.found == (
        "`x` is as far out as -1e+06 in 2 of 3 validation rows (training: -2 to 3); "
        "`x` is as far out as -99 in 1 of 3 test rows (training: -2 to 3); "
        "`z` is as far out as 1e+09 in 1 of 3 test rows (training: 0 to 598)."
    )
    assert "used as they are" in rail.done


@pytest.mark.parametrize(("value", "status"), [(8.0, "passed"), (8.1, "alerted"), (-7.0, "passed"), (-7.1, "alerted")])
def test_far_is_further_out_than_the_training_range_is_wide(value, status):
    rail = far({"test": frame_of({"x": [value], "z": [1.0]})})
    assert rail.status == status


def test_without_other_rows_than_those_of_the_training_nothing_is_said_of_ranges():
    assert far({}) is None
