"""What settings make of a table before anything is trained: its splits, its classes and what is said of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bancada.learning.automl.folds import k_folds, monte_carlo
from bancada.learning.automl.intake import Intake, take_in
from bancada.learning.automl.settings import Settings

ROWS = 120


def taken(target: str = "grade", **asked) -> Intake:
    random = np.random.default_rng(0)
    x = random.normal(0, 1, ROWS)
    frame = pd.DataFrame({"x": x, "z": random.normal(0, 1, ROWS), target: np.digitize(x, [-0.5, 1.0])})
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
