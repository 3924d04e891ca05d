"""MLflow's tracking and registry protocol, spoken natively: clients from 2.22 to 3.17 work unchanged.

`app` is the ASGI app, `routes` the table of endpoints, `fields` reads requests, `translate` writes documents,
`problems` writes errors; one module a noun holds its endpoints, `multipart` those of files in parts.
"""

from __future__ import annotations

from collections.abc import Callable

from bancada.engine.authorize import Principal
from bancada.engine.tracking import Tracking
from bancada.faces.mlflow.app import DIALECT, MlflowApp, answer_without_workspace

__all__ = ["DIALECT", "MlflowApp", "answer_without_workspace", "mlflow_app"]


def mlflow_app(
    tracking: Tracking,
    authorize: Callable[[str | None], Principal],
    *,
    prefix: str = "/mlflow",
    most_upload_bytes: int = 64 * 1024**3,
) -> MlflowApp:
    """Return the ASGI app that answers everything below `prefix`, which must also stand in front of its paths.

    The tracking URI of a workspace is then `http://<host>:<port><prefix>/<workspace>`.
    """
    return MlflowApp(tracking, authorize, prefix=prefix, most_upload_bytes=most_upload_bytes)
