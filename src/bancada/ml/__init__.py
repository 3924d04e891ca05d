"""The SDK: what `azure.ai.ml` is there, `bancada.ml` is here, with the same names, arguments and meaning."""

from __future__ import annotations

from bancada.domain.io import Input, Output
from bancada.domain.jobs.command import (
    MpiDistribution,
    PyTorchDistribution,
    RayDistribution,
    TensorFlowDistribution,
)
from bancada.domain.shared import (
    AmlTokenConfiguration,
    ManagedIdentityConfiguration,
    UserIdentityConfiguration,
)
from bancada.ml.builders import command
from bancada.ml.client import MLClient
from bancada.ml.loaders import (
    load_compute,
    load_data,
    load_datastore,
    load_environment,
    load_job,
    load_model,
    load_online_deployment,
    load_online_endpoint,
    load_workspace,
)

__all__ = [
    "AmlTokenConfiguration",
    "Input",
    "MLClient",
    "ManagedIdentityConfiguration",
    "MpiDistribution",
    "Output",
    "PyTorchDistribution",
    "RayDistribution",
    "TensorFlowDistribution",
    "UserIdentityConfiguration",
    "command",
    "load_compute",
    "load_data",
    "load_datastore",
    "load_environment",
    "load_job",
    "load_model",
    "load_online_deployment",
    "load_online_endpoint",
    "load_workspace",
]
