"""Datastores: named places for files. A `file` one is a local folder, read in place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bancada.domain.base import Entity
from bancada.domain.fields import ANY_CASE, NEEDED, READ_ONLY, WRITE_ONLY, JsonMap, OneOf, TextMap, name_like
from bancada.domain.shared import CreationContext

__all__ = [
    "DEFAULT_DATASTORE",
    "AccountKeyConfiguration",
    "AzureBlobDatastore",
    "AzureDataLakeGen1Datastore",
    "AzureDataLakeGen2Datastore",
    "AzureFileDatastore",
    "CertificateConfiguration",
    "Datastore",
    "DatastoreBase",
    "DatastoreCredentials",
    "DatastoreName",
    "FileDatastore",
    "NoneCredentialConfiguration",
    "SasTokenConfiguration",
    "ServicePrincipalConfiguration",
]

# What every workspace has from the start: where uploads go when no datastore is named.
DEFAULT_DATASTORE = "workspaceblobstore"

DatastoreName = Annotated[str, name_like(r"[A-Za-z0-9_]{1,255}", "letters, digits and underscores, 255 at most")]


class DatastoreCredentials(Entity):
    """Credentials of a storage account; the fields that are set say which kind. Never given back."""

    type: str | None = Field(default=None)
    account_key: str | None = Field(default=None, json_schema_extra=WRITE_ONLY)
    sas_token: str | None = Field(default=None, json_schema_extra=WRITE_ONLY)
    tenant_id: str | None = Field(default=None)
    client_id: str | None = Field(default=None)
    client_secret: str | None = Field(default=None, json_schema_extra=WRITE_ONLY)
    certificate: str | None = Field(default=None, json_schema_extra=WRITE_ONLY)
    thumbprint: str | None = Field(default=None)
    authority_url: str | None = Field(default=None)
    resource_url: str | None = Field(default=None)


class AccountKeyConfiguration(DatastoreCredentials):
    """An account key."""


class SasTokenConfiguration(DatastoreCredentials):
    """A shared access signature."""


class ServicePrincipalConfiguration(DatastoreCredentials):
    """A service principal with a secret."""


class CertificateConfiguration(DatastoreCredentials):
    """A service principal with a certificate."""


class NoneCredentialConfiguration(DatastoreCredentials):
    """No credentials of its own."""


class DatastoreBase(Entity):
    """What every datastore has."""

    name: Annotated[DatastoreName | None, NEEDED] = Field(default=None, validate_default=True)
    id: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    description: str | None = Field(default=None)
    tags: TextMap = Field(default_factory=dict)
    properties: JsonMap = Field(default_factory=dict)
    credentials: DatastoreCredentials | None = Field(default=None)
    is_default: bool | None = Field(default=None, json_schema_extra=READ_ONLY)
    creation_context: CreationContext | None = Field(default=None, json_schema_extra=READ_ONLY)


class FileDatastore(DatastoreBase):
    """Ours: a folder of the server's machine, read in place; without a path a folder in the workspace."""

    type: Annotated[Literal["file"], ANY_CASE] = Field(default="file")
    path: str | None = Field(default=None)


class AzureBlobDatastore(DatastoreBase):
    """A blob container."""

    type: Annotated[Literal["azure_blob"], ANY_CASE] = Field(default="azure_blob")
    account_name: Annotated[str | None, NEEDED] = Field(default=None, validate_default=True)
    container_name: Annotated[str | None, NEEDED] = Field(default=None, validate_default=True)
    endpoint: str | None = Field(default=None)
    protocol: str = Field(default="https")


class AzureFileDatastore(DatastoreBase):
    """A file share."""

    type: Annotated[Literal["azure_file"], ANY_CASE] = Field(default="azure_file")
    account_name: Annotated[str | None, NEEDED] = Field(default=None, validate_default=True)
    file_share_name: Annotated[str | None, NEEDED] = Field(default=None, validate_default=True)
    endpoint: str = Field(default="core.windows.net")
    protocol: str = Field(default="https")


class AzureDataLakeGen2Datastore(DatastoreBase):
    """A file system of a data lake."""

    type: Annotated[Literal["azure_data_lake_gen2"], ANY_CASE] = Field(default="azure_data_lake_gen2")
    account_name: Annotated[str | None, NEEDED] = Field(default=None, validate_default=True)
    filesystem: Annotated[str | None, NEEDED] = Field(default=None, validate_default=True)
    endpoint: str = Field(default="core.windows.net")
    protocol: str = Field(default="https")


class AzureDataLakeGen1Datastore(DatastoreBase):
    """A data lake of the first generation."""

    type: Annotated[Literal["azure_data_lake_gen1"], ANY_CASE] = Field(default="azure_data_lake_gen1")
    store_name: Annotated[str | None, NEEDED] = Field(default=None, validate_default=True)


Datastore = Annotated[
    FileDatastore | AzureBlobDatastore | AzureFileDatastore | AzureDataLakeGen2Datastore | AzureDataLakeGen1Datastore,
    OneOf("datastore type"),
]
