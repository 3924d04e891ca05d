"""Featurisation: what is learnt from rows is learnt from training rows alone, and each step does what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import TargetEncoder

from bancada.learning.automl.columns import columns_of
from bancada.learning.automl.featurize import Target
from bancada.learning.automl.featurize.categories import OneHot, TargetMeans
from bancada.learning.automl.featurize.encode import Encoded, Encoder, Feature
from bancada.learning.automl.featurize.numbers import Fill, Filled, Scaling
from bancada.learning.automl.featurize.prepare import Preparation
from bancada.learning.automl.featurize.texts import ENGLISH, Texts
from bancada.learning.automl.frame import frame_of
from bancada.learning.automl.settings import Featurization, Settings, SettingsError

RECIPES = ("native", "paired", "dense", "scaled", "unit")


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "x": random.normal(0, 1, rows),
            "z": random.normal(5, 2, rows),
            "month": random.integers(1, 8, rows),
            "town": random.choice(list("abcd"), rows),
            "street": random.choice([f"s{n}" for n in range(40)], rows),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, rows), unit="D"),
            "note": [" ".join(random.choice(["pain", "none", "leg", "arm", "bad"], 5)) + f" n{n}" for n in range(rows)],
        }
    )
    frame.loc[random.random(rows) < 0.2, "z"] = np.nan
    return frame


def encoded(frame, **options):
    featurization = Featurization(**options)
    encoder = Encoder.of(columns_of(frame_of(frame), featurization), frame_of(frame))
    return encoder, encoder.encode(frame), featurization


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("classes", [0, 2, 3])
def test_features_of_validation_rows_say_nothing_of_other_validation_rows(recipe, classes):
    """A row gets the same features alone and beside others: nothing is learnt from rows that are predicted."""
    encoder, rows, featurization = encoded(table(160))
    y = np.random.default_rng(1).integers(0, classes or 50, 160).astype(float)
    preparation = Preparation(recipe, encoder, featurization)
    train = preparation.fit_transform(rows.take(np.arange(120)), Target(y[:120], classes))
    valid = rows.take(np.arange(120, 160))
    whole = preparation.transform(valid)
    assert train.shape[1] == whole.shape[1] == len(preparation.sources)
    for place in range(0, 40, 7):
        alone = preparation.transform(valid.take(np.array([place])))
        np.testing.assert_allclose(alone[0], whole[place], atol=1e-9)


@pytest.mark.parametrize("recipe", RECIPES)
def test_many_rows_get_the_features_that_each_part_of_them_gets(recipe):
    """Many rows go through the steps in parts."""
    encoder, rows, featurization = encoded(table(900))
    preparation = Preparation(recipe, encoder, featurization)
    preparation.fit_transform(rows.take(np.arange(100)), Target(np.arange(100.0), 0))
    parts = [preparation.transform(rows.take(slice(start, start + 75))) for start in range(0, 900, 75)]
    np.testing.assert_allclose(preparation.transform(rows), np.concatenate(parts), atol=1e-9)
    assert preparation.transform(rows.take(slice(0))).shape == (0, parts[0].shape[1])


@pytest.mark.parametrize("recipe", RECIPES)
def test_features_of_validation_rows_do_not_depend_on_their_targets_or_cells(recipe):
    encoder, rows, featurization = encoded(table(160))
    y = np.random.default_rng(1).normal(0, 1, 160)
    some = rows.take(np.arange(120))
    first = Preparation(recipe, encoder, featurization)
    first.fit_transform(some, Target(y[:120], 0))
    again = Preparation(recipe, encoder, featurization)
    again.fit_transform(some, Target(y[:120], 0))
    np.testing.assert_array_equal(first.transform(rows), again.transform(rows))


@pytest.mark.parametrize("recipe", ["paired", "dense", "scaled"])
def test_a_training_rows_own_target_does_not_reach_its_features(recipe):
    """With random targets, levels of one row each must tell nothing: a leak would give a high correlation."""
    rows = 300
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"key": [f"k{n % 150}" for n in random.permutation(rows)], "x": random.random(rows)})
    encoder, cells, featurization = encoded(frame, column_name_and_types={"key": "Categorical"})
    y = random.normal(0, 1, rows)
    preparation = Preparation(recipe, encoder, featurization)
    features = preparation.fit_transform(cells, Target(y, 0))
    made = [n for n, source in enumerate(preparation.sources) if source == ("key",)]
    for n in made:
        if features[:, n].std() > 0:
            assert abs(np.corrcoef(features[:, n], y)[0, 1]) < 0.25


def step_rows(cells) -> Encoded:
    return Encoded(np.asarray(cells, dtype=float)[:, None], {})


def test_means_of_the_target_are_scikit_learns_with_the_same_smoothing():
    random = np.random.default_rng(0)
    codes, y = random.integers(0, 12, 400).astype(float), random.normal(3, 1, 400)
    step = TargetMeans([Feature("c", "c", "category", 12)], [(0,)])
    step.fit_transform(step_rows(codes), Target(y, 0))
    independent = TargetEncoder(target_type="continuous", smooth=10.0).fit(codes[:, None], y)
    new = np.r_[np.arange(12.0), 77.0]
    np.testing.assert_allclose(
        step.transform(step_rows(new))[:, 0], independent.transform(new[:, None])[:, 0], rtol=1e-12
    )


def test_training_rows_get_means_of_the_other_parts():
    codes, y = np.zeros(50), np.r_[1000.0, np.zeros(49)]
    step = TargetMeans([Feature("c", "c", "category", 1)], [(0,)])
    found = step.fit_transform(step_rows(codes), Target(y, 0))
    assert found[0, 0] == 0.0  # its own thousand is not in it
    assert step.transform(step_rows([0.0]))[0, 0] == pytest.approx(20.0)


def test_classes_become_shares_of_each_class_but_of_two_only_the_second():
    codes, y = np.zeros(60), np.arange(60.0) % 3
    step = TargetMeans([Feature("c", "c", "category", 1)], [(0,)])
    step.fit_transform(step_rows(codes), Target(y, 3))
    np.testing.assert_allclose(step.transform(step_rows([0.0]))[0], [1 / 3, 1 / 3, 1 / 3, 1.0])
    step.fit_transform(step_rows(codes), Target(y % 2, 2))
    assert step.transform(step_rows([0.0])).shape == (1, 2)


def test_rare_and_unknown_levels_have_no_column_of_their_own():
    step = OneHot([Feature("c", "c", "category", 3)], [0])
    found = step.fit_transform(step_rows([0.0] * 5 + [1.0] * 4 + [2.0] + [np.nan]), Target(np.zeros(11), 0))
    assert found.shape == (11, 2)
    np.testing.assert_array_equal(step.transform(step_rows([0.0, 1.0, 2.0, 9.0, np.nan])).sum(axis=1), [1, 1, 0, 0, 0])


@pytest.mark.parametrize(
    ("fill", "value"),
    [(Fill(), 2.0), (Fill("mean"), 3.25), (Fill("most_frequent"), 1.0), (Fill("constant", -9.0), -9.0)],
)
def test_gaps_are_filled_by_the_strategy_and_marked(fill, value):
    step = Filled([Feature("x", "x", "numeric")], [0], {"x": fill})
    step.fit_transform(step_rows([1.0, 1.0, 3.0, 8.0, np.nan]), Target(np.zeros(5), 0))
    np.testing.assert_array_equal(step.transform(step_rows([np.nan, 7.0])), [[value, 1.0], [7.0, 0.0]])


def test_an_imputer_of_ones_own_also_fills_for_trees():
    frame = pd.DataFrame({"x": [1.0, None, 3.0, 9.0] * 10, "z": [1.0, None, 3.0, 4.0] * 10})
    params = {"imputer": [{"fields": ["x"], "parameters": {"strategy": "constant", "fill_value": -1}}]}
    frame.loc[0, "z"] = 7
    encoder, rows, featurization = encoded(frame, mode="custom", transformer_params=params)
    preparation = Preparation("native", encoder, featurization)
    found = preparation.fit_transform(rows, Target(np.zeros(40), 0))
    assert found[1, 0] == -1.0
    assert np.isnan(found[1, 1])
    assert not preparation.is_plain


def test_an_imputer_without_fields_is_for_all_numbers():
    params = {
        "Imputer": [{"parameters": {"strategy": "mean"}}, {"fields": ["z"], "parameters": {"strategy": "median"}}]
    }
    frame = pd.DataFrame({"x": [1.0, None, 3.0, 8.0] * 10, "z": [1.0, None, 3.0, 8.5] * 10, "town": list("a.bb") * 10})
    frame["town"] = frame["town"].replace(".", None)
    encoder, rows, featurization = encoded(frame, mode="custom", transformer_params=params)
    found = Preparation("native", encoder, featurization).fit_transform(rows, Target(np.zeros(40), 0))
    np.testing.assert_array_equal(found[1], [4.0, 3.0, np.nan])


NOTES = pd.DataFrame(
    {"note": ["the pain is in the leg", "a pain and the arm", "the leg was bad", "an arm is bad"] * 10}
)


def words_of(**options) -> set[str]:
    """Return the words and pairs that a column of text is counted by."""
    encoder, rows, featurization = encoded(NOTES, column_name_and_types={"note": "Text"}, **options)
    preparation = Preparation("dense", encoder, featurization)
    preparation.fit_transform(rows, Target(np.arange(40.0), 0))
    (texts,) = [one for one in preparation._steps if isinstance(one, Texts)]
    return set(texts._models[0][1].get()[0].vocabulary_)


@pytest.mark.parametrize("name", ["tf_idf", "TfIdf", "tf-idf"])
@pytest.mark.parametrize("fields", [["note"], None])
def test_parameters_of_text_act_in_each_spelling(name, fields):
    """A pair comes as a list from YAML; scikit-learn wants a tuple."""
    assert "in the" in words_of()
    parameters = {"ngram_range": [1, 1], "stop_words": ["the"]}
    found = words_of(transformer_params={name: [{"fields": fields, "parameters": parameters}]})
    assert found == {"pain", "is", "in", "leg", "and", "arm", "was", "bad", "an"}
    other = {name: [{"fields": ["another"], "parameters": parameters}]}
    assert words_of(transformer_params=other) == words_of()


@pytest.mark.parametrize("language", [*ENGLISH, "ENG", "English"])
def test_english_text_is_counted_without_its_stop_words(language):
    assert words_of(dataset_language=language) == {
        "pain",
        "leg",
        "arm",
        "bad",
        "pain leg",
        "pain arm",
        "leg bad",
        "arm bad",
    }
    assert words_of(dataset_language="deu") == words_of() > {"the", "is in"}


def test_a_parameter_that_makes_no_sense_is_an_error_and_not_a_lost_column():
    params = {"TfIdf": [{"parameters": {"norm": "l7"}}]}
    with pytest.raises(ValueError, match="The 'norm' parameter of TfidfVectorizer"):
        words_of(transformer_params=params)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"TfIfd": []}, "Transformer `TfIfd` is not known. Did you mean `TfIdf`"),
        ({"imputers": []}, "Did you mean `Imputer`"),
        ({"tf_idf": [{"parameters": {"ngram_rang": 2}}]}, "Parameter of TfIdf `ngram_rang` is .* mean `ngram_range`"),
        (
            {"imputer": [{"parameters": {"strategy": "men"}}]},
            "Strategy of Imputer `men` is not known. Did you mean `mean`",
        ),
        ({"hash_one_hot_encoder": [{"parameters": {"number_of_bits": 3}}]}, None),
    ],
)
def test_transformers_and_parameters_that_are_not_known_are_refused_with_the_nearest(params, message):
    one = Settings("regression", "y", featurization=Featurization(transformer_params=params))
    if message is None:
        assert one.checked().featurization.transformer_params == params
        return
    with pytest.raises(SettingsError, match=message):
        one.checked()


def test_blocked_transformers_are_not_used():
    encoder, rows, _ = encoded(table(160))
    target = Target(np.arange(160.0), 0)

    def width(*blocked):
        preparation = Preparation("dense", encoder, Featurization(blocked_transformers=blocked))
        return preparation.fit_transform(rows, target).shape[1]

    whole = width()
    assert width("TfIdf") < whole - 10
    assert width("OneHotEncoder") == whole - 4 + 2  # four towns become their mean and frequency
    assert width("CatTargetEncoder") == whole - 1  # mean and frequency of streets become their order


def test_words_take_the_list_that_stands_for_a_tuple_in_yaml():
    words = {"TfIdf": [{"fields": ["note"], "parameters": {"ngram_range": [1, 1], "max_features": 4}}]}
    encoder, rows, featurization = encoded(table(60), transformer_params=words)
    preparation = Preparation("native", encoder, featurization)
    preparation.fit_transform(rows, Target(np.arange(60.0), 0))
    assert preparation.sources.count(("note",)) == 4  # three directions of four words, and the length


@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=40))
@settings(max_examples=60, deadline=None)
def test_scaling_keeps_order_and_bounds(cells):
    x = np.array(cells)[:, None]
    robust, unit = Scaling("robust").fit_transform(x)[:, 0], Scaling("unit").fit_transform(x)[:, 0]
    order = np.argsort(x[:, 0], kind="stable")
    assert (np.diff(robust[order]) >= -1e-9).all()
    assert (np.abs(robust) <= 3.0).all()
    assert ((unit >= 0) & (unit <= 1)).all()


def parted(rows: int = 60) -> pd.DataFrame:
    day = pd.Series(pd.date_range("2023-11-20", periods=rows))
    parts = {"day": day.dt.day, "mnth": day.dt.month, "year": day.dt.year}
    return pd.DataFrame({**parts, "x": np.random.default_rng(0).normal(size=rows), "when": day})


def test_a_date_in_three_columns_becomes_days_and_the_day_of_the_year():
    frame = parted()
    encoder, rows, featurization = encoded(frame.drop(columns="when"))
    assert encoder.calendar == ("year", "mnth", "day")
    y = Target(np.arange(60.0), 0)
    trees = Preparation("native", encoder, featurization)
    features = trees.fit_transform(rows, y)
    # Independently, by pandas.
    expected = (frame["when"] - pd.Timestamp("1970-01-01")).dt.days
    np.testing.assert_array_equal(features[:, -2], expected)
    np.testing.assert_array_equal(features[:, -1], frame["when"].dt.day_of_year)
    assert trees.sources[-2:] == [("year", "mnth", "day"), ("mnth", "day")]
    # Nothing is learnt: models of all folds can be joined to one.
    assert trees.is_plain
    for recipe in RECIPES:
        found = Preparation(recipe, encoder, featurization)
        assert found.fit_transform(rows, y).shape[1] == len(found.sources)
    off = Preparation("native", encoder, Featurization(mode="off"))
    assert off.fit_transform(rows, y).shape[1] == len(frame.columns) - 1


def test_gaps_and_wild_values_in_a_date_of_three_columns_are_answered():
    encoder, rows, featurization = encoded(parted().drop(columns="when"))
    y = Target(np.arange(60.0), 0)
    strange = encoder.encode({"day": [None, 31, 1e9], "mnth": [2, 2, 77], "year": [2024, 2024, -5], "x": [0.5] * 3})
    for recipe in RECIPES:
        found = Preparation(recipe, encoder, featurization)
        found.fit_transform(rows, y)
        filled = found.transform(strange)
        assert np.isfinite(filled[1:]).all()
        assert np.isfinite(filled[0]).all() == (recipe not in ("native", "paired"))


def test_columns_that_only_sound_like_a_date_are_left_alone():
    frame = parted().drop(columns="when")
    assert encoded(frame.drop(columns="day"))[0].calendar is None
    assert encoded(frame.assign(day=frame["day"] + 10))[0].calendar is None
    assert encoded(frame.assign(yr=frame["year"]).assign(yr=lambda t: t["yr"] + (t["x"] > 0)))[0].calendar is None
