"""A program that trains the chosen model again with pandas, scikit-learn and LightGBM alone: to read, run and edit.

It has the same columns, steps, configurations, rounds and weights. It is no copy bit by bit: models of folds become one
fit on all rows, our network becomes scikit-learn's, our means of the target become scikit-learn's TargetEncoder.
"""

from __future__ import annotations

import pprint
from collections.abc import Sequence
from typing import Any

from .columns import Column, calendar_of
from .portfolio import Entry
from .settings import Settings

__all__ = ["program"]

# Algorithm -> (import, class for classes, class for values).
_CLASSES: dict[str, tuple[str, str, str]] = {
    "LightGBM": ("lightgbm", "LGBMClassifier", "LGBMRegressor"),
    "CatBoost": ("catboost", "CatBoostClassifier", "CatBoostRegressor"),
    "XGBoostClassifier": ("xgboost", "XGBClassifier", ""),
    "XGBoostRegressor": ("xgboost", "", "XGBRegressor"),
    "GradientBoosting": ("sklearn.ensemble", "HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
    "RandomForest": ("sklearn.ensemble", "RandomForestClassifier", "RandomForestRegressor"),
    "ExtremeRandomTrees": ("sklearn.ensemble", "ExtraTreesClassifier", "ExtraTreesRegressor"),
    "DecisionTree": ("sklearn.tree", "DecisionTreeClassifier", "DecisionTreeRegressor"),
    "LogisticRegression": ("sklearn.linear_model", "LogisticRegression", ""),
    "ElasticNet": ("sklearn.linear_model", "", "ElasticNet"),
    "LassoLars": ("sklearn.linear_model", "", "LassoLars"),
    "SGD": ("sklearn.linear_model", "SGDClassifier", "SGDRegressor"),
    "LinearSVM": ("sklearn.svm", "LinearSVC", ""),
    "SVM": ("sklearn.svm", "SVC", ""),
    "KNN": ("sklearn.neighbors", "KNeighborsClassifier", "KNeighborsRegressor"),
    "MultinomialNaiveBayes": ("sklearn.naive_bayes", "MultinomialNB", ""),
    "BernoulliNaiveBayes": ("sklearn.naive_bayes", "BernoulliNB", ""),
    "GaussianProcess": ("sklearn.gaussian_process", "", "GaussianProcessRegressor"),
    "NeuralNetwork": ("sklearn.neural_network", "MLPClassifier", "MLPRegressor"),
}
# What is set when the configuration does not: as in `learners`.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "LightGBM": {"verbosity": -1, "n_jobs": 1, "subsample_freq": 1},
    "CatBoost": {"verbose": False, "thread_count": 1, "allow_writing_files": False},
    "LogisticRegression": {"max_iter": 500},
    "ElasticNet": {"max_iter": 2000},
    "KNN": {"weights": "distance"},
    "NeuralNetwork": {"early_stopping": True},
}
# Names of parameters in the libraries' scikit-learn interfaces.
_NAMES = {
    "bagging_fraction": "subsample",
    "feature_fraction": "colsample_bytree",
    "min_data_in_leaf": "min_child_samples",
    "lambda_l1": "reg_alpha",
    "lambda_l2": "reg_lambda",
    "lambda": "reg_lambda",
    "eta": "learning_rate",
}
# What a target is learnt as, and how it is turned back.
_TURNS = {"sqrt": "func=np.sqrt, inverse_func=np.square", "log": "func=np.log, inverse_func=np.exp"}
_TARGET_SCALED = ("ElasticNet", "LassoLars", "SGD", "NeuralNetwork")

_HEAD = '''"""Trains the model that AutoML chose for `{target}`: {summary}.

    python train.py table.csv [model.joblib]

Written by Bancada's AutoML. Change what you like: it needs pandas, scikit-learn, joblib and {packages}.
"""

import sys

import joblib
import numpy as np
import pandas as pd
{imports}

TARGET = {target!r}
NUMBERS = {numbers}
CATEGORIES = {categories}
DATES = {dates}
TEXTS = {texts}
# Year, month and day of one date, if the table keeps them apart.
CALENDAR = {calendar}
SEED = {seed}

'''

