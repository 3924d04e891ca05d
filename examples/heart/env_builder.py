"""The helper functions of the walk-through, one for each thing that it sets up.

They use Azure ML's names and arguments only. With `azure.ai.ml` for `bancada.ml`, `azure.identity` for
`bancada.identity` and `azure.core` for `bancada.core` in the import lines they are Azure ML code.
"""

from pathlib import Path

from bancada.core.exceptions import ResourceNotFoundError
from bancada.identity import DefaultAzureCredential
from bancada.ml import Input, MLClient, command
from bancada.ml.constants import AssetTypes, InputOutputModes
from bancada.ml.entities import (
    AmlCompute,
    CodeConfiguration,
    Data,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    Workspace,
)
from bancada.ml.sweep import Choice

IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"


def get_mlclient_and_create_workspace(
    subscription_id, resource_group, workspace_name, location="westeurope", credential=None
):
    """Return a client of the workspace, which is created when it does not exist."""
    credential = credential or DefaultAzureCredential()
    ml_client = MLClient(credential, subscription_id, resource_group, workspace_name)
    try:
        ml_client.workspaces.get(workspace_name)
    except ResourceNotFoundError:
        workspace = Workspace(name=workspace_name, location=location, description="Heart attack walk-through")
        ml_client.workspaces.begin_create(workspace).result()
    return ml_client


def get_or_create_enviroment(ml_client, name, conda_file, description="", image=IMAGE, version="1"):
    """Return the environment; it is created from the conda file when it does not exist."""
    try:
        return ml_client.environments.get(name=name, version=version)
    except ResourceNotFoundError:
        environment = Environment(name=name, description=description, conda_file=conda_file, image=image)
        return ml_client.environments.create_or_update(environment)


def get_or_create_compute_cluster(
    ml_client,
    name,
    size="STANDARD_DS3_V2",
    location="westeurope",
    min_instances=0,
    max_instances=2,
    idle_time_before_scale_down=120,
):
    """Return the cluster; it is created when it does not exist."""
    try:
        return ml_client.compute.get(name)
    except ResourceNotFoundError:
        cluster = AmlCompute(
            name=name,
            type="amlcompute",
            size=size,
            location=location,
            min_instances=min_instances,
            max_instances=max_instances,
            idle_time_before_scale_down=idle_time_before_scale_down,
        )
        return ml_client.begin_create_or_update(cluster).result()


def upload_datafile(ml_client, path, name, description=""):
    """Upload a file to the workspace's default datastore and return it as a data asset."""
    data = Data(name=name, path=str(path), type=AssetTypes.URI_FILE, description=description)
    return ml_client.data.create_or_update(data)


def get_datafile_in_blob_for_job_sweep(ml_client, path, name):
    """Upload a file and return it as the input of a job, mounted read-only."""
    data = upload_datafile(ml_client, path, name)
    reference = f"azureml:{data.name}:{data.version}"
    return Input(type=AssetTypes.URI_FILE, path=reference, mode=InputOutputModes.RO_MOUNT)


def launch_hyperparam_search(
    ml_client,
    data,
    environment,
    compute,
    model_name,
    code="./src",
    experiment_name="heart-sweep",
    max_total_trials=25,
    max_concurrent_trials=2,
):
    """Submit the search over the forest's parameters and return the sweep job."""
    inputs = "input_data model_name test_size n_estimators max_depth criterion max_features".split()
    job = command(
        inputs={
            "input_data": data,
            "model_name": model_name,
            "test_size": 0.2,
            "n_estimators": 100,
            "max_depth": -1,
            "criterion": "gini",
            "max_features": "sqrt",
        },
        compute=compute,
        environment=environment,
        code=str(code),
        command="python model_train.py " + " ".join(f"--{name} ${{{{inputs.{name}}}}}" for name in inputs),
        experiment_name=experiment_name,
        display_name="heart-random-forest",
    )
    search = {
        "n_estimators": Choice([10, 50, 100, 125, 150]),
        "max_depth": Choice([4, 6, 8, 10, -1]),
        "criterion": Choice(["gini", "entropy"]),
        "max_features": Choice(["sqrt", "log2"]),
    }
    sweep = job(**search).sweep(
        compute=compute,
        sampling_algorithm="bayesian",
        primary_metric="Score",
        goal="maximize",
        max_total_trials=max_total_trials,
        max_concurrent_trials=max_concurrent_trials,
    )
    sweep.experiment_name = experiment_name
    sweep.display_name = "heart-sweep"
    return ml_client.create_or_update(sweep)


# The same under the other spelling that is in use.
launch_hiperparam_search = launch_hyperparam_search


def register_best_model_from_sweep(ml_client, sweep_name, model_name):
    """Register the model of the sweep's best trial and return it."""
    best = ml_client.jobs.get(sweep_name).properties["best_child_run_id"]
    model = Model(
        path=f"azureml://jobs/{best}/outputs/artifacts/paths/{model_name}/",
        name=model_name,
        description=f"Best trial of {sweep_name}",
        type="custom_model",
    )
    return ml_client.models.create_or_update(model)


def create_endpoint_specs(
    endpoint_name, model, environment, code="./src", scoring_script="score.py", deployment_name="blue"
):
    """Return an endpoint and a deployment for it; nothing is created yet."""
    endpoint = ManagedOnlineEndpoint(name=endpoint_name, description="Heart attack prediction", auth_mode="key")
    deployment = ManagedOnlineDeployment(
        name=deployment_name,
        endpoint_name=endpoint_name,
        model=model,
        environment=environment,
        code_configuration=CodeConfiguration(code=str(code), scoring_script=scoring_script),
        instance_type="Standard_DS3_v2",
        instance_count=1,
    )
    return endpoint, deployment


def get_or_create_endpoint_deployment(ml_client, endpoint, deployment):
    """Create the endpoint when it does not exist, deploy to it, send it all traffic, and return it."""
    try:
        endpoint = ml_client.online_endpoints.get(name=endpoint.name)
    except ResourceNotFoundError:
        endpoint = ml_client.begin_create_or_update(endpoint).result()
    ml_client.begin_create_or_update(deployment).result()
    endpoint.traffic = {deployment.name: 100}
    return ml_client.begin_create_or_update(endpoint).result()


def ml_workspace_deletion(ml_client, workspace_name):
    """Delete the workspace with everything in it, which frees its room on disk."""
    ml_client.workspaces.begin_delete(
        name=workspace_name, permanently_delete=True, delete_dependent_resources=False
    ).result()


def folder():
    """Return the folder of the example."""
    return Path(__file__).resolve().parent
