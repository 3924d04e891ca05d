"""A script in a job: resumes the job's run, though it names another experiment; nested and second runs work."""

# Runs in the client's environment, where there is no pytest.
# ruff: noqa: PT017

import os
import subprocess
import sys

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

job = os.environ["MLFLOW_RUN_ID"]
own = os.environ["MLFLOW_EXPERIMENT_ID"]
if os.environ.get("OTHER_EXPERIMENT"):
    mlflow.set_experiment(os.environ["OTHER_EXPERIMENT"])
with mlflow.start_run() as run:
    assert run.info.run_id == job, (run.info.run_id, job)
    mlflow.log_metric("Score", 0.5)
    mlflow.log_param("depth", 3)
    mlflow.log_text("x", "a.txt")
    with mlflow.start_run(nested=True) as nested:
        mlflow.log_metric("inner", 1)
assert mlflow.get_run(job).info.status == "FINISHED"
assert mlflow.get_run(job).info.experiment_id == own, "the run stays where the job put it"
with mlflow.start_run() as second:
    assert second.info.run_id != job
    mlflow.log_metric("second", 1)
assert mlflow.get_run(second.info.run_id).data.tags["mlflow.parentRunId"] == job
assert mlflow.get_run(nested.info.run_id).data.tags["mlflow.parentRunId"] == job
try:
    MlflowClient().log_metric(os.environ["FOREIGN_RUN"], "x", 1)
except MlflowException as error:
    assert error.error_code == "PERMISSION_DENIED", error.error_code
else:
    raise AssertionError("another run was written to")
# A script that a script starts gets the same variables.
code = "import mlflow\nwith mlflow.start_run():\n    mlflow.log_metric('sub', 1)\n"
subprocess.run([sys.executable, "-c", code], check=True)
print("ok", mlflow.__version__)
