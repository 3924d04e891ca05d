"""Run inside an environment with scikit-learn: `python exact_cases.py RUNTIME_FOLDER`. Prints one JSON line a case."""

import copy
import importlib
import json
import pickle
import sys
import types
import warnings

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from lightgbm import train as train_lightgbm
from lightgbm.basic import Dataset
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from xgboost import XGBClassifier, XGBRegressor

warnings.simplefilter("ignore")
package = types.ModuleType("bancada_runtime")
package.__path__ = [sys.argv[1]]
sys.modules["bancada_runtime"] = package
gate = importlib.import_module("bancada_runtime.exact_gate")
same_bits = importlib.import_module("bancada_runtime.mlflow_batches").same_bits

draw = np.random.default_rng(0)
ROWS = 300
X = pd.DataFrame(
    {
        "age": draw.integers(20, 80, ROWS),
        "chol": draw.normal(200, 30, ROWS),
        "ca": draw.integers(0, 4, ROWS),
        "sex": draw.choice(["f", "m"], ROWS),
        "thal": draw.choice(["a", "b", "c"], ROWS),
    }
)
y = (X.age * 2 + X.chol + draw.normal(0, 30, ROWS) > 300).astype(int)
NUMBERS = X[["age", "chol", "ca"]]


def prepared(encoder):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return ColumnTransformer([("n", numbers, ["age", "chol", "ca"]), ("c", encoder, ["sex", "thal"])])


def hot():
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def forest():
    return RandomForestClassifier(20, random_state=0)


GAPS = NUMBERS.mask(draw.random(NUMBERS.shape) < 0.1)
THREE = pd.cut(X.chol, 3, labels=["low", "mid", "high"]).astype(str)


class LightgbmBooster:
    """Gives LightGBM's own Booster the form of the other cases."""

    def fit(self, given, labels):
        data = Dataset(given, labels, free_raw_data=False)
        return train_lightgbm({"objective": "regression", "verbose": -1}, data, 20)


def light(kind, **settings):
    return kind(n_estimators=25, verbose=-1, random_state=0, **settings)


class Own(RandomForestClassifier):
    """A subclass may predict anything."""

    def predict(self, given):
        return np.zeros(len(given))


CASES = {
    "forest behind encoders": (make_pipeline(prepared(hot()), RandomForestClassifier(30, random_state=0)), X, y),
    "regression": (make_pipeline(prepared(OrdinalEncoder()), ExtraTreesRegressor(20, random_state=0)), X, X.chol),
    "extra trees, three labels": (ExtraTreesClassifier(20, random_state=0), NUMBERS, THREE),
    "forest regression": (RandomForestRegressor(15, random_state=0), NUMBERS.to_numpy(), X.chol),
    "boosting": (make_pipeline(prepared(hot()), GradientBoostingClassifier(n_estimators=20, random_state=0)), X, y),
    "boosting, three labels": (GradientBoostingClassifier(n_estimators=15, random_state=0), NUMBERS, THREE),
    "boosting from zero": (GradientBoostingClassifier(n_estimators=15, init="zero"), NUMBERS.to_numpy(), y),
    "boosting regression": (
        make_pipeline(StandardScaler(), GradientBoostingRegressor(n_estimators=15, loss="huber")),
        NUMBERS,
        X.chol,
    ),
    "boosting from a model": (GradientBoostingClassifier(n_estimators=5, init=LogisticRegression()), NUMBERS, y),
    "histogram boosting": (make_pipeline(prepared(hot()), HistGradientBoostingClassifier(max_iter=20)), X, y),
    "histogram boosting with gaps": (HistGradientBoostingClassifier(max_iter=20), GAPS, THREE),
    "histogram boosting regression": (
        make_pipeline(MinMaxScaler(), HistGradientBoostingRegressor(max_iter=20, loss="poisson")),
        NUMBERS.to_numpy(),
        X.chol,
    ),
    "histogram boosting, categories": (
        HistGradientBoostingClassifier(max_iter=9, categorical_features=[2]),
        NUMBERS.to_numpy(),
        y,
    ),
    "lightgbm": (light(LGBMClassifier), GAPS, y),
    "lightgbm, three labels": (make_pipeline(prepared(hot()), light(LGBMClassifier)), X, THREE),
    "lightgbm regression": (make_pipeline(StandardScaler(), light(LGBMRegressor)), NUMBERS, X.chol),
    "lightgbm on an array": (
        light(LGBMClassifier, boosting_type="rf", bagging_freq=1, bagging_fraction=0.6),
        NUMBERS.to_numpy(),
        y,
    ),
    "lightgbm's booster": (LightgbmBooster(), GAPS, X.chol),
    "xgboost": (XGBClassifier(n_estimators=20), GAPS, y),
    "xgboost, three labels": (
        make_pipeline(prepared(hot()), XGBClassifier(n_estimators=20)),
        X,
        THREE.map({"low": 0, "mid": 1, "high": 2}),
    ),
    "xgboost regression": (make_pipeline(SimpleImputer(), XGBRegressor(n_estimators=20)), GAPS.to_numpy(), X.chol),
    "linear": (make_pipeline(prepared(hot()), LogisticRegression()), X, y),
    "linear on a frame": (make_pipeline(RobustScaler(), LogisticRegression()), NUMBERS, y),
    "forest on an array": (make_pipeline(MinMaxScaler(), forest()), NUMBERS.to_numpy(), y),
    "forest that fills gaps": (make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), forest()), GAPS, y),
    "bare forest, text labels": (forest(), NUMBERS, y.map({0: "no", 1: "yes"})),
    "unknown step": (make_pipeline(PolynomialFeatures(), forest()), NUMBERS, y),
    "own class": (Own(20, random_state=0), NUMBERS, y),
}


