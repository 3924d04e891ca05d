"""Recipes: which steps make the features of which kind of learner, and their fitting on the rows of one fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

__all__ = ["Groups", "Preparation", "Recipe", "groups_of", "imputers_of"]

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


def imputers_of(featurization: Featurization, features: Sequence[Feature]) -> dict[str, Fill]:
    """Return, by column, how a person wants gaps filled; where no columns are named, those of all numbers."""
    asked = featurization.parameters_of("Imputer", [one.source for one in features if one.kind != "category"])
    return {
        name: Fill(str(one.get("strategy", "median")), float(one.get("fill_value", 0.0))) for name, one in asked.items()
    }


@dataclass(frozen=True)
class Groups:
    """Which features are treated alike, as places among the encoder's features."""

    numbers: list[int]
    categories: list[int]
    # Categories that become a column a level where codes would not do, and the others, which become means.
    hot: list[int]
    meant: list[int]
    # Whole numbers that linear models also get as a column a value, and what starts again.
    few: list[int]
    periodic: list[int]
    # What is combined into crosses.
    crossed: list[int]


def groups_of(features: Sequence[Feature], featurization: Featurization) -> Groups:
    """Return the groups of a table's features."""
    categories = [n for n, one in enumerate(features) if one.kind == "category"]
    numbers = [n for n, one in enumerate(features) if one.kind != "category"]
    hot = [] if featurization.blocks("OneHotEncoder") else [n for n in categories if features[n].levels <= _ONE_HOT]
    whole = [n for n in numbers if features[n].whole and 2 <= features[n].levels <= _FEW_VALUES]
    return Groups(
        numbers,
        categories,
        hot,
        [n for n in categories if n not in hot],
        [n for n in whole if features[n].levels > 2],
        [n for n in numbers if features[n].period],
        (categories + whole)[:_CROSSED],
    )


def _steps(recipe: Recipe, encoder: Encoder, featurization: Featurization) -> list[Step]:
    features = encoder.features
    fills, groups = imputers_of(featurization, features), groups_of(features, featurization)
    if recipe in ("native", "paired"):
        steps: list[Step] = [Native(features, range(len(features)), fills)]
        if recipe == "paired":
            steps += _paired(features, groups, featurization)
    else:
        steps = _dense(features, groups, fills, featurization)
        if recipe != "dense":
            steps += [OneHot(features, groups.few), Waves(features, groups.periodic)]
    if encoder.calendar and featurization.mode != "off":
        trees = recipe in ("native", "paired", "dense")
        steps.append(Calendar(features, encoder.calendar, waves=not trees, fills=recipe not in ("native", "paired")))
    if encoder.texts and not featurization.blocks("TfIdf"):
        parameters = featurization.parameters_of("TfIdf", encoder.texts)
        steps.append(Texts(encoder.texts, parameters, featurization.dataset_language))
    return steps


def _dense(
    features: Sequence[Feature], groups: Groups, fills: dict[str, Fill], featurization: Featurization
) -> list[Step]:
    """Return steps for learners that know neither gaps nor categories."""
    hot = OneHot(features, groups.hot)
    if featurization.blocks("CatTargetEncoder"):
        # Without means of the target a category of many levels is only its order.
        return [Filled(features, groups.numbers + groups.meant, fills), hot]
    return [Filled(features, groups.numbers, fills), hot, TargetMeans(features, [(n,) for n in groups.meant])]


def _paired(features: Sequence[Feature], groups: Groups, featurization: Featurization) -> list[Step]:
    measures = [n for n in groups.numbers if not (features[n].whole and features[n].levels == 2)]
    steps: list[Step] = [Arithmetic(features, measures)]
    if featurization.blocks("CatTargetEncoder"):
        return steps
    crosses: list[tuple[int, ...]] = [(n,) for n in groups.categories]
    return [*steps, TargetMeans(features, crosses + list(combinations(groups.crossed, 2)))]
