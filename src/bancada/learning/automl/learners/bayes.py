"""Naive Bayes, over counts and over signs. It classifies only."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from . import Lesson
from .estimators import Estimated, fitted

__all__ = ["fit_bernoulli", "fit_multinomial"]


def _module() -> Any:
    return import_module("sklearn.naive_bayes")


def fit_multinomial(lesson: Lesson) -> Estimated:
    """Fit over features between 0 and 1, taken as counts."""
    return fitted(_module().MultinomialNB(**{"alpha": 1.0, **lesson.parameters}), lesson)


def fit_bernoulli(lesson: Lesson) -> Estimated:
    """Fit over whether a feature is above its middle."""
    return fitted(_module().BernoulliNB(**{"alpha": 1.0, "binarize": 0.0, **lesson.parameters}), lesson)
