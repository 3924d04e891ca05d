"""Errors in MLflow's form: one JSON object with `error_code` and `message`. Clients act on the code's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bancada.errors import (
    AlreadyExists,
    BancadaError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    NotSupported,
    ServerUnreachable,
    StorageFull,
    Unauthenticated,
)

__all__ = ["BadRequest", "EndpointNotFound", "problem"]


class EndpointNotFound(NotFound):
    """No such endpoint: what MLflow has and Bancada has not (traces, prompts, gateway) ends here."""

    code = "endpoint_not_found"


class BadRequest(Invalid):
    """A request that is no request of the protocol: its body is not JSON, or of another type."""


# Our class -> MLflow's code and HTTP status. The first that fits counts.
# Statuses 408, 429, 500, 502, 503, 504 make clients ask again for minutes, so they are for what passes by itself:
# MLflow's own 500 for INVALID_STATE and 429 for RESOURCE_EXHAUSTED are 409 and 507 here. "Already exists" is 400 there.
_CODES: tuple[tuple[type[BancadaError], str, int], ...] = (
    (EndpointNotFound, "ENDPOINT_NOT_FOUND", 404),
    (BadRequest, "BAD_REQUEST", 400),
    (NotFound, "RESOURCE_DOES_NOT_EXIST", 404),
    (AlreadyExists, "RESOURCE_ALREADY_EXISTS", 400),
    (Invalid, "INVALID_PARAMETER_VALUE", 400),
    (NotSupported, "NOT_IMPLEMENTED", 501),
    (Unauthenticated, "UNAUTHENTICATED", 401),
    (Forbidden, "PERMISSION_DENIED", 403),
    (Gone, "RESOURCE_CONFLICT", 409),
    (Conflict, "INVALID_STATE", 409),
    (StorageFull, "RESOURCE_EXHAUSTED", 507),
    (ServerUnreachable, "TEMPORARILY_UNAVAILABLE", 503),
    (BancadaError, "INTERNAL_ERROR", 500),
)


def problem(error: BancadaError) -> tuple[int, Mapping[str, Any]]:
    """Return the HTTP status and the document of an error."""
    code, status = next((code, status) for kind, code, status in _CODES if isinstance(error, kind))
    return status, {"error_code": code, "message": error.message}
