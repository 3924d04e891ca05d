"""The exceptions of `azure.core.exceptions`, as the SDK raises them.

Each class is at the same time Azure's and ours: `except ResourceNotFoundError` and `except bancada.errors.NotFound`
both catch a missing environment. `as_azure` gives an error of our tree its second face.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from bancada import errors

__all__ = [
    "AzureError",
    "ClientAuthenticationError",
    "DecodeError",
    "HttpResponseError",
    "ResourceExistsError",
    "ResourceModifiedError",
    "ResourceNotFoundError",
    "ResourceNotModifiedError",
    "ServiceRequestError",
    "ServiceRequestTimeoutError",
    "ServiceResponseError",
    "ServiceResponseTimeoutError",
    "as_azure",
    "faced",
]


class AzureError(Exception):
    """Base of all errors that the SDK raises about its talk with the server."""

    def __init__(self, message: object = "", *args: object, **details: Any) -> None:
        self.inner_exception: BaseException | None = details.pop("error", None)
        if isinstance(self, errors.BancadaError):
            errors.BancadaError.__init__(self, str(message), **details)
        else:
            super().__init__(message, *args)
        self.message = str(message)


class HttpResponseError(AzureError):
    """The server answered with an error. status_code is the HTTP status, error the code and message."""

    def __init__(self, message: object = "", response: Any = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.response = response
        self.status_code: int | None = getattr(self, "http_status", None)
        self.reason: str | None = getattr(self, "full_code", None)
        self.model: Any = None


class DecodeError(HttpResponseError):
    """The server's answer is not what it should be."""


class ResourceNotFoundError(HttpResponseError, errors.NotFound):
    """What was asked for does not exist."""


class ResourceExistsError(HttpResponseError, errors.AlreadyExists):
    """The name or version is taken."""


class ResourceModifiedError(HttpResponseError, errors.Conflict):
    """Somebody else was first, or the thing's state forbids it."""


class ResourceNotModifiedError(HttpResponseError):
    """Nothing changed since the known revision."""


class ClientAuthenticationError(HttpResponseError, errors.Unauthenticated):
    """No token, or a wrong one."""


class ServiceRequestError(AzureError, errors.ServerUnreachable):
    """The server cannot be reached; the request was not taken."""


class ServiceRequestTimeoutError(ServiceRequestError):
    """The server did not take the request in time."""


class ServiceResponseError(AzureError):
    """The request was taken, but its answer did not arrive."""


class ServiceResponseTimeoutError(ServiceResponseError):
    """The request was taken, but its answer did not arrive in time."""


_TWINS: dict[type[errors.BancadaError], type[AzureError]] = {
    errors.NotFound: ResourceNotFoundError,
    errors.AlreadyExists: ResourceExistsError,
    errors.Conflict: ResourceModifiedError,
    errors.Unauthenticated: ClientAuthenticationError,
    errors.ServerUnreachable: ServiceRequestError,
}


@lru_cache(maxsize=64)
def _twin(kind: type[errors.BancadaError]) -> type[AzureError]:
    found = _TWINS.get(kind)
    # A class without a name in Azure's list is an HttpResponseError there; its own name stays ours.
    return found or type(kind.__name__, (HttpResponseError, kind), {"__module__": __name__, "__doc__": kind.__doc__})


def as_azure(error: errors.BancadaError, status: int | None = None) -> errors.BancadaError:
    """Return the same error as a class that is also one of Azure's."""
    if isinstance(error, AzureError):
        return error
    kind: Any = _twin(type(error))  # a class of both trees; types cannot say "both" for classes made at run time
    twin = kind(error.message)
    twin.details = dict(error.details)
    if issubclass(kind, HttpResponseError):
        twin.reason = error.full_code
        twin.status_code = status or twin.status_code
    return twin


@contextmanager
def faced() -> Generator[None]:
    """Give every error of our tree that leaves the block (or the decorated function) Azure's face, too."""
    try:
        yield
    except errors.BancadaError as error:
        if isinstance(error, AzureError):
            raise
        raise as_azure(error).with_traceback(error.__traceback__) from error.__cause__