_FEATURES = '''
def features(table):
    """Return the columns that models learn from: dates become their parts."""
    found = table[NUMBERS + CATEGORIES + DATES + TEXTS].copy()
    for name in NUMBERS:
        if not pd.api.types.is_numeric_dtype(found[name]):
            words = found[name].astype(str).str.lower().map({"true": 1, "yes": 1, "false": 0, "no": 0})
            found[name] = pd.to_numeric(found[name], errors="coerce").fillna(words)
        found[name] = found[name].astype(float)
    for name in CATEGORIES:
        found[name] = found[name].astype(object).where(found[name].notna(), None)
    for name in DATES:
        day = pd.to_datetime(found.pop(name), errors="coerce")
        parts = {"year": day.dt.year, "month": day.dt.month, "day": day.dt.day, "weekday": day.dt.day_of_week}
        parts |= {"day_of_year": day.dt.day_of_year, "hour": day.dt.hour}
        parts["days"] = (day - pd.Timestamp("1970-01-01")).dt.total_seconds() / 86400
        for part, values in parts.items():
            found[f"{name}.{part}"] = values.astype(float)
    if CALENDAR:
        parts = dict(zip(("year", "month", "day"), (found[name] for name in CALENDAR)))
        day = pd.to_datetime(pd.DataFrame(parts), errors="coerce")
        found["calendar.days"] = (day - pd.Timestamp("1970-01-01")).dt.total_seconds() / 86400
        found["calendar.day_of_year"] = day.dt.day_of_year.astype(float)
    for name in TEXTS:
        found[name] = found[name].fillna("").astype(str)
    return found


def numbers_of(table):
    """Return the names of columns that are numbers."""
    return [name for name in table if name not in CATEGORIES + TEXTS]


def few_levels(table):
    return [name for name in CATEGORIES if table[name].nunique() <= 10]


def many_levels(table):
    return [name for name in CATEGORIES if table[name].nunique() > 10]


def texts():
    """Words weighed by rarity, brought down to at most 32 columns."""
    words = TfidfVectorizer(max_features=20_000, ngram_range=(1, 2), sublinear_tf=True)
    return [(name, make_pipeline(words, TruncatedSVD(32, random_state=SEED)), name) for name in TEXTS]


def dense():
    """Gaps filled and marked, a column for each of few levels, means of the target for many."""
    gaps = SimpleImputer(strategy="median", add_indicator=True)
    hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    means = TargetEncoder(random_state=SEED)
    steps = [("numbers", gaps, numbers_of), ("few", hot, few_levels), ("many", means, many_levels)]
    return ColumnTransformer([*steps, *texts()], sparse_threshold=0)


def scaled():
    """The same, scaled by quartiles and bent at three spreads."""
    bend = FunctionTransformer(bent)
    return make_pipeline(dense(), RobustScaler(unit_variance=True), bend)


def bent(x):
    return x / np.sqrt(1 + (x / 3) ** 2)


def unit():
    """The same, between 0 and 1."""
    return make_pipeline(dense(), MinMaxScaler(clip=True))


def native():
    """As it is: gaps stay, levels are pandas' categories; text becomes columns."""
    rest = FunctionTransformer(as_categories)
    return ColumnTransformer([("rest", rest, not_text), *texts()]).set_output(transform="pandas")


def not_text(table):
    return [name for name in table if name not in TEXTS]


def as_categories(table):
    return table.astype(dict.fromkeys([name for name in CATEGORIES if name in table], "category"))


def paired():
    """As it is, and sums, differences, products and quotients of pairs of the first six numbers."""
    return make_pipeline(FunctionTransformer(with_pairs), native())


def with_pairs(table):
    found, names = table.copy(), numbers_of(table)[:6]
    for place, a in enumerate(names):
        for b in names[place + 1 :]:
            found[f"{a}+{b}"], found[f"{a}-{b}"] = table[a] + table[b], table[a] - table[b]
            found[f"{a}*{b}"], found[f"{a}:{b}"] = table[a] * table[b], table[a] / table[b].replace(0, np.nan)
    return found


def coded():
    """Gaps stay, levels become numbers."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
    return ColumnTransformer([("numbers", "passthrough", numbers_of), ("codes", codes, CATEGORIES), *texts()])

'''

_TAIL = """
def main():
    table = pd.read_csv(sys.argv[1]).dropna(subset=[TARGET])
    x, y = features(table), table[TARGET]
    scores = cross_val_score(model(), x, y, cv=KFold(3, shuffle=True, random_state=SEED), scoring={scoring!r})
    print(f"{scoring}: {{scores.mean():.4f}} (standard error {{scores.std(ddof=1) / np.sqrt(len(scores)):.4f}})")
    fitted = model().fit(x, y)
    joblib.dump(fitted, sys.argv[2] if len(sys.argv) > 2 else "model.joblib")


if __name__ == "__main__":
    main()
"""


def program(settings: Settings, columns: Sequence[Column], members: Sequence[tuple[Entry, float, int]]) -> str:
    """Return the program's text. `members`: configurations with weights and rounds; none when nothing was fitted."""
    known = [(entry, weight, rounds) for entry, weight, rounds in members if _class(entry, settings.task)]
    if not known:
        known = [(Entry("LightGBM"), 1.0, 100)]
    by_kind = {kind: [one.name for one in columns if one.kind == kind] for kind in ("category", "date", "text")}
    numbers = [one.name for one in columns if one.kind in ("numeric", "boolean")]
    head = _HEAD.format(
        target=settings.target_column_name,
        summary=" + ".join(f"{weight:.2f} {entry.algorithm}" for entry, weight, _ in known),
        packages=", ".join(sorted({_CLASSES[entry.algorithm][0].split(".")[0] for entry, _, _ in known})),
        imports=_imports(known, settings.task),
        numbers=_listed(numbers),
        categories=_listed(by_kind["category"]),
        dates=_listed(by_kind["date"]),
        texts=_listed(by_kind["text"]),
        calendar=_listed(calendar_of(columns) or ()),
        seed=settings.seed,
    )
    scoring = "neg_root_mean_squared_error" if settings.task == "regression" else "accuracy"
    return head + _FEATURES + _model(known, settings.task) + _TAIL.format(scoring=scoring)


