"""What a stack may combine its members with, beside those linear models that are learners themselves.

Source: `stack_meta_learner_type` and `stack_meta_learner_kwargs` of Azure ML; its meta learners are scikit-learn's and
LightGBM's classes of these names. Tests compare with those.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from . import Lesson
from .boosting import Boosted, fit_lightgbm
from .linear import Linear, linear_of, module, row_weights, standardised

__all__ = ["fit_boosted", "fit_elastic_net_cv", "fit_least_squares", "fit_logistic_cv"]

_FOLDS = 5
# LightGBM's classes for scikit-learn have other names than its core.
_CORE_NAMES = {
    "boosting_type": "boosting",
    "colsample_bytree": "feature_fraction",
    "min_child_samples": "min_data_in_leaf",
    "min_child_weight": "min_sum_hessian_in_leaf",
    "min_split_gain": "min_gain_to_split",
    "n_estimators": "rounds",
    "num_iterations": "rounds",
    "random_state": "seed",
    "reg_alpha": "lambda_l1",
    "reg_lambda": "lambda_l2",
    "subsample": "bagging_fraction",
    "subsample_for_bin": "bin_construct_sample_cnt",
    "subsample_freq": "bagging_freq",
}
_OF_THE_CORE = ("extra_trees", "is_unbalance", "learning_rate", "max_bin", "max_depth", "num_leaves", "path_smooth")
# What changes no model here: one thread is used, and nothing is printed.
_WITHOUT_EFFECT = ("importance_type", "n_jobs", "silent", "verbose", "verbosity")
_BOOSTED = {"rounds": 100, "learning_rate": 0.1}


def fit_logistic_cv(lesson: Lesson) -> Linear:
    """Fit a logistic regression whose penalty is chosen by cross-validation."""
    smallest = int(np.unique(lesson.y, return_counts=True)[1].min())
    options: dict[str, Any] = {"cv": max(2, min(_FOLDS, smallest)), "max_iter": 200, **lesson.parameters}
    model = module().LogisticRegressionCV(**options)
    with warnings.catch_warnings():
        # scikit-learn 1.8 and later speak of defaults to come, whose names earlier ones do not know.
        warnings.simplefilter("ignore", FutureWarning)
        fitted = model.fit(lesson.x, lesson.y, **row_weights(lesson))
    return linear_of(fitted, lesson)


def fit_elastic_net_cv(lesson: Lesson) -> Linear:
    """Fit a linear regression whose penalty is chosen by cross-validation."""
    y, centre, spread = standardised(lesson)
    model = module().ElasticNetCV(**{"cv": _FOLDS, "max_iter": 2000, **lesson.parameters})
    return linear_of(model.fit(lesson.x, y, **row_weights(lesson)), lesson, centre, spread)


def fit_least_squares(lesson: Lesson) -> Linear:
    """Fit a linear regression without a penalty."""
    y, centre, spread = standardised(lesson)
    model = module().LinearRegression(**lesson.parameters)
    return linear_of(model.fit(lesson.x, y, **row_weights(lesson)), lesson, centre, spread)


def fit_boosted(lesson: Lesson) -> Boosted:
    """Fit boosted trees with LightGBM's own defaults: 100 rounds, none of them left out. ValueError: unknown name."""
    known = {*_CORE_NAMES, *_CORE_NAMES.values(), *_OF_THE_CORE} - {"rounds"}
    asked = {name: value for name, value in lesson.parameters.items() if name not in _WITHOUT_EFFECT}
    unknown = sorted(asked.keys() - known)
    if unknown:
        raise ValueError(f"LightGBM is not given `{unknown[0]}` here; known: {', '.join(sorted(known))}")
    given = {_CORE_NAMES.get(name, name): value for name, value in asked.items()}
    return fit_lightgbm(replace(lesson, parameters=_BOOSTED | given, valid=None))