def ask(model, method, given):
    try:
        return getattr(model, method)(given)
    except Exception as reason:
        return type(reason).__name__, str(reason)


def odd_inputs(given):
    yield given[:0]
    yield given[:1]
    yield given[::-1]
    if isinstance(given, pd.DataFrame):
        yield given.drop(columns=["chol"])
        yield given[list(given.columns)[::-1]]
        yield given.to_dict(orient="records")
        yield given.assign(more=1)
        for value in (None, float("nan"), "x", True, 10**30):
            for name in ("age", given.columns[-1]):
                changed = given[:3].astype({name: object})
                changed[name] = [value, *given[name].tolist()[1:3]]
                yield changed
    else:
        yield given.tolist()
        yield given.astype("float32")
        yield given[0]


def same(left, right):
    return left == right if isinstance(left, tuple) else same_bits(left, right)


for name, (model, given, labels) in CASES.items():
    model = model.fit(given, labels)
    plain = copy.deepcopy(model)
    verdict = gate.use_exact_equivalents([{"model": model}])
    methods = [one for one in ("predict", "predict_proba") if hasattr(plain, one)]
    differing = [
        f"{method} {number}"
        for method in methods
        for number, one in enumerate([given, *odd_inputs(given)] * 2)
        if not same(ask(model, method, one), ask(plain, method, one))
    ]
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    clean = all("predict" not in vars(one) and same_bits(one.predict(given), plain.predict(given)) for one in copies)
    served = "predict" in vars(model)
    refitted = True
    if hasattr(model, "fit"):
        model.fit(given[:200], labels[:200])
        refitted = same_bits(model.predict(given), plain.fit(given[:200], labels[:200]).predict(given))
        refitted = refitted and "predict" not in vars(model)
    facts = {"level": verdict.level, "reason": verdict.reason, "served": served, "differing": differing}
    print(json.dumps({"case": name, **facts, "clean": clean, "refit": refitted}))

# A difference that shows only while it serves ends it.
model = RandomForestClassifier(5, random_state=0).fit(NUMBERS, y)
gate.use_exact_equivalents([{"model": model}])
model.estimators_[0] = model.estimators_[1]
answers = [model.predict_proba(NUMBERS) for _ in range(2)]
print(json.dumps({"case": "shadow", "served": "predict" in vars(model), "same": same_bits(*answers)}))
