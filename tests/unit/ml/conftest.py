"""Fixtures of the SDK's tests: a fake server, settings that lead to it, a client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rest_world import FakeServer

from bancada.ml import MLClient
from bancada.settings import Settings


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeServer]:
    """A running fake server."""
    fake = FakeServer(tmp_path / "home")
    yield fake
    fake.stop()


@pytest.fixture
def settings(server: FakeServer) -> Settings:
    """Settings that lead to the fake server."""
    return Settings(home=server.home, workspace="ws")


@pytest.fixture
def client(settings: Settings) -> Iterator[MLClient]:
    """A client of the fake server."""
    ml_client = MLClient(settings=settings)
    yield ml_client
    ml_client.close()
