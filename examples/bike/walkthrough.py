"""The bike story: prepare data, let AutoML find the best model, deploy it, ask it. Call by call as on Azure ML.

    python walkthrough.py [--minutes 15] [--trials 3] [--keep]

The platform must be up (`bancada up --detach`). Only `bancada` needs to be installed: AutoML runs in the curated
environment `automl`, which the platform builds when it is first used.
"""

import argparse
import json
import sys
import time
import urllib.request
from pathlib import Path

from bancada.core.exceptions import ResourceNotFoundError
from bancada.identity import DefaultAzureCredential
from bancada.ml import Input, MLClient, Output, automl, command
from bancada.ml.constants import AssetTypes
from bancada.ml.entities import AmlCompute, Data, ManagedOnlineDeployment, ManagedOnlineEndpoint, Model, Workspace

FOLDER = Path(__file__).resolve().parent
WORKSPACE = "bike-ws"
CLUSTER = "cpu-cluster"
ENDPOINT = "bike-endpoint"
EXPERIMENT = "bike-automl"

STARTED = time.monotonic()


def say(text):
    """Print a line with the time since the start."""
    print(f"[{time.monotonic() - STARTED:6.1f} s] {text}", flush=True)


def connect():
    """Return a client of the story's workspace, which is made if need be."""
    client = MLClient(DefaultAzureCredential(), "00000000-0000-0000-0000-000000000000", "bike-rg", WORKSPACE)
    try:
        client.workspaces.get(WORKSPACE)
    except ResourceNotFoundError:
        client.workspaces.begin_create(Workspace(name=WORKSPACE, location="local")).result()
    cluster = AmlCompute(name=CLUSTER, size="STANDARD_DS3_V2", min_instances=0, max_instances=2)
    client.compute.begin_create_or_update(cluster).result()
    return client


def prepare(client):
    """Run the preparation job; return the references of its two tables."""
    job = command(
        display_name="bike-prepare",
        experiment_name=EXPERIMENT,
        compute=CLUSTER,
        environment="azureml:minimal@latest",
        code=FOLDER / "src",
        command="python prepare.py --raw ${{inputs.raw}} --train ${{outputs.train}} --test ${{outputs.test}}",
        inputs={"raw": Input(type=AssetTypes.URI_FILE, path=str(FOLDER / "raw.csv"))},
        outputs={"train": Output(type=AssetTypes.MLTABLE), "test": Output(type=AssetTypes.MLTABLE)},
    )
    made = client.jobs.create_or_update(job)
    client.jobs.stream(made.name)
    say(f"Prepared: {made.name}")
    return [f"azureml://jobs/{made.name}/outputs/{name}" for name in ("train", "test")]


def search(client, train, test, arguments):
    """Run AutoML with the lab's settings; return the finished job."""
    job = automl.regression(
        compute=CLUSTER,
        experiment_name=EXPERIMENT,
        display_name="bike-automl",
        training_data=Input(type=AssetTypes.MLTABLE, path=train),
        test_data=Input(type=AssetTypes.MLTABLE, path=test),
        target_column_name="rentals",
        primary_metric="NormalizedRootMeanSquaredError",
        validation_data_size=0.1,
        enable_model_explainability=True,
    )
    job.set_limits(
        timeout_minutes=arguments.minutes,
        max_trials=arguments.trials,
        max_concurrent_trials=3,
        exit_score=0.085,
        enable_early_termination=True,
    )
    job.set_training(
        allowed_training_algorithms=[automl.RegressionModels.RANDOM_FOREST, automl.RegressionModels.LIGHT_GBM]
    )
    made = client.jobs.create_or_update(job)
    say(f"AutoML: {made.name}\n           {made.studio_url}")
    client.jobs.stream(made.name)
    return client.jobs.get(made.name)


def show(client, job):
    """Print the leaderboard and what the best model makes of the test days."""
    for row in job.results["leaderboard"]:
        mark = "*" if row.get("is_best") else " "
        error = row["metrics"]["root_mean_squared_error"]
        print(f"  {mark} {row['trial']:>3}  {row['algorithm']:<16} {row['value']:.4f}  (off by {error:.0f} bicycles)")
    best = job.properties["best_child_run_id"]
    say(f"Best child: {best}, {job.primary_metric} {float(job.properties['score']):.4f}")
    return best


def deploy(client, best):
    """Register the best child's model and deploy it without code; return (scoring URI, key)."""
    path = f"azureml://jobs/{best}/outputs/artifacts/outputs/mlflow-model"
    model = client.models.create_or_update(Model(name="bike", path=path, type=AssetTypes.MLFLOW_MODEL))
    say(f"Model: {model.name}, version {model.version}")
    client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=ENDPOINT, auth_mode="key")).result()
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name=ENDPOINT,
        model=f"azureml:{model.name}:{model.version}",
        instance_type="Standard_DS3_v2",
        instance_count=1,
    )
    client.online_deployments.begin_create_or_update(deployment).result()
    endpoint = client.online_endpoints.get(ENDPOINT)
    endpoint.traffic = {"blue": 100}
    client.online_endpoints.begin_create_or_update(endpoint).result()
    say(f"Endpoint: {endpoint.scoring_uri}")
    return endpoint.scoring_uri, client.online_endpoints.get_keys(ENDPOINT).primary_key


def ask(uri, key):
    """Send the lab's request and return the answer."""
    body = (FOLDER / "request.json").read_bytes()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    with urllib.request.urlopen(urllib.request.Request(uri, data=body, headers=headers), timeout=60) as answer:
        return json.load(answer)


def main():
    """Run the story."""
    parser = argparse.ArgumentParser(description="The bike story.")
    parser.add_argument("--minutes", type=float, default=15, help="longest time of the search")
    parser.add_argument("--trials", type=int, default=3, help="models to try")
    parser.add_argument("--keep", action="store_true", help="keep the workspace (it is deleted at the end otherwise)")
    arguments = parser.parse_args()

    client = connect()
    # What other jobs can use by name, too.
    data = client.data.create_or_update(Data(name="bike-rentals", type=AssetTypes.MLTABLE, path=str(FOLDER / "data")))
    say(f"Data: azureml:{data.name}:{data.version}")
    train, test = prepare(client)
    best = show(client, search(client, train, test, arguments))
    answer = ask(*deploy(client, best))
    say(f"Answer: {answer}")
    print("           The model was trained on 2011 and 2012; it knows nothing of 2024, and the deployment's log says so.")
    log = client.online_deployments.get_logs(name="blue", endpoint_name=ENDPOINT, lines=20)
    print("\n".join(f"           {line}" for line in log.splitlines() if "`year` is 2024" in line))
    if not arguments.keep:
        client.workspaces.begin_delete(WORKSPACE, delete_dependent_resources=True).result()
        say(f"Deleted: workspace {WORKSPACE}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nStopped watching; a job that was submitted goes on (`bancada job cancel` ends it).", file=sys.stderr)
        sys.exit(130)
