"""What scripts import as `azure.ai.ml.exceptions`: Azure's names for errors of our one tree."""

from __future__ import annotations

from bancada.errors import BancadaError, DeploymentFailed, Invalid, JobFailed, NotFound

__all__ = [
    "AssetException",
    "AssetPathException",
    "DeploymentException",
    "JobException",
    "MlException",
    "ModelException",
    "UserErrorException",
    "ValidationException",
]

MlException = BancadaError
UserErrorException = BancadaError
ValidationException = Invalid
AssetPathException = Invalid
AssetException = NotFound
ModelException = NotFound
JobException = JobFailed
DeploymentException = DeploymentFailed
