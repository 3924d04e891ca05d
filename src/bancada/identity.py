"""What scripts import as `azure.identity`. Every credential takes Azure's arguments and gives the owner's token.

On one's own machine there is one owner, whose token lies in the home: nothing is asked of a cloud.
"""

from __future__ import annotations

import time
from typing import Any

from bancada.core.credentials import AccessToken

__all__ = [
    "AuthenticationRecord",
    "AuthorizationCodeCredential",
    "AzureCliCredential",
    "AzureDeveloperCliCredential",
    "AzurePowerShellCredential",
    "CertificateCredential",
    "ChainedTokenCredential",
    "ClientAssertionCredential",
    "ClientSecretCredential",
    "CredentialUnavailableError",
    "DefaultAzureCredential",
    "DeviceCodeCredential",
    "EnvironmentCredential",
    "InteractiveBrowserCredential",
    "ManagedIdentityCredential",
    "OnBehalfOfCredential",
    "SharedTokenCacheCredential",
    "UsernamePasswordCredential",
    "VisualStudioCodeCredential",
    "WorkloadIdentityCredential",
    "get_bearer_token_provider",
]

# The owner's token does not expire; callers that ask for a time are told an hour, and ask again.
TOKEN_LIFE_S = 3600


class DefaultAzureCredential:
    """A credential. Its arguments are accepted and not needed."""

    def __init__(self, *values: Any, **options: Any) -> None:
        del values, options

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return the owner's token. Raises ServiceRequestError when no server ever ran in the home."""
        del scopes, options
        from bancada.ml.connection import connect  # here: importing credentials shall not load the client
        from bancada.settings import load_settings

        return AccessToken(connect(load_settings()).token, int(time.time()) + TOKEN_LIFE_S)

    def close(self) -> None:
        """Close nothing."""

    def __enter__(self) -> DefaultAzureCredential:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()


class AuthorizationCodeCredential(DefaultAzureCredential):
    """Accepted like any other."""


class AzureCliCredential(DefaultAzureCredential):
    """Accepted like any other."""


class AzureDeveloperCliCredential(DefaultAzureCredential):
    """Accepted like any other."""


class AzurePowerShellCredential(DefaultAzureCredential):
    """Accepted like any other."""


class CertificateCredential(DefaultAzureCredential):
    """Accepted like any other."""


class ChainedTokenCredential(DefaultAzureCredential):
    """Accepted like any other."""


class ClientAssertionCredential(DefaultAzureCredential):
    """Accepted like any other."""


class ClientSecretCredential(DefaultAzureCredential):
    """Accepted like any other; the secret is not kept."""


class DeviceCodeCredential(DefaultAzureCredential):
    """Accepted like any other."""


class EnvironmentCredential(DefaultAzureCredential):
    """Accepted like any other."""


class InteractiveBrowserCredential(DefaultAzureCredential):
    """Accepted like any other; opens no browser."""


class ManagedIdentityCredential(DefaultAzureCredential):
    """Accepted like any other."""


class OnBehalfOfCredential(DefaultAzureCredential):
    """Accepted like any other."""


class SharedTokenCacheCredential(DefaultAzureCredential):
    """Accepted like any other."""


class UsernamePasswordCredential(DefaultAzureCredential):
    """Accepted like any other; the password is not kept."""


class VisualStudioCodeCredential(DefaultAzureCredential):
    """Accepted like any other."""


class WorkloadIdentityCredential(DefaultAzureCredential):
    """Accepted like any other."""


class CredentialUnavailableError(Exception):
    """Never raised here; scripts may name it in an `except`."""


class AuthenticationRecord:
    """Stands for a remembered sign-in; empty here."""


def get_bearer_token_provider(credential: DefaultAzureCredential, *scopes: str) -> Any:
    """Return a function that gives the credential's token."""
    return lambda: credential.get_token(*scopes).token
