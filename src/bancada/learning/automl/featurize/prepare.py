"""Recipes: which steps make the features of which kind of learner, and their fitting on the rows of one fold."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np

from ..arrays import Floats
from ..settings import Featurization
from . import Step, Target
from .calendar import Calendar
from .categories import OneHot, TargetMeans
from .encode import Encoded, Encoder, Feature
from .numbers import Fill, Filled, Native, Scaling, Waves
from .pairs import Arithmetic
from .texts import Texts

__all__ = ["Preparation", "Recipe"]

# native: trees that take gaps and categories as they are. paired: the same with arithmetic, crosses and means of the
# target. dense: trees without gaps or categories. scaled: linear models, neighbours, networks. unit: counts in 0..1.
Recipe = Literal["native", "paired", "dense", "scaled", "unit"]

# Levels up to which a category becomes one column each.
_ONE_HOT = 10
# Whole numbers with up to so many values also become one column each for linear models: seasons, weekdays, grades.
_FEW_VALUES = 12
# Rows that go through all steps at once.
_CHUNK = 256
# Categories taken into crosses: 5 give 10 pairs.
_CROSSED = 5


class Preparation:
    """The features of one kind of learner, fitted on one set of rows."""

    def __init__(self, recipe: Recipe, encoder: Encoder, featurization: Featurization) -> None:
        """Choose the steps."""
        self.recipe = recipe
        self._steps: list[Step] = _steps(recipe, encoder, featurization)
        self._scaling = {"scaled": Scaling("robust"), "unit": Scaling("unit")}.get(recipe)
        # Places of features that are codes of categories.
        self.categorical: list[int] = []
        if recipe in ("native", "paired") and not featurization.blocks("LabelEncoder"):
            self.categorical = [n for n, one in enumerate(encoder.features) if one.kind == "category"]

    @property
    def sources(self) -> list[tuple[str, ...]]:
        """For each feature the columns of the table that it is made of."""
        return [one for step in self._steps for one in step.sources]

    @property
    def is_plain(self) -> bool:
        """Whether nothing was learnt for the features, so that models of all folds share one input."""
        return all(isinstance(one, (Native, Calendar)) and not one.fills_gaps for one in self._steps)

    def fit_transform(self, rows: Encoded, target: Target) -> Floats:
        """Learn from training rows and return their features."""
        x = np.hstack([step.fit_transform(rows, target) for step in self._steps])
        return self._scaling.fit_transform(x) if self._scaling else x

    def transform(self, rows: Encoded) -> Floats:
        """Return the features of any rows: some at a time, as what lies between two steps should stay in the cache."""
        if not len(rows):  # which some steps, and scikit-learn, refuse
            return np.zeros((0, len(self.sources)))
        first = self._transform(rows.take(slice(_CHUNK)))
        if len(rows) <= _CHUNK:
            return first
        found = np.empty((len(rows), first.shape[1]))
        found[:_CHUNK] = first
        for start in range(_CHUNK, len(rows), _CHUNK):
            found[start : start + _CHUNK] = self._transform(rows.take(slice(start, start + _CHUNK)))
        return found

    def _transform(self, rows: Encoded) -> Floats:
        parts = [step.transform(rows) for step in self._steps]
        x = parts[0] if len(parts) == 1 else np.hstack(parts)
        return self._scaling.transform(x) if self._scaling else x


def _steps(recipe: Recipe, encoder: Encoder, featurization: Featurization) -> list[Step]:
    features = encoder.features
    everything = list(range(len(features)))
    categories = [n for n in everything if features[n].kind == "category"]
    numbers = [n for n in everything if features[n].kind != "category"]
    asked = featurization.parameters_of("Imputer", [features[n].source for n in numbers])
    fills = {
        name: Fill(str(one.get("strategy", "median")), float(one.get("fill_value", 0.0))) for name, one in asked.items()
    }
    if recipe in ("native", "paired"):
        steps: list[Step] = [Native(features, everything, fills)]
        if recipe == "paired":
            steps += _paired(features, numbers, categories, featurization)
    else:
        steps = _dense(features, numbers, categories, fills, featurization)
        if recipe != "dense":
            steps += _linear(features, numbers)
    if encoder.calendar and featurization.mode != "off":
        trees = recipe in ("native", "paired", "dense")
        steps.append(Calendar(features, encoder.calendar, waves=not trees, fills=recipe not in ("native", "paired")))
    if encoder.texts and not featurization.blocks("TfIdf"):
        parameters = featurization.parameters_of("TfIdf", encoder.texts)
        steps.append(Texts(encoder.texts, parameters, featurization.dataset_language))
    return steps


def _dense(
    features: Sequence[Feature],
    numbers: list[int],
    categories: list[int],
    fills: dict[str, Fill],
    featurization: Featurization,
) -> list[Step]:
    """Return steps for learners that know neither gaps nor categories."""
    hot = [] if featurization.blocks("OneHotEncoder") else [n for n in categories if features[n].levels <= _ONE_HOT]
    meant = [n for n in categories if n not in hot]
    if featurization.blocks("CatTargetEncoder"):
        # Without means of the target a category of many levels is only its order.
        return [Filled(features, numbers + meant, fills), OneHot(features, hot)]
    return [Filled(features, numbers, fills), OneHot(features, hot), TargetMeans(features, [(n,) for n in meant])]


def _linear(features: Sequence[Feature], numbers: list[int]) -> list[Step]:
    few = [n for n in numbers if features[n].whole and 2 < features[n].levels <= _FEW_VALUES]
    periodic = [n for n in numbers if features[n].period]
    return [OneHot(features, few), Waves(features, periodic)]


def _paired(
    features: Sequence[Feature], numbers: list[int], categories: list[int], featurization: Featurization
) -> list[Step]:
    levels = {n for n in numbers if features[n].whole and 2 <= features[n].levels <= _FEW_VALUES}
    measures = [n for n in numbers if n not in levels or features[n].levels > 2]
    steps: list[Step] = [Arithmetic(features, measures)]
    if featurization.blocks("CatTargetEncoder"):
        return steps
    crossed = (categories + sorted(levels))[:_CROSSED]
    groups: list[tuple[int, ...]] = [(n,) for n in categories]
    return [*steps, TargetMeans(features, groups + list(combinations(crossed, 2)))]
