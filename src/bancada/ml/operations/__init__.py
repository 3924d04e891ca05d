"""The operation groups of MLClient: thin typed classes, one a resource kind, with Azure's names and arguments."""

from __future__ import annotations

from bancada.ml.operations.assets import (
    CodeOperations,
    DataOperations,
    EnvironmentOperations,
    ModelOperations,
)
from bancada.ml.operations.computes import ComputeOperations
from bancada.ml.operations.datastores import DatastoreOperations
from bancada.ml.operations.deployments import OnlineDeploymentOperations
from bancada.ml.operations.endpoints import OnlineEndpointOperations
from bancada.ml.operations.jobs import JobOperations, ValidationResult
from bancada.ml.operations.workspaces import WorkspaceOperations

__all__ = [
    "CodeOperations",
    "ComputeOperations",
    "DataOperations",
    "DatastoreOperations",
    "EnvironmentOperations",
    "JobOperations",
    "ModelOperations",
    "OnlineDeploymentOperations",
    "OnlineEndpointOperations",
    "ValidationResult",
    "WorkspaceOperations",
]
