"""Autolog, log_model, the registry, and loading models by every kind of address."""

# Runs in the client's environment, where there is no pytest.
# ruff: noqa: PT017, PT018

import uuid

import mlflow
import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LogisticRegression

NAME = f"forest-{uuid.uuid4().hex[:8]}"
MAJOR = int(mlflow.__version__.split(".")[0])
client = MlflowClient()
X = np.random.default_rng(0).random((60, 3))
y = (X[:, 0] > 0.5).astype(int)

mlflow.set_experiment(f"models-{uuid.uuid4().hex[:8]}")
mlflow.sklearn.autolog()
with mlflow.start_run() as run:
    model = LogisticRegression().fit(X, y)
    model.score(X, y)
    info = mlflow.sklearn.log_model(
        sk_model=model,
        artifact_path="mymodel",
        registered_model_name=NAME,
        signature=infer_signature(X, y),
    )
    mlflow.log_metric("Score", 0.9)
run_id = run.info.run_id
got = mlflow.get_run(run_id)
assert got.data.params["C"] == "1.0", got.data.params
assert "training_score" in got.data.metrics and got.data.metrics["Score"] == 0.9
assert got.inputs.dataset_inputs, "autolog notes the data set"
assert {one.path for one in client.list_artifacts(run_id)} >= {"estimator.html"}
if MAJOR == 2:
    assert "mymodel" in {one.path for one in client.list_artifacts(run_id)}
    assert "mlflow.log-model.history" in got.data.tags
else:
    logged = mlflow.get_logged_model(info.model_id)
    assert logged.source_run_id == run_id and str(logged.status) in ("READY", "LoggedModelStatus.READY")
    assert info.model_id in [one.model_id for one in got.outputs.model_outputs]
    found = mlflow.search_logged_models(
        experiment_ids=[got.info.experiment_id], filter_string="name = 'mymodel'", output_format="list"
    )
    assert [one.model_id for one in found] == [info.model_id]

expected = model.predict(X)
version = client.get_model_version(NAME, "1")
assert version.run_id == run_id and version.status == "READY" and version.current_stage == "None"
for uri in (f"models:/{NAME}/1", f"models:/{NAME}/latest", f"runs:/{run_id}/mymodel", info.model_uri):
    assert (mlflow.pyfunc.load_model(uri).predict(X) == expected).all(), uri
assert (mlflow.sklearn.load_model(f"models:/{NAME}/1").predict(X) == expected).all()

client.set_registered_model_alias(NAME, "champion", "1")
assert client.get_model_version_by_alias(NAME, "champion").version in ("1", 1)
assert (mlflow.pyfunc.load_model(f"models:/{NAME}@champion").predict(X) == expected).all()
assert client.get_registered_model(NAME).aliases == {"champion": "1"}

again = mlflow.register_model(f"runs:/{run_id}/mymodel", NAME, tags={"k": "v"})
assert str(again.version) == "2" and again.tags == {"k": "v"}
client.set_model_version_tag(NAME, "2", "l", "w")
client.delete_model_version_tag(NAME, "2", "k")
client.update_model_version(NAME, "2", description="second")
second = client.get_model_version(NAME, "2")
assert second.tags == {"l": "w"} and second.description == "second"
copy = client.copy_model_version(f"models:/{NAME}/2", NAME + "-copy")
assert (mlflow.pyfunc.load_model(f"models:/{NAME}-copy/{copy.version}").predict(X) == expected).all()

client.set_registered_model_tag(NAME, "team", "a")
client.update_registered_model(NAME, description="text")
registered = client.get_registered_model(NAME)
assert registered.tags["team"] == "a" and registered.description == "text"
assert [one.name for one in client.search_registered_models(f"name = '{NAME}'")] == [NAME]
assert [one.name for one in client.search_registered_models("tags.team = 'a'", max_results=100) if one.name == NAME]
assert {str(one.version) for one in client.search_model_versions(f"name = '{NAME}'")} == {"1", "2"}
if MAJOR == 2:
    client.transition_model_version_stage(NAME, "1", "Production")
    assert [one.version for one in client.get_latest_versions(NAME, stages=["Production"])] == ["1"]
    assert (mlflow.pyfunc.load_model(f"models:/{NAME}/Production").predict(X) == expected).all()
client.rename_registered_model(NAME, NAME + "-renamed")
assert (mlflow.pyfunc.load_model(f"models:/{NAME}-renamed@champion").predict(X) == expected).all()
client.delete_model_version(NAME + "-renamed", "2")
client.delete_registered_model_alias(NAME + "-renamed", "champion")
client.delete_registered_model(NAME + "-renamed")
try:
    client.get_registered_model(NAME + "-renamed")
except MlflowException as error:
    assert error.error_code == "RESOURCE_DOES_NOT_EXIST"
else:
    raise AssertionError("it was deleted")
try:
    mlflow.pyfunc.load_model(f"models:/{NAME}-none/1")
except MlflowException as error:
    assert "not found" in str(error).lower(), error
print("ok", mlflow.__version__)
