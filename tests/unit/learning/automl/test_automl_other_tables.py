"""What is taken in of the tables: which rows say what columns hold, and what is refused at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bancada.learning.automl.intake import take_in
from bancada.learning.automl.settings import Featurization, Settings, SettingsError


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


# -------------------------------------------------------------------------------- what cannot be scored or learnt


def classified(data, validation=None, test=None):
    settings = Settings("classification", "sort").checked()
    return take_in(data.drop(columns="y"), validation, settings, lambda *_: 3, test)


def sorts(rows: int = 60, *, start: int = 0) -> pd.DataFrame:
    data = table(rows)
    return data.assign(sort=[("no", "yes", "maybe")[(one + start) % 2 if start < 2 else 2] for one in range(rows)])


@pytest.mark.parametrize("what", ["validation", "test"])
def test_tables_without_a_row_to_score_are_refused_before_anything_is_trained(what):
    with pytest.raises(SettingsError, match=rf"The {what} data have no row with a value in `y`\."):
        taken(table(), **{what: table(20, y=np.nan)})
    with pytest.raises(SettingsError, match=rf"The {what} data have no row with a value in `y`\."):
        taken(table(), **{what: table(0)})
    with pytest.raises(SettingsError, match=rf"Target `y` of the {what} data holds `x3`, which is no number\."):
        taken(table(), **{what: table(20, y="x3")})
    strange = r"no row of a class that `sort` has in training \(no, yes\); they have maybe\."
    with pytest.raises(SettingsError, match=rf"The {what} data have {strange}"):
        classified(sorts(), **{what: sorts(20, start=2)})


def test_rows_of_classes_that_training_has_not_are_left_out_and_that_is_said():
    some = pd.concat([sorts(20), sorts(3, start=2)])
    some.iloc[0, some.columns.get_loc("sort")] = None
    both = classified(sorts(), validation=some, test=some.iloc[:-2])
    assert both.problem.labels == ("no", "yes")
    assert [len(one) for one in (both.problem.splits[0].train, both.problem.splits[0].valid)] == [60, 19]
    found = rail(both, "Classes of the other tables")
    assert (found.status, found.found) == (
        "alerted",
        "`maybe` is the target in 3 of 23 validation rows; `maybe` is the target in 1 of 21 test rows.",
    )
    assert rail(classified(sorts(), test=sorts(9)), "Classes of the other tables").status == "passed"
    assert rail(classified(sorts()), "Classes of the other tables") is None


def test_text_where_training_has_numbers_is_told():
    wrong = table(20).astype({"x": object})
    wrong.loc[3:4, "x"] = ["x3", None]
    found = rail(taken(table(), validation=wrong, test=table(9)), "Types of the other tables")
    assert (found.status, found.columns) == ("alerted", ("x",))
    assert found.found == "`x` is no number, like `x3`, in 1 of 20 validation rows."
    assert rail(taken(table(), test=table(9)), "Types of the other tables").status == "passed"
    assert rail(taken(table()), "Types of the other tables") is None


@pytest.mark.parametrize("cell", [[1, 2], (1, 2), {"a": 1}, np.ones(2), [1]])
def test_a_cell_of_several_values_is_refused_by_its_column_and_row(cell):
    kind = type(cell).__name__
    records = [{**one, "many": cell if place > 1 else None} for place, one in enumerate(table().to_dict("records"))]
    for data in (records, pd.DataFrame(records)):
        with pytest.raises(SettingsError, match=f"Column `many` holds a {kind} in row 3; a cell has one value"):
            taken(data)
        ignored = Featurization(column_name_and_types={"many": "Ignore"})
        settings = Settings("regression", "y", featurization=ignored).checked()
        assert "many" not in take_in(data, None, settings, lambda *_: 3).problem.encoder.names


def test_cells_of_several_values_are_refused_in_the_other_tables_too():
    listed = table(20).astype({"town": object})
    listed.at[4, "town"] = ["a"]
    for what in ("validation", "test"):
        with pytest.raises(SettingsError, match=f"Column `town` of the {what} data holds a list in row 5"):
            taken(table(), **{what: listed})
    with pytest.raises(SettingsError, match="Column `x` holds a ndarray in row 1"):
        taken({"x": np.ones((60, 2)), "y": np.arange(60.0)})


def test_many_values_are_no_classes_whatever_the_validation_rows_hold():
    random = np.random.default_rng(0)
    settings = Settings("classification", "y").checked()
    data = [pd.DataFrame({"x": random.normal(size=60), "y": random.normal(size=60)}) for _ in range(2)]
    with pytest.raises(SettingsError, match=r"has 60 classes in 60 rows\. Use task regression\?"):
        take_in(data[0], data[1], settings, lambda *_: 3)


def test_tables_that_are_none_are_told():
    with pytest.raises(SettingsError, match=r"the same number of cells; found `x` 60, `y` 59\."):
        taken({"x": list(range(60)), "y": list(range(59))})
    with pytest.raises(SettingsError, match="records are all mappings"):
        taken([{"x": 1.0, "y": 2.0}, 5])
    huge = table().assign(x=[10**400, *range(59)])
    assert taken(huge.to_dict("list")).problem.rows.matrix.shape[0] == 60


@pytest.mark.parametrize("data", [table(0), table(y=np.nan), table(9)])
def test_too_few_rows_with_a_target_are_refused(data):
    with pytest.raises(SettingsError, match=r"rows with a target are too few; at least 10 are needed\."):
        taken(data)


def test_an_infinite_target_is_refused():
    with pytest.raises(SettingsError, match="Target `y` is infinite in some rows"):
        taken(table(y=np.r_[np.inf, np.arange(59.0)]))
