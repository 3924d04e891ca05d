"""The SDK's names and arguments are Azure's: compared with the surface of azure-ai-ml 1.35."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
from typing import Any

import pytest

import bancada.core
import bancada.ml
from bancada.ml import MLClient, operations

ASSET = {"archive": "name version label", "restore": "name version label", "get": "name version label"}
SURFACE: dict[str, dict[str, str]] = {
    "DataOperations": {**ASSET, "create_or_update": "data", "list": "name list_view_type"},
    "EnvironmentOperations": {**ASSET, "create_or_update": "environment", "list": "name list_view_type"},
    "ModelOperations": {
        **ASSET,
        "create_or_update": "model",
        "list": "name stage list_view_type",
        "download": "name version download_path",
        "package": "name version package_request",
    },
    "ComputeOperations": {
        "begin_attach": "compute",
        "begin_create_or_update": "compute",
        "begin_delete": "name action",
        "begin_restart": "name",
        "begin_start": "name",
        "begin_stop": "name",
        "begin_update": "compute",
        "get": "name",
        "list": "compute_type",
    },
    "DatastoreOperations": {
        "create_or_update": "datastore",
        "delete": "name",
        "get": "name include_secrets",
        "get_default": "include_secrets",
        "list": "include_secrets",
    },
    "JobOperations": {
        "archive": "name",
        "begin_cancel": "name",
        "begin_delete": "name",
        "create_or_update": "job description compute tags experiment_name skip_validation",
        "download": "name download_path output_name all",
        "get": "name",
        "list": "parent_job_name list_view_type",
        "restore": "name",
        "show_services": "name node_index",
        "stream": "name",
        "update": "name display_name description tags properties limits",
        "validate": "job raise_on_failure",
    },
    "OnlineDeploymentOperations": {
        "begin_create_or_update": "deployment local vscode_debug skip_script_validation local_enable_gpu",
        "begin_delete": "name endpoint_name local",
        "get": "name endpoint_name local",
        "get_logs": "name endpoint_name lines container_type local",
        "list": "endpoint_name local",
    },
    "OnlineEndpointOperations": {
        "begin_create_or_update": "endpoint local",
        "begin_delete": "name local",
        "begin_regenerate_keys": "name key_type",
        "get": "name local",
        "get_keys": "name",
        "invoke": "endpoint_name request_file deployment_name input_data params_override local",
        "list": "local",
    },
    "WorkspaceOperations": {
        "begin_create": "workspace update_dependent_resources",
        "begin_delete": "name delete_dependent_resources permanently_delete",
        "begin_update": "workspace update_dependent_resources",
        "get": "name",
        "list": "scope filtered_kinds",
    },
}
COMMAND = (
    "name description tags properties display_name command experiment_name environment environment_variables "
    "distribution compute inputs outputs instance_count instance_type locations docker_args shm_size timeout code "
    "identity is_deterministic services job_tier priority parent_job_name"
)
LOADERS = [
    "compute",
    "data",
    "datastore",
    "environment",
    "job",
    "model",
    "online_deployment",
    "online_endpoint",
    "workspace",
]


def arguments(function: Any) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [one.name for one in parameters if one.name != "self" and one.kind is not one.VAR_KEYWORD]


@pytest.mark.parametrize(("group", "method"), [(g, m) for g, methods in SURFACE.items() for m in methods])
def test_operations_have_azures_arguments_in_order(group: str, method: str) -> None:
    assert arguments(getattr(getattr(operations, group), method)) == SURFACE[group][method].split()


def test_the_client_and_the_builder_have_azures_arguments() -> None:
    assert arguments(MLClient)[:5] == [
        "credential", "subscription_id", "resource_group_name", "workspace_name", "registry_name"
    ]  # fmt: skip
    assert arguments(MLClient.from_config) == ["credential", "path", "file_name"]
    assert arguments(bancada.ml.command) == COMMAND.split()


@pytest.mark.parametrize("kind", LOADERS)
def test_loaders_have_azures_arguments(kind: str) -> None:
    assert arguments(getattr(bancada.ml, f"load_{kind}")) == ["source", "relative_origin", "params_override"]


@pytest.mark.parametrize("package", [bancada.ml, bancada.core])
def test_every_module_says_what_is_public_and_means_it(package: Any) -> None:
    names = [one.name for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    for name in names:
        module = importlib.import_module(name)
        missing = [one for one in module.__all__ if not hasattr(module, one)]
        assert not missing, f"{name} lacks {missing}"
        for one in module.__all__:
            thing = getattr(module, one)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                assert thing.__doc__, f"{name}.{one} has no docstring"


def test_importing_the_sdk_loads_no_http_library() -> None:
    code = "import sys, bancada.ml; print('urllib3' in sys.modules, 'bancada.store' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False False"
