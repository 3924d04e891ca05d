"""The step for text: words and pairs of words, weighed by rarity, brought down to a few columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from ..arrays import Floats
from ..packed import Packed
from . import Target
from .encode import Encoded

__all__ = ["ENGLISH", "Texts", "word_options"]

# Columns that one column of text becomes.
_WIDTH = 32
_MOST_WORDS = 20_000
# How a language is written whose stop words scikit-learn knows.
ENGLISH = ("eng", "en", "english")


class Texts:
    """Term frequency times inverse document frequency, then the largest singular directions, and the length."""

    def __init__(self, names: Sequence[str], parameters: Mapping[str, Mapping[str, Any]], language: str | None) -> None:
        """Take columns of text; `parameters` by column go to scikit-learn's TfidfVectorizer."""
        self.names = list(names)
        self._parameters = parameters
        self._language = language
        self._models: list[tuple[str, Packed]] = []
        self.sources: list[tuple[str, ...]] = []

    def fit_transform(self, rows: Encoded, target: Target) -> Floats:
        """Learn words and directions."""
        # scikit-learn's modules have no types and take a second to import: only when there is text.
        text: Any = import_module("sklearn.feature_extraction.text")
        linear: Any = import_module("sklearn.decomposition")
        self._models, self.sources = [], []
        for name in self.names:
            words = text.TfidfVectorizer(**word_options(len(rows), self._language, self._parameters.get(name, {})))
            try:
                counted = words.fit_transform(rows.texts[name])
            except TypeError:  # a parameter that makes no sense (scikit-learn's error is a ValueError, too)
                raise
            except ValueError:  # no word is left: nothing but stop words, or each occurs once
                continue
            width = min(_WIDTH, counted.shape[1] - 1, len(rows) - 1)
            if width < 1:
                continue
            directions = linear.TruncatedSVD(width, random_state=target.seed).fit(counted)
            self._models.append((name, Packed((words, directions))))
            self.sources += [(name,)] * (width + 1)
        return self.transform(rows)

    def transform(self, rows: Encoded) -> Floats:
        """Return the directions, and the logarithm of the length."""
        found: list[Any] = []
        for name, packed in self._models:
            words, directions = packed.get()
            found.append(directions.transform(words.transform(rows.texts[name])))
            found.append(np.log1p([len(one) for one in rows.texts[name]])[:, None])
        return np.hstack(found) if found else np.zeros((len(rows), 0))


def word_options(rows: int, language: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of scikit-learn's TfidfVectorizer for so many rows; those that are `given` go first."""
    found: dict[str, Any] = {"max_features": _MOST_WORDS, "ngram_range": (1, 2), "sublinear_tf": True}
    found["min_df"] = 2 if rows > 100 else 1
    if (language or "").casefold() in ENGLISH:
        found["stop_words"] = "english"
    # YAML and JSON know lists only; scikit-learn takes nothing but a tuple.
    return found | {name: tuple(value) if name == "ngram_range" else value for name, value in given.items()}
