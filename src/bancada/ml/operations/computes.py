"""Operations on computes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bancada.core.exceptions import as_azure
from bancada.core.polling import LROPoller
from bancada.domain.compute import AmlCompute, Compute
from bancada.errors import NotSupported
from bancada.ml.scope import Scope
from bancada.ml.transport import LONG_TIMEOUT_S

__all__ = ["ComputeOperations"]


class ComputeOperations:
    """`ml_client.compute`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def get(self, name: str) -> AmlCompute:
        """Return a compute. Raises ResourceNotFoundError naming those that exist."""
        return self._read(self._scope.transport.document("GET", self._scope.path("computes", name)))

    def list(self, *, compute_type: str | None = None) -> Iterable[AmlCompute]:
        """List the computes, of one type when it is given."""
        found = self._scope.listed(self._scope.path("computes"), self._read)
        return (one for one in found if compute_type is None or one.type.lower() == compute_type.lower())

    def begin_create_or_update(self, compute: AmlCompute) -> LROPoller[AmlCompute]:
        """Create a compute or change it."""
        document = self._scope.sent(compute)
        path = self._scope.path("computes", str(compute.name))
        return LROPoller.finished(self._read(self._scope.transport.document("PUT", path, body=document)))

    def begin_update(self, compute: AmlCompute) -> LROPoller[AmlCompute]:
        """Change a compute. Raises ResourceNotFoundError when there is none of this name."""
        self.get(str(compute.name))
        return self.begin_create_or_update(compute)

    def begin_attach(self, compute: AmlCompute) -> LROPoller[AmlCompute]:
        """Do the same as `begin_create_or_update`: here everything is this machine."""
        return self.begin_create_or_update(compute)

    def begin_delete(self, name: str, *, action: str = "Delete") -> LROPoller[None]:
        """Delete (or detach) a compute."""
        del action
        self.get(name)

        def run(say: Any) -> None:
            del say
            path = self._scope.path("computes", name)
            self._scope.transport.request("DELETE", path, timeout_s=LONG_TIMEOUT_S)

        return LROPoller(run, name=f"delete {name}", must_finish=True)

    def begin_start(self, name: str) -> LROPoller[None]:
        """Do nothing but check the name: a cluster is always ready here."""
        self.get(name)
        return LROPoller.finished(None)

    def begin_restart(self, name: str) -> LROPoller[None]:
        """Do nothing but check the name: a cluster is always ready here."""
        return self.begin_start(name)

    def begin_stop(self, name: str) -> LROPoller[None]:
        """Raise NotSupported: only compute instances can be stopped."""
        self.get(name)
        raise as_azure(
            NotSupported(f"Compute `{name}` is a cluster, which cannot be stopped; cancel its jobs instead.")
        )

    def _read(self, document: dict[str, Any]) -> AmlCompute:
        return self._scope.read(Compute, document)
