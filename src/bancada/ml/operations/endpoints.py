"""Operations on online endpoints: create, keys, invoke."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bancada.core.exceptions import HttpResponseError, ServiceRequestError, as_azure, faced
from bancada.core.paging import ItemPaged
from bancada.core.polling import LROPoller
from bancada.domain.endpoint import EndpointAuthKeys, ManagedOnlineEndpoint, OnlineEndpoint
from bancada.errors import DeploymentFailed, Invalid, Problem, error_from_document
from bancada.ml.answers import LineBroken
from bancada.ml.scope import Scope
from bancada.ml.transport import LONG_TIMEOUT_S
from bancada.ml.uploads import existing

if TYPE_CHECKING:
    from bancada.ml.wire import Pool

__all__ = ["OnlineEndpointOperations", "raise_if_failed"]

SETTLED = frozenset({"Succeeded", "Failed", "Canceled"})
# Azure's longest request time is 180 s; the queue comes on top.
INVOKE_TIMEOUT_S = 200.0


def raise_if_failed(document: Mapping[str, Any], what: str) -> None:
    """Raise why a thing's provisioning failed; return when it did not."""
    if document.get("provisioning_state") != "Failed":
        return
    error = document.get("error")
    if error:
        raise as_azure(error_from_document(error if "error" in error else {"error": error}))
    raise as_azure(DeploymentFailed(f"{what} could not be provisioned, and the server gives no reason."))


class OnlineEndpointOperations:
    """`ml_client.online_endpoints`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def begin_create_or_update(
        self, endpoint: OnlineEndpoint, *, local: bool = False
    ) -> LROPoller[ManagedOnlineEndpoint]:
        """Create an endpoint, or change its traffic and description. local makes no difference here."""
        del local
        document = self._scope.sent(endpoint)
        path = self._scope.path("online-endpoints", str(endpoint.name))
        answer: dict[str, Any] = self._scope.transport.document("PUT", path, body=document)
        if answer.get("provisioning_state", "Succeeded") == "Succeeded":
            return LROPoller.finished(self._read(answer))

        def run(say: Any) -> ManagedOnlineEndpoint:
            found = self._scope.awaited(path, lambda one: one.get("provisioning_state") in SETTLED, say)
            raise_if_failed(found, f"Endpoint `{endpoint.name}`")
            return self._read(found)

        return LROPoller(run, name=f"endpoint {endpoint.name}")

    def get(self, name: str, *, local: bool = False) -> ManagedOnlineEndpoint:
        """Return an endpoint. Raises ResourceNotFoundError naming those that exist."""
        del local
        return self._read(self._scope.transport.document("GET", self._scope.path("online-endpoints", name)))

    def list(self, *, local: bool = False) -> ItemPaged[ManagedOnlineEndpoint]:
        """List the endpoints."""
        del local
        return self._scope.listed(self._scope.path("online-endpoints"), self._read)

    def begin_delete(self, name: str | None = None, *, local: bool = False) -> LROPoller[None]:
        """Delete an endpoint with its deployments. Raises ResourceNotFoundError when there is none."""
        del local
        if not name:
            raise as_azure(Invalid.of([Problem("name", "is required, but missing.")]))
        self.get(name)

        def run(say: Any) -> None:
            say("Deleting")
            path = self._scope.path("online-endpoints", name)
            self._scope.transport.request("DELETE", path, timeout_s=LONG_TIMEOUT_S)

        return LROPoller(run, name=f"delete {name}", must_finish=True)

    def get_keys(self, name: str) -> EndpointAuthKeys:
        """Return the endpoint's two keys."""
        path = f"{self._scope.path('online-endpoints', name)}/keys"
        return self._scope.read(EndpointAuthKeys, self._scope.transport.document("POST", path))

    def begin_regenerate_keys(self, name: str, *, key_type: str = "primary") -> LROPoller[None]:
        """Make the primary or the secondary key anew; the other one goes on working."""
        path = f"{self._scope.path('online-endpoints', name)}/regenerate-keys"
        self._scope.transport.request("POST", path, body={"key_type": key_type.lower()})
        return LROPoller.finished(None)

    def invoke(
        self,
        endpoint_name: str,
        *,
        request_file: str | PathLike[str] | None = None,
        deployment_name: str | None = None,
        input_data: Any = None,
        params_override: Any = None,
        local: bool = False,
    ) -> str:
        """Send a request to an endpoint and return the answer's text.

        request_file is a JSON file; input_data its content, as text or as a value. deployment_name passes the traffic
        rule by. Raises HttpResponseError with the status code when the endpoint answers with an error.
        """
        del params_override, local
        body = _request_body(request_file, input_data)
        endpoint = self.get(endpoint_name)
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.get_keys(endpoint_name).primary_key}",
        }
        if deployment_name:
            headers["azureml-model-deployment"] = deployment_name
        return _scored(self._scope.transport.pool, str(endpoint.scoring_uri), body, headers)

    def _read(self, document: dict[str, Any]) -> ManagedOnlineEndpoint:
        return self._scope.read(ManagedOnlineEndpoint, document)


@faced()
def _request_body(request_file: str | PathLike[str] | None, input_data: Any) -> bytes:
    if (request_file is None) == (input_data is None):
        raise Invalid.of([Problem("request_file", "give either `request_file` or `input_data`.")])
    if request_file is not None:
        return existing(str(request_file)).read_bytes()
    if isinstance(input_data, bytes):
        return input_data
    if isinstance(input_data, str):
        looks_like_json = input_data.lstrip()[:1] in ("{", "[", '"')
        return (
            Path(input_data).read_bytes() if not looks_like_json and Path(input_data).is_file() else input_data.encode()
        )
    return json.dumps(input_data).encode()


def _scored(pool: Pool, uri: str, body: bytes, headers: dict[str, str]) -> str:
    try:
        answer = pool.send("POST", uri, body, headers, INVOKE_TIMEOUT_S)
    except LineBroken as reason:
        raise ServiceRequestError(f"The endpoint at {uri} does not answer: {reason}.") from reason
    text = answer.data.decode("utf-8", "replace")
    if answer.status >= 400:
        inner = answer.headers.get("ms-azureml-model-error-statuscode")
        of_script = f" (the scoring script answered {inner})" if inner else ""
        error = HttpResponseError(f"The endpoint answered {answer.status}{of_script}: {text}")
        error.status_code = answer.status
        raise error
    return text
