"""Prints, as one line of JSON, the requirements that MLflow records by itself and those with our answer in place."""

import json
import subprocess
import sys
import tempfile

sys.path.insert(0, sys.argv[1])
from bancada_runtime import mlflow_requirements as ours

# As at the start of a job, before MLflow is there.
ours.install()

import lightgbm  # noqa: E402
import mlflow  # noqa: E402
import mlflow.lightgbm  # noqa: E402
import mlflow.sklearn  # noqa: E402
import mlflow.xgboost  # noqa: E402
import pandas as pd  # noqa: E402
import xgboost  # noqa: E402
from mlflow.utils import requirements_utils  # noqa: E402
from sklearn.compose import ColumnTransformer  # noqa: E402
from sklearn.ensemble import RandomForestClassifier  # noqa: E402
from sklearn.pipeline import Pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer, StandardScaler  # noqa: E402

data = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.0, 1.0, 0.0, 1.0]})
columns = ColumnTransformer([("a", StandardScaler(), ["a"]), ("b", FunctionTransformer(lambda x: x * 2), ["b"])])
model = Pipeline([("columns", columns), ("forest", RandomForestClassifier(3))]).fit(data, [0, 1, 0, 1])


def saved(kind):
    path = tempfile.mkdtemp() + "/model"
    labels = [0, 1, 0, 1]
    if kind == "lightgbm":
        mlflow.lightgbm.save_model(lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(data, labels), path)
    elif kind == "xgboost":
        mlflow.xgboost.save_model(xgboost.XGBClassifier(n_estimators=2).fit(data, labels), path)
    else:
        estimator = model if kind == "cloudpickle" else model.named_steps["forest"]
        mlflow.sklearn.save_model(estimator, path, serialization_format=kind)
    with open(path + "/requirements.txt") as file:
        return sorted(file.read().split())


def refuse(*arguments, **options):
    raise AssertionError(f"an interpreter was started: {arguments}")


KINDS = ("cloudpickle", "pickle", "lightgbm", "xgboost")
own = {}
kept, subprocess.Popen = subprocess.Popen, refuse
for kind in KINDS:
    own[kind] = saved(kind)
subprocess.Popen = kept
replaced = requirements_utils._capture_imported_modules
requirements_utils._capture_imported_modules = replaced.bancada_original
stock = {kind: saved(kind) for kind in KINDS}
asked = []
requirements_utils._capture_imported_modules = ours._answering(
    requirements_utils, lambda *given, **named: asked.append(given) or ["numpy"]
)
requirements_utils._infer_requirements("models:/elsewhere", "sklearn")
requirements_utils._infer_requirements(tempfile.mkdtemp(), "pyfunc_of_tomorrow")
print(json.dumps({"ours": own, "stock": stock, "left_to_mlflow": len(asked)}))
