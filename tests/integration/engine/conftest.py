"""Fixtures of the engine's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "home")
    yield made
    made.finish()


@pytest.fixture
def one_core_bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "home", cores=1)
    yield made
    made.finish()
