"""What is taken in of the tables: which rows say what columns hold, and what is refused at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bancada.learning.automl.intake import take_in
from bancada.learning.automl.settings import Settings, SettingsError


def table(rows: int = 60, **more) -> pd.DataFrame:
    at = np.arange(rows)
    columns = {"x": np.sin(at) + at % 7, "town": np.where(at % 3, "a", "b"), "y": at * 0.5 - 9.0}
    return pd.DataFrame({**columns, **more})


def taken(data, validation=None, test=None):
    return take_in(data, validation, Settings("regression", "y").checked(), lambda *_: 3, test)


def rail(intake, name):
    return next((one for one in intake.rails if one.name == name), None)


def test_validation_rows_neither_widen_a_range_nor_add_levels():
    alone = taken(table())
    given = table(20)
    given["x"] += 1e6
    given["town"] = "moon"
    both = taken(table(), validation=given)
    assert both.columns == alone.columns
    assert [len(one) for one in (both.problem.splits[0].train, both.problem.splits[0].valid)] == [60, 20]
    found = rail(both, "Range of the features")
    assert (found.status, found.columns) == ("alerted", ("x",))
    assert "in 20 of 20 validation rows (training: " in found.found
    place = [one.name for one in both.problem.encoder.features].index("town")
    assert np.isnan(both.problem.rows.matrix[60:, place]).all()


def test_rows_of_the_training_without_a_target_do_not_shift_where_validation_rows_begin():
    data = table()
    data.loc[:4, ["y", "x"]] = [np.nan, -1e6]
    found = taken(data, validation=table(20))
    assert found.columns[0].lowest > -10
    assert rail(found, "Range of the features").status == "passed"
    assert len(found.problem.splits[0].train) == 55


def test_test_rows_are_looked_at_and_take_no_part():
    test = table(5)
    test.loc[2, "x"] = -500.0
    found = taken(table(), test=test)
    assert len(found.problem.target) == 60
    assert "`x` is as far out as -500 in 1 of 5 test rows" in rail(found, "Range of the features").found
    assert rail(taken(table()), "Range of the features") is None


@pytest.mark.parametrize(
    ("validation", "test", "message"),
    [
        (table().drop(columns="x"), None, "The validation data lack x, which the training data have"),
        (None, table().drop(columns=["x", "town"]), "The test data lack x, town, which the training data have"),
        (
            None,
            table().drop(columns="y"),
            "The test data have no column `y` to compare predictions with. Columns: x, town",
        ),
    ],
)
def test_a_table_that_lacks_columns_is_refused_before_the_search(validation, test, message):
    with pytest.raises(SettingsError, match=message):
        taken(table(), validation, test)


def test_columns_that_are_not_used_may_lack_in_the_test_data():
    assert taken(table(always=1), test=table(5)).columns[-1].kind == "constant"


def test_validation_rows_do_not_make_up_for_training_rows():
    with pytest.raises(SettingsError, match="5 rows with a target are too few"):
        taken(table(5), validation=table(60))
