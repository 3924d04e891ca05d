"""The heart walk-through: data, environment, cluster, sweep, best model, endpoint, test. Call by call as on Azure ML.

    python walkthrough.py [--trials 25] [--concurrent 2] [--keep]

The platform must be up (`bancada up --detach`). Only `bancada` needs to be installed: training and scoring run in
the environment of conda.yaml, which the platform builds.
"""

import argparse
import csv
import json
import sys
import time
import urllib.request

import env_builder
from report import classification_report

from bancada.identity import DefaultAzureCredential

SUBSCRIPTION_ID = "00000000-0000-0000-0000-000000000000"
RESOURCE_GROUP = "heart-rg"
WORKSPACE = "heart-ws"
ENVIRONMENT = "sklearn-env"
CLUSTER = "cpu-cluster"
DATA = "heart"
MODEL = "heart"
ENDPOINT = "heart-endpoint"

STARTED = time.monotonic()


def say(text):
    """Print a line with the time since the start."""
    print(f"[{time.monotonic() - STARTED:6.1f} s] {text}", flush=True)


def read_test_rows(path):
    """Return the test part: a list of {column: number} without the class, and the list of classes."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [{name: float(value) for name, value in row.items() if name} for row in csv.DictReader(file)]
    return rows, [int(row.pop("output")) for row in rows]


def post(url, key, deployment, body):
    """POST JSON to a scoring URI and return the answer; `requests.post` does the same."""
    request = urllib.request.Request(
        url,
        data=json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {key}",
            "azureml-model-deployment": deployment,
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def train(ml_client, arguments):
    """Run the sweep to its end and return the registered best model."""
    folder = env_builder.folder()
    data = env_builder.get_datafile_in_blob_for_job_sweep(ml_client, folder / "heart.csv", DATA)
    say(f"Data: {data.path}")
    sweep = env_builder.launch_hyperparam_search(
        ml_client,
        data,
        environment=f"{ENVIRONMENT}:1",
        compute=CLUSTER,
        model_name=MODEL,
        code=folder / "src",
        max_total_trials=arguments.trials,
        max_concurrent_trials=arguments.concurrent,
    )
    say(f"Sweep: {sweep.name}, {arguments.trials} trials, {arguments.concurrent} at a time")
    print(f"           {sweep.studio_url}", flush=True)
    ml_client.jobs.stream(sweep.name)
    say(f"Best trial: {ml_client.jobs.get(sweep.name).properties['best_child_run_id']}")
    model = env_builder.register_best_model_from_sweep(ml_client, sweep.name, MODEL)
    say(f"Model: {model.name}, version {model.version} (the best; each trial's script registered its own before)")
    return model


def deploy(ml_client, model):
    """Deploy the model and return (scoring URI, key, name of the deployment)."""
    endpoint, deployment = env_builder.create_endpoint_specs(
        ENDPOINT, model, f"{ENVIRONMENT}:1", code=env_builder.folder() / "src"
    )
    env_builder.get_or_create_endpoint_deployment(ml_client, endpoint, deployment)
    uri = ml_client.online_endpoints.get(name=ENDPOINT).scoring_uri
    key = ml_client.online_endpoints.get_keys(name=ENDPOINT).primary_key
    say(f"Endpoint: {uri}")
    return uri, key, deployment.name


def main():
    """Run the walk-through."""
    parser = argparse.ArgumentParser(description="The heart walk-through.")
    parser.add_argument("--trials", type=int, default=25, help="trials of the sweep")
    parser.add_argument("--concurrent", type=int, default=2, help="trials at a time")
    parser.add_argument("--keep", action="store_true", help="keep the workspace (it is deleted at the end otherwise)")
    arguments = parser.parse_args()

    ml_client = env_builder.get_mlclient_and_create_workspace(
        SUBSCRIPTION_ID, RESOURCE_GROUP, WORKSPACE, credential=DefaultAzureCredential()
    )
    say(f"Workspace: {WORKSPACE}, {ml_client.workspaces.get(WORKSPACE).mlflow_tracking_uri}")
    conda_file = str(env_builder.folder() / "conda.yaml")
    environment = env_builder.get_or_create_enviroment(ml_client, ENVIRONMENT, conda_file, "scikit-learn and MLflow")
    say(f"Environment: {environment.name}:{environment.version}")
    cluster = env_builder.get_or_create_compute_cluster(ml_client, CLUSTER)
    say(f"Cluster: {cluster.name}, {cluster.min_instances} to {cluster.max_instances} instances")

    model = train(ml_client, arguments)
    uri, key, deployment = deploy(ml_client, model)
    rows, classes = read_test_rows(env_builder.folder() / "heart.test.csv")
    predicted = post(uri, key, deployment, {"data": rows})
    say(f"Scored: {len(rows)} rows that the training has not seen\n")
    print(classification_report(classes, predicted))
    if not arguments.keep:
        env_builder.ml_workspace_deletion(ml_client, WORKSPACE)
        say(f"Deleted: workspace {WORKSPACE}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nStopped watching; a job that was submitted goes on (`bancada job cancel` ends it).", file=sys.stderr)
        sys.exit(130)
