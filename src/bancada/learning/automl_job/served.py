"""The model as it is saved with MLflow: the engine's own, which also says what is unusual about a request."""

from __future__ import annotations

import logging
from typing import Any

__all__ = ["ServedModel"]

# A batch of more rows is no question of a person, who would read the notes (nor are a deployment's own probes).
MOST_NOTED_ROWS = 5

# The logger whose lines are a deployment's log.
logger = logging.getLogger("azmlinfsrv")


class ServedModel:
    """Predicts with scikit-learn's method names. `inner` is the engine's model."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def predict(self, data: Any) -> Any:
        """Return a class or a value for each row; what is out of the training's range is logged, not refused."""
        if len(data) <= MOST_NOTED_ROWS:
            for note in self.inner.notes(data):
                logger.warning("Unusual input: %s The prediction may be far off.", note)
        return self.inner.predict(data)

    def __getattr__(self, name: str) -> Any:
        """Give what only classifiers have (`predict_proba`, `classes_`) where the model has it."""
        if name == "inner" or name.startswith("__"):  # while it is being unpickled there is no inner yet
            raise AttributeError(name)
        if name == "predict_proba" and not self.inner.labels:
            raise AttributeError(name)
        return getattr(self.inner, name)
