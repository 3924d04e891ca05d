"""What credentials give: a token and when it ends."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

__all__ = ["AccessToken", "AzureKeyCredential", "TokenCredential"]


class AccessToken(NamedTuple):
    """A bearer token; expires_on in seconds since the epoch."""

    token: str
    expires_on: int


@runtime_checkable
class TokenCredential(Protocol):
    """Anything that gives a token."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return a token for the scopes."""
        ...


class AzureKeyCredential:
    """A key that is sent as it is."""

    def __init__(self, key: str) -> None:
        self.key = key

    def update(self, key: str) -> None:
        """Replace the key."""
        self.key = key
