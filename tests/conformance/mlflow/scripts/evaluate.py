"""`mlflow.evaluate` of classic models (`mlflow.models.evaluate` in 3.x): metrics, plots and tables go into the run."""

# Runs in the client's environment, where there is no pytest.

import uuid

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LinearRegression, LogisticRegression

MAJOR = int(mlflow.__version__.split(".")[0])
evaluate = mlflow.evaluate if MAJOR == 2 else mlflow.models.evaluate
client = MlflowClient()
X = pd.DataFrame(np.random.default_rng(0).random((60, 3)), columns=["a", "b", "c"])
mlflow.set_experiment(f"evaluate-{uuid.uuid4().hex[:8]}")
CASES = {
    "classifier": (LogisticRegression(), (X["a"] > 0.5).astype(int), "accuracy_score", "confusion_matrix.png"),
    "regressor": (LinearRegression(), 2 * X["a"] + X["b"], "r2_score", None),
}
for kind, (model, y, metric, plot) in CASES.items():
    model.fit(X, y)
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(model, artifact_path="model", signature=infer_signature(X, y))
        result = evaluate(
            info.model_uri,
            data=X.assign(target=y),
            targets="target",
            model_type=kind,
            evaluator_config={"log_model_explainability": False},
        )
    got = mlflow.get_run(run.info.run_id)
    assert got.data.metrics[metric] == result.metrics[metric] > 0.8, got.data.metrics
    files = {one.path for one in client.list_artifacts(run.info.run_id)}
    assert plot is None or plot in files, files
    assert got.inputs.dataset_inputs, "evaluate notes the data set"
    if MAJOR > 2:
        measured = {one.key: one.value for one in mlflow.get_logged_model(info.model_id).metrics}
        assert measured[metric] == result.metrics[metric], measured
print("ok", mlflow.__version__)
