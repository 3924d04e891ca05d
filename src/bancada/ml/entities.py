"""What scripts import as `azure.ai.ml.entities`: the platform's own entities under Azure's names."""

from __future__ import annotations

from typing import NoReturn

from bancada.domain.base import Entity as Resource
from bancada.domain.compute import AmlCompute, AmlComputeSshSettings, NetworkSettings
from bancada.domain.compute import ComputeBase as Compute
from bancada.domain.data import Data
from bancada.domain.datastore import (
    AccountKeyConfiguration,
    AzureBlobDatastore,
    AzureDataLakeGen1Datastore,
    AzureDataLakeGen2Datastore,
    AzureFileDatastore,
    CertificateConfiguration,
    FileDatastore,
    NoneCredentialConfiguration,
    SasTokenConfiguration,
    ServicePrincipalConfiguration,
)
from bancada.domain.datastore import DatastoreBase as Datastore
from bancada.domain.deployment import (
    CodeConfiguration,
    DataAsset,
    DataCollector,
    DefaultScaleSettings,
    DeploymentCollection,
    KubernetesOnlineDeployment,
    ManagedOnlineDeployment,
    OnlineDeployment,
    OnlineRequestSettings,
    ProbeSettings,
    RequestLogging,
    ResourceRequirementsSettings,
    ResourceSettings,
    TargetUtilizationScaleSettings,
)
from bancada.domain.endpoint import (
    EndpointAuthKeys,
    EndpointAuthToken,
    KubernetesOnlineEndpoint,
    ManagedOnlineEndpoint,
    OnlineEndpoint,
)
from bancada.domain.environment import BuildContext, Environment
from bancada.domain.jobs.base import BaseJob as Job
from bancada.domain.jobs.command import CommandJob, CommandJobLimits, ParameterizedCommand
from bancada.domain.model import Model
from bancada.domain.shared import (
    AmlTokenConfiguration,
    Asset,
    IdentityConfiguration,
    JobResourceConfiguration,
    JobService,
    ManagedIdentityConfiguration,
    QueueSettings,
    ResourceConfiguration,
    UserIdentityConfiguration,
)
from bancada.domain.shared import CreationContext as SystemData
from bancada.domain.workspace import CustomerManagedKey, Workspace
from bancada.ml.absent import why_absent
from bancada.ml.builders import Command
from bancada.ml.operations.jobs import ValidationResult

__all__ = [
    "AccountKeyConfiguration",
    "AmlCompute",
    "AmlComputeSshSettings",
    "AmlTokenConfiguration",
    "Asset",
    "AzureBlobDatastore",
    "AzureDataLakeGen1Datastore",
    "AzureDataLakeGen2Datastore",
    "AzureFileDatastore",
    "BuildContext",
    "CertificateConfiguration",
    "CodeConfiguration",
    "Command",
    "CommandJob",
    "CommandJobLimits",
    "Compute",
    "CustomerManagedKey",
    "Data",
    "DataAsset",
    "DataCollector",
    "Datastore",
    "DefaultScaleSettings",
    "DeploymentCollection",
    "EndpointAuthKeys",
    "EndpointAuthToken",
    "Environment",
    "FileDatastore",
    "IdentityConfiguration",
    "Job",
    "JobResourceConfiguration",
    "JobService",
    "KubernetesOnlineDeployment",
    "KubernetesOnlineEndpoint",
    "ManagedIdentityConfiguration",
    "ManagedOnlineDeployment",
    "ManagedOnlineEndpoint",
    "Model",
    "NetworkSettings",
    "NoneCredentialConfiguration",
    "OnlineDeployment",
    "OnlineEndpoint",
    "OnlineRequestSettings",
    "ParameterizedCommand",
    "ProbeSettings",
    "QueueSettings",
    "RequestLogging",
    "Resource",
    "ResourceConfiguration",
    "ResourceRequirementsSettings",
    "ResourceSettings",
    "SasTokenConfiguration",
    "ServicePrincipalConfiguration",
    "SystemData",
    "TargetUtilizationScaleSettings",
    "UserIdentityConfiguration",
    "ValidationResult",
    "Workspace",
]


def __getattr__(name: str) -> NoReturn:
    text = why_absent(name, __all__)
    # An AttributeError would lose its text in `from … import …`.
    raise ImportError(text, name=name) if text else AttributeError(f"module `{__name__}` has no attribute `{name}`")
