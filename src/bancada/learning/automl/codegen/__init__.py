"""A program that trains the chosen model again with pandas, scikit-learn and the learners' own libraries alone.

It is to read, run and edit. It holds only what this model needs: the pieces that its members name, and what those name.
A comment at its head says what it does not do as the model did. `features` writes what makes numbers of columns,
`estimators` the members, `combining` what is made of them, `remarks` that comment; `layout` breaks long lines.
"""

from __future__ import annotations

import ast
import pprint
from collections.abc import Mapping, Sequence
from typing import Any

from ..portfolio import Entry
from ..problem import Problem
from ..settings import Settings
from . import combining, features
from .estimators import MODULES, Member, member_text
from .layout import laid_out
from .remarks import remarks

__all__ = ["Member", "program"]

_HEAD = '''"""Trains the model that AutoML chose for `{target}`: {summary}.

    python script.py table.csv [model.joblib]

Written by Bancada's AutoML. Change what you like: it needs pandas, joblib, {packages}.
To load the model elsewhere: `from script import *`, then `joblib.load("model.joblib").predict(table)`.
"""

{remarks}

import argparse
{imports}
{quiet}
'''

_MODULES = {
    "combinations": "itertools",
    "BaseEstimator": "sklearn.base",
    "ClassifierMixin": "sklearn.base",
    "RegressorMixin": "sklearn.base",
    "TransformerMixin": "sklearn.base",
    "CalibratedClassifierCV": "sklearn.calibration",
    "ColumnTransformer": "sklearn.compose",
    "TransformedTargetRegressor": "sklearn.compose",
    "TruncatedSVD": "sklearn.decomposition",
    "TfidfVectorizer": "sklearn.feature_extraction.text",
    "DotProduct": "sklearn.gaussian_process.kernels",
    "Matern": "sklearn.gaussian_process.kernels",
    "WhiteKernel": "sklearn.gaussian_process.kernels",
    "SimpleImputer": "sklearn.impute",
    "KFold": "sklearn.model_selection",
    "StratifiedKFold": "sklearn.model_selection",
    "cross_val_predict": "sklearn.model_selection",
    "cross_val_score": "sklearn.model_selection",
    "make_pipeline": "sklearn.pipeline",
    "make_union": "sklearn.pipeline",
    "FunctionTransformer": "sklearn.preprocessing",
    "MinMaxScaler": "sklearn.preprocessing",
    "OneHotEncoder": "sklearn.preprocessing",
    "OrdinalEncoder": "sklearn.preprocessing",
    "StandardScaler": "sklearn.preprocessing",
    "TargetEncoder": "sklearn.preprocessing",
    "has_fit_parameter": "sklearn.utils.validation",
    **MODULES,
}
# What is said of constants whose names do not say it.
_COMMENTS = {
    "FLOOR": "No answer is below it, as the target never was.",
    "LEVELS": "Where `native` puts levels.",
    "CROSSED": "What is taken by twos, each pair of levels as one.",
    "FEW_VALUES": "Numbers whose values linear models also get as a column each.",
    "FILLED": "Numbers whose gaps are filled in a way of their own.",
    "CALENDAR": "Year, month and day of one date.",
    "PERIODS": "Steps after which it starts again.",
}
# LightGBM 4.6 gives names to the columns of an array, and scikit-learn then misses them at each prediction.
_QUIET = """
# LightGBM names the columns of arrays by itself; that later arrays have no names is no news.
warnings.filterwarnings("ignore", message="X does not have valid feature names", category=UserWarning)
"""
_WHOLE = {"joblib": "import joblib", "np": "import numpy as np", "pd": "import pandas as pd"}


def program(problem: Problem, settings: Settings, members: Sequence[Member], stack: str | None = None) -> str:
    """Return the program's text.

    `members` are configurations with weights and rounds, none when nothing was fitted in time; `stack` names the
    learner that combines them when it is not their mean.
    """
    chosen = list(members) or [_emergency(problem)]
    parts = {
        **features.pieces(problem),
        "members": _members(problem, chosen),
        **combining.pieces(problem, settings, [weight for _, weight, _ in chosen], stack),
    }
    used = _closure(parts, "main")
    body = laid_out("\n\n".join(parts[name] for name in parts if name in used))
    constants = {
        **combining.constants(problem, settings, [weight for _, weight, _ in chosen]),
        **features.constants(problem),
    }
    known = _names(body)
    is_boosted = not known.isdisjoint(("LGBMClassifier", "LGBMRegressor"))
    values = "\n".join(_constant(name, value) for name, value in constants.items() if name in known)
    head = _HEAD.format(
        target=_plain(settings.target_column_name),
        summary=_summary(chosen, stack),
        packages=_packages(known),
        remarks=remarks(problem, settings, members, stack, known),
        imports=_imports(known | {"warnings"} if is_boosted else known),
        quiet=_QUIET if is_boosted else "",
    )
    return f"{head}{values}\n\n\n{body}"


def _emergency(problem: Problem) -> Member:
    """Return what is nearest to the model of a run without candidates: a linear one."""
    return Entry("LogisticRegression" if problem.classes else "ElasticNet"), 1.0, 0


def _members(problem: Problem, members: Sequence[Member]) -> str:
    lines = ["def members():", '    """Return what the model is made of, each with the preparation of its columns."""']
    lines += ["    return [", *(member_text(problem, entry, rounds) for entry, _, rounds in members), "    ]", ""]
    return "\n".join(lines)


def _summary(members: Sequence[Member], stack: str | None) -> str:
    if stack:
        return f"{stack} over {' + '.join(entry.algorithm for entry, _, _ in members)}"
    if len(members) == 1:
        return members[0][0].algorithm
    return " + ".join(f"{weight:.2f} {entry.algorithm}" for entry, weight, _ in members)


def _plain(text: str) -> str:
    """Return a name as it can stand in a docstring."""
    return " ".join(text.split()).replace("\\", "/").replace('"', "'")


# ---- what is used ---------------------------------------------------------------------------------------------------


def _names(text: str) -> set[str]:
    """Return all names that a program's text reads or writes; words of its strings and comments are none."""
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


def _closure(parts: Mapping[str, str], start: str) -> set[str]:
    """Return the parts that one of them needs, with itself."""
    found: set[str] = set()
    waiting = {start}
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= (_names(parts[name]) & parts.keys()) - found
    return found


def _imports(known: set[str]) -> str:
    by_module: dict[str, list[str]] = {}
    for name in sorted(known & _MODULES.keys()):
        by_module.setdefault(_MODULES[name], []).append(name)
    lines = {module: f"from {module} import {', '.join(names)}" for module, names in by_module.items()}
    own = ["import warnings"] if "warnings" in known else []
    own += [lines.pop("itertools")] if "itertools" in lines else []
    whole = [text for name, text in _WHOLE.items() if name in known]
    return "\n".join([*own, "", *whole, *(lines[module] for module in sorted(lines))])


def _packages(known: set[str]) -> str:
    found = {_MODULES[name].split(".")[0] for name in known & _MODULES.keys()} - {"itertools", "sklearn"}
    return ", ".join([*sorted(found), "scikit-learn"])


def _constant(name: str, value: Any) -> str:
    text = pprint.pformat(value, width=117 - len(name), compact=True, sort_dicts=False)
    return "\n".join([*([f"# {_COMMENTS[name]}"] if name in _COMMENTS else []), f"{name} = {text}"])
