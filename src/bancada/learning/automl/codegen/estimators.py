"""Members as the program writes them: a recipe's features, and the estimator of a library with its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..portfolio import Entry
from ..problem import Problem

__all__ = ["MODULES", "Member", "estimator_text", "fewest_rows", "member_text"]

# A configuration, its weight, and its rounds (0 for what has none).
Member = tuple[Entry, float, int]

# Algorithm -> (module, class for classes, class for values).
_CLASSES: dict[str, tuple[str, str, str]] = {
    "LightGBM": ("lightgbm", "LGBMClassifier", "LGBMRegressor"),
    "CatBoost": ("catboost", "CatBoostClassifier", "CatBoostRegressor"),
    "XGBoostClassifier": ("xgboost", "XGBClassifier", "XGBRegressor"),
    "XGBoostRegressor": ("xgboost", "XGBClassifier", "XGBRegressor"),
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
    # What only combines the members of a stack.
    "LogisticRegressionCV": ("sklearn.linear_model", "LogisticRegressionCV", ""),
    "ElasticNetCV": ("sklearn.linear_model", "", "ElasticNetCV"),
    "LinearRegression": ("sklearn.linear_model", "", "LinearRegression"),
    "LightGBMClassifier": ("lightgbm", "LGBMClassifier", ""),
    "LightGBMRegressor": ("lightgbm", "", "LGBMRegressor"),
}
# Class -> module.
MODULES = {name: module for module, *names in _CLASSES.values() for name in names if name}

# What is set when the configuration does not: as in `learners`.
_XGBOOST = {"learning_rate": 0.1, "n_jobs": 1, "n_estimators": 1000}
_BOOSTED_STACK = {"n_jobs": 1, "verbosity": -1}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "LightGBM": {"learning_rate": 0.05, "n_jobs": 1, "verbosity": -1, "n_estimators": 4000},
    "CatBoost": {"verbose": False, "thread_count": 1, "allow_writing_files": False, "iterations": 1000},
    "XGBoostClassifier": _XGBOOST,
    "XGBoostRegressor": _XGBOOST,
    "GradientBoosting": {"early_stopping": False},
    "LogisticRegression": {"max_iter": 200, "tol": 1e-3},
    "ElasticNet": {"alpha": 0.001, "max_iter": 2000, "tol": 1e-3},
    "LassoLars": {"alpha": 0.001},
    "SGD": {"max_iter": 100},
    "LinearSVM": {"C": 0.1, "max_iter": 2000},
    "KNN": {"n_neighbors": 15, "weights": "distance"},
    "LogisticRegressionCV": {"max_iter": 200},
    "ElasticNetCV": {"max_iter": 2000},
    "LightGBMClassifier": _BOOSTED_STACK,
    "LightGBMRegressor": _BOOSTED_STACK,
}
# How many rounds are, by algorithm.
_ROUNDS = {
    "LightGBM": "n_estimators",
    "CatBoost": "iterations",
    "XGBoostClassifier": "n_estimators",
    "XGBoostRegressor": "n_estimators",
}
_RANDOM = (
    *_ROUNDS,
    "GradientBoosting",
    "RandomForest",
    "ExtremeRandomTrees",
    "DecisionTree",
    "SGD",
    "LinearSVM",
    "GaussianProcess",
    "NeuralNetwork",
)
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
_TURNS = {"sqrt": "func=np.sqrt, inverse_func=squared", "log": "func=np.log, inverse_func=np.exp"}
_TARGET_SCALED = ("ElasticNet", "ElasticNetCV", "LassoLars", "SGD", "NeuralNetwork")


def member_text(problem: Problem, entry: Entry, rounds: int) -> str:
    """Return a member's line."""
    recipe = f"{entry.prepared}()"
    if entry.algorithm == "CatBoost" and _knows_levels(problem, entry):
        recipe = f"{recipe}, FunctionTransformer(whole)"
    return f"        make_pipeline({recipe}, {estimator_text(problem, entry, rounds)}),"


def estimator_text(problem: Problem, entry: Entry, rounds: int, *, stacks: bool = False) -> str:
    """Return the call that makes an estimator; with `stacks` it learns from other models' answers."""
    _, classifier, regressor = _CLASSES[entry.algorithm]
    arguments = _arguments(problem, entry, rounds)
    if not stacks and _knows_levels(problem, entry):
        arguments["cat_features" if entry.algorithm == "CatBoost" else "cat_feature"] = "LEVELS"
    inside = ", ".join(f"{name}={value}" for name, value in arguments.items())
    found = f"{classifier if problem.classes else regressor}({inside})"
    if entry.algorithm in ("LinearSVM", "SVM"):
        found = f"CalibratedClassifierCV({found}, cv={max(2, min(3, fewest_rows(problem) // 2))}, ensemble=False)"
    if not problem.classes and entry.algorithm in _TARGET_SCALED:
        found = f"TransformedTargetRegressor({found}, transformer=StandardScaler())"
    turn = _TURNS.get(str(entry.parameters.get("target")))
    return f"TransformedTargetRegressor({found}, {turn})" if turn else found


def fewest_rows(problem: Problem) -> int:
    """Return the rows of the smallest class."""
    return int(np.bincount(problem.target.astype(np.int64), minlength=problem.classes).min())


def _knows_levels(problem: Problem, entry: Entry) -> bool:
    """Tell whether the learner is told which features are codes of levels."""
    has = any(one.kind == "category" for one in problem.encoder.features)
    return has and entry.algorithm in ("LightGBM", "CatBoost") and not problem.featurization.blocks("LabelEncoder")


def _arguments(problem: Problem, entry: Entry, rounds: int) -> dict[str, str]:
    """Return arguments by name, as they are written."""
    if entry.algorithm == "GaussianProcess":
        kernel = "1.0 * Matern(length_scale=5.0, nu=2.5) + 0.1 * DotProduct() + WhiteKernel(0.1)"
        return {"kernel": kernel, "normalize_y": "True", "random_state": "SEED"}
    given = dict(_DEFAULTS.get(entry.algorithm, {}))
    given |= {
        _NAMES.get(name, name): value for name, value in entry.parameters.items() if name not in ("rounds", "recipe")
    }
    if entry.algorithm in _ROUNDS:
        given[_ROUNDS[entry.algorithm]] = rounds or entry.parameters.get("rounds", given[_ROUNDS[entry.algorithm]])
    if entry.algorithm == "LightGBM":
        # As in `learners.boosting`.
        least = int(given.get("min_child_samples", 20))
        given["min_child_samples"] = max(1, min(least, len(problem.target) // 10))
        given |= {"subsample_freq": 1} if float(given.get("subsample", 1.0)) < 1.0 else {}
    elif entry.algorithm == "NeuralNetwork":
        width = int(given.get("width", 128))
        given = {"hidden_layer_sizes": (width, width, width), "max_iter": rounds or int(given.get("epochs", 64))}
    elif entry.algorithm == "SGD" and problem.classes:
        given["loss"] = "log_loss"
    elif entry.algorithm == "CatBoost" and not problem.classes and "absolute" in problem.metric:
        given.setdefault("loss_function", "MAE")
    found = {name: repr(value) for name, value in given.items()}
    return {**found, "random_state": "SEED"} if entry.algorithm in _RANDOM else found
