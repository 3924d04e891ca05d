"""Which face answers which path, where MLflow's clients may go astray."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from bancada.faces.mlflow import answer_without_workspace
from bancada.web import MISDIRECTED, Faces


def answered(app: Any, path: str) -> bytes:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "scheme": "http", "path": path, "headers": [(b"host", b"here:7280")]}
    asyncio.run(app(scope, receive, send))
    return b"".join(message.get("body", b"") for message in sent)


async def other(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.body", "body": b"other"})


@pytest.mark.parametrize("path", ["/api/2.0/mlflow/runs/create", "/api/3.0/mlflow/traces", "/ajax-api/2.0/mlflow/runs"])
def test_an_mlflow_client_without_a_workspace_is_told_the_address(path: str):
    faces = Faces({**dict.fromkeys(MISDIRECTED, answer_without_workspace), "/api/": other}, other)
    answer = answered(faces, path)
    assert b'"ENDPOINT_NOT_FOUND"' in answer
    assert b"http://here:7280/mlflow/<workspace>" in answer
    assert answered(faces, "/api/v1/status") == b"other"
