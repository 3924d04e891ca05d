"""What settings make of a table before anything is trained: its splits, its classes and what is said of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bancada.learning.automl.folds import k_folds, monte_carlo
from bancada.learning.automl.intake import Intake, take_in
from bancada.learning.automl.settings import Settings, SettingsError

ROWS = 120


def taken(target: str = "grade", **asked) -> Intake:
    random = np.random.default_rng(0)
    x = random.normal(0, 1, ROWS)
    frame = pd.DataFrame({"x": x, "z": random.normal(0, 1, ROWS), target: np.digitize(x, [-0.5, 1.0])})
    if target == "sort":
        frame[target] = np.where(x > 0, "yes", "no")
    return take_in(frame, None, Settings("classification", target, **asked).checked(), lambda *_: 5)


def test_folds_with_a_size_are_random_hold_outs_of_that_size():
    found = taken(n_cross_validations=6, validation_data_size=0.25).problem
    expected = monte_carlo(found.target, 3, 6, 0.25, 0)
    assert len(found.splits) == 6
    for split, other in zip(found.splits, expected, strict=True):
        assert len(split.valid) == 30
        np.testing.assert_array_equal(split.valid, other.valid)


@pytest.mark.parametrize(("asked", "folds"), [({"n_cross_validations": 4}, 4), ({"n_cross_validations": "auto"}, 5)])
def test_folds_alone_hold_every_row_out_once(asked, folds):
    found = taken(**asked).problem
    for split, other in zip(found.splits, k_folds(found.target, 3, folds, 0), strict=True):
        np.testing.assert_array_equal(split.valid, other.valid)


@pytest.mark.parametrize(("target", "classes"), [("sort", "no, yes"), ("grade", "0, 1, 2")])
def test_a_positive_label_that_does_not_occur_is_refused_with_those_that_do(target, classes):
    with pytest.raises(SettingsError, match=f"positive_label `maybe` is not in `{target}`; it has {classes}."):
        taken(target, positive_label="maybe")


def test_the_positive_one_of_two_classes_comes_last():
    found = taken("sort", positive_label="no")
    assert found.problem.labels == ("yes", "no")
    assert found.problem.has_positive
    assert not taken("sort").problem.has_positive


@pytest.mark.parametrize("label", [1, 1.0, "1"])
def test_one_of_three_classes_changes_nothing_and_that_is_said(label):
    found = taken(positive_label=label)
    assert found.problem.labels == (0, 1, 2)
    assert not found.problem.has_positive
    (rail,) = [one for one in found.rails if one.name == "Positive label"]
    assert (rail.status, rail.found) == ("alerted", "A positive label is one of two classes; the target has 3.")
