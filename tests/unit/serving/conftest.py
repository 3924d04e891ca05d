"""Keeps what scoring scripts do to the process inside one test."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serving_scripts import Loaded


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[..., Loaded]]:
    path, modules, alarm = list(sys.path), dict(sys.modules), signal.getsignal(signal.SIGALRM)
    yield lambda source, **variables: Loaded(tmp_path, source, **variables)
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]
    sys.modules.update(modules)
    signal.signal(signal.SIGALRM, alarm)
