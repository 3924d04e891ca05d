"""Autolog of xgboost and lightgbm: parameters, a metric each round, importances, the model, which is loaded again."""

# Runs in the client's environment, where there is no pytest.

import uuid

import lightgbm
import mlflow
import numpy as np
import xgboost
from mlflow.tracking import MlflowClient

ROUNDS = 5
client = MlflowClient()
X = np.random.default_rng(0).random((80, 3))
y = (X[:, 0] > 0.5).astype(int)
mlflow.set_experiment(f"boosting-{uuid.uuid4().hex[:8]}")


def check(run, expected, predict, metric, parameter):
    got = mlflow.get_run(run.info.run_id)
    assert got.info.status == "FINISHED"
    assert got.data.params[parameter[0]] == parameter[1], got.data.params
    history = client.get_metric_history(run.info.run_id, metric)
    assert [one.step for one in history] == list(range(ROUNDS)), history
    assert history[-1].value < history[0].value
    files = {one.path for one in client.list_artifacts(run.info.run_id)}
    assert any(one.startswith("feature_importance") for one in files), files
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert np.allclose(loaded.predict(predict), expected)


mlflow.xgboost.autolog()
with mlflow.start_run() as run:
    data = xgboost.DMatrix(X, label=y)
    options = {"objective": "binary:logistic", "eval_metric": "logloss", "max_depth": 2, "nthread": 1}
    model = xgboost.train(options, data, num_boost_round=ROUNDS, evals=[(data, "train")], verbose_eval=False)
check(run, model.predict(data), X, "train-logloss", ("max_depth", "2"))
mlflow.xgboost.autolog(disable=True)

mlflow.lightgbm.autolog()
with mlflow.start_run() as run:
    data = lightgbm.Dataset(X, label=y)
    options = {"objective": "binary", "num_leaves": 3, "verbosity": -1, "num_threads": 1}
    model = lightgbm.train(options, data, num_boost_round=ROUNDS, valid_sets=[data], valid_names=["train"])
check(run, model.predict(X), X, "train-binary_logloss", ("num_leaves", "3"))
print("ok", mlflow.__version__)
