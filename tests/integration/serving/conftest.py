"""A world of real replicas and gateways for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving_world import ServingWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ServingWorld]:
    world = ServingWorld(tmp_path)
    yield world
    world.close()