def _class(entry: Entry, task: str) -> str:
    _, classifier, regressor = _CLASSES[entry.algorithm]
    return classifier if task == "classification" else regressor


def _imports(members: Sequence[tuple[Entry, float, int]], task: str) -> str:
    lines = {
        "from sklearn.calibration import CalibratedClassifierCV",
        "from sklearn.compose import ColumnTransformer, TransformedTargetRegressor",
        "from sklearn.decomposition import TruncatedSVD",
        "from sklearn.ensemble import VotingClassifier, VotingRegressor",
        "from sklearn.feature_extraction.text import TfidfVectorizer",
        "from sklearn.impute import SimpleImputer",
        "from sklearn.model_selection import KFold, cross_val_score",
        "from sklearn.pipeline import make_pipeline",
        "from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder",
        "from sklearn.preprocessing import RobustScaler, StandardScaler, TargetEncoder",
    }
    lines |= {f"from {_CLASSES[entry.algorithm][0]} import {_class(entry, task)}" for entry, _, _ in members}
    if any(entry.algorithm == "GaussianProcess" for entry, _, _ in members):
        lines.add("from sklearn.gaussian_process.kernels import Matern, WhiteKernel")
    return "\n".join(sorted(lines))


def _listed(names: Sequence[str]) -> str:
    return pprint.pformat(list(names), width=110, compact=True)


def _model(members: Sequence[tuple[Entry, float, int]], task: str) -> str:
    parts = [
        (f"{number}_{entry.algorithm}", _pipeline(entry, rounds, task))
        for number, (entry, _, rounds) in enumerate(members)
    ]
    lines = ["\ndef model():"]
    if len(parts) == 1:
        lines += [f'    """Return the model: {members[0][0].algorithm}."""', f"    return {parts[0][1]}", "", ""]
        return "\n".join(lines)
    vote = "VotingClassifier" if task == "classification" else "VotingRegressor"
    more = ', voting="soft"' if task == "classification" else ""
    lines += ['    """Return the mean of the chosen models."""', "    members = ["]
    lines += [f"        ({name!r}, {text})," for name, text in parts]
    weights = [round(weight, 4) for _, weight, _ in members]
    lines += ["    ]", f"    return {vote}(members, weights={weights}{more})", "", ""]
    return "\n".join(lines)


def _pipeline(entry: Entry, rounds: int, task: str) -> str:
    estimator = f"{_class(entry, task)}({_arguments(entry, rounds, task)})"
    if entry.algorithm in ("LinearSVM", "SVM"):
        estimator = f"CalibratedClassifierCV({estimator}, ensemble=False)"
    if task == "regression" and entry.algorithm in _TARGET_SCALED:
        estimator = f"TransformedTargetRegressor({estimator}, transformer=StandardScaler())"
    turn = _TURNS.get(str(entry.parameters.get("target")))
    if turn:
        estimator = f"TransformedTargetRegressor({estimator}, {turn})"
    coded = entry.algorithm in ("CatBoost", "XGBoostClassifier", "XGBoostRegressor")
    return f"make_pipeline({'coded' if coded else entry.prepared}(), {estimator})"


def _arguments(entry: Entry, rounds: int, task: str) -> str:
    given = {
        _NAMES.get(name, name): value for name, value in entry.parameters.items() if name not in ("rounds", "recipe")
    }
    if entry.algorithm == "GaussianProcess":
        return "kernel=Matern(length_scale=5.0, nu=2.5) + WhiteKernel(), normalize_y=True"
    if entry.algorithm == "NeuralNetwork":
        width = int(given.get("width", 128))
        given = {"hidden_layer_sizes": (width, width, width), "max_iter": max(20, rounds)}
    elif entry.algorithm == "SGD" and task == "classification":
        given["loss"] = "log_loss"
    elif entry.algorithm in ("CatBoost",) and rounds:
        given["iterations"] = rounds
    elif entry.algorithm in ("LightGBM", "XGBoostClassifier", "XGBoostRegressor") and rounds:
        given["n_estimators"] = rounds
    found = {**_DEFAULTS.get(entry.algorithm, {}), **given}
    return ", ".join(f"{name}={value!r}" for name, value in found.items())
