"""Train a vision model of one's own, find its best form, serve it, show it an image. Call by call as on Azure ML.

    python walkthrough.py [--images FOLDER] [--test FOLDER] [--trials 4] [--keep]

The platform must be up (`bancada up --detach`). Only `bancada` needs to be installed: everything runs in the curated
environment `sklearn-1.5`. Without --images the story is about handwritten digits; with it, about your own images:
a folder <class>/*.png.
"""

import argparse
import base64
import json
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bancada.core.exceptions import ResourceNotFoundError
from bancada.identity import DefaultAzureCredential
from bancada.ml import Input, MLClient, Output, command
from bancada.ml.constants import AssetTypes
from bancada.ml.entities import (
    AmlCompute,
    CodeConfiguration,
    Data,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    Workspace,
)
from bancada.ml.sweep import Choice, LogUniform

FOLDER = Path(__file__).resolve().parent
WORKSPACE = "xray-ws"
CLUSTER = "cpu-cluster"
ENVIRONMENT = "azureml:sklearn-1.5@latest"
EXPERIMENT = "xray"
ENDPOINT = "xray-endpoint"

STARTED = time.monotonic()


def say(text):
    """Print a line with the time since the start."""
    print(f"[{time.monotonic() - STARTED:6.1f} s] {text}", flush=True)


def connect():
    """Return a client of the story's workspace, which is made if need be."""
    client = MLClient(DefaultAzureCredential(), "00000000-0000-0000-0000-000000000000", "xray-rg", WORKSPACE)
    try:
        client.workspaces.get(WORKSPACE)
    except ResourceNotFoundError:
        client.workspaces.begin_create(Workspace(name=WORKSPACE, location="local")).result()
    cluster = AmlCompute(name=CLUSTER, size="STANDARD_DS3_V2", min_instances=0, max_instances=2)
    client.compute.begin_create_or_update(cluster).result()
    return client


def digits(client):
    """Run the job that writes digits as images; return the references of its training and its test folder."""
    job = command(
        display_name="xray-digits",
        experiment_name=EXPERIMENT,
        compute=CLUSTER,
        environment=ENVIRONMENT,
        code=FOLDER / "src",
        command="python digits.py --training_data ${{outputs.training}} --test_data ${{outputs.test}}",
        outputs={name: Output(type=AssetTypes.URI_FOLDER) for name in ("training", "test")},
    )
    made = client.jobs.create_or_update(job)
    client.jobs.stream(made.name)
    say(f"Images: {made.name}")
    return [f"azureml://jobs/{made.name}/outputs/{name}" for name in ("training", "test")]


def upload(client, name, folder):
    """Make a data asset of a folder of images; return its reference."""
    data = client.data.create_or_update(Data(name=name, type=AssetTypes.URI_FOLDER, path=str(folder)))
    say(f"Data: azureml:{data.name}:{data.version}")
    return f"azureml:{data.name}:{data.version}"


def training(images, test, **chosen):
    """Return the training as a command job."""
    inputs = {"training_data": Input(type=AssetTypes.URI_FOLDER, path=images)}
    if test:
        inputs["test_data"] = Input(type=AssetTypes.URI_FOLDER, path=test)
    inputs.update(chosen)
    return command(
        display_name="xray-training",
        experiment_name=EXPERIMENT,
        compute=CLUSTER,
        environment=ENVIRONMENT,
        code=FOLDER / "src",
        command="python train.py " + " ".join(f"--{name} ${{{{inputs.{name}}}}}" for name in inputs),
        inputs=inputs,
    )


def search(client, images, trials):
    """Try several forms of the model; return the finished sweep."""
    job = training(images, None, filters=160, patch=6, weight_decay=0.001)
    sweep = job(filters=Choice([80, 160, 240]), patch=Choice([4, 6, 8]), weight_decay=LogUniform(-9.2, -3.9)).sweep(
        compute=CLUSTER,
        sampling_algorithm="bayesian",
        primary_metric="best_auc",
        goal="maximize",
        max_total_trials=trials,
        max_concurrent_trials=2,
    )
    sweep.experiment_name = EXPERIMENT
    sweep.display_name = "xray-sweep"
    made = client.jobs.create_or_update(sweep)
    say(f"Sweep: {made.name}, {trials} trials\n           {made.studio_url}")
    client.jobs.stream(made.name)
    return client.jobs.get(made.name)


