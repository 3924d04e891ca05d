"""AutoML for tables: `fit` finds the best model of a target within a time, on the processor, on any number of cores.

    from bancada.learning.automl import Limits, Settings, fit

    result = fit(table, Settings("regression", "rentals", limits=Limits(timeout_minutes=1)))
    result.best, result.leaderboard, result.model.predict(table)

How it decides: docs/concepts/automl.md. Needs NumPy, pandas, scikit-learn and LightGBM (the extra `automl`); XGBoost
and CatBoost are used where they are installed. This folder imports nothing else of Bancada, and only relatively: it is
copied into jobs and saved models under another name (`package`). To read it, start with `engine`, then `scheduler`.
"""

from __future__ import annotations

try:
    from .checkpoint import TablesChanged, load_best
    from .engine import fit
    from .explain import Explanation, LocalExplanation, explain_rows
    from .guardrails import GuardRail
    from .model import Model
    from .observer import Observer, Progress, Row, Silent
    from .package import copy_to, dumps
    from .result import Result
    from .settings import Featurization, Limits, Settings, SettingsError, Training
except ModuleNotFoundError as reason:
    # The one that is needed to import; where the extra is not installed, it is missing with all others.
    if reason.name != "numpy":
        raise
    text = 'AutoML needs NumPy and more, which are not installed here: pip install "bancada[automl]".'
    raise ModuleNotFoundError(text, name=reason.name) from reason

__all__ = [
    "Explanation",
    "Featurization",
    "GuardRail",
    "Limits",
    "LocalExplanation",
    "Model",
    "Observer",
    "Progress",
    "Result",
    "Row",
    "Settings",
    "SettingsError",
    "Silent",
    "TablesChanged",
    "Training",
    "copy_to",
    "dumps",
    "explain_rows",
    "fit",
    "load_best",
]
