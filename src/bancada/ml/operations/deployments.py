"""Operations on online deployments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bancada.core.paging import ItemPaged
from bancada.core.polling import LROPoller
from bancada.domain.deployment import ManagedOnlineDeployment, OnlineDeployment
from bancada.errors import NotFound
from bancada.ml.operations.endpoints import SETTLED, raise_if_failed
from bancada.ml.scope import Scope
from bancada.ml.transport import LONG_TIMEOUT_S, segment

__all__ = ["OnlineDeploymentOperations"]

LOG_WAIT_S = 20.0


class OnlineDeploymentOperations:
    """`ml_client.online_deployments`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def begin_create_or_update(
        self,
        deployment: OnlineDeployment,
        *,
        local: bool = False,
        vscode_debug: bool = False,
        skip_script_validation: bool = False,
        local_enable_gpu: bool = False,
    ) -> LROPoller[ManagedOnlineDeployment]:
        """Create a deployment, or replace it by a new state without a gap.

        The poller's result raises DeploymentFailed with file, line and message when the script's `init()` fails.
        local makes no difference here.
        """
        del local, vscode_debug, skip_script_validation, local_enable_gpu
        document = self._scope.sent(deployment)
        path = self._path(str(deployment.endpoint_name), str(deployment.name))
        answer: dict[str, Any] = self._scope.transport.document("PUT", path, body=document)
        name = f"Deployment `{deployment.name}` of endpoint `{deployment.endpoint_name}`"

        def run(say: Any) -> ManagedOnlineDeployment:
            found = answer
            if found.get("provisioning_state") not in SETTLED:
                found = self._scope.awaited(path, lambda one: one.get("provisioning_state") in SETTLED, say)
            raise_if_failed(found, name)
            return self._read(found)

        return LROPoller(run, name=f"deployment {deployment.name}")

    def get(self, name: str, endpoint_name: str, *, local: bool | None = False) -> ManagedOnlineDeployment:
        """Return a deployment. Raises ResourceNotFoundError naming those that exist."""
        del local
        return self._read(self._scope.transport.document("GET", self._path(endpoint_name, name)))

    def list(self, endpoint_name: str, *, local: bool = False) -> ItemPaged[ManagedOnlineDeployment]:
        """List the deployments of an endpoint."""
        del local
        return self._scope.listed(self._path(endpoint_name), self._read)

    def begin_delete(self, name: str, endpoint_name: str, *, local: bool | None = False) -> LROPoller[None]:
        """Delete a deployment. Raises ResourceNotFoundError; the result raises when it still has traffic."""
        del local
        self.get(name, endpoint_name)

        def run(say: Any) -> None:
            say("Deleting")
            self._scope.transport.request("DELETE", self._path(endpoint_name, name), timeout_s=LONG_TIMEOUT_S)

        return LROPoller(run, name=f"delete {name}", must_finish=True)

    def get_logs(
        self, name: str, endpoint_name: str, lines: int = 50, *, container_type: str | None = None, local: bool = False
    ) -> str:
        """Return the last lines that the deployment's replicas printed."""
        del container_type, local
        path = f"{self._path(endpoint_name, name)}/logs"
        return self._scope.transport.request("GET", path, query={"lines": lines}).data.decode("utf-8", "replace")

    def stream_logs(
        self, name: str, endpoint_name: str, lines: int = 50, *, replica: str | None = None
    ) -> Iterator[str]:
        """Give what the deployment's replicas print, as it comes, from the last lines on; ends with the deployment.

        replica names one of them (`r2` is enough); else all are followed, also those that start later.
        """
        path = f"{self._path(endpoint_name, name)}/logs"
        query: dict[str, Any] = {"lines": lines, "replica": replica}
        while True:
            try:
                answer = self._scope.transport.request("GET", path, query=query, timeout_s=LOG_WAIT_S + 30)
            except NotFound:
                if "after" not in query:
                    raise
                return
            if answer.data or "after" not in query:
                yield answer.data.decode("utf-8", "replace")
            query = {"after": answer.headers["X-Next-Cursor"], "wait_s": LOG_WAIT_S, "replica": replica}

    def get_sample_request(self, name: str, endpoint_name: str) -> dict[str, Any]:
        """Return the body of a request that the deployment takes. Raises ResourceNotFoundError when none is known."""
        return self._scope.transport.document("GET", f"{self._path(endpoint_name, name)}/sample")

    def get_metrics(self, name: str, endpoint_name: str) -> dict[str, Any]:
        """Return the deployment's requests by status, its times, and its replicas, since the gateway started."""
        return self._scope.transport.document("GET", f"{self._path(endpoint_name, name)}/metrics")

    def _path(self, endpoint: str, name: str | None = None) -> str:
        base = f"{self._scope.path('online-endpoints', endpoint)}/deployments"
        return base if name is None else f"{base}/{segment(name)}"

    def _read(self, document: dict[str, Any]) -> ManagedOnlineDeployment:
        return self._scope.read(ManagedOnlineDeployment, document)