def deploy(client, best):
    """Register the best trial's model and deploy it with the scoring script; return (scoring URI, key)."""
    path = f"azureml://jobs/{best}/outputs/artifacts/paths/model/"
    model = client.models.create_or_update(Model(name="xray", path=path, type=AssetTypes.CUSTOM_MODEL))
    say(f"Model: {model.name}, version {model.version}")
    client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=ENDPOINT, auth_mode="key")).result()
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name=ENDPOINT,
        model=f"azureml:{model.name}:{model.version}",
        environment=ENVIRONMENT,
        code_configuration=CodeConfiguration(code=str(FOLDER / "src"), scoring_script="score.py"),
        instance_type="Standard_DS3_v2",
        instance_count=1,
    )
    client.online_deployments.begin_create_or_update(deployment).result()
    endpoint = client.online_endpoints.get(ENDPOINT)
    endpoint.traffic = {"blue": 100}
    client.online_endpoints.begin_create_or_update(endpoint).result()
    say(f"Endpoint: {endpoint.scoring_uri}")
    return endpoint.scoring_uri, client.online_endpoints.get_keys(ENDPOINT).primary_key


def ask(uri, key, files):
    """Send images in Azure AutoML's form and return the answers."""
    images = [base64.b64encode(file.read_bytes()).decode() for file in files]
    body = json.dumps({"input_data": {"columns": ["image"], "data": images}}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    with urllib.request.urlopen(urllib.request.Request(uri, data=body, headers=headers), timeout=60) as answer:
        return json.load(answer)


def show(files, answers):
    """Print what the endpoint said of some images, and how many of all it got right."""
    for file, answer in spread(list(zip(files, answers)), 6):
        probabilities = ", ".join(f"{name} {one:.3f}" for name, one in zip(answer["labels"], answer["probs"]))
        print(f"           {file.parent.name}/{file.name}: {answer['label']}   ({probabilities})")
    right = sum(answer["label"] == file.parent.name for file, answer in zip(files, answers))
    say(f"Answers: {right} of {len(files)} right")


def spread(some, most):
    """Return at most so many of a list, from all of it."""
    return [some[index * len(some) // most] for index in range(most)] if len(some) > most else some


def main():
    """Run the story."""
    parser = argparse.ArgumentParser(description="The story of a vision model of one's own.")
    parser.add_argument("--images", type=Path, help="folder <class>/*.png to train on (default: digits)")
    parser.add_argument("--test", type=Path, help="folder <class>/*.png of images that training does not see")
    parser.add_argument("--trials", type=int, default=4, help="trials of the sweep")
    parser.add_argument("--keep", action="store_true", help="keep the workspace (it is deleted at the end otherwise)")
    arguments = parser.parse_args()
    if (arguments.images is None) != (arguments.test is None):
        parser.error("--images and --test go together.")

    client = connect()
    with tempfile.TemporaryDirectory() as kept:
        if arguments.images:
            images, test = upload(client, "xray", arguments.images), upload(client, "xray-test", arguments.test)
            folder = arguments.test
        else:
            images, test = digits(client)
            client.jobs.download(images.split("/")[3], download_path=kept, output_name="test")
            folder = Path(kept)
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg"))
        files = spread(found, 64)
        made = client.jobs.create_or_update(training(images, test))
        client.jobs.stream(made.name)
        say(f"Training: {made.name}\n           {client.jobs.get(made.name).studio_url}")
        best = search(client, images, arguments.trials).properties["best_child_run_id"]
        say(f"Best trial: {best}")
        started = time.monotonic()
        address = deploy(client, best)
        first = ask(*address, files[:1])
        say(f"First answer {time.monotonic() - started:.1f} s after the deployment began: {first[0]['label']}")
        show(files, ask(*address, files))
    if not arguments.keep:
        client.workspaces.begin_delete(WORKSPACE, delete_dependent_resources=True).result()
        say(f"Deleted: workspace {WORKSPACE}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nStopped watching; a job that was submitted goes on (`bancada job cancel` ends it).", file=sys.stderr)
        sys.exit(130)
