"""Run inside an environment with mlflow: `python direct_cases.py RUNTIME_FOLDER WORK`. Prints one JSON line a case.

Each model is saved, loaded by the program for models without a script, and asked over and over: once as it is served,
once with the original object.
"""

import importlib
import json
import logging
import os
import re
import sys
import types
import warnings

import lightgbm
import mlflow.lightgbm
import mlflow.sklearn
import mlflow.xgboost
import numpy as np
import pandas as pd
import xgboost
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

warnings.simplefilter("ignore")
logging.disable()
package = types.ModuleType("bancada_runtime")
package.__path__ = [sys.argv[1]]
sys.modules["bancada_runtime"] = package
gate = importlib.import_module("bancada_runtime.exact_gate")
program = importlib.import_module("bancada_runtime.mlflow_program")

draw = np.random.default_rng(0)
ROWS = 300
X = pd.DataFrame(
    {"age": draw.integers(20, 80, ROWS), "chol": draw.normal(200, 30, ROWS), "sex": draw.choice(["f", "m"], ROWS)}
)
y = (X.age * 2 + X.chol + draw.normal(0, 30, ROWS) > 300).astype(int)
NUMBERS = X[["age", "chol"]]
GAPS = NUMBERS.astype("float64").mask(draw.random(NUMBERS.shape) < 0.1)


def prepared():
    return ColumnTransformer([("n", StandardScaler(), ["age", "chol"]), ("c", OneHotEncoder(), ["sex"])])


def booster(given):
    return xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(given, y), 15)


def light(given):
    return lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(given, y), 15)


forest = make_pipeline(prepared(), RandomForestClassifier(20, random_state=0))
CASES = {
    "forest": (mlflow.sklearn, lambda: forest.fit(X, y), X, {}),
    "forest's probabilities": (mlflow.sklearn, lambda: forest.fit(X, y), X, {"pyfunc_predict_fn": "predict_proba"}),
    "histogram boosting": (mlflow.sklearn, lambda: HistGradientBoostingClassifier(max_iter=15).fit(GAPS, y), GAPS, {}),
    "linear": (mlflow.sklearn, lambda: make_pipeline(prepared(), LogisticRegression()).fit(X, y), X, {}),
    "unknown": (mlflow.sklearn, lambda: make_pipeline(PolynomialFeatures(), LogisticRegression()).fit(NUMBERS, y),
        NUMBERS, {}),
    "lightgbm": (mlflow.lightgbm, lambda: lightgbm.LGBMClassifier(n_estimators=15, verbose=-1).fit(GAPS, y), GAPS, {}),
    "lightgbm's booster": (mlflow.lightgbm, lambda: light(NUMBERS), NUMBERS, {}),
    "xgboost": (mlflow.xgboost, lambda: xgboost.XGBClassifier(n_estimators=15).fit(GAPS, y), GAPS, {}),
    "xgboost's booster": (mlflow.xgboost, lambda: booster(NUMBERS), NUMBERS, {}),
}  # fmt: skip


def bodies(given):
    """Return requests in several forms, odd ones among them."""
    rows = json.loads(given.head(40).to_json(orient="values", double_precision=15))
    names = list(given.columns)
    for part in (rows, rows[:1], rows[3:5], rows[7:9]):
        yield {"input_data": {"columns": names, "index": list(range(len(part))), "data": part}}
        yield {"dataframe_split": {"columns": names[::-1], "data": [row[::-1] for row in part]}}
        yield {"dataframe_records": [dict(zip(names, row, strict=True)) for row in part]}
        yield {
            "Inputs": {"data": [dict(zip(names, row, strict=True)) for row in part]},
            "GlobalParameters": {"method": "predict"},
        }
        yield {"input_data": part, "params": {"method": "predict_proba"}}
    for value in (None, True, "x", 3, 3.5, 1e400, 10**30, 2**60, [1], {}):
        for at in range(len(names)):
            row = list(rows[0])
            row[at] = value
            yield {"input_data": {"columns": names, "data": [row]}}
            yield {"input_data": {"columns": names, "data": [row, rows[1]]}}
    yield {"input_data": {"columns": [*names, "more"], "data": [[*rows[0], 1]]}}
    yield {"input_data": {"columns": names[1:], "data": [rows[0][1:]]}}
    yield {"input_data": {"columns": names, "data": []}}
    yield {"input_data": {"columns": [names[0], names[0], *names[2:]], "data": [rows[0]]}}
    yield {"input_data": "nothing"}


def answer(text):
    try:
        found = program.run(text)
    except Exception as reason:
        return type(reason).__name__
    if not hasattr(found, "get_data"):
        return json.dumps(found)
    return re.sub(r"\[\d\d:\d\d:\d\d\]", "", found.get_data().decode())  # XGBoost's texts tell the time


for number, (name, (flavor, make, given, settings)) in enumerate(CASES.items()):
    folder = os.path.join(sys.argv[2], str(number))
    model = make()
    signature = infer_signature(given, np.array([1]))
    flavor.save_model(model, folder, signature=signature, input_example=given.head(3), pip_requirements=[], **settings)
    os.environ["AZUREML_MODEL_DIR"] = folder
    texts = [json.dumps(one) for one in bodies(given)]
    program.init()
    program.begin()
    expected = [answer(text) for text in texts]
    program.init()
    verdict = gate.use_exact_equivalents([vars(program)], program.examples())
    program.begin(verdict.served)
    direct = program._program.direct
    asked = [0]
    if direct is not None:
        own = direct._exact.of_matrix

        def counted(method, matrix, own=own, asked=asked):
            asked[0] += 1
            return own(method, matrix)

        direct._exact.of_matrix = counted
    differing = [text for text, said in zip(texts, expected, strict=True) if answer(text) != said]
    alone = asked[0]
    program.prepare(texts)
    differing += [text for text, said in zip(texts, expected, strict=True) if answer(text) != said]
    batched = sum(program._program.batches.take(text) is not None for text in texts)
    program.prepare([])
    level, note = program.level(verdict.level)
    facts = {"level": level, "note": note}
    counts = {"requests": len(texts), "straight": alone, "batched": batched, "batch": program.facts()["batch"]}
    print(json.dumps({"case": name, **facts, **counts, "differing": differing[:5]}))
